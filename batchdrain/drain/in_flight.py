"""What a drain is made of, and what passes between its rooms: a try is chosen, runs, and is concluded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from batchdrain.config.settings import Settings
from batchdrain.database.ledger.claims import Claims
from batchdrain.database.ledger.give_back import Recovered
from batchdrain.drain.circuit_breaker import CircuitBreaker
from batchdrain.drain.database_outage import DatabaseOutage
from batchdrain.drain.heartbeat import Heartbeat
from batchdrain.drain.judge import Judge
from batchdrain.drain.recorder import Recorder
from batchdrain.drain.shutdown import Shutdown
from batchdrain.drain.triage.lookahead import TriageLookahead
from batchdrain.execution.engines.protocol import Capabilities, Engine
from batchdrain.execution.order import Ending, Order
from batchdrain.execution.process_identity import ProcessIdentity
from batchdrain.failures.categories import Categoriser
from batchdrain.model.attempt import Attempt
from batchdrain.model.claim import Claim, ScheduledAttempt, TimeLimit
from batchdrain.model.phase import Phase, RowState, Skip
from batchdrain.planning.backlog import Backlog
from batchdrain.planning.limits import TimeLimits
from batchdrain.sessions.record import SessionRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a drain works with. Put together by session_run.py."""

    settings: Settings
    record: SessionRecord
    backlog: Backlog
    claims: Claims
    heartbeat: Heartbeat
    lookahead: TriageLookahead
    outage: DatabaseOutage
    breaker: CircuitBreaker
    engine: Engine
    capabilities: Capabilities  #: of the engine
    limits: TimeLimits
    recorder: Recorder
    shutdown: Shutdown
    categorise: Categoriser
    run_type: Callable[[str], str]
    judge: Judge
    recover: Callable[[], list[Recovered]]  #: settles what dead controllers hold
    row_state: Callable[[Phase], RowState]  #: what the table says of a phase now
    root: Path
    most: int | None  #: phases to take at most in this go; None: all
    batch: int | None = None  #: read the backlog again after so many
    stop_on_first_failure: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A claimed phase whose command runs, or has ended and settles."""

    scheduled: ScheduledAttempt
    claim: Claim
    order: Order
    guardian: ProcessIdentity | None  #: of ours; None where the engine brings its own
    limit: TimeLimit
    paths: tuple[str, str]  #: of stdout and stderr, as they are shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What an ending means, and what follows from it."""

    attempt: Attempt
    is_spared: bool  #: in an outage: the phase goes back and is tried again, uncounted
    retry_in_s: float | None  #: None: not tried again
    stop: Skip | None  #: ends the session


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A command that has ended, and what it left in the table where it sets states itself."""

    running: Running
    ending: Ending
    row_state: RowState | None
    judgement: Judgement | None = None  #: where it was judged already, and its row is locked by somebody
    locked_since: float | None = None  #: monotonic
