"""Whatever happens between two choices, what is chosen is the best of all that wait, where no result can change the ranks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from batchdrain.config.settings import Settings
from batchdrain.database.ledger.history import Past
from batchdrain.database.phases.pages import Page, Row
from batchdrain.failures.categories import categorise
from batchdrain.failures.fingerprints import fingerprint
from batchdrain.model.claim import Choice
from batchdrain.model.phase import PhaseKey
from batchdrain.model.states import Outcome, PhaseState
from batchdrain.planning import lane_builder
from batchdrain.planning.filters import Filters
from batchdrain.planning.lane_backlog import LaneBacklog
from batchdrain.planning.reading import Reading
from batchdrain.planning.skip_rules import SkipRules
from batchdrain.planning.verdicts import Verdict, VerdictKind
from batchdrain.policies.ranking import ranking_of
from tests.planning.backlogs import NOW, REASONS
from tests.policies.test_learning import attempt_of

POLICIES = (
    ["smart"], ["untried-first", "smart"], ["hints", "smart"], ["fewest-failures", "run-order"], ["run-order"],
    ["hints", "untried-first", "fewest-failures"],
)  # fmt: skip
RUNS = "rstuv"


class Story:
    """A backlog in memory, of which phases are taken, given results and diagnosed while it is read again."""

    def __init__(self, seed: int) -> None:
        self.dice = dice = Random(seed)
        reasons = [*REASONS.values(), "boom 2", "KeyError: 'x'"]
        drawn = [
            Row(
                run_id=dice.choice(RUNS),
                phase_id=dice.choice("abcdefg") * dice.randrange(1, 3),
                phase_index=dice.choice([None, 0, 1, 2, 3]),
                reason=dice.choice(reasons),
            )
            for _ in range(dice.randrange(1, 60))
        ]
        self.rows = {PhaseKey(row.run_id, row.phase_id): row for row in drawn}
        self.attempts = {key.digest: dice.randrange(3) for key in self.rows}
        hints = {run: dice.randrange(-2, 3) for run in RUNS}
        rules = SkipRules(filters=Filters(), settings=Settings(), past=Past(attempts=self.attempts))
        self.rules = replace(rules, hints=hints.__getitem__)
        self.taken: set[PhaseKey] = set()
        self.diagnosed: set[PhaseKey] = set()
        self.held: list[Choice] = []
        self.reading: Iterator[None] | None = None
        self.backlog = LaneBacklog(
            self.read,
            ranking_of(dice.choice(POLICIES)),
            state=PhaseState.FAILED,
            categorise=categorise,
            run_type=lambda run_id: "default",
        )
        self.backlog.refresh(NOW)

    def left(self, run_id: str | None = None) -> list[Row]:
        return [row for key, row in self.rows.items() if key not in self.taken and run_id in {None, row.run_id}]

    def read(self) -> Reading:
        rows = self.left()
        pages = [Page.of(rows[at : at + 9]) for at in range(0, len(rows), 9)]
        return Reading(pages=iter(pages), rules=self.rules, pages_of=lambda run_id: [Page.of(self.left(run_id))])

    def best(self, busy: set[str]) -> PhaseKey | None:
        """Of all lanes, ranked now."""
        lanes = self.backlog._at_hand
        found = [
            (lanes._rank(one, NOW), PhaseKey(run, one.kept[0][1]) if one.kept else None)
            for run in sorted(set(RUNS) - busy)
            for one in lanes.of_run(run)
            if one.waiting
        ]
        return min(found, key=lambda one: one[0])[1] if found else None

    def choose(self) -> None:
        busy = {one.phase.run_id for one in self.held} if self.dice.random() < 0.5 else set[str]()
        best = self.best(busy)
        while (choice := self.backlog.next(NOW, busy)) is None and self.backlog.stale:
            self.backlog.refill(NOW)
            best = self.best(busy)
        assert (None if choice is None else choice.phase.key) == best
        if choice is not None:
            assert choice.phase.key not in self.taken
            self.taken.add(choice.phase.key)
            self.held.append(choice)

    def end_one(self) -> None:
        if self.held:
            choice = self.held.pop(self.dice.randrange(len(self.held)))
            outcome = self.dice.choice([Outcome.COMPLETE, Outcome.FAILED])
            self.backlog.touch(choice.phase.run_id, NOW, attempt_of(choice, outcome))

    def diagnose(self) -> None:
        if some := [row for row in self.left() if PhaseKey(row.run_id, row.phase_id) not in self.diagnosed]:
            row = self.dice.choice(some)
            key = PhaseKey(row.run_id, row.phase_id)
            self.diagnosed.add(key)
            verdict = Verdict(
                key=key,
                kind=self.dice.choice(list(VerdictKind)),
                reason="by its log",
                until=NOW + timedelta(days=1),
                fingerprint=fingerprint(row.reason) if isinstance(row.reason, str) else "",
                attempts=self.attempts[key.digest],
            )
            self.backlog.apply(verdict, NOW)

    def look_ahead(self) -> None:
        self.backlog.upcoming(5, NOW)

    def read_on(self) -> None:
        self.reading = self.reading or self.backlog.refresh_in_slices(lambda: NOW)
        for _ in range(self.dice.randrange(1, 6)):
            if next(self.reading, "over") == "over":
                self.reading = None
                return


@pytest.mark.parametrize("kept", [4, 30, 100_000])
def test_what_is_chosen_is_the_best_of_all_that_wait(monkeypatch: pytest.MonkeyPatch, kept: int) -> None:
    monkeypatch.setattr(lane_builder, "KEPT", kept)
    for seed in range(150, 190):
        story = Story(seed)
        steps = (story.choose, story.end_one, story.diagnose, story.look_ahead, story.read_on)
        for step in story.dice.choices(steps, weights=(10, 5, 2, 1, 2), k=150):
            step()
