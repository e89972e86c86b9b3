"""A short task says its lines as they come, or at its end as one JSON object with its facts."""

from __future__ import annotations

import json

import pytest

from batchdrain.cli.screens.lines_or_json import LinesOrJson


def test_lines_for_people_come_at_once_and_nothing_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    out = LinesOrJson("text")
    out.line("one")
    out.line()
    assert capsys.readouterr().out == "one\n\n"
    assert out.end(3, found=["x"]) == 3
    assert capsys.readouterr().out == ""


def test_json_has_the_facts_and_then_what_was_said(capsys: pytest.CaptureFixture[str]) -> None:
    out = LinesOrJson("json")
    out.line("one")
    out.line("two")
    assert capsys.readouterr().out == ""
    assert out.end(0, found=["x"]) == 0
    printed = capsys.readouterr().out
    assert list(json.loads(printed).items()) == [("found", ["x"]), ("said", ["one", "two"])]
    assert printed.count("\n") > 1, "it is indented"
