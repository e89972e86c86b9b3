"""A backlog whose truth is known: of each phase how likely the next attempt mends it, and how long it takes."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from batchdrain.database.phases.pages import Row
from batchdrain.failures.categories import CATEGORIES
from batchdrain.model.phase import PhaseKey
from tests.benchmarks.simulator.causes import OTHERS, PLACES, other_text_of, text_of

SPREAD: Final = 0.4
"""Of durations within a run, in the logarithm."""
FAILS_AFTER: Final[Mapping[str, tuple[float, float]]] = {
    "unknown": (0.2, 1.0), "transient": (0.1, 0.8), "collection": (0.05, 0.15), "deliverable": (0.9, 1.0), "patch": (0.1, 0.5),
    "other": (0.3, 1.0), "timeout": (0.3, 1.0),
}  # fmt: skip
"""The part of its whole duration after which a phase fails, from and to: an import fails early, a deliverable is missed late."""


class Again(Enum):
    """How phases with one problem read when they fail again."""

    ALIKE = "as before"
    RENAMED = "all in one other way"
    SCATTERED = "each in a way of its own, every time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why phases failed: those with one problem share a failure text, that is, a cluster."""

    category: str
    number: int  #: among those of its category
    chance: float  #: that an attempt mends it, in an average run; 0: it is broken, and no retry helps
    hangs: bool = False  #: an attempt that does not mend it takes its whole time limit
    again: Again = Again.ALIKE


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What nobody but the world and the oracle knows of a phase."""

    key: PhaseKey
    phase_index: int
    problem: Problem
    chance: float
    mends_s: float  #: how long an attempt takes that completes
    fails_s: float  #: how long one that fails; beyond the time limit: it times out

    @property
    def fixable(self) -> bool:
        return self.chance > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a world is like. Every chance is a mean: each seed has its own."""

    chances: Mapping[str, float]  #: by category, that a retry mends a problem that is not broken
    broken: Mapping[str, float]  #: by category, the part of its problems that no retry mends
    shares: Mapping[str, float]  #: of the categories in the backlog
    minutes: Mapping[str, float]  #: median duration of a phase by run type
    shift: float = 1.0  #: how far the categories of a seed differ from their means, in log odds
    problem_shift: float = 1.0  #: and the problems of a category from it
    run_shift: float = 0.5  #: and the runs
    spread: float = SPREAD
    problems: int = 6  #: of each category
    anew: float = 0.0  #: the part of them whose phases read otherwise when they fail again
    hangs: float = 0.6  #: of the problems of category timeout
    fails_after: Mapping[str, tuple[float, float]] = field(default_factory=lambda: FAILS_AFTER)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    seed: int
    truths: Mapping[PhaseKey, Truth]
    run_types: Mapping[str, str] = field(default_factory=dict)

    def rows(self, failing: Mapping[PhaseKey, str | None]) -> list[Row]:
        """The table's failed rows, in the order in which they failed."""
        return [
            Row(run_id=key.run_id, phase_id=key.phase_id, phase_index=self.truths[key].phase_index, reason=reason)
            for key, reason in failing.items()
        ]

    def first_reasons(self) -> dict[PhaseKey, str | None]:
        return {key: self.reason(key, 0) for key in self.truths}

    def reason(self, key: PhaseKey, execution: int) -> str | None:
        problem, dice = self.truths[key].problem, self._dice(key, execution)
        number = 2 + dice.randrange(998)
        if execution == 0 or problem.again is Again.ALIKE:
            return text_of(problem.category, problem.number, number)
        other = problem.number if problem.again is Again.RENAMED else dice.randrange(OTHERS)
        return other_text_of(problem.category, problem.number, number, other)

    def mends(self, key: PhaseKey, execution: int) -> bool:
        """Whether that execution of the phase completes: the same for every policy."""
        return self._dice(key, -execution).random() < self.truths[key].chance

    def _dice(self, key: PhaseKey, execution: int) -> random.Random:
        return random.Random(f"{self.seed}/{key.run_id}/{key.phase_id}/{execution}")


def make(kind: Kind, seed: int, *, phases: int, generation: int = 0) -> World:
    """The same seed makes the same world. Another `generation` of it has other phases of the same runs, with the same
    problems: what a former batch met."""
    nature, dice = random.Random(f"nature/{seed}"), random.Random(f"phases/{seed}/{generation}")
    anew = random.Random(f"anew/{seed}")
    part = _shifted(kind.anew, anew.gauss(0, 1)) if kind.anew else 0.0
    problems = {category: _problems(kind, category, nature, [_again(part, anew) for _ in PLACES]) for category in CATEGORIES}
    runs = max(4, phases // 10)
    types = [nature.choice(sorted(kind.minutes)) for _ in range(runs)]
    pace = [nature.gauss(0, kind.spread) for _ in range(runs)]
    health = [nature.gauss(0, kind.run_shift) for _ in range(runs)]
    weights = [1 / (1 + place) for place in range(runs)]
    truths: dict[PhaseKey, Truth] = {}
    for number in range(phases):
        run = dice.choices(range(runs), weights)[0]
        category = dice.choices(list(kind.shares), list(kind.shares.values()))[0]
        problem = dice.choices(problems[category], [1 / (1 + place) for place in range(len(problems[category]))])[0]
        mends_s = 60 * kind.minutes[types[run]] * math.exp(pace[run] + dice.gauss(0, kind.spread))
        key = PhaseKey(f"{types[run]}-{run:03}", f"phase-{generation}-{number:04}")
        truths[key] = Truth(
            key=key,
            phase_index=dice.randrange(12),
            problem=problem,
            chance=_shifted(problem.chance, health[run]) if problem.chance else 0.0,
            mends_s=mends_s,
            fails_s=math.inf if problem.hangs else mends_s * dice.uniform(*kind.fails_after[category]),
        )
    return World(seed=seed, truths=truths, run_types={f"{name}-*": name for name in kind.minutes})


def _again(part: float, dice: random.Random) -> Again:
    return dice.choice((Again.RENAMED, Again.SCATTERED)) if dice.random() < part else Again.ALIKE


def _problems(kind: Kind, category: str, nature: random.Random, again: Sequence[Again]) -> list[Problem]:
    usual = _shifted(kind.chances[category], nature.gauss(0, kind.shift))
    broken = _shifted(kind.broken[category], nature.gauss(0, kind.shift)) if kind.broken[category] else 0.0
    found = []
    for number in range(min(kind.problems, len(PLACES))):
        chance = 0.0 if nature.random() < broken else _shifted(usual, nature.gauss(0, kind.problem_shift))
        hangs = category == "timeout" and nature.random() < kind.hangs
        found.append(Problem(category=category, number=number, chance=chance, hangs=hangs, again=again[number]))
    return found


def _shifted(chance: float, by: float) -> float:
    """The chance with its log odds moved, but neither hopeless nor sure."""
    moved = 1 / (1 + math.exp(-(math.log(chance / (1 - chance)) + by))) if 0 < chance < 1 else chance
    return min(0.98, max(0.1, moved))
