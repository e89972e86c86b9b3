"""Texts that would leave their line, their cell or the report."""

from __future__ import annotations

import re
from typing import Any

import pytest

from batchdrain.reports import markdown, text
from batchdrain.reports.beside import NOTHING_BESIDE, Beside
from batchdrain.reports.exit_words import Exit
from batchdrain.sessions.session import Session
from tests.sessions.files import START, result

CODE = re.compile(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)")
HOSTILE = "\x1b]0;title\x07 <script>alert(1)</script> | `x` [a](javascript:b) ![i](http://x) \u202e\r\n=cmd"


def test_hostile_text_can_not_leave_its_line_nor_its_cell() -> None:
    session = Session(
        session_id="s", started_at=START, results=[result(1, success=False, error_message=HOSTILE, run_id=HOSTILE)]
    )
    session.recount()
    page = markdown.render(session, "x")
    plain = text.render(session, "x")
    without_code = CODE.sub("", page)
    assert "<script" not in without_code
    assert "](" not in without_code.replace("\\]\\(", "")
    assert all(line.count("|") - line.count("\\|") in {0, 3, 4, 5, 6, 7} for line in page.splitlines())
    assert not any(character in page + plain for character in "\x1b\x07\u202e\r")


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("www.evil.example/x.png", "www&#8203;.evil.example/x.png"),
        ("WWW.evil.example", "WWW&#8203;.evil.example"),
        ("https://evil.example", "https\\://evil.example"),
        ("@everyone", "\\@&#8203;everyone"),
        ("a@b.example", "a\\@&#8203;b.example"),
        ("fixes #1", "fixes \\#&#8203;1"),
        ("$\\\\frac{1}{2}$", "&#36;\\\\\\\\frac\\{1\\}\\{2\\}&#36;"),
        ("build.yaml, 3.5 s", "build.yaml, 3.5 s"),
    ],
)
def test_hostile_text_makes_no_link_no_mention_and_no_formula(hostile: str, shown: str) -> None:
    assert markdown.escape(hostile) == shown


MARK = "<i>`|*[x](y)@z"
SHOWN = (markdown.escape(MARK), markdown.code(MARK).strip("`"))
FAILED = {"success": False, "error_message": "boom", "fingerprint": "boom", "final_state": "FAILED"}


def marked(beside: Beside = NOTHING_BESIDE, saved_to: str = "s.json", **fields: Any) -> str:
    results = [result(1, **{**FAILED, **fields.pop("result", {})})]
    session = Session(session_id="s", started_at=START, results=results, **fields)
    session.recount()
    session.metrics |= fields.get("metrics", {})
    return markdown.render(session, saved_to, beside)


@pytest.mark.parametrize(
    "fields",
    [
        {"metrics": {MARK: 1.0}},
        {"stopped_because": MARK},
        {"without_effect": [MARK]},
        {"skipped": [{"rule": MARK, "value": "x", "count": 1}]},
        {"skipped": [{"rule": "x", "value": MARK, "count": 1}]},
        {"result": {"run_id": MARK}},
        {"result": {"phase_id": MARK}},
        {"result": {"final_state": MARK}},
        {"result": {"category": MARK}},
        {"result": {"error_message": MARK}},
        {"result": {"fingerprint": MARK}},
        {"result": {"log_path": MARK}},
        {"result": {"success": True, "exit_code": 3, "run_id": MARK}},
        {"result": {"success": True, "exit_code": 3, "phase_id": MARK}},
        {"result": {"success": True, "exit_code": 3, "final_state": MARK}},
        {"saved_to": MARK},
        {"beside": Beside(goes_on=MARK)},
        {"beside": Beside(ended=Exit(2, MARK))},
        {"beside": Beside(words=(MARK,))},
    ],
    ids=lambda fields: str(fields)[:60],
)
def test_a_text_is_escaped_in_each_place_of_the_page_where_one_may_stand(fields: dict[str, Any]) -> None:
    page = marked(**fields)
    assert MARK not in CODE.sub("", page)
    assert any(shown in page for shown in SHOWN), page
