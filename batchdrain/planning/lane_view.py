"""A lane as a policy sees it: the facts of its head, of its run, and what was learnt of retries so far, each worked out when a
policy asks for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from batchdrain.database.ledger.history import RunHistory
from batchdrain.database.phases.pages import to_reason
from batchdrain.model.failure import Failure
from batchdrain.model.lane import Lane
from batchdrain.model.retry_stats import NOTHING, RetryCount, RetryStats
from batchdrain.planning.lane_buffer import LAST, Kept, LaneBuffer
from batchdrain.planning.limits import time_limit
from batchdrain.planning.skip_rules import SkipRules

_UNKNOWN_RUN = RunHistory()
_FINGERPRINTS: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What one reading knows of all its lanes; `retry_stats` and `taken` grow."""

    rules: SkipRules
    retry_stats: RetryStats
    run_type: Callable[[str], str]
    failed: Counter[str]  #: by run_id: failed phases when the session began to look, its own successes included
    taken: Counter[str]  #: by run_id: phases that were chosen since the session began, or went on
    redact: Callable[[str], str]
    limits_s: dict[bool, float] = field(default_factory=dict)  #: of phases that timed out, and of others, once it was asked
    fingerprints: dict[str, str] = field(
        default_factory=dict
    )  #: of texts, with whatever secrets they hold, of which it was asked

    def failure(self, buffer: LaneBuffer, kept: Kept) -> Failure:
        """What a phase of the lane failed with."""
        return Failure.of_category(to_reason(kept[2]), buffer.category, self.redact)

    def fingerprint(self, buffer: LaneBuffer, kept: Kept) -> str:
        """Of what a phase of the lane failed with. The first phase of a lane is asked again after each result."""
        text = kept[2]
        if not isinstance(text, str):
            return self.failure(buffer, kept).fingerprint
        found = self.fingerprints.get(text)
        if found is None:
            if len(self.fingerprints) >= _FINGERPRINTS:
                self.fingerprints.clear()
            found = self.fingerprints[text] = self.failure(buffer, kept).fingerprint
        return found


# Of tens of thousands of lanes each is made once before the first choice: by their names the fields would take three times as
# long to set, and those that the default policies read five times as long to find out later.
_make: Final = object.__new__
_make_facts: Final = tuple.__new__
_set_work: Final[Callable[[Lane, object], None]] = Lane._work.__set__  # type: ignore[attr-defined]  # noqa: SLF001 - of our own class
_set_run_id, _set_category, _set_attempts, _set_phase_index, _set_phase_id, _set_failed, _set_hint = (
    getattr(Lane, name).__set__ for name in ("run_id", "category", "attempts", "phase_index", "phase_id", "failed", "hint")
)
_set_run_order, _set_phase_order = (getattr(Lane, name).__set__ for name in ("run_order", "phase_order"))
_set_of_category, _set_of_run, _set_of_run_type, _set_run_type, _set_limit_s = (
    getattr(Lane, name).__set__ for name in ("of_category", "of_run", "of_run_type", "run_type", "limit_s")
)


class LaneFacts(NamedTuple):
    """Of a lane and its next phase."""

    buffer: LaneBuffer
    head: Kept
    known: Knowledge

    def find(self, name: str, of: Lane) -> object:
        """One of those that are not set at once."""
        return _FACTS[name](self, of)


def lane_of(buffer: LaneBuffer, head: Kept, known: Knowledge) -> Lane:
    """`head`: the next phase of the lane."""
    run_id, order = buffer.run_id, known.rules.order
    lane = _make(Lane)
    _set_work(lane, _make_facts(LaneFacts, (buffer, head, known)))
    _set_run_id(lane, run_id)
    _set_category(lane, buffer.category)
    _set_attempts(lane, buffer.attempts)
    _set_phase_index(lane, None if head[0] == LAST else int(head[0]))
    _set_phase_id(lane, head[1])
    _set_run_order(lane, order.run(run_id))
    _set_phase_order(lane, order.phase(head[1]))
    _set_failed(lane, known.failed[run_id])
    _set_hint(lane, known.rules.hints(run_id))
    return lane


class _Lowest:
    """Before every id, whatever ids are compared by."""

    def __lt__(self, other: object) -> bool:
        return True

    def __gt__(self, other: object) -> bool:
        return False


_LOWEST: Final = _Lowest()


def best_of_rest(buffer: LaneBuffer, known: Knowledge) -> Lane:
    """As if the next of the phases that are not kept had the first of all ids: for policies that look at its index alone."""
    lane = lane_of(buffer, (buffer.rest, "", None), known)
    _set_phase_order(lane, _LOWEST)
    return lane


def _past_of(facts: LaneFacts, lane: Lane) -> RunHistory:
    return facts.known.rules.past.runs.get(lane.run_id, _UNKNOWN_RUN)


def _failure_of(facts: LaneFacts) -> Failure:
    return facts.known.failure(facts.buffer, facts.head)


def _of_fingerprint(facts: LaneFacts, lane: Lane) -> RetryCount:
    """Where nothing was learnt of any, it need not be known."""
    stats = facts.known.retry_stats
    return stats.of_fingerprint(lane.fingerprint) if stats.fingerprints else NOTHING


def _limit_s(facts: LaneFacts, lane: Lane) -> float:
    """Of a lane it depends on its category alone."""
    timed_out, known = lane.category == "timeout", facts.known
    if timed_out not in known.limits_s:
        timeout = known.rules.settings.timeout
        known.limits_s[timed_out] = time_limit((), timeout, kind=lane.run_type, after_timeout=timed_out).seconds
    return known.limits_s[timed_out]


def _of_all(facts: LaneFacts, lane: Lane) -> RetryCount:
    """A policy that learns asks for the others too: one by one they would take several times as long to find."""
    known, stats = facts.known, facts.known.retry_stats
    run_type = known.run_type(lane.run_id)
    _set_run_type(lane, run_type)
    _set_of_run_type(lane, stats.run_types.get(run_type[:191], NOTHING))
    _set_of_run(lane, stats.runs.get(lane.run_id, NOTHING))
    _set_of_category(lane, stats.categories.get(lane.category, NOTHING))
    _set_limit_s(lane, _limit_s(facts, lane))
    return stats.overall


_FACTS: Final[dict[str, Callable[[LaneFacts, Lane], object]]] = {
    "run_type": lambda facts, lane: facts.known.run_type(lane.run_id),
    "waiting": lambda facts, _: facts.buffer.waiting,
    "queued": lambda facts, lane: facts.known.rules.queued.get(lane.run_id, 0),
    "successes": lambda facts, lane: _past_of(facts, lane).successes,
    "timeouts": lambda facts, lane: _past_of(facts, lane).timeouts,
    "mean_duration_s": lambda facts, lane: _past_of(facts, lane).mean_duration_s,
    "promising": lambda facts, _: facts.buffer.promising,
    "reason": lambda facts, _: _failure_of(facts).text,
    "fingerprint": lambda facts, _: facts.known.fingerprint(facts.buffer, facts.head),
    "repeats": lambda facts, _: facts.known.rules.progress().repeats,
    "taken": lambda facts, lane: facts.known.taken[lane.run_id],
    "failed_alike": lambda facts, lane: facts.known.retry_stats.failed_alike(lane.run_id),
    "limit_s": _limit_s,
    "of_all": _of_all,
    "of_category": lambda facts, lane: facts.known.retry_stats.categories.get(lane.category, NOTHING),
    "of_fingerprint": _of_fingerprint,
    "of_run": lambda facts, lane: facts.known.retry_stats.runs.get(lane.run_id, NOTHING),
    "of_run_type": lambda facts, lane: facts.known.retry_stats.run_types.get(lane.run_type[:191], NOTHING),
}
"""By the name of the field of a Lane."""
