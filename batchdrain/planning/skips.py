"""Skips as people hear of them: by rule, with a few of their values."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from batchdrain.model.phase import Skip
from batchdrain.runtime.text import safe_text

_VALUES: Final = 3


def by_rule(skipped: Mapping[Skip, int]) -> Iterator[tuple[str, int, str]]:
    """(rule, count, values) with the most frequent rule first; at most three values are shown, and how many more."""
    counts: Counter[str] = Counter()
    values: dict[str, set[str]] = defaultdict(set)
    for skip, count in skipped.items():
        counts[skip.rule] += count
        values[skip.rule].add(skip.value)
    for rule, count in counts.most_common():
        shown = sorted(values[rule])
        more = f" and {len(shown) - _VALUES} more" if len(shown) > _VALUES else ""
        yield rule, count, safe_text("; ".join(shown[:_VALUES]), limit=300) + more
