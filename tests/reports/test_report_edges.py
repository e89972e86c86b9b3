"""Rows that all have one reason, sums in order, JSON that is indented, logs of what succeeded, and names that are too long."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from batchdrain.database.phases.pages import Page, Row
from batchdrain.model.phase import Skip
from batchdrain.planning.plan import ExplainedPage
from batchdrain.reports import junit
from batchdrain.reports.beside import NOTHING_BESIDE
from batchdrain.reports.chain_plan_json import render_chain_json
from batchdrain.reports.event_text import to_line
from batchdrain.reports.formats import render_nothing
from batchdrain.reports.json_fields import to_fields
from batchdrain.reports.plan_text import render_explanation
from batchdrain.sessions.balance import Balance
from batchdrain.sessions.session import Kind, Session, Status
from batchdrain.sessions.whole import whole_of
from tests.reports.test_plan_words import A, as_json, made
from tests.sessions.files import START, result


def alike(skip: Skip, *rows: Row) -> ExplainedPage:
    return ExplainedPage(Page.of([*rows]), {}, [skip] * len(rows))


PAGES = [
    alike(Skip("b", "late"), Row("r", "1", 0, None)),
    alike(Skip("z", "ear\nly"), Row("r", "2\x1b", 0, None), Row("r", "3", 0, None), Row("q", "4", 0, None)),
    alike(Skip("a", "late"), Row("r", "5", 0, None)),
]
SUMS = ["        3 z", "        1 a", "        1 b", "        5 failed in all"]


def test_rows_that_are_all_skipped_for_one_reason_are_told_and_counted_each_and_the_largest_sum_comes_first() -> None:
    told = "\n".join(render_explanation(PAGES, "failed")).splitlines()
    assert told[2:] == [
        "  - r / 1: skipped by b: late",
        "  - r / 2\\x1b: skipped by z: ear\\x0aly", "  - r / 3: skipped by z: ear\\x0aly", "  - q / 4: skipped by z: ear\\x0aly",
        "  - r / 5: skipped by a: late", "", *SUMS,
    ]  # fmt: skip
    assert [*render_explanation(PAGES, "failed", quiet=True)][2:] == SUMS


def test_json_for_people_has_a_line_for_each_field() -> None:
    texts = [
        render_nothing("why", "json"),
        render_chain_json("db", {Kind.FAILED: made(A)}, [], [], []),
    ]
    assert [text.splitlines()[0] for text in texts] == ["{", "{"]
    assert all(text.splitlines()[1].startswith('  "') for text in texts)
    assert as_json(made(A))["phases"][0]["run_id"] == "r"


def test_only_of_a_phase_that_failed_the_log_is_attached_and_takes_of_the_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(junit, "ALL_OUTPUT_BYTES", 1)
    logs = tmp_path / "s" / "logs"
    logs.mkdir(parents=True)
    found = Session(session_id="s", started_at=START)
    for number, success in enumerate((True, False)):
        (logs / f"{number}.txt").write_text(f"output {number}")
        found.results.append(result(number, success=success, log_path=f"state/s/logs/{number}.txt"))
    root = ET.fromstring(junit.render(found, str(tmp_path / "s.json"), NOTHING_BESIDE).encode())
    assert [(case.attrib["name"], [one.text for one in case.iter("system-out")]) for case in root.iter("testcase")] == [
        ("p0", []), ("p1", ["output 1"]),
    ]  # fmt: skip


@pytest.mark.parametrize("field", ["event", "timestamp"])
def test_a_name_or_a_time_that_is_too_long_is_cut(field: str) -> None:
    line = to_line({"timestamp": "soon", "event": "e", field: "ü" * 3_000})
    assert len(line) < 200
    assert "…" in line


def test_each_number_of_a_chain_is_rounded_to_a_thousandth_and_its_balances_are_plain() -> None:
    parts = [
        Session(
            session_id=str(number), started_at=START, completed_at=START, status=Status.COMPLETE, balance=Balance(failed_before=2),
            results=[result(number, duration_s=1.23456)],
        )
        for number in range(2)
    ]  # fmt: skip
    found = to_fields(whole_of(parts, Status.COMPLETE), "s.json", NOTHING_BESIDE)
    assert found["executed_s"] == 2.469
    assert [(one["session_id"], one["failed_before"]) for one in found["balances"]] == [("0", 2), ("1", 2)]
    bare = Session(session_id="s", started_at=START, results=[result(1, success=False, fingerprint="x", category="")])
    bare.recount()
    assert [one["category"] for one in to_fields(bare, "s.json", NOTHING_BESIDE)["clusters"]] == [None]
