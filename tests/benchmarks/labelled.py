"""How well failure texts are judged, on texts that people labelled: `python -m tests.benchmarks.labelled FILE.jsonl …`.

Each line is an object with `text` and, where they are known, `category` and `group` (or `cluster`). Categories: the share of
texts that get theirs. Grouping accuracy, as it is measured for log parsers (Zhu et al., 'Tools and benchmarks for automated
log parsing', 2019): the share of texts whose predicted group is exactly the true one. Pairs tell the two errors apart:
precision falls where strangers are merged, which leaves phases untried; recall where one failure is split.
"""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from batchdrain.failures import categorise, fingerprint

Labelled = dict[str, str]


def category_accuracy(rows: Sequence[Labelled]) -> float:
    return sum(categorise(row["text"]) == row["category"] for row in rows) / len(rows)


def grouping_accuracy(texts: Iterable[str], groups: Iterable[str]) -> float:
    """Of texts and their true groups, in one order."""
    predicted: dict[str, set[int]] = defaultdict(set)
    true: dict[str, set[int]] = defaultdict(set)
    for place, (text, group) in enumerate(zip(texts, groups, strict=True)):
        predicted[fingerprint(text)].add(place)
        true[group].add(place)
    exact = {frozenset(places) for places in true.values()}
    right = sum(len(places) for places in predicted.values() if frozenset(places) in exact)
    return right / sum(map(len, true.values()))


class Pairs(NamedTuple):
    """Of all pairs of texts, 0.0-1.0."""

    precision: float  #: of the pairs that are put together, those that belong together
    recall: float  #: of the pairs that belong together, those that are put together


def score_pairs(texts: Iterable[str], groups: Iterable[str]) -> Pairs:
    """Of texts and their true groups, in one order. 1.0 where there is no pair."""
    both = Counter((fingerprint(text), group) for text, group in zip(texts, groups, strict=True))
    predicted: Counter[str] = Counter()
    true: Counter[str] = Counter()
    for (found, group), count in both.items():
        predicted[found] += count
        true[group] += count
    right, together, alike = (_count_pairs(counts.values()) for counts in (both, predicted, true))
    return Pairs(right / together if together else 1.0, right / alike if alike else 1.0)


def _count_pairs(counts: Iterable[int]) -> int:
    return sum(count * (count - 1) // 2 for count in counts)


def main(names: Sequence[str]) -> int:
    if not names:
        print("usage: python -m tests.benchmarks.labelled FILE.jsonl ...", file=sys.stderr)
        return 2
    accuracies = []
    for name in names:
        rows: list[Labelled] = [json.loads(line) for line in Path(name).read_text().splitlines() if line.strip()]
        said = [f"{len(rows)} texts"]
        labelled = [row for row in rows if row.get("category")]
        if labelled:
            said.append(f"categories {category_accuracy(labelled):.3f}")
        grouped = [
            (row["text"], row.get("group") or row["cluster"]) for row in rows if row.get("group") or row.get("cluster")
        ]
        if grouped:
            texts, groups = zip(*grouped, strict=True)
            accuracies.append(grouping_accuracy(texts, groups))
            pairs = score_pairs(texts, groups)
            said.append(f"grouping {accuracies[-1]:.3f}, pairs: precision {pairs.precision:.3f}, recall {pairs.recall:.3f}")
        print(f"{Path(name).name}: {', '.join(said)}")
    if len(accuracies) > 1:
        print(f"mean grouping {sum(accuracies) / len(accuracies):.3f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
