"""Every policy on one world, with the same luck."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from copy import deepcopy
from datetime import datetime
from typing import Any, Final

from batchdrain.config.plugins import POLICIES as BUILT_IN
from batchdrain.config.plugins import list_names
from batchdrain.config.settings import Retry, RunType, Settings
from batchdrain.config.stop_settings import Stop
from batchdrain.model.lane import Lane
from batchdrain.policies.ranking import Ranking, ranking_of
from tests.benchmarks.simulator.kinds import KINDS
from tests.benchmarks.simulator.measures import GENEROUS, Measured, measured
from tests.benchmarks.simulator.memory import Memory
from tests.benchmarks.simulator.oracle import oracle
from tests.benchmarks.simulator.replay import Executed, Replay
from tests.benchmarks.simulator.world import World, make

POLICIES: Final[Mapping[str, Sequence[str | dict[str, Any]]]] = {
    "smart": ["smart"],
    "the default": Settings().policy,
    **{name: [name] for name in list_names(BUILT_IN) if name != "smart"},
}
"""Each built-in policy alone, and the default list. Ids break the ties."""
FIFO: Final = "first in, first out"
RANDOM: Final = "random"
ORACLE: Final = "the oracle"
WARM: Final = ("smart", "the default", "best-yield", "the oracle")
BATCH: Final = 25
"""As many phases as a drain takes in the README: then its session ends, and the next one begins."""


def contest(
    kind: str, seed: int, *, phases: int, names: Sequence[str] | None = None, warm: bool = False, batch_size: int = BATCH
) -> dict[str, Measured]:
    """What each contestant made of the world of that kind and seed, in the same budget. `warm`: with the ledger of a former
    batch of as many phases of the same runs and problems, drained in the default order."""
    world = make(KINDS[kind], seed, phases=phases)
    settings = settings_for(world, batch_size)
    best = oracle(world)
    budget_s = GENEROUS * best[-1].ended_s if best else 0.0
    before = former(kind, seed, phases=phases, settings=settings) if warm else Memory()
    found = {}
    for name in names if names is not None else [*POLICIES, FIFO, RANDOM, ORACLE]:
        executed = best
        if name != ORACLE:
            executed = replayed(name, world, deepcopy(before), settings, budget_s)
        found[name] = measured(executed, best, budget_s)
    return found


def replayed(name: str, world: World, memory: Memory, settings: Settings, budget_s: float) -> list[Executed]:
    return Replay(world, ranking(name, world), memory, settings).run(budget_s)


def former(kind: str, seed: int, *, phases: int, settings: Settings) -> Memory:
    """The ledger that a former batch of the project left."""
    memory, world = Memory(), make(KINDS[kind], seed, phases=phases, generation=1)
    best = oracle(world)
    replayed("the default", world, memory, settings, GENEROUS / 2 * best[-1].ended_s if best else 0.0)
    return memory


def settings_for(world: World, batch_size: int = BATCH) -> Settings:
    """What a user has: every default, the stop conditions among them, and the run types of the project. But nothing ends or pauses
    a session because the command is broken for all: orders are compared."""
    return Settings(
        batch_size=batch_size,
        stop=Stop(same_new_failure=0),
        retry=Retry(outage_after=0),
        run_types=[RunType(match=match, type=name) for match, name in world.run_types.items()],
    )


def ranking(name: str, world: World) -> Ranking:
    if name in POLICIES:
        return ranking_of(POLICIES[name])
    places = {(key.run_id, key.phase_id): place for place, key in enumerate(world.truths)}

    def arrival(lane: Lane, now: datetime) -> int:
        return places[lane.run_id, lane.phase_id]

    def luck(lane: Lane, now: datetime) -> float:
        return random.Random(f"{world.seed}/{lane.run_id}/{lane.phase_id}/luck").random()

    return Ranking((name,), (arrival if name == FIFO else luck,))
