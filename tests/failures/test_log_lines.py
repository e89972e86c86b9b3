"""Lines of the logs of servers, a package manager and a kernel, grouped by hand: strangers are hardly ever merged.

First seen: grouping 0.49, pairs: precision 1.0, recall 0.67. Where a plain word is a name ('Key type blacklist registered'), no form tells it.
"""

from __future__ import annotations

import json
from pathlib import Path

from tests.benchmarks.labelled import grouping_accuracy, score_pairs

FILE = Path(__file__).parents[1] / "data" / "logs.jsonl"
PRECISION, RECALL, GROUPING = 0.99, 0.75, 0.6
"""As measured, less some slack."""


def test_lines_of_logs_are_grouped_and_no_strangers_merged() -> None:
    rows = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
    texts, groups = [row["text"] for row in rows], [row["group"] for row in rows]
    assert len(rows) > 400
    pairs = score_pairs(texts, groups)
    assert pairs.precision >= PRECISION
    assert pairs.recall >= RECALL
    assert grouping_accuracy(texts, groups) >= GROUPING
