"""What passes between the verbs of a drain: a scheduled attempt is claimed, runs, has ended, is judged."""

from __future__ import annotations

from dataclasses import dataclass

from batchdrain.execution.guardian_client import GuardianClient
from batchdrain.execution.order import Ending, Order
from batchdrain.execution.process_identity import ProcessIdentity
from batchdrain.model.attempt import Attempt
from batchdrain.model.claim import Claim, ScheduledAttempt, TimeLimit
from batchdrain.model.phase import RowState, Skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A phase that is ours, before its command begins."""

    scheduled: ScheduledAttempt
    claim: Claim
    limit: TimeLimit
    guardian: GuardianClient | None  #: who will watch its command; None where the engine brings its own
    deadline_ms: int | None  #: boot time at which its lease is over, unless a beat moves it; None without a guardian of ours
    claimed_ms: int = 0  #: boot time before it was claimed
    held_until_ms: int | None = None  #: boot time at which a lease is over that nothing renews; None with a guardian of ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A claimed phase whose command runs, or has ended and settles."""

    scheduled: ScheduledAttempt
    claim: Claim
    order: Order
    guardian: ProcessIdentity | None  #: of ours; None where the engine brings its own
    limit: TimeLimit
    paths: tuple[str, str]  #: of stdout and stderr, as they are shown
    claimed_ms: int = 0  #: as of `Claimed`
    held_until_ms: int | None = None  #: likewise


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
