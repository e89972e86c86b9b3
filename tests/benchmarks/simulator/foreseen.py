"""Forecasts held against what came: `python -m tests.benchmarks.simulator.foreseen [--seeds N] [--first-seed N]`.

For each seed and shape of backlog two sessions are foreseen and then drained to their end, by the real planner, stop
conditions, time limits and retries: the first one with the ledger that some sessions of a former batch left, and, with an empty
ledger, the first one of which something is said. Prints how many lie within. Exit code 1 where it is not 75 to 92 %.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Final

from rich.console import Console
from rich.table import Table

from batchdrain.config.settings import Retry, Settings
from batchdrain.config.stop_settings import Stop
from batchdrain.planning.forecast import Forecast, make_forecast, to_look_at
from batchdrain.planning.lane_backlog import LaneBacklog
from batchdrain.planning.limits import TimeLimits
from tests.benchmarks.simulator.contest import ranking, settings_for
from tests.benchmarks.simulator.kinds import FORESEEN
from tests.benchmarks.simulator.memory import Memory
from tests.benchmarks.simulator.replay import Replay
from tests.benchmarks.simulator.world import make

FORMER: Final = 5
"""Sessions of the former batch."""
TRIED: Final = 8
"""Sessions that begin with an empty ledger: nothing is foreseen where nothing is said of any of them."""
REFRESH_S: Final = 3600.0
"""The backlog is read again more seldom than a user has it, which makes a thousand worlds bearable."""
LEAST: Final = 0.75
MOST: Final = 0.92


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """One session, foreseen and drained."""

    number: int  #: of the session, from 0
    forecast: Forecast | None
    fixed: int
    minutes: float

    @property
    def within(self) -> tuple[bool, bool]:
        """Whether phases and minutes lie in their intervals."""
        told = self.forecast
        if told is None:
            raise AssertionError("nothing was foreseen")
        return told.fixed_low <= self.fixed <= told.fixed_high, told.minutes_low <= self.minutes <= told.minutes_high


def foresee_one(kind: str, seed: int, *, warm: bool, policy: str, phases: int) -> list[Came]:
    """The sessions of one world, up to the first of which something was foreseen."""
    memory = Memory()
    if warm:
        former = _replay(kind, seed, memory, policy, phases, generation=1)
        for _ in range(FORMER):
            former.drain_session(lambda backlog, limits: None)
    found, replay = list[Came](), _replay(kind, seed, memory, policy, phases)
    while len(found) < (1 if warm else TRIED) and not (found and found[-1].forecast):
        found.append(_drain(replay, len(found)))
    return found


def _replay(kind: str, seed: int, memory: Memory, policy: str, phases: int, generation: int = 0) -> Replay:
    world = make(FORESEEN[kind], seed, phases=phases, generation=generation)
    settings = settings_for(world).model_copy(update={"refresh_s": REFRESH_S, "stop": Stop(), "retry": Retry()})
    return Replay(world, ranking(policy, world), memory, settings)


def _drain(replay: Replay, number: int) -> Came:
    told = list[Forecast | None]()

    def look(backlog: LaneBacklog, limits: TimeLimits) -> None:
        told.append(_foresee(backlog, limits, replay.settings, replay))

    began_s = replay.now_s
    executed = replay.drain_session(look)
    return Came(
        number=number,
        forecast=told[0],
        fixed=sum(one.fixed for one in executed),
        minutes=(replay.now_s - began_s) / 60,
    )


def _foresee(backlog: LaneBacklog, limits: TimeLimits, settings: Settings, replay: Replay) -> Forecast | None:
    most = settings.batch_size
    return make_forecast(backlog.look_ahead(to_look_at(most), replay.moment()), settings, limits, most=most)


def table_row(start: str, kind: str, worlds: Sequence[Sequence[Came]]) -> tuple[list[str], bool]:
    """What came of one shape, and whether both lie within the bounds."""
    said = [one for came in worlds for one in came if one.forecast is not None]
    if not said:
        return [kind, start, "0", "", "", "", ""], True
    fixed, minutes = (sum(one.within[place] for one in said) / len(said) for place in (0, 1))
    told = [one.forecast for one in said if one.forecast is not None]
    width = sum(one.fixed_high - one.fixed_low for one in told) / len(told)
    ratio = sorted(one.minutes_high / max(one.minutes_low, 0.001) for one in told)[len(told) // 2]
    row = [kind, start, f"{len(said)}", f"{fixed:.0%}", f"{minutes:.0%}", f"{width:.1f}", f"{ratio:.2f}"]
    return row, all(LEAST <= part <= MOST for part in (fixed, minutes))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.simulator.foreseen", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="worlds of each shape")
    parser.add_argument("--first-seed", type=int, default=5000, help="those below it were used to tune")
    parser.add_argument("--phases", type=int, default=300, help="failed phases of a world")
    parser.add_argument("--policy", default="the default")
    parser.add_argument("--kinds", default=",".join(FORESEEN))
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    asked = parser.parse_args()
    seeds, console = range(asked.first_seed, asked.first_seed + asked.seeds), Console(width=120)
    table = Table("backlog", "ledger", "foreseen", "fixed within", "minutes within", "width, phases", "high / low, minutes")
    all_hold, everything = True, dict[str, list[list[Came]]]()
    with ProcessPoolExecutor(asked.jobs) as pool:
        for kind in asked.kinds.split(","):
            for start, warm in (("a former batch's", True), ("empty", False)):
                one = partial(foresee_one, kind, warm=warm, policy=asked.policy, phases=asked.phases)
                worlds = list(pool.map(one, seeds, chunksize=4))
                everything.setdefault(start, []).extend(worlds)
                row, holds = table_row(start, kind, worlds)
                table.add_row(*row)
                console.print(" | ".join(row))
                all_hold = all_hold and holds
    for start, worlds in everything.items():
        table.add_row(*table_row(start, "all together", worlds)[0])
    console.print(table)
    return 0 if all_hold else 1


if __name__ == "__main__":
    raise SystemExit(main())
