"""How a chain ended, or was left: its parts as one."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic

from batchdrain.drain.chain import Chain
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.session_run import SessionOutcome
from batchdrain.drain.shutdown import SETTLES_S
from batchdrain.model.errors import BatchDrainError
from batchdrain.model.phase import Skip
from batchdrain.sessions.exit_code import exit_code_of
from batchdrain.sessions.session import Session
from batchdrain.sessions.whole import whole_of


@dataclass(slots=True, kw_only=True)
class ChainOutcome:
    """How a chain ended, or was left."""

    chain: Chain
    empty: list[tuple[DrainRequest, SessionOutcome]] = field(default_factory=list)  #: parts that took nothing
    failures: list[BatchDrainError] = field(default_factory=list)  #: that ended its parts, each told already
    stopped: Skip | None = None  #: between its parts
    signal_code: int | None = None
    took: int = 0  #: commands that were started
    phases: int = 0
    is_orphaned: bool = False
    gone_by: float | None = None  #: as of Shutdown
    wanted_rate: float | None = None  #: of this time, where it is another one than the chain's own

    def end_by(self, code: int) -> None:
        """A signal came between two parts, while no command ran. `code`: the exit code that says so."""
        self.signal_code = self.signal_code or code
        self.gone_by = self.gone_by or monotonic() + SETTLES_S

    @property
    def whole(self) -> Session | None:
        """Its sessions as one; None where nothing was selected."""
        parts = list(self.chain.sessions.values())
        found = whole_of(parts, self.chain.ended, self.chain.because) if parts else None
        if found is not None:
            found.drain_wanted_rate = self.wanted_rate
        return found

    @property
    def exit_code(self) -> int:
        """Of the whole: a signal's, else the worst error's, else by its rate."""
        if self.signal_code is not None:
            return self.signal_code
        if self.failures:
            return max(failure.exit_code for failure in self.failures)
        whole = self.whole
        return 0 if whole is None else exit_code_of(whole, whole.wanted_rate, orphaned=self.is_orphaned)
