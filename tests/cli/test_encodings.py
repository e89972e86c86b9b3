"""What programs read is for programs, whatever the terminal takes: JSON is JSON, and a row for scripts is UTF-8."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable, Iterator

import pytest

from batchdrain.cli.screens.stream import Outlet
from batchdrain.cli.screens.writer import Output
from batchdrain.cli.tasks.flag_values import as_utf8
from batchdrain.cli.tasks.flags import FLAGS
from batchdrain.runtime.json_text import to_json
from tests.cli.in_process import inv
from tests.support.workplace import Workplace

ENCODINGS = ["ascii", "latin-1", "cp1252", "cp437", "cp037", "utf-16", "utf-8", "UTF8"]
IDS = ["café", "日本", "ü\ud800", "🎉", "plain"]
FORMATS = {task: flag.choices for task, flags in FLAGS.items() for flag in flags if flag.name == "format"}
FOR_PROGRAMS = [(task, shape) for task, shapes in FORMATS.items() for shape in shapes if shape in {"json", "tsv"}]


def stream_of(encoding: str) -> tuple[io.BytesIO, io.TextIOWrapper]:
    below = io.BytesIO()
    return below, io.TextIOWrapper(below, encoding=encoding)


@pytest.fixture
def opened() -> Iterator[Callable[[str], tuple[int, io.TextIOWrapper]]]:
    """The reading end of a pipe, and a stream of an encoding over its other end."""
    left: list[Callable[[], None]] = []

    def open_pipe(encoding: str) -> tuple[int, io.TextIOWrapper]:
        reader, writer = os.pipe()
        stream = os.fdopen(writer, "w", encoding=encoding)
        left.extend([lambda: os.close(reader), stream.close])
        return reader, stream

    yield open_pipe
    for close in left:
        close()


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_json_is_json_on_every_stream(encoding: str) -> None:
    below, stream = stream_of(encoding)
    Output(stream).json(to_json(IDS).decode())
    assert json.loads(below.getvalue()) == IDS
    assert "UTF" in encoding.upper() or below.getvalue().isascii()


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_row_for_scripts_is_utf8_on_every_stream(encoding: str) -> None:
    below, stream = stream_of(encoding)
    Output(stream).row("café", "ü\ud800", 3)
    assert below.getvalue() == "café\tü\\ud800\t3\n".encode()


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_json_is_json_on_a_pipe_that_nobody_waits_for(
    encoding: str, opened: Callable[[str], tuple[int, io.TextIOWrapper]]
) -> None:
    reader, stream = opened(encoding)
    Output(Outlet(stream)).json(to_json(IDS).decode())  # type: ignore[arg-type]
    assert json.loads(os.read(reader, 10_000)) == IDS


def test_what_is_for_programs_stands_behind_what_was_printed_before() -> None:
    below, stream = stream_of("latin-1")
    out = Output(stream)
    stream.write("é")
    out.row("é")
    out.line("é")
    assert below.getvalue() == b"\xe9" + "é\n".encode() + b"\xe9\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
@pytest.mark.parametrize(("task", "shape"), FOR_PROGRAMS)
def test_every_task_speaks_to_programs_on_every_terminal(
    full: Workplace, task: str, shape: str, encoding: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    below, stream = stream_of(encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    needed = {"prune": ["--older-than=30d"], "drain_queued": ["--run-id=q"], "chain_with_queued": ["--run-id=q"]}.get(
        task, []
    )
    if task == "demo":  # which refuses a database that is not of a demo
        monkeypatch.setenv("DATABASE_URL", f"sqlite:///{full.root / 'demo.db'}")
    ran = inv(["--dry", task.replace("_", "-"), *needed, f"--format={shape}"], full.root, capsys, monkeypatch)
    said = below.getvalue().decode()
    assert ran.code == 0, (said, ran.err)
    assert "caf\\xe9" not in said
    if shape == "json":
        assert [json.loads(line) for line in said.splitlines()] if task == "events" else json.loads(said) is not None
    else:
        assert said.startswith("café\t")


@pytest.mark.parametrize("shape", ["json", "text", "markdown"])
def test_a_report_in_a_file_is_utf8_on_every_terminal(
    full: Workplace, shape: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", stream_of("ascii")[1])
    inv(["summary", f"--format={shape}", "--output=report"], full.root, capsys, monkeypatch)
    inv(["dry-run", "--output=plan.json"], full.root, capsys, monkeypatch)
    assert "café" in (full.root / "report").read_text("utf-8")
    assert "café" in (full.root / "plan.json").read_text("utf-8")


@pytest.fixture
def full(sqlite_project: Workplace, monkeypatch: pytest.MonkeyPatch) -> Workplace:
    """A session, and a backlog, of ids and texts beyond ASCII, for tasks within this process."""
    monkeypatch.setenv("DATABASE_URL", sqlite_project.url)
    for command in ("COMMAND", "TRIAGE"):
        monkeypatch.setenv(f"INVOKE_BATCHDRAIN_{command}_ARGV", '["{python}", "-c", "0"]')
    sqlite_project.add(
        ("café", "prüfung~fail", 0, "FAILED", "naïve"),
        ("café", "日本", 1, "QUEUED", None),
        ("café", "ü", 2, "FAILED", "naïve 🎉"),
    )
    sqlite_project.inv("drain", "--batch-size=1")
    return sqlite_project


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_an_id_of_ours_comes_back_through_a_shell_of_any_encoding(encoding: str) -> None:
    given = "café".encode().decode(encoding, "surrogateescape")
    assert as_utf8(given, encoding) == "café"


def test_an_id_that_is_no_utf8_stays_as_it_is() -> None:
    assert as_utf8("caf\udce9", "utf-8") == "caf\udce9"
    assert as_utf8("café", "latin-1") == "café"
    assert as_utf8("日本", "ascii") == "日本"
