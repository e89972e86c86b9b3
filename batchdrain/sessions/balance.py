"""The balance of a session, kept current from its results: it adds up at every moment, also after a crash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from batchdrain.sessions.result import Index, Record, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """How many phases of a session ended in which way."""

    fixed: int = 0
    failing: int = 0
    moved: int = 0  #: by somebody else
    gone: int = 0  #: of these, after they had failed here

    @property
    def results(self) -> int:
        """All of them."""
        return self.fixed + self.failing + self.moved


class Balance(Record):
    """The backlog before and after; `failed before + new = fixed + still failing + accepted + not reached`."""

    failed_before: Index = 0
    new: Index = 0
    fixed: Index = 0
    still_failing: Index = 0
    accepted: Index = 0
    not_reached: Index = 0
    taken_elsewhere: Index = 0  #: of those not reached: left the backlog by somebody else's hand
    gone_since: Index = 0  #: of these: failed in this session before they left it

    @classmethod
    def of(cls, *, before: int, known: int, ends: Ends = Ends(), accepted: int = 0) -> Balance:
        """`before`: phases in the source state at the session's start. `known`: phases that are accounted for now: those
        with a result, and those that wait in the backlog. `accepted`: waiting phases that the rule `accepted` skipped. No
        term is ever negative."""
        known = max(known, ends.results)
        waiting = known - ends.results
        accepted = min(accepted, waiting)
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
        )

    @property
    def adds_up(self) -> bool:
        """Whether the equation holds: always for what `of` makes, not for what a file may say."""
        return self.failed_before + self.new == self.fixed + self.still_failing + self.accepted + self.not_reached

    @property
    def said_of_taken(self) -> str:
        """What people read behind 'not reached'; '' where nothing was taken."""
        if not self.taken_elsewhere:
            return ""
        return f" ({self.taken_elsewhere} of them {'was' if self.taken_elsewhere == 1 else 'were'} taken by somebody else)"


class BalanceCount:
    """What a session's results weigh. A step costs the same in a large session."""

    def __init__(self, results: Sequence[Result], before: Balance | None, failed_state: str) -> None:
        """`results`: of the session, which grow with it; `before`: its balance so far, None where it has none.
        `failed_state`: the user's text for it."""
        self._results = results
        self._failed_state = failed_state
        self._fixed = self._failing = self._moved = 0
        self._gone = 0  # failed results whose phases have left the backlog since
        for result in results:
            self.add(result)
        self._before = None if before is None else before.failed_before
        self._accepted = 0 if before is None else before.accepted
        self._known = 0
        if before is not None:
            self._gone = min(before.gone_since, self._failing)
            taken_unseen = max(0, before.taken_elsewhere - self._moved - self._gone)
            self._known = before.failed_before + before.new - taken_unseen

    def add(self, result: Result, by: int = 1) -> None:
        """Weigh a result; by -1: one that another takes the place of."""
        if result.success:
            self._fixed += by
        elif result.fails_still(self._failed_state):
            self._failing += by
        else:
            self._moved += by

    def weigh(self, *, left: int, accepted: int) -> None:
        """`left`: phases that stand in the source state now; `accepted`: those of them that the rule `accepted` skips."""
        back = sum(
            result.fails_still(self._failed_state) and result.final_state == result.initial_state for result in self._results
        )
        self._gone = max(0, back - left)
        self._known = self._fixed + self._failing + self._moved + max(0, left - back)
        self._accepted = accepted
        if self._before is None:  # a session of the earlier program: nobody counted when it began
            self._before = self._known

    def balance(self) -> Balance | None:
        """None as long as nobody knows how many phases there were at the start."""
        if self._before is None:
            return None
        gone = min(self._gone, self._failing)  # one of them may have another result since
        ends = Ends(fixed=self._fixed, failing=self._failing - gone, moved=self._moved + gone, gone=gone)
        return Balance.of(before=self._before, known=self._known, ends=ends, accepted=self._accepted)
