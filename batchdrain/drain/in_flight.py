"""The stages of an attempt in a drain: it is scheduled, claimed, runs, has ended, and is judged."""

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
    """A phase that this controller has claimed; its command has not begun yet."""

    scheduled: ScheduledAttempt
    claim: Claim
    limit: TimeLimit
    guardian: GuardianClient | None  #: it will watch the command; None if the engine brings its own guardians
    deadline_ms: int | None  #: boot time in ms at which its lease ends if no beat comes; None without a guardian of ours
    claimed_ms: int = 0  #: boot time in ms before it was claimed
    held_until_ms: int | None = None  #: boot time in ms at which an unrenewed lease ends; None with a guardian of ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A claimed phase whose command runs, or has ended and settles."""

    scheduled: ScheduledAttempt
    claim: Claim
    order: Order
    guardian: ProcessIdentity | None  #: our guardian; None if the engine brings its own
    limit: TimeLimit
    paths: tuple[str, str]  #: the logs of stdout and stderr, as they are shown
    claimed_ms: int = 0  #: see `Claimed`
    held_until_ms: int | None = None  #: see `Claimed`


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What an ending means, and what follows from it."""

    attempt: Attempt
    is_spared: bool  #: an outage lasts: the phase goes back and is tried again, uncounted
    retry_in_s: float | None  #: seconds until it is tried again; None: it is not
    stop: Skip | None  #: the reason if it ends the session


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A command that has ended, with the state that it left in the table if commands set states themselves."""

    running: Running
    ending: Ending
    row_state: RowState | None
    judgement: Judgement | None = None  #: set if it was judged already, but somebody has its row locked
    locked_since: float | None = None  #: monotonic, in seconds; None: it is not locked
