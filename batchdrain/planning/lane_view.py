"""A lane as a policy sees it: facts of its next phase and of its run, and what retries have taught so far. Each fact is
worked out when a policy first asks for it."""

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
    """What one reading knows about all its lanes. `retry_stats` and `taken` grow."""

    rules: SkipRules
    retry_stats: RetryStats
    run_type: Callable[[str], str]
    failed: Counter[str]  #: by run_id: phases that were failed when the session began, so also those it has fixed
    taken: Counter[str]  #: by run_id: phases that were chosen since the session began or was resumed
    redact: Callable[[str], str]
    limits_s: dict[bool, float] = field(default_factory=dict)  #: by whether the phase had timed out; filled when asked
    fingerprints: dict[str, str] = field(default_factory=dict)  #: by unredacted failure text; filled when asked

    def failure(self, buffer: LaneBuffer, kept: Kept) -> Failure:
        """The failure of a phase of the lane."""
        return Failure.of_category(to_reason(kept[2]), buffer.category, self.redact)

    def fingerprint(self, buffer: LaneBuffer, kept: Kept) -> str:
        """The fingerprint of a phase of the lane. Results are remembered, since the first phase of a lane is asked again
        after each result."""
        text = kept[2]
        if not isinstance(text, str):
            return self.failure(buffer, kept).fingerprint
        found = self.fingerprints.get(text)
        if found is None:
            if len(self.fingerprints) >= _FINGERPRINTS:
                self.fingerprints.clear()
            found = self.fingerprints[text] = self.failure(buffer, kept).fingerprint
        return found


# Tens of thousands of lanes are each made once before the first choice. Setting the fields by name would take three times as
# long, and working out later what the default policies read would take five times as long.
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
    """The sources of the facts of one lane."""

    buffer: LaneBuffer
    head: Kept
    known: Knowledge

    def find(self, name: str, of: Lane) -> object:
        """Work out one of the fields that are not set at once."""
        return _FACTS[name](self, of)


def lane_of(buffer: LaneBuffer, head: Kept, known: Knowledge) -> Lane:
    """Make the Lane that policies see. `head`: the next phase of the lane."""
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
    """Sorts before every id, whatever type ids are compared as."""

    def __lt__(self, other: object) -> bool:
        return True

    def __gt__(self, other: object) -> bool:
        return False


_LOWEST: Final = _Lowest()


def best_of_rest(buffer: LaneBuffer, known: Knowledge) -> Lane:
    """A Lane whose next phase is the best that the phases which are not kept may have: the lowest index and the lowest
    possible id. For policies that look only at the index."""
    lane = lane_of(buffer, (buffer.rest, "", None), known)
    _set_phase_order(lane, _LOWEST)
    return lane


def _past_of(facts: LaneFacts, lane: Lane) -> RunHistory:
    return facts.known.rules.past.runs.get(lane.run_id, _UNKNOWN_RUN)


def _failure_of(facts: LaneFacts) -> Failure:
    return facts.known.failure(facts.buffer, facts.head)


def _of_fingerprint(facts: LaneFacts, lane: Lane) -> RetryCount:
    """The counts of the lane's fingerprint, which is not computed if no fingerprint has counts."""
    stats = facts.known.retry_stats
    return stats.of_fingerprint(lane.fingerprint) if stats.fingerprints else NOTHING


def _limit_s(facts: LaneFacts, lane: Lane) -> float:
    """The time limit of a lane; it depends only on whether the lane's category is timeout. Remembered."""
    timed_out, known = lane.category == "timeout", facts.known
    if timed_out not in known.limits_s:
        timeout = known.rules.settings.timeout
        known.limits_s[timed_out] = time_limit((), timeout, kind=lane.run_type, after_timeout=timed_out).seconds
    return known.limits_s[timed_out]


def _of_all(facts: LaneFacts, lane: Lane) -> RetryCount:
    """The counts over everything. A policy that learns asks for the narrower counts too, so all are set here: one by one they
    would take several times as long."""
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
"""How to work out a field of a Lane, by the field's name."""
