"""A chain is drained: its queued part, then its failed one, as far as limits, signals and errors let it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from batchdrain.drain.chain import Chain
from batchdrain.drain.close import exit_code
from batchdrain.drain.narrowing import AS_ASKED, Narrowing
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.resume import resume
from batchdrain.drain.screen import Screen
from batchdrain.drain.session_run import SessionOutcome
from batchdrain.drain.start import begin
from batchdrain.model.errors import BatchDrainError
from batchdrain.model.phase import Skip
from batchdrain.planning.filters import Filters
from batchdrain.sessions.session import Kind, Session, Status
from batchdrain.sessions.whole import whole_of

_INTERRUPTED = 130


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

    @property
    def whole(self) -> Session | None:
        """Its sessions as one; None where nothing was selected."""
        parts = list(self.chain.sessions.values())
        return whole_of(parts, self.chain.ended, self.chain.because) if parts else None

    @property
    def exit_code(self) -> int:
        """Of the whole: a signal's, else the worst error's, else by its rate."""
        if self.signal_code is not None:
            return self.signal_code
        if self.failures:
            return max(failure.exit_code for failure in self.failures)
        request = list(self.chain.requests.values())[-1]
        return 0 if self.whole is None else exit_code(self.whole, request.settings, orphaned=self.is_orphaned)


def run_chain(
    project: Project,
    chain: Chain,
    screen: Callable[[], Screen],
    tell: Callable[[BatchDrainError], None],
    less: Narrowing = AS_ASKED,
) -> ChainOutcome:
    """Drain what is left of it. `tell`: of an error that ends a part. Raises BatchDrainError for what keeps it from beginning."""
    outcome = ChainOutcome(chain=chain)
    chain.hold(project)
    try:
        for kind in chain.requests:
            if _is_done(chain, kind) and not chain.anew:
                continue
            if not _goes_on(project, outcome, less) or not _drain_part(project, outcome, kind, screen, tell, less):
                break
        if chain.ended is None and all(_is_done(chain, kind) or _is_empty(outcome, kind, less) for kind in chain.requests):
            chain.end(project, Status.COMPLETE)
    except KeyboardInterrupt:  # between two parts: while one is drained a signal is heard otherwise
        if not chain.sessions:
            raise
        outcome.signal_code = _INTERRUPTED
    except BatchDrainError as error:
        if not chain.sessions:
            raise
        tell(error)
        outcome.failures.append(error)
    finally:
        chain.let_go()
    return outcome


def _goes_on(project: Project, outcome: ChainOutcome, less: Narrowing) -> bool:
    """Whether the next part is to begin."""
    chain = outcome.chain
    if less.after(outcome.phases).batch_size == 0 or (less.deadline is not None and monotonic() >= less.deadline):
        return False
    outcome.stopped = chain.find_stop() if chain.sessions else None
    if outcome.stopped is not None:
        chain.end(project, Status.STOPPED, str(outcome.stopped))
    return outcome.stopped is None


def _drain_part(
    project: Project,
    outcome: ChainOutcome,
    kind: Kind,
    screen: Callable[[], Screen],
    tell: Callable[[BatchDrainError], None],
    less: Narrowing,
) -> bool:
    """Returns whether the next part may follow."""
    chain, now, known = outcome.chain, less.after(outcome.phases), outcome.chain.sessions.get(kind)
    if known is None:
        came = begin(project, chain.requests[kind], screen(), now, chain)
    else:
        came = resume(project, known.session_id, screen(), now, chain)
    if came.session is None:
        outcome.empty.append((chain.requests[kind], came))
        return True
    chain.sessions[kind] = came.session
    if not came.took:
        outcome.empty.append((chain.requests[kind], came))
    outcome.took += came.took
    outcome.phases += came.phases
    outcome.is_orphaned |= came.orphaned
    if came.was_signalled:
        outcome.signal_code = came.exit_code
        return False
    if came.session.status is Status.STOPPED:
        chain.end(project, Status.STOPPED, came.session.stopped_because)
        return False
    if came.failure is not None:
        is_told = str(came.failure) in {str(failure) for failure in outcome.failures}
        outcome.failures.append(came.failure)
        if not is_told:
            tell(came.failure)
    return True


def _is_done(chain: Chain, kind: Kind) -> bool:
    session = chain.sessions.get(kind)
    return session is not None and session.current_status is Status.COMPLETE


def _is_empty(outcome: ChainOutcome, kind: Kind, less: Narrowing) -> bool:
    """Whether there was nothing for a part, whatever was asked for this time."""
    narrowed = less.filters != Filters() or bool(less.limits)
    return not narrowed and any(request.kind is kind for request, _ in outcome.empty)
