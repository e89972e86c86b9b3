"""How far a drain is at one moment. A screen shows it, and the ledger tells it to other shells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from batchdrain.planning.eta import Eta


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningPhase:
    """A phase whose command runs."""

    number: int  #: its place in the session
    run_id: str
    phase_id: str
    tries: int  #: how often it was executed in this session, including now
    elapsed_s: float
    limit_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """How far a drain is. `processed` is the sum of `succeeded` and `failed`."""

    processed: int  #: phases with a result, including those before a resume
    succeeded: int
    failed: int  #: phases whose last attempt failed
    retries_waiting: int  #: of these: they wait to be tried again
    retries_running: int  #: of these: they are being tried again
    target: int  #: phases that the session will reach unless something ends it sooner
    running: Sequence[RunningPhase]  #: the one that has run longest comes first
    eta: Eta
    waits: str = ""  #: why nothing begins now, for people
    is_paused: bool = False
    is_ending: bool = False  #: whether nothing more begins
