"""The steps from choosing a phase to the right to execute it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from batchdrain.model.failure import Failure
from batchdrain.model.phase import Phase, RowState

_BRACKETS: Final = str.maketrans("()", "[]")  #: a ')' within the rule would end the limit in a reason too early


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The phase to drain next, and why."""

    phase: Phase
    reason: str  #: one line for people

    @property
    def failure(self) -> Failure:
        """The failure that the phase was chosen with."""
        return self.phase.failure


@dataclass(frozen=True, slots=True, order=True)
class ScheduledAttempt:
    """A phase that will be executed, not before `due` (monotonic seconds)."""

    due: float
    number: int  #: its place in the session, for people
    choice: Choice = field(compare=False)
    executions: int = field(default=0, compare=False)  #: how often it was executed in this session
    longer: int = field(default=0, compare=False)  #: how often its command asked for more time

    @property
    def run_id(self) -> str:
        """The run of its phase."""
        return self.choice.phase.run_id

    @property
    def is_retry(self) -> bool:
        """Whether this session has executed it before."""
        return self.executions > 0


@dataclass(frozen=True, slots=True)
class Group:
    """Drains of several controllers that act as one, identified by a name that people gave."""

    name: str

    @property
    def key(self) -> str:
        """The key of its row in the ledger, 64 hexadecimal digits. Names may differ only by case, which a collation may
        ignore."""
        return hashlib.sha256(self.name.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Makes the drains of a group begin their commands one after the other, this long apart."""

    group: Group
    interval_ms: int


class NotYet(Exception):
    """Another drain of the group has just begun a command. `wait_s`: seconds until the next command may begin."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"in {wait_s:g} s")
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLimit:
    """How long an attempt may take, and which rule says so."""

    seconds: float
    rule: str  #: e.g. 'timeout.default_s', or '3 x p95 of 12 durations of maintenance'

    @property
    def reason(self) -> str:
        """The failure text of an attempt that took longer."""
        return f"Timed out after {self.seconds:g} s (limit: {self.rule.translate(_BRACKETS)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Our exclusive right to try one phase. It is void once a higher epoch is written."""

    phase: Phase
    epoch: int  #: grows with every claim and takeover; guards every later write
    attempt: int  #: 1 for the first try ever; not advanced by an interruption
    prior_state: str  #: the state's word in the table when we took it
    prior_reason: str | None  #: the whole failure text, to be given back byte for byte
    held_state: str | None  #: the state's word that we wrote; None if the command sets states itself
    claimed_at: datetime  #: aware, UTC
    token: str  #: identifies this execution among all processes of a machine
    group_key: str | None = None  #: the group from which the claim took a unit
    columns: Mapping[str, str | None] = field(default_factory=dict)  #: row columns that the command gets; None for NULL
    prior_kind: str | None = None  #: see RowState.kind

    @property
    def prior(self) -> RowState:
        """What the row held when we took it."""
        return RowState(state=self.prior_state, reason=self.prior_reason, kind=self.prior_kind)
