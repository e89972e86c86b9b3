"""What a session consumed is the sum over all its attempts, in every form; a phase shows its last attempt."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest

from batchdrain.reports import json_fields, junit, markdown, text
from batchdrain.reports.beside import NOTHING_BESIDE
from batchdrain.reports.html import page
from batchdrain.sessions.parse import parse
from batchdrain.sessions.progress import ResultCounts, counts_of
from batchdrain.sessions.record import SessionRecord
from batchdrain.sessions.result import Result
from batchdrain.sessions.session import Session
from batchdrain.sessions.whole import whole_of
from tests.sessions.files import HEAD, START, add, folder, on_disk, record, result

__all__ = ["folder", "record"]
TOLD = "3 on 2 phases, 40.0 s in all; a phase shows the time of its last one"


def of_two(record: SessionRecord) -> Session:
    """A phase that was tried twice, and another of the same run."""
    add(record, result(0, success=False, duration_s=10.0, metrics={"tokens": 30.0}, retry_at=START))
    add(record, result(1, duration_s=6.0, metrics={"tokens": 4.0}))
    add(record, result(0, duration_s=24.0, metrics={"tokens": 6.0, "calls": 1.0}))
    return record.session


def test_every_form_shows_the_sum_over_all_attempts(record: SessionRecord) -> None:
    session = of_two(record)
    rate = "40 (60.0 per minute of execution)"

    shown = text.render(session, "s.json")
    assert f"Attempts: {TOLD}" in shown.splitlines()
    assert f"Metric tokens: {rate}" in shown.splitlines()
    tables = markdown.render(session, "s.json")
    assert f"| Attempts | {TOLD} |" in tables.splitlines()
    assert "| Metric tokens | 40 \\(60.0 per minute of execution\\) |" in tables.splitlines()
    found = json_fields.to_fields(session, "s.json", NOTHING_BESIDE)
    assert (found["metrics"], found["metrics_per_minute"]["tokens"]) == ({"tokens": 40.0, "calls": 1.0}, 60.0)
    assert (found["attempts"], found["executed_s"], found["total_processed"]) == (3, 40.0, 2)
    pytest.importorskip("jinja2")
    assert TOLD in page.render(session, "s.json", NOTHING_BESIDE)


def test_a_suite_takes_the_time_of_all_attempts_and_a_case_that_of_its_last(record: SessionRecord) -> None:
    root = ET.fromstring(junit.render(of_two(record), "s.json", NOTHING_BESIDE).encode())
    assert (root.attrib["time"], root[0].attrib["time"]) == ("40.000", "40.000")
    assert [case.attrib["time"] for case in root.iter("testcase")] == ["24.000", "6.000"]


def test_a_session_without_retries_says_nothing_of_attempts(record: SessionRecord) -> None:
    add(record, result(0, duration_s=1.0))
    assert "Attempts" not in text.render(record.session, "s.json")


def test_the_file_holds_what_is_needed_and_what_goes_on_with_it_adds_to_it(record: SessionRecord) -> None:
    of_two(record)
    record.save()
    found = parse(json.dumps(on_disk(record)).encode(), "s.json")
    counts = counts_of(found)

    assert (found.attempts, found.executed_s, found.metrics) == (3, 40.0, {"tokens": 40.0, "calls": 1.0})
    assert dict(counts.progress().spent) == {"tokens": 40.0, "calls": 1.0}, "the budget sees what the page shows"
    assert (counts.attempts, counts.attempts_s, counts.is_tried_again) == (3, 40.0, True)
    found.recount()
    assert found.metrics == {"tokens": 40.0, "calls": 1.0}


def test_a_budget_of_a_chain_counts_the_retries_of_its_other_part(record: SessionRecord) -> None:
    counts = ResultCounts()
    counts.follow(of_two(record))
    assert dict(counts.progress().spent) == {"tokens": 40.0, "calls": 1.0}
    whole = whole_of([record.session, record.session], None)
    assert (whole.metrics["tokens"], whole.executed_s, whole.attempts) == (80.0, 80.0, 6)


def test_a_file_of_an_earlier_version_counts_the_attempts_that_it_has() -> None:
    old = {"run_id": "r", "phase_id": "p", "success": True, "duration_s": 30.0, "metrics": {"tokens": 5.0}, "attempt": 4}
    found = parse(json.dumps({**HEAD, "metrics": {"tokens": 5.0}, "results": [old]}).encode(), "s.json")
    assert (found.attempts, found.executed_s, found.metrics) == (1, 30.0, {"tokens": 5.0})
    assert "Metric tokens: 5 (10.0 per minute of execution)" in text.render(found, "s.json")
    assert "Attempts" not in text.render(found, "s.json")


def test_what_is_known_of_more_attempts_is_not_forgotten() -> None:
    """`inv prune` may have removed some of them from the ledger."""
    first = Result(run_id="r", phase_id="p", duration_s=1.0)
    second = Result(run_id="r", phase_id="p", duration_s=2.0)
    second.take_over(first.spent)
    third = Result(run_id="r", phase_id="p", duration_s=4.0)
    third.take_over(second.spent)
    third.take_over(first.spent)
    third.take_over(None)
    assert (third.spent.attempts, third.spent.duration_s) == (3, 7.0)
