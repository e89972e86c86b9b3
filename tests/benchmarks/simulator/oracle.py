"""Who knows the truth, and is bound by nothing: what no policy can beat but by luck.

It takes the phase with most completions expected per second, however often it takes, without stop conditions, time limits,
sessions, or lanes; a phase that no retry mends it never takes. For executions whose outcomes are independent that order
makes most completions, expected by any time (Smith's rule; of a phase that is tried again and again, its index stays
the same).
"""

from __future__ import annotations

from tests.benchmarks.simulator.replay import Executed
from tests.benchmarks.simulator.world import Truth, World


def oracle(world: World) -> list[Executed]:
    """All its executions, until nothing is left that a retry may mend."""
    executed, now_s = list[Executed](), 0.0
    for truth in sorted((truth for truth in world.truths.values() if truth.fixable), key=_index):
        for execution in range(1, 10_000):
            fixed = world.mends(truth.key, execution)
            took_s = truth.mends_s if fixed else _fails_s(truth)
            now_s += took_s
            executed.append(Executed(ended_s=now_s, took_s=took_s, fixed=fixed, hopeless=False))
            if fixed:
                break
    return executed


def _index(truth: Truth) -> float:
    """Expected seconds of a completion."""
    return truth.mends_s + (1 - truth.chance) / truth.chance * _fails_s(truth)


def _fails_s(truth: Truth) -> float:
    """An attempt that hangs it gives up as late as one that would have completed ends: it knows when that is."""
    return min(truth.fails_s, truth.mends_s)
