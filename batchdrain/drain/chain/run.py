"""Drains a chain: its queued part, then its failed part, as far as limits, signals and errors permit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from batchdrain.drain.chain.chain import Chain
from batchdrain.drain.chain.outcome import ChainOutcome
from batchdrain.drain.chain.part import has_nothing
from batchdrain.drain.chain.resumption import read_sessions_again
from batchdrain.drain.idle_limits import has_transient
from batchdrain.drain.narrowing import AS_ASKED, Narrowing
from batchdrain.drain.project import Project
from batchdrain.drain.resume import resume
from batchdrain.drain.screen import Screen
from batchdrain.drain.start import begin
from batchdrain.model.errors import BatchDrainError
from batchdrain.model.phase import Skip
from batchdrain.runtime.signals import Signalled, raise_on_signals
from batchdrain.runtime.text import agree, count_of
from batchdrain.sessions.session import Kind, Status


def run_chain(
    project: Project,
    chain: Chain,
    screen: Callable[[], Screen],
    tell: Callable[[BatchDrainError], None],
    less: Narrowing = AS_ASKED,
) -> ChainOutcome:
    """Drain what is left of the chain. `tell`: reports an error that ends a part. Raises BatchDrainError if the chain can't begin,
    and Signalled if a signal comes before anything of it began."""
    outcome = ChainOutcome(chain=chain, wanted_rate=less.limits.get("--min-success-rate"))
    chain.hold(project)
    try:
        with raise_on_signals():
            _drain_parts(project, outcome, screen, tell, less)
    except Signalled as signalled:  # between two parts; while a part is drained, its Shutdown handles signals
        read_sessions_again(project, chain)
        if not chain.sessions:
            raise
        if outcome.signal_code is None and chain.ended is None:
            chain.because = signalled.name
        outcome.end_by(signalled.exit_code)
    except BatchDrainError as error:
        if not chain.sessions:
            raise
        tell(error)
        outcome.failures.append(error)
    finally:
        chain.let_go()
    return outcome


def _drain_parts(
    project: Project,
    outcome: ChainOutcome,
    screen: Callable[[], Screen],
    tell: Callable[[BatchDrainError], None],
    less: Narrowing,
) -> None:
    """Drain one part after the other until nothing is left or something ends the chain."""
    chain = outcome.chain
    for kind in chain.requests:
        if _is_done(chain, kind) and not chain.anew:
            continue
        if not _goes_on(project, outcome, kind, less) or not _drain_part(project, outcome, kind, screen, tell, less):
            break
    if chain.ended is None and all(_is_done(chain, kind) or _is_empty(outcome, kind, less) for kind in chain.requests):
        chain.end(project, Status.COMPLETE)


def _goes_on(project: Project, outcome: ChainOutcome, kind: Kind, less: Narrowing) -> bool:
    """Whether the next part is to begin. Also True if no more phases may be taken but the part has none anyway."""
    chain, now = outcome.chain, less.after(outcome.phases)
    over = less.find_end() or (None if now.batch_size != 0 else _describe_full(less))
    stop = chain.find_stop() if over is None and chain.sessions else None
    if (over is None and stop is None) or (not now.may_leave_out and has_nothing(project, chain, kind)):
        return True
    outcome.stopped = over or stop
    if stop is not None:
        chain.end(project, Status.STOPPED, str(stop))
    else:
        chain.because = str(over)
    return False


def _describe_full(less: Narrowing) -> Skip:
    most = less.batch_size or 0
    return Skip("--batch-size", f"{count_of(most, 'phase')} of this time {agree(most, 'is', 'are')} taken")


def _drain_part(
    project: Project,
    outcome: ChainOutcome,
    kind: Kind,
    screen: Callable[[], Screen],
    tell: Callable[[BatchDrainError], None],
    less: Narrowing,
) -> bool:
    """Drain one part. Returns whether the next part may follow."""
    chain, known = outcome.chain, outcome.chain.sessions.get(kind)
    now = replace(less.after(outcome.phases), fail_if_nothing=less.fail_if_nothing and _is_all(project, outcome, kind))
    if known is None:
        came = begin(project, chain.requests[kind], screen(), now, chain)
    else:
        came = resume(project, known.session_id, screen(), now, chain)
    if came.session is None:
        outcome.empty.append((chain.requests[kind], came))
        _note_failure(outcome, came.failure, tell)
        return True
    chain.sessions[kind], chain.asked, chain.former = came.session, came.asked, came.part
    if not came.took:
        outcome.empty.append((chain.requests[kind], came))
    chain.is_tried_again |= came.took > came.phases or has_transient(came.session)
    outcome.took += came.took
    outcome.phases += came.phases
    outcome.is_orphaned |= came.orphaned
    if came.was_signalled:
        outcome.signal_code, outcome.gone_by = came.exit_code, came.gone_by
        return False
    if came.asked is not None and came.asked.ask.ends:
        chain.because = came.session.stopped_because or f"inv {came.asked.ask}: {came.asked}"
        return False
    if came.session.status is Status.STOPPED:
        chain.end(project, Status.STOPPED, came.session.stopped_because)
        return False
    _note_failure(outcome, came.failure, tell)
    return True


def _is_all(project: Project, outcome: ChainOutcome, kind: Kind) -> bool:
    """Whether nothing was taken before this part, and the parts after it have nothing to take."""
    chain, kinds = outcome.chain, [*outcome.chain.requests]
    behind = kinds[kinds.index(kind) + 1 :]
    return not outcome.took and all(_is_done(chain, one) or has_nothing(project, chain, one) for one in behind)


def _note_failure(outcome: ChainOutcome, failure: BatchDrainError | None, tell: Callable[[BatchDrainError], None]) -> None:
    """Note the error of a part. The same error is reported only once."""
    if failure is not None:
        is_told = str(failure) in map(str, outcome.failures)
        outcome.failures.append(failure)
        if not is_told:
            tell(failure)


def _is_done(chain: Chain, kind: Kind) -> bool:
    session = chain.sessions.get(kind)
    return session is not None and session.current_status is Status.COMPLETE


def _is_empty(outcome: ChainOutcome, kind: Kind, less: Narrowing) -> bool:
    """Whether a part found nothing, and not only because of what this call leaves out."""
    return not less.may_leave_out and any(request.kind is kind for request, _ in outcome.empty)
