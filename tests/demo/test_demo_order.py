"""What a drain of 25 meets in the default order."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from batchdrain.demo.backlog import make_backlog
from batchdrain.demo.reasons import SAMPLES, kind_of
from batchdrain.demo.worker import Ending, behaviour
from batchdrain.failures import categorise

ORDER = ("unknown", "transient", "collection", "deliverable", "patch", "other", "timeout")


@pytest.fixture
def first_25(tmp_path: Path) -> list[tuple[str, str, str]]:
    """(run_id, phase_id, reason) of the default demo, best first."""
    make_backlog(tmp_path / "demo.db")
    with closing(sqlite3.connect(tmp_path / "demo.db")) as database:
        rows = database.execute(
            "SELECT run_id, phase_id, phase_index, last_failure_reason FROM phases WHERE state = 'FAILED'"
        ).fetchall()
    failures = Counter(run_id for run_id, *_ in rows)
    rows.sort(key=lambda row: (ORDER.index(categorise(row[3])), row[2], failures[row[0]], row[0], row[1]))
    return [(run_id, phase_id, reason or "") for run_id, phase_id, _, reason in rows[:25]]


def test_of_the_first_25_most_succeed_some_fail_again_and_exactly_one_hangs(
    first_25: list[tuple[str, str, str]],
) -> None:
    first = Counter(behaviour(run_id, phase_id, 1, reason).ending for run_id, phase_id, reason in first_25)
    second = Counter(behaviour(run_id, phase_id, 2, reason).ending for run_id, phase_id, reason in first_25)
    assert first[Ending.HANG] == 1
    assert first[Ending.SUCCEED] >= 12
    assert first[Ending.FAIL_AGAIN] >= 4
    assert first[Ending.DROP] >= 1
    assert second[Ending.DROP] == 0
    assert second[Ending.SUCCEED] / 25 >= 0.6


def test_the_first_25_are_whole_categories_so_that_no_result_moves_another_phase_in(
    first_25: list[tuple[str, str, str]],
) -> None:
    kinds = Counter(categorise(reason) for _, _, reason in first_25)
    assert kinds == {"unknown": 9, "transient": 4, "collection": 6, "deliverable": 6}


@pytest.mark.parametrize(
    ("category", "sample"), [(category, sample) for category, samples in SAMPLES.items() for sample in samples]
)
def test_the_worker_and_batchdrain_see_a_sample_in_the_same_category(category: str, sample: str) -> None:
    for area, part in [("ledger", "schema"), ("telemetry", "client"), ("reports", "loader")]:
        reason = sample.format(area=area, part=part, number=503, few=4)
        assert kind_of(reason) == category
        assert categorise(reason) == category
