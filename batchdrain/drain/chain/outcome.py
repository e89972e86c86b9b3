"""The outcome of a chain: how it ended or was left, with its parts taken as one."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic

from batchdrain.drain.chain.chain import Chain
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
    """How a chain ended, or how it was left."""

    chain: Chain
    empty: list[tuple[DrainRequest, SessionOutcome]] = field(default_factory=list)  #: parts that took nothing
    failures: list[BatchDrainError] = field(default_factory=list)  #: errors that ended its parts; each was reported already
    stopped: Skip | None = None  #: why it stopped between its parts
    signal_code: int | None = None
    took: int = 0  #: how many commands were started
    phases: int = 0
    is_orphaned: bool = False
    gone_by: float | None = None  #: see Shutdown.gone_by
    wanted_rate: float | None = None  #: the success rate of this call, if it differs from the chain's own

    def end_by(self, code: int) -> None:
        """Note a signal that came between two parts, while no command ran. `code`: the exit code of the signal."""
        self.signal_code = self.signal_code or code
        self.gone_by = self.gone_by or monotonic() + SETTLES_S

    @property
    def whole(self) -> Session | None:
        """The sessions merged into one; None if nothing was selected."""
        parts = list(self.chain.sessions.values())
        found = whole_of(parts, self.chain.ended, self.chain.because) if parts else None
        if found is not None:
            found.drain_wanted_rate = self.wanted_rate
        return found

    @property
    def exit_code(self) -> int:
        """The exit code of the whole chain: that of a signal, else that of the worst error, else the one that follows from the
        success rate."""
        if self.signal_code is not None:
            return self.signal_code
        if self.failures:
            return max(failure.exit_code for failure in self.failures)
        whole = self.whole
        return 0 if whole is None else exit_code_of(whole, whole.wanted_rate, orphaned=self.is_orphaned)
