"""Finds options that change nothing: a filter that no run matches, a policy that does not tell lanes apart. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Container, Iterator, Sequence
from itertools import islice, pairwise
from typing import Any, Final

from batchdrain.database.run_counts import RunCounts
from batchdrain.model.errors import quote
from batchdrain.planning.filters import Filters, matcher
from batchdrain.planning.seen_kinds import SeenKinds
from batchdrain.runtime.text import agree, count_of

_NAMES: Final = 2_000
_CHARS: Final = 80
_LISTS: Final = "`inv list-run-counts` lists the runs"


def find_idle_runs(filters: Filters, runs: Sequence[RunCounts], *states: str) -> Iterator[str]:
    """A line for --run-id and for each --exclude-run that matches no run or changes nothing. `states`: the source states,
    failed or queued."""
    state = " or ".join(states)
    has_phases: Callable[[RunCounts], bool] = lambda row: any(getattr(row, one) for one in states)  # noqa: E731
    asked = [row for row in runs if filters.asks_for(row.run_id)]
    if filters.run_id is not None and runs:
        named = f"--run-id={filters.run_id}"
        if not asked:
            yield f"{named}: {describe_no_run(filters.run_id, runs, is_glob=filters.run_id_is_glob)}"
        elif not any(map(has_phases, asked)):
            yield f"{named}: {_count_runs(asked)} without {state} phases"
    for pattern in filters.exclude_runs if runs else ():
        matches = matcher(pattern)
        found = [row for row in runs if matches(row.run_id)]
        if not found:
            yield f"--exclude-run={pattern}: {describe_no_run(pattern, runs, is_glob=True)}"
        elif not any(matches(row.run_id) for row in asked):
            yield f"--exclude-run={pattern}: leaves out no run of --run-id={filters.run_id}"
        elif not any(map(has_phases, found)):
            yield f"--exclude-run={pattern}: {_count_runs(found)} without {state} phases"


def find_idle_kinds(filters: Filters, seen: SeenKinds, *states: str) -> Iterator[str]:
    """A line for each --category and --cluster that no phase in the source states has. Only called if there is any such
    phase."""
    state = " or ".join(states)
    for category in filters.categories:
        if category not in seen.categories:
            there = f"there are {', '.join(sorted(seen.categories))}" if seen.categories else "none has failed yet"
            yield f"--category={category}: no {state} phase has this category; {there}"
    for cluster in sorted(filters.clusters - seen.clusters):
        yield f"--cluster={cluster}: no {state} phase is in this cluster; `inv clusters` shows the ids that there are"


def find_idle_policies(names: Sequence[str], ranks: Sequence[Any], steady: Container[str]) -> Iterator[str]:
    """A line for each entry of --policy that decides between no two lanes now and will not do so later. `ranks`: the ranks of
    all lanes, each with one key for each entry in front; `steady`: the policies whose decisions neither choices nor results
    change."""
    if len(ranks) < 2:
        return
    try:
        deciding = {_first_difference(one, other) for one, other in pairwise(sorted(ranks))}
    except TypeError:  # the keys of a policy can't all be compared: the drain reports that where it matters
        return
    for place, name in enumerate(names):
        if place not in deciding and name in steady:
            yield f"--policy: {name} has no effect here: it ranks all runs equally, or an entry before it has decided"


def find_idle_workers(workers: int, runs: int) -> Iterator[str]:
    """A line about --workers if fewer runs than workers have phases to drain."""
    if 0 < runs < workers:
        have = f"{count_of(runs, 'run')} {agree(runs, 'has', 'have')}"
        yield f"--workers={workers}: {have} phases to drain, and those of one run are executed one after the other"


def describe_no_run(text: str, runs: Sequence[RunCounts], *, is_glob: bool) -> str:
    """Say that there is no such run, and which run may be meant."""
    near = nearest_of(text, (row.run_id for row in runs))
    what = "no run matches it" if is_glob else "there is no such run"
    return f"{what}; {_LISTS}" if near is None else f"{what} (did you mean {quote(near)}?)"


def nearest_of(text: str, names: Iterator[str]) -> str | None:
    """The name that is most like the text; None if none is. Of very many names only some are compared."""
    short = [name for name in islice(names, _NAMES) if len(name) <= _CHARS]
    return next(iter(difflib.get_close_matches(text[:_CHARS], short, n=1)), None)


def _count_runs(rows: Sequence[RunCounts]) -> str:
    return "is a run" if len(rows) == 1 else f"matches {len(rows)} runs, all"


def _first_difference(one: Sequence[Any], other: Sequence[Any]) -> int:
    is_equal: Callable[[int], bool] = lambda place: bool(one[place] == other[place])  # noqa: E731
    return next((place for place in range(len(one)) if not is_equal(place)), len(one))
