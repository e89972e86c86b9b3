"""What is printed goes to the stream as it is meant for its reader, and nothing comes after one who has left."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from batchdrain.cli.screens.writer import Output, to_error_lines
from batchdrain.model.errors import ConfigError
from batchdrain.runtime import standard_streams
from tests.support.raw_terminal import raw_terminal


@pytest.mark.parametrize(("encoding", "shown"), [("utf-8", '["é"]\n'), ("ascii", '["\\u00e9"]\n')])
def test_json_is_in_the_letters_that_the_stream_can_take(encoding: str, shown: str) -> None:
    below = io.BytesIO()
    stream = io.TextIOWrapper(below, encoding=encoding)
    Output(stream).json('["é"]')
    assert below.getvalue() == shown.encode()


def test_a_stream_that_takes_no_bytes_gets_text() -> None:
    stream = io.StringIO()
    out = Output(stream)
    out.json("[]")
    out.row("x" * 9000, 1)
    assert stream.getvalue() == f"[]\n{'x' * 9000}\t1\n", "a field is never cut"


def test_without_a_stream_nothing_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    out = Output()
    out.line("x")
    out.json("[]")
    out.finish()
    assert (out.is_open, out.columns) == (False, None)


def test_a_reader_who_has_left_is_written_to_once_more_and_never_again() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stream:
        out = Output(stream)
        assert out.is_open
        out.line("x")
        assert not out.is_open
        assert os.fstat(writer).st_rdev == Path(os.devnull).stat().st_rdev, "its last flush can't fail either"


def test_a_descriptor_that_other_code_closed_is_somebody_else_s(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with (tmp_path / "out").open("w") as stream:
        monkeypatch.setattr(standard_streams, "_lost", {stream.fileno()})
        out = Output(stream)
        out.line("x")
        assert not out.is_open
    assert (tmp_path / "out").read_text() == ""


def test_the_end_is_the_stream_s_where_it_has_one() -> None:
    finished = list[bool]()
    stream = cast("Any", SimpleNamespace(encoding="utf-8", finish=lambda: finished.append(True)))
    Output(stream).finish()
    assert finished == [True]
    Output(io.StringIO()).finish()


@pytest.mark.parametrize(("columns", "found"), [(40, 40), (0, None)])
def test_the_columns_are_those_that_a_terminal_tells(columns: int, found: int | None) -> None:
    with raw_terminal(columns, 9) as terminal:
        assert Output(terminal.file).columns == found
    assert Output(io.StringIO()).columns is None


def test_an_error_has_a_line_of_ours_for_each_problem_and_its_cure() -> None:
    told = ["batchdrain: one\\x1b", "batchdrain: two", "batchdrain: mend it"]
    assert to_error_lines(ConfigError("one\x1b\ntwo", remedy="mend it")).splitlines() == told
    [line] = to_error_lines(ConfigError("x" * 5000)).splitlines()
    assert line == f"batchdrain: {'x' * 3999}…"
