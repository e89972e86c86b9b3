"""From the choice of a phase to the right to execute it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from batchdrain.model.failure import Failure
from batchdrain.model.phase import Phase, RowState

_BRACKETS: Final = str.maketrans("()", "[]")  #: what ends the limit is one bracket, whatever a run type is called


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A phase that is to be drained next, and why."""

    phase: Phase
    reason: str  #: one line for people

    @property
    def failure(self) -> Failure:
        """That the phase sets out from."""
        return self.phase.failure


@dataclass(frozen=True, slots=True, order=True)
class ScheduledAttempt:
    """A phase that is to be executed, from `due` on (monotonic seconds)."""

    due: float
    number: int  #: its place in the session, for people
    choice: Choice = field(compare=False)
    executions: int = field(default=0, compare=False)  #: in this session, so far
    longer: int = field(default=0, compare=False)  #: how often it asked for more time

    @property
    def run_id(self) -> str:
        """Of its phase."""
        return self.choice.phase.run_id

    @property
    def is_retry(self) -> bool:
        """Whether it was executed in this session before."""
        return self.executions > 0


@dataclass(frozen=True, slots=True)
class Group:
    """Drains of several controllers that are one, by the name that people gave them."""

    name: str

    @property
    def key(self) -> str:
        """Of its row in the ledger, 64 hexadecimal digits: names differ by case, which a collation may not see."""
        return hashlib.sha256(self.name.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """That the drains of a group begin one command after the other, with so much time between."""

    group: Group
    interval_ms: int


class NotYet(Exception):
    """Another drain of the group began one just now. `wait_s`: until the next may begin."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"in {wait_s:g} s")
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLimit:
    """How long a phase may take, and which rule says so."""

    seconds: float
    rule: str  #: e.g. 'timeout.default_s', or '3 x p95 of 12 durations of maintenance'

    @property
    def reason(self) -> str:
        """Of a phase that took longer."""
        return f"Timed out after {self.seconds:g} s (limit: {self.rule.translate(_BRACKETS)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Our exclusive right to try one phase. Void once a higher epoch is written."""

    phase: Phase
    epoch: int  #: grows with every claim and takeover; guards every later write
    attempt: int  #: 1 for the first try ever; not advanced by an interruption
    prior_state: str  #: the state's own word in the table when we took it
    prior_reason: str | None  #: the whole text, to be given back byte for byte
    held_state: str | None  #: the state's word that we wrote; None where the command sets states itself
    claimed_at: datetime  #: aware, UTC
    token: str  #: names this execution among all processes of a machine
    group_key: str | None = None  #: of the group of controllers of which it took a unit
    columns: Mapping[str, str | None] = field(default_factory=dict)  #: of its row, that the command gets; None for NULL
    prior_kind: str | None = None  #: as of RowState

    @property
    def prior(self) -> RowState:
        """What stood in the row when we took it."""
        return RowState(state=self.prior_state, reason=self.prior_reason, kind=self.prior_kind)
