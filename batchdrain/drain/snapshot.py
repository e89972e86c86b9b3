"""How far a drain is, at one moment: what a screen shows, and what the ledger tells other shells of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from batchdrain.planning.eta import Eta


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningPhase:
    """A command that runs."""

    number: int  #: the phase's place in the session
    run_id: str
    phase_id: str
    tries: int  #: executions of it in this session, this one included
    elapsed_s: float
    limit_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """`processed` is the sum of the four counts that follow it."""

    processed: int  #: phases with a result, those before a resume included
    succeeded: int
    failed: int  #: for good, as far as this session goes
    retries_waiting: int  #: phases that failed, and wait to be tried again
    retries_running: int  #: phases that failed, and are tried again now
    target: int  #: phases that the session comes to, if nothing ends it sooner
    running: Sequence[RunningPhase]  #: the longest first
    eta: Eta
    waits: str = ""  #: what nothing is begun for now, for people
    is_paused: bool = False
    is_ending: bool = False  #: nothing more is begun
