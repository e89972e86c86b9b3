"""The balance of a session, kept current from its results: it adds up at every moment, also after a crash."""

from __future__ import annotations

from batchdrain.sessions.session import Balance, Result, Session


class Scales:
    """What a session's results weigh. A step costs the same in a large session."""

    def __init__(self, session: Session, failed_word: str) -> None:
        """Starts from the balance and the results that the session has. `failed_word`: the user's word for failed."""
        self._session = session
        self._failed_word = failed_word
        self._fixed = self._failing = self._moved = 0
        self._gone = 0  # failed results whose phases have left the backlog since
        for result in session.results:
            self.add(result)
        before = session.balance
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
        elif result.fails_still(self._failed_word):
            self._failing += by
        else:
            self._moved += by

    def weigh(self, *, left: int, accepted: int) -> None:
        """`left`: phases that stand in the source state now; `accepted`: those of them that the rule `accepted` skips."""
        back = sum(
            result.fails_still(self._failed_word) and result.final_state == result.initial_state
            for result in self._session.results
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
        return Balance.of(
            before=self._before,
            known=self._known,
            fixed=self._fixed,
            failing=self._failing - gone,
            moved=self._moved + gone,
            gone=gone,
            accepted=self._accepted,
        )
