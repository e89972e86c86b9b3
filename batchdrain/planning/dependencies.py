"""Which runs wait for which. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from batchdrain.config.settings import Dependency
from batchdrain.model.errors import ConfigError


def waits_for(unfinished: Mapping[str, int], rules: Sequence[Dependency]) -> dict[str, str]:
    """For each run that waits, the first run (by id) that it waits for.

    `unfinished`: phases by run_id that are not complete; a run that is absent has none. Raises ConfigError for a
    cycle, naming it.
    """
    after: dict[str, list[str]] = {}
    open_runs = sorted(run for run, count in unfinished.items() if count > 0)
    for run in open_runs:
        globs = [glob for rule in rules if fnmatchcase(run, rule.run) for glob in rule.after]
        if globs:
            after[run] = [other for other in open_runs if any(fnmatchcase(other, glob) for glob in globs)]
    _require_no_cycle(after)
    return {run: upstream[0] for run, upstream in after.items() if upstream}


def _require_no_cycle(after: Mapping[str, Sequence[str]]) -> None:
    done: set[str] = set()
    for start in after:
        path: list[str] = []
        stack = [(start, iter(after[start]))] if start not in done else []
        path += [run for run, _ in stack]
        while stack:
            run, upstream = stack[-1]
            following = next(upstream, None)
            if following is None:
                stack.pop()
                path.pop()
                done.add(run)
            elif following in path:
                cycle = [*path[path.index(following) :], following]
                raise ConfigError(
                    f"batchdrain.depends_on: runs wait for each other: {' -> '.join(cycle)}",
                    remedy="mend the globs so that no run waits for itself",
                )
            elif following not in done:
                stack.append((following, iter(after.get(following, ()))))
                path.append(following)
