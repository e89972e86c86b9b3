"""The balance of a session, kept current with its results. It adds up at every moment, even after a crash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from batchdrain.planning.remainder import Remainder
from batchdrain.runtime.text import agree
from batchdrain.sessions.result import Index, Record, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """How many phases of a session ended in each way."""

    fixed: int = 0
    failing: int = 0
    moved: int = 0  #: changed by somebody else
    gone: int = 0  #: how many of these had failed in this session before

    @property
    def results(self) -> int:
        """All phases with a result."""
        return self.fixed + self.failing + self.moved


@dataclass(frozen=True, slots=True, kw_only=True)
class Skips:
    """How many phases of the backlog a reading skipped."""

    accepted: int = 0
    filtered: int = 0  #: skipped by the user's own filters
    by_rules: int = 0  #: skipped by any other rule

    @classmethod
    def of(cls, found: Remainder) -> Skips:
        """The skips that a reading counted."""
        return cls(accepted=found.accepted, filtered=found.filtered, by_rules=found.by_rules)


class Balance(Record):
    """The backlog before and after: `failed before + new = fixed + still failing + accepted + not reached`."""

    failed_before: Index = 0
    new: Index = 0
    fixed: Index = 0
    still_failing: Index = 0
    accepted: Index = 0
    not_reached: Index = 0
    taken_elsewhere: Index = 0  #: of those not reached: moved or deleted, by a command, another drain or others
    gone_since: Index = 0  #: of these: failed in this session before they left the backlog
    filtered: Index = 0  #: of those not reached: skipped by the user's own filters
    skipped: Index = 0  #: of those not reached: skipped by another rule, except accepted ones
    waiting: Index = 0  #: of those not reached: another drain may take them

    @classmethod
    def of(cls, *, before: int, known: int, ends: Ends = Ends(), skips: Skips = Skips()) -> Balance:
        """`before`: phases in the source state when the session began. `known`: phases that are accounted for now, which have
        a result or are in the backlog. `skips`: skipped phases of the backlog. No term is ever negative."""
        known = max(known, ends.results)
        waiting = known - ends.results
        accepted = min(skips.accepted, waiting)
        filtered = min(skips.filtered, waiting - accepted)
        skipped = min(skips.by_rules, waiting - accepted - filtered)
        taken = ends.moved + max(0, before - known)
        return cls(
            failed_before=before,
            new=max(0, known - before),
            fixed=ends.fixed,
            still_failing=ends.failing,
            accepted=accepted,
            not_reached=waiting - accepted + taken,
            taken_elsewhere=taken,
            gone_since=ends.gone,
            filtered=filtered,
            skipped=skipped,
            waiting=waiting - accepted - filtered - skipped,
        )

    @property
    def adds_up(self) -> bool:
        """Whether the equation holds. It always does for what `of` makes, but a file may say anything."""
        return self.failed_before + self.new == self.fixed + self.still_failing + self.accepted + self.not_reached

    @property
    def said_of_taken(self) -> str:
        """What people read behind 'not reached'; '' if nothing was taken."""
        if not self.taken_elsewhere:
            return ""
        was = agree(self.taken_elsewhere, "was", "were")
        return f" ({self.taken_elsewhere} of them {was} moved or deleted, by a command, another drain or somebody else)"


class BalanceCount:
    """Keeps the balance of a session. A step takes the same time however large the session is."""

    def __init__(
        self, results: Sequence[Result], before: Balance | None, failed_words: frozenset[str], *, takes_failed: bool = True
    ) -> None:
        """`results`: the list of the session's results, which grows; `before`: the balance so far, None if there is none.
        `failed_words`: the user's words for failed. `takes_failed`: whether the session's backlog is the failed phases."""
        self._results = results
        self._failed_words = failed_words
        self._takes_failed = takes_failed
        self._fixed = self._failing = self._moved = 0
        self._gone = 0  # failed phases that have left the backlog since
        for result in results:
            self.add(result)
        self._before = None if before is None else before.failed_before
        self._skips = Skips()
        if before is not None:
            self._skips = Skips(accepted=before.accepted, filtered=before.filtered, by_rules=before.skipped)
        self._known = 0
        if before is not None:
            self._gone = min(before.gone_since, self._failing)
            taken_unseen = max(0, before.taken_elsewhere - self._moved - self._gone)
            self._known = before.failed_before + before.new - taken_unseen

    def add(self, result: Result, by: int = 1) -> None:
        """Count a result. `by` is -1 for a result that is being replaced."""
        if result.success:
            self._fixed += by
        elif result.fails_still(self._failed_words):
            self._failing += by
        else:
            self._moved += by

    def _is_back(self, result: Result) -> bool:
        """Whether its phase is again in the backlog of the session, by any of the words of its state. A second try of a queued
        phase sets out from failed, which is not that backlog."""
        ends = (result.initial_state, result.final_state)
        if not self._takes_failed and ends[1] in self._failed_words:
            return False
        return ends[0] == ends[1] or all(one in self._failed_words for one in ends)

    def note(self, found: Remainder) -> None:
        """Take over what a reading skipped, while phases may be executing."""
        self._skips = Skips.of(found)

    def weigh(self, found: Remainder) -> None:
        """Take over a reading that was made while no phase was executing."""
        self._skips = Skips.of(found)
        back = [result for result in self._results if result.fails_still(self._failed_words) and self._is_back(result)]
        self._gone = sum(result.key not in found.attempted for result in back)
        self._known = self._fixed + self._failing + self._moved + found.total - len(found.attempted)
        if self._before is None:  # a session of the earlier program: nothing was counted when it began
            self._before = self._known

    def balance(self) -> Balance | None:
        """The present balance. None if it is unknown how many phases there were at the start."""
        if self._before is None:
            return None
        gone = min(self._gone, self._failing)  # one of them may have got another result since
        ends = Ends(fixed=self._fixed, failing=self._failing - gone, moved=self._moved + gone, gone=gone)
        return Balance.of(before=self._before, known=self._known, ends=ends, skips=self._skips)
