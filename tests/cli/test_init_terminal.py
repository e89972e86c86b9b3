"""How `inv init` asks at a terminal: who may be asked, what is shown first, and what becomes of a line that is none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

import pytest

from batchdrain.cli.commands.init import terminal
from batchdrain.cli.commands.init.terminal import _ask_line, _is_terminal, ask_people, may_ask
from batchdrain.cli.invocation import Invocation
from batchdrain.database.connection import Database, open_database
from batchdrain.model.errors import ConfigError, UsageError
from tests.support.workplace import Workplace

Capsys = pytest.CaptureFixture[str]


class Stream:
    """A stream that is a terminal, or none, or closed."""

    def __init__(self, answer: bool | None) -> None:
        self._answer = answer

    def isatty(self) -> bool:
        if self._answer is None:
            raise ValueError("I/O operation on closed file")
        return self._answer


@pytest.mark.parametrize(("reads", "writes", "may"), [(True, True, True), (True, False, False), (False, True, False)])
def test_people_are_asked_where_both_ends_are_a_terminal(
    monkeypatch: pytest.MonkeyPatch, reads: bool, writes: bool, may: bool
) -> None:
    monkeypatch.setattr("sys.stdin", Stream(reads))
    monkeypatch.setattr("sys.stdout", Stream(writes))
    assert may_ask({}) is may


@pytest.mark.parametrize(
    ("stream", "is_one"), [(None, False), (Stream(True), True), (Stream(False), False), (Stream(None), False)]
)
def test_what_is_closed_or_not_there_is_no_terminal(stream: Any, is_one: bool) -> None:
    found: IO[str] | None = stream
    assert _is_terminal(found) is is_one


def answers(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    left = iter(lines)

    def read(prompt: str) -> str:
        print(prompt, end="")
        line = next(left, None)
        if line is None:
            raise EOFError
        return line

    monkeypatch.setattr("builtins.input", read)


def test_a_line_that_is_no_text_is_asked_for_again(monkeypatch: pytest.MonkeyPatch, capsys: Capsys) -> None:
    answers(monkeypatch, "caf\udce9", "café")
    assert _ask_line("Name: ") == "café"
    assert capsys.readouterr().out == "Name:   ! that is not valid text\nName: "
    with pytest.raises(EOFError):
        _ask_line("Name: ")


@pytest.fixture
def database(sqlite_project: Workplace) -> Iterator[Database]:
    found = open_database(sqlite_project.url, lambda _: None)
    yield found
    found.close()


def ask(place: Workplace, database: Database, table: str | None = None) -> Any:
    return ask_people(Invocation(section={}, environ={}, root=place.root, dry=False), database, table)


def test_the_answers_of_people_are_a_mapping(
    sqlite_project: Workplace, database: Database, monkeypatch: pytest.MonkeyPatch, capsys: Capsys
) -> None:
    sqlite_project.fail("r/a")
    answers(monkeypatch, *[""] * 11, "no-such-program {phase_id}", "")
    mapped = ask(sqlite_project, database)
    assert (mapped.table, mapped.is_answered, mapped.command) == ("phases", True, {"argv": ["no-such-program", "{phase_id}"]})
    said = capsys.readouterr().out
    assert said.splitlines()[0] == "Enter accepts the value in brackets. Ctrl-C ends it, and nothing is written."
    assert any("  ! " in line and "'no-such-program' is no program" in line for line in said.splitlines())


def test_whoever_leaves_early_is_told_what_asks_nothing(
    sqlite_project: Workplace, database: Database, monkeypatch: pytest.MonkeyPatch, capsys: Capsys
) -> None:
    sqlite_project.fail("r/a")
    answers(monkeypatch, "")
    with pytest.raises(UsageError) as caught:
        ask(sqlite_project, database)
    assert str(caught.value) == "init: the answers ended early, and nothing was written; `inv init --yes` asks nothing"
    assert capsys.readouterr().out.endswith(": \n"), "the cursor is on a line of its own"


@pytest.mark.parametrize(
    ("columns", "statement"),
    [("failed_at TIMESTAMP", True), ("note BLOB", False)],
)
def test_what_no_table_has_is_told_first_with_the_statement_that_helps(
    sqlite_project: Workplace,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capsys,
    columns: str,
    statement: bool,
) -> None:
    sqlite_project.sql("DROP TABLE phases")
    sqlite_project.sql(f"CREATE TABLE jobs (id INTEGER PRIMARY KEY, {columns})")
    answers(monkeypatch)
    with pytest.raises(UsageError):
        ask(sqlite_project, database)
    first, *lines = capsys.readouterr().out.splitlines()
    assert first.startswith("  ! no table of ")
    told = ["With this view it has a state; Ctrl-C ends the questions:", 'CREATE VIEW "drainable" AS']
    assert (lines[:2] == told) is statement
    assert "Table with the phases: " in lines, "nothing is guessed"


def test_a_table_that_can_not_be_read_is_told_and_asked_for(
    sqlite_project: Workplace, database: Database, monkeypatch: pytest.MonkeyPatch, capsys: Capsys
) -> None:
    monkeypatch.setattr(terminal, "look_for", lambda *_: (_ for _ in ()).throw(ConfigError("it is away")))
    answers(monkeypatch)
    with pytest.raises(UsageError):
        ask(sqlite_project, database)
    assert capsys.readouterr().out.splitlines()[:2] == [
        "  ! it is away", "Enter accepts the value in brackets. Ctrl-C ends it, and nothing is written.",
    ]  # fmt: skip
