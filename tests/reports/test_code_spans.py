"""Ids, paths and commands of the Markdown summary are copied as they are, whatever they hold, and make no markup."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchdrain.reports import markdown
from batchdrain.reports.beside import Beside
from batchdrain.runtime.text import safe_text
from batchdrain.sessions.session import Session
from tests.sessions.files import START, result

_SPAN = re.compile(r"(?<!`)(`+)(?!`)(.*?)(?<!`)\1(?!`)")


def cells_of(line: str) -> list[str]:
    """As GitHub's tables are taken apart: a bar behind a backslash is no border, and loses the backslash, in code too."""
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def read(cell: str) -> str:
    """What a reader of CommonMark copies from a cell that is one code span."""
    found = _SPAN.fullmatch(cell)
    assert found is not None, cell
    inner = found[2]
    strips = inner.startswith(" ") and inner.endswith(" ") and bool(inner.strip(" "))
    return inner[1:-1] if strips else inner


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "a|b",
        "a\\|b",
        "a\\",
        "`",
        "``",
        "a`b``c",
        "`a",
        "a`",
        " a",
        "a ",
        " a ",
        "<b>",
        "@all #1 $x$ [a](b) *c*",
        "|",
    ],
)
def test_a_text_is_copied_from_a_table_as_it_is(text: str) -> None:
    assert [read(cell) for cell in cells_of(f"| {markdown.code(text)} | `x` |")] == [text, "x"]


@given(st.text(alphabet="`|\\ a<$", min_size=1, max_size=20).filter(str.strip))
def test_any_text_is(text: str) -> None:
    assert [read(cell) for cell in cells_of(f"| {markdown.code(text)} | `x` |")] == [safe_text(text), "x"]


def test_what_can_not_be_seen_is_escaped_in_code_too() -> None:
    assert markdown.code("a\x1b[2J\u202e\nb") == "`a\\x1b[2J\\u202e\\x0ab`"
    assert markdown.code("") == ""


HOSTILE = "r|`x` <i>"
COMMAND = f"inv resume --session-id='{HOSTILE}'"


def rows(head: str, page: str) -> list[list[str]]:
    lines = page.split(f"## {head}\n\n", 1)[1].split("\n\n", 1)[0].splitlines()
    return [cells_of(line) for line in lines[2:]]


def test_commands_ids_and_paths_of_the_page_can_be_copied() -> None:
    failed: dict[str, Any] = {"success": False, "error_message": "boom", "fingerprint": "boom", "final_state": "FAILED"}
    one = result(1, **failed, run_id=HOSTILE, phase_id=HOSTILE, log_path="elsewhere/a|b.txt")
    session = Session(session_id="s", started_at=START, results=[one])
    session.recount()
    page = markdown.render(session, "x/`s`.json", Beside(goes_on=COMMAND))

    totals = dict(cells_of(line) for line in page.splitlines() if line.startswith(("| Saved to", "| Continue with")))
    assert (read(totals["Saved to"]), read(totals["Continue with"])) == ("x/`s`.json", COMMAND)
    assert [read(row[0]) for row in rows("Results by run", page)] == [HOSTILE]
    [worst] = rows("Worst failures, one of each cluster first", page)
    assert [read(worst[at]) for at in (0, 1, 5)] == [HOSTILE, HOSTILE, "elsewhere/a|b.txt"]
    [cluster] = rows("Failures by cluster", page)
    name = read(cluster[0])
    assert cluster[3].removeprefix("Once fixed: ") == f"`inv drain --cluster={name}`"
    assert read(cluster[4]) == f"inv accept --cluster={name} --reason='…'"
    assert [read(row[0]) for row in rows("Failures", page)] == [HOSTILE]
