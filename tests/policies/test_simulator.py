"""The simulator that judges policies: its truth holds, its numbers repeat, and its references are what they claim to be."""

from __future__ import annotations

import statistics
from dataclasses import replace

import pytest

from batchdrain.config.plugins import POLICIES, list_names
from batchdrain.config.stop_settings import Stop
from batchdrain.failures import categorise, fingerprint
from batchdrain.failures.categories import CATEGORIES
from batchdrain.policies.ranking import ranking_of
from tests.benchmarks.simulator.causes import PLACES, text_of
from tests.benchmarks.simulator.contest import FIFO, ORACLE, RANDOM, contest, settings_for
from tests.benchmarks.simulator.kinds import KINDS
from tests.benchmarks.simulator.measures import Measured, mean_of, ratio_of
from tests.benchmarks.simulator.memory import Memory
from tests.benchmarks.simulator.oracle import oracle
from tests.benchmarks.simulator.replay import Replay
from tests.benchmarks.simulator.world import World, make
from tests.support.soaking import soak

SEEDS = (100, 101)
PHASES = 60


@pytest.mark.parametrize("category", CATEGORIES)
def test_each_problem_has_its_category_and_a_fingerprint_of_its_own(category: str) -> None:
    marks = set()
    for problem in range(len(PLACES)):
        texts = [text_of(category, problem, number) for number in (3, 477)]
        assert {categorise(text) for text in texts} == {category}
        assert len({fingerprint(text) for text in texts}) == 1
        marks.add(fingerprint(texts[0]))
    assert len(marks) == (1 if category == "unknown" else len(PLACES))


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_makes_the_same_world_and_the_same_numbers(kind: str) -> None:
    assert make(KINDS[kind], 7, phases=PHASES) == make(KINDS[kind], 7, phases=PHASES)
    assert make(KINDS[kind], 7, phases=PHASES) != make(KINDS[kind], 8, phases=PHASES)
    names = ["smart", "best-yield", RANDOM, FIFO]
    assert contest(kind, 7, phases=30, names=names, warm=True) == contest(kind, 7, phases=30, names=names, warm=True)


@pytest.mark.parametrize("kind", [pytest.param(kind, marks=soak if kind != "mixed" else ()) for kind in KINDS])
def test_nobody_beats_who_knows_the_truth(kind: str) -> None:
    found = [contest(kind, seed, phases=PHASES) for seed in SEEDS]
    for name in found[0]:
        ours, best = _areas(found, name), _areas(found, ORACLE)
        assert best == 1.0
        assert ours <= 1.1, name  # luck: the oracle knows chances, not the fall of the dice


def _areas(found: list[dict[str, Measured]], name: str) -> float:
    return statistics.mean(world[name].area for world in found)


@pytest.mark.parametrize("policy", list_names(POLICIES))
def test_every_policy_mends_all_that_can_be_mended_if_it_has_the_time(policy: str) -> None:
    """Session after session, without stop conditions: with them a policy that always begins alike may starve what it
    never comes to."""
    world = _quick(make(replace(KINDS["mixed"], hangs=0.0), 9, phases=PHASES))
    settings = settings_for(world).model_copy(
        update={"stop": Stop(max_timeouts_per_run=0, max_repeats=0), "batch_size": PHASES}
    )
    executed = Replay(world, ranking_of([policy]), Memory(), settings).run(float("inf"))
    assert sum(found.fixed for found in executed) == sum(truth.fixable for truth in world.truths.values())


@pytest.mark.parametrize("policy", list_names(POLICIES))
def test_untried_first_before_a_policy_keeps_it_from_starving_with_every_stop_condition_on(policy: str) -> None:
    world = _quick(make(KINDS["mixed"], 9, phases=PHASES))
    executed = Replay(world, ranking_of(["untried-first", policy]), Memory(), settings_for(world)).run(float("inf"))
    assert sum(found.fixed for found in executed) == sum(truth.fixable for truth in world.truths.values())


def _quick(world: World) -> World:
    """No phase takes longer than it may."""
    return replace(
        world, truths={key: replace(truth, mends_s=min(truth.mends_s, 100.0)) for key, truth in world.truths.items()}
    )


def test_a_world_with_nothing_to_mend_is_measured_too() -> None:
    hopeless = replace(KINDS["mixed"], broken=dict.fromkeys(CATEGORIES, 0.98))
    worlds = [make(hopeless, seed, phases=10) for seed in range(30)]
    assert [] in [oracle(world) for world in worlds]


def test_the_stop_conditions_of_users_are_on() -> None:
    world = _quick(make(replace(KINDS["broken-clusters"], hangs=0.0), 3, phases=200))
    run = Replay(world, ranking_of(["smart"]), Memory(), settings_for(world).model_copy(update={"batch_size": 1000}))
    run._drain(float("inf"))
    parked = [mark for mark, count in run._session.repeats.items() if count >= 3]
    assert parked
    assert max(run._session.repeats.values()) <= 3 + 1  # a retry that was under way when its cluster was parked


def test_best_yield_is_worth_its_name_on_a_few_worlds() -> None:
    """Bounds with a wide margin: README.md has the measured ones."""
    found = [contest("mixed", seed, phases=150, names=["smart", "best-yield"]) for seed in range(200, 204)]
    ratio = ratio_of([world["best-yield"].quarter for world in found], [world["smart"].quarter for world in found])
    assert ratio.mean > 1.1


def test_an_estimate_holds_its_mean_between_its_bounds_and_says_the_same_twice() -> None:
    values = [1.0, 2.0, 4.0, 3.0, 2.0]
    found = mean_of(values)
    assert found == mean_of(values)
    assert found.low < found.mean == 2.4 < found.high
    assert ratio_of(values, values).low == ratio_of(values, values).high == 1.0
