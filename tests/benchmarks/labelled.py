"""How well failure texts are judged, on texts that people labelled: `python -m tests.benchmarks.labelled FILE.jsonl …`.

Each line is an object with `text` and, where they are known, `category` and `group` (or `cluster`). Categories: the share of
texts that get theirs. Grouping accuracy, as it is measured for log parsers (Zhu et al., 'Tools and benchmarks for automated
log parsing', 2019): the share of texts whose predicted group is exactly the true one.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

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


def main(names: Sequence[str]) -> int:
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
            accuracies.append(grouping_accuracy(*zip(*grouped, strict=True)))
            said.append(f"grouping {accuracies[-1]:.3f}")
        print(f"{Path(name).name}: {', '.join(said)}")
    if len(accuracies) > 1:
        print(f"mean grouping {sum(accuracies) / len(accuracies):.3f}")
    return 0 if names else 2


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
