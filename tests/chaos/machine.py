"""Three controllers, three phases, and everything that can happen to them, in every order that Hypothesis thinks of."""

from __future__ import annotations

from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from batchdrain.database.ledger import give_back
from batchdrain.database.ledger.held_claims import Held
from batchdrain.drain import liveness, recovery
from batchdrain.model.attempt import Attempt
from batchdrain.model.claim import Choice, Claim
from batchdrain.model.errors import ClaimLost
from batchdrain.model.states import Outcome
from tests.chaos.expected import Expected, Row, broken
from tests.chaos.world import NOW, PHASES, Controller, World, attempt, choice, name_of

LEASE_MS = 60_000
A_WEEK_MS = 7 * 86_400_000
whos = st.sampled_from(("a", "b", "c"))
names = st.sampled_from(PHASES)
reasons = st.sampled_from((None, "", "before ✓\n \t", "x" * 300))
ends = st.sampled_from([outcome for outcome in Outcome if outcome not in {Outcome.MOVED, Outcome.REFUSED}])
backs = st.integers(0, 3)
losses = st.sampled_from((False, False, True))


def _finished(controller: Controller, claim: Claim, ended: Attempt, retry_in_s: float | None) -> Attempt | None:
    """None: it was taken over."""
    try:
        return controller.claims.finish(claim, ended, retry_in_s=retry_in_s)
    except ClaimLost:
        return None


class ClaimMachine(RuleBasedStateMachine):
    """Every answer of the real transactions, and all that stands in the tables after it, is compared with the model."""

    world: ClassVar[World]  #: one for all examples: to open a database takes longer than an example

    @initialize(
        rows=st.fixed_dictionaries({name: st.builds(Row, st.sampled_from(("FAILED", "QUEUED")), reasons) for name in PHASES})
    )
    def begin(self, rows: dict[str, Row]) -> None:
        self.world.begin(rows)
        self.model = {name: Expected(row=row) for name, row in rows.items()}
        self.controllers = {who: self.world.controller(is_near=who != "c") for who in "abc"}
        self.claimed: list[tuple[Controller, Claim]] = []  #: whatever a living controller was ever given
        self.looked: list[Held] = []  #: every claim, as a recovery saw it
        self.before = self.world.standings()

    @rule(who=whos, name=names, word=st.sampled_from((None, None, None, "FAILED", "QUEUED")), lost=losses)
    def claim(self, who: str, name: str, word: str | None, lost: bool) -> None:
        """`word`: of the state in which it was chosen, and from which it may have moved; None: as it stands."""
        stands = self.model[name].row.state
        word = word or (stands if stands in {"FAILED", "QUEUED"} else "FAILED")
        self._claim(self.controllers[who], choice(name, word), lost=lost)

    @rule(who=whos, name=names, outcome=ends)
    def drain(self, who: str, name: str, outcome: Outcome) -> None:
        """Claimed and finished with nothing in between, as it should be: so that there is a past to interfere with."""
        controller, word, known = self.controllers[who], self.model[name].row.state, len(self.claimed)
        if word in {"FAILED", "QUEUED"}:
            self._claim(controller, choice(name, word), lost=False)
            for _, claim in self.claimed[known:]:
                self._finish(controller, claim, outcome, "why", None, lost=False)

    @rule(who=whos)
    def claim_again_after_an_outage(self, who: str) -> None:
        """The reply was lost for longer than a transaction is repeated."""
        controller = self.controllers[who]
        if controller.last_claim is not None:
            name = name_of(controller.last_claim)
            controller.claims._holds.pop(controller.last_claim.phase.key, None)
            controller.holds.discard(name)
            self._claim(controller, choice(name, controller.last_claim.prior_state), lost=False)

    def _claim(self, controller: Controller, chosen: Choice, *, lost: bool) -> None:
        name = f"{chosen.phase.run_id}/{chosen.phase.phase_id}"
        expected, owner, word = self.model[name], controller.claims.holder.owner, chosen.phase.state.value.upper()
        is_ours = expected.owner == owner
        can = name not in controller.holds and (is_ours or expected.can_be_claimed(word, self.world.now_ms))
        with self.world.reply_lost(lost):
            guard = self.world.guardian(controller)
            claim = controller.claims.claim(chosen, lease_s=LEASE_MS / 1000, run_type="default", now=NOW, guard=guard)
        assert (claim is not None) == can, f"{name}: the claim is {claim}, and stood as {expected}"
        if claim is None:
            return
        if is_ours:
            self.world.met["claim repeated"] += 1
            assert claim == controller.last_claim or expected.row.reason != expected.prior.reason
        else:
            expected.claim(owner, self.world.now_ms + LEASE_MS)
            assert (claim.epoch, claim.attempt) == (expected.epoch, expected.counted + 1)
            assert (claim.prior_state, claim.prior_reason) == expected.prior
            self.claimed.append((controller, claim))
            self.looked += [held for held in self.world.project.store.history.read_held() if held.key == chosen.phase.key]
            self.world.met["claim"] += 1
            controller.last_claim = claim
        controller.holds.add(name)

    @rule(who=whos, lost=losses)
    def beat(self, who: str, lost: bool) -> None:
        controller = self.controllers[who]
        claims = [claim for owner, claim in self.claimed if owner is controller]
        ours = [claim for claim in claims if self._holds(controller, claim)]
        with self.world.reply_lost(lost):
            gone = controller.claims.beat(claims, lease_s=LEASE_MS / 1000)
        assert {claim.token for claim in gone} == {claim.token for claim in claims} - {claim.token for claim in ours}
        for claim in ours:
            self.model[name_of(claim)].lease_ms = self.world.now_ms + LEASE_MS

    @precondition(lambda self: self.claimed)
    @rule(back=backs, outcome=ends, reason=reasons, retry_in_s=st.sampled_from((None, None, 90.0)), lost=losses)
    def finish(self, back: int, outcome: Outcome, reason: str | None, retry_in_s: float | None, lost: bool) -> None:
        """`back`: the claim may be one of the past, and its controller a zombie."""
        controller, claim = self.claimed[-1 - back % len(self.claimed)]
        self._finish(controller, claim, outcome, reason, retry_in_s, lost=lost)

    def _finish(
        self,
        controller: Controller,
        claim: Claim,
        outcome: Outcome,
        reason: str | None,
        retry_in_s: float | None,
        *,
        lost: bool,
    ) -> None:
        name, ours = name_of(claim), self._holds(controller, claim)
        ended = attempt(claim, outcome, None if outcome is Outcome.COMPLETE else reason, self.world.next_number())
        with self.world.reply_lost(lost):
            reply = _finished(controller, claim, ended, retry_in_s)
        assert (reply is not None) == ours, f"{name}: epoch {claim.epoch} was finished, and stood as {self.model[name]}"
        controller.last_finish = (claim, ended, retry_in_s, reply)
        if reply is None:
            self.world.met["zombie"] += 1
            return
        next_ms = None if retry_in_s is None else self.world.now_ms + round(retry_in_s * 1000)
        self.model[name].end(outcome, ended.reason, next_ms)
        assert (reply.outcome, reply.final_state) == self.model[name].outcomes[claim.epoch]
        self.world.met[reply.outcome] += 1
        controller.holds.discard(name)

    @rule(who=whos)
    def finish_again_after_an_outage(self, who: str) -> None:
        """Before the controller turns to the phase anew; whatever others did, the answer is the same."""
        controller = self.controllers[who]
        if controller.last_finish is None:
            return
        claim, ended, retry_in_s, reply = controller.last_finish
        if reply is None or name_of(claim) not in controller.holds:
            assert _finished(controller, claim, ended, retry_in_s) == reply
            self.world.met["finish repeated"] += 1

    def _holds(self, controller: Controller, claim: Claim) -> bool:
        return self.model[name_of(claim)].is_held_by(controller.claims.holder.owner, claim.epoch)

    @rule(who=whos, kept=st.sampled_from((0, 1, None)))
    def crash(self, who: str, kept: int | None) -> None:
        """It forgets everything. `kept`: the exit code that its guardians leave in the spool."""
        dead = self.controllers[who]
        for claim in [claim for controller, claim in self.claimed if controller is dead and self._holds(dead, claim)]:
            if kept is not None and dead.is_near:
                self.world.keep_result(claim, kept)
                self.model[name_of(claim)].kept = kept
        self.world.kill(dead)
        self.claimed = [(controller, claim) for controller, claim in self.claimed if controller is not dead]
        self.controllers[who] = self.world.controller(is_near=dead.is_near)

    @rule(ms=st.integers(-5_000, 50_000) | st.integers(-5_000, 200_000))
    def db_clock(self, ms: int) -> None:
        self.world.now_ms += ms

    @rule(lost=losses)
    def recover(self, lost: bool) -> None:
        held = {str(held.key).replace(" ", ""): held for held in self.world.project.store.history.read_held()}
        due = {
            name: expected.recover()
            for name, expected in self.model.items()
            if expected.owner is not None
            and (self.world.is_dead(held[name].controller) or expected.is_over(self.world.now_ms))
        }
        with self.world.reply_lost(lost):
            found = {str(back.key).replace(" ", ""): back for back in recovery.recover(self.world.project)}
        for name, back in found.items():
            assert (back.state, back.recorded) == (self.model[name].row.state, due[name])
            self.world.met["given back" if back.recorded is None else "result found"] += 1
        assert set(due) == set(found) or (lost and len(due) == len(found) + 1)

    @precondition(lambda self: self.looked)
    @rule(back=backs)
    def recover_late(self, back: int) -> None:
        """A recovery that looked when `back` was claimed, and was held up since: anything may have happened."""
        held = self.looked[-1 - back % len(self.looked)]
        gone = liveness.is_alive(held) is False
        project, expected = self.world.project, self.model[str(held.key).replace(" ", "")]
        due = expected.is_held_by(held.owner, held.epoch) and (gone or expected.is_over(self.world.now_ms))
        found = give_back.give_back(project.store, project.settings.command, held, gone=gone)
        self.world.met["given back late" if due else "too late"] += 1
        assert (found is not None) == due, f"{held} was given back as {found}, and stood as {expected}"
        if found is not None:
            expected.orphan()
            assert (found.state, found.orphanings) == (expected.row.state, expected.orphans)

    @rule(name=names, word=st.sampled_from(("CANCELLED", "FAILED", "QUEUED", None)), reason=reasons)
    def write_by_hand(self, name: str, word: str | None, reason: str | None) -> None:
        """Somebody else writes. Where he leaves the state alone, the row is ours: it is given back with its old reason."""
        expected = self.model[name]
        expected.row = Row(word or expected.row.state, reason)
        expected.by_hand = expected.by_hand or word is not None
        self.world.write(name, expected.row)

    @invariant()
    def no_promise_is_broken(self) -> None:
        now = self.world.standings()
        by_hand = {name for name, expected in self.model.items() if expected.by_hand}
        assert list(broken(self.before, now, by_hand)) == []
        self.before = now

    @invariant()
    def everything_stands_as_expected(self) -> None:
        assert self._differences() == {}

    def _differences(self) -> dict[str, list[str]]:
        now = self.world.standings()
        found = {
            name: list(expected.differences(now.phases[name], now.claims.get(name), now.attempts.get(name, {})))
            for name, expected in self.model.items()
        }
        return {name: differences for name, differences in found.items() if differences}

    def teardown(self) -> None:
        """In the end one recovery settles everything, and a second finds nothing to do."""
        if self._differences():  # it has failed already
            return
        self.world.now_ms += A_WEEK_MS
        self.recover(lost=False)
        self.no_promise_is_broken()
        self.everything_stands_as_expected()
        assert recovery.recover(self.world.project) == []
        for name, expected in self.model.items():
            claim = self.before.claims.get(name)
            assert claim is None or claim.owner is None
            if not expected.by_hand:
                assert self.before.phases[name].state in {"COMPLETE", "FAILED", expected.prior.state}
