"""What `inv init` does around its section: whom it asks, where it writes it, and what it says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from batchdrain.cli.commands.init import terminal
from batchdrain.cli.commands.init.mapping import Mapped
from batchdrain.cli.commands.init.section import write_section
from batchdrain.cli.commands.init.tables import NoTable
from batchdrain.cli.invocation import Invocation
from batchdrain.model.errors import ConfigError, FilesUnavailable, UsageError
from tests.cli.called import json_of, lines_of
from tests.cli.test_init_render import HEAD, IS_NULL, OWN
from tests.support.workplace import Workplace


@pytest.fixture
def place(sqlite_project: Workplace) -> Workplace:
    (sqlite_project.root / "invoke.yaml").unlink()
    sqlite_project.add(*((f"r{place}", "a", 0, word, None) for place, word in enumerate(("FAILED", "QUEUED", "COMPLETE"))))
    return sqlite_project


def asked_in(place: Workplace, *, dry: bool = False, section: Mapping[str, Any] = MappingProxyType({})) -> Invocation:
    return Invocation(section=section, environ={}, root=place.root, dry=dry)


def write(place: Workplace, *, dry: bool = False, **given: Any) -> None:
    write_section(asked_in(place, dry=dry), **{"url": place.url, "table": None, **given})


def test_what_was_written_is_told_with_its_reason_its_doubts_and_what_comes_next(
    place: Workplace, capsys: pytest.CaptureFixture[str]
) -> None:
    place.sql("CREATE TABLE tiers (id INTEGER PRIMARY KEY, run_id TEXT, status TEXT)")
    write(place)
    assert lines_of(capsys) == [
        f"Wrote the batchdrain section to invoke.yaml: table 'phases' of {place.url}.",
        "  its key is run_id + phase_id; state holds its state, failed is 'FAILED'",
        f"  ! {IS_NULL.format('updated_at')}",
        "  ! no row shows the word for executing: check source.states",
        "  or --table=tiers: its key is id; status holds its state",
        "Next: set command.argv to your command, then run `inv doctor` and `inv dry-run`.",
    ]
    written = (place.root / "invoke.yaml").read_text()
    assert written.startswith(HEAD)
    with pytest.raises(ConfigError, match=r"^invoke.yaml has a batchdrain section already; edit it, or remove it"):
        write_section(asked_in(place, section={"workers": 1}), url=None, table=None)
    with pytest.raises(ConfigError, match=r"^invoke.yaml has an empty batchdrain section already; remove that line"):
        write(place)
    assert (place.root / "invoke.yaml").read_text() == written


@pytest.mark.parametrize(
    ("shape", "takes_guesses", "may", "asked"),
    [("text", False, True, True), ("text", True, True, False), ("json", False, True, False), ("text", False, False, False)],
)
def test_a_user_is_asked_where_one_may_be_and_did_not_say_that_the_guesses_are_taken(
    place: Workplace, monkeypatch: pytest.MonkeyPatch, shape: str, takes_guesses: bool, may: bool, asked: bool
) -> None:
    questions = list[str | None]()

    def ask(_: object, __: object, table: str | None) -> Mapped:
        questions.append(table)
        return OWN

    monkeypatch.setattr("batchdrain.cli.commands.init.section.may_ask", lambda _: may)
    monkeypatch.setattr("batchdrain.cli.commands.init.section.ask_people", ask)
    write(place, table="phases", shape=shape, takes_guesses=takes_guesses)
    assert questions == (["phases"] if asked else [])


def test_a_dry_run_prints_what_would_be_written_and_writes_nothing(
    place: Workplace, capsys: pytest.CaptureFixture[str]
) -> None:
    write(place, dry=True)
    shown = lines_of(capsys)
    assert not (place.root / "invoke.yaml").exists()
    write(place, dry=True, shape="json")
    found = json_of(capsys)
    assert found == {"file": str(place.root / "invoke.yaml"), "table": "phases", "written": False, "said": shown}
    write(place, shape="json")
    assert json_of(capsys)["written"] is True
    assert (place.root / "invoke.yaml").read_text().splitlines() == shown


@pytest.mark.parametrize(("before", "kept"), [("other: 1", "other: 1\n"), ("other: 1\n", "other: 1\n"), ("", "")])
def test_the_section_is_appended_to_what_the_file_has(place: Workplace, before: str, kept: str) -> None:
    (place.root / "invoke.yaml").write_text(before)
    write(place)
    assert (place.root / "invoke.yaml").read_text().startswith(f"{kept}{HEAD}\n")


@pytest.mark.parametrize("line", ["batchdrain:", '"batchdrain" :', "'batchdrain': {}", "a: 1\nbatchdrain:"])
def test_a_second_section_is_never_written(place: Workplace, line: str) -> None:
    (place.root / "invoke.yaml").write_text(line)
    with pytest.raises(ConfigError, match="has an empty batchdrain section already"):
        write(place)
    assert (place.root / "invoke.yaml").read_text() == line


def test_a_file_that_can_not_be_read_is_told(place: Workplace) -> None:
    (place.root / "invoke.yaml").mkdir()
    with pytest.raises(FilesUnavailable, match=r"Is a directory; make it readable"):
        write(place)


def test_a_statement_that_gives_a_state_is_printed_for_people_alone(
    place: Workplace, capsys: pytest.CaptureFixture[str]
) -> None:
    place.sql("DROP TABLE phases")
    place.sql("CREATE TABLE jobs (id INTEGER PRIMARY KEY, failed_at TIMESTAMP)")
    for shape, statement in (("text", ['CREATE VIEW "drainable" AS']), ("json", [])):
        with pytest.raises(NoTable, match="execute the printed statement, and run `inv init` again") as caught:
            write(place, shape=shape)
        assert (lines_of(capsys)[:1], caught.value.exit_code) == (statement, 78)
    place.sql("ALTER TABLE jobs DROP COLUMN failed_at")
    with pytest.raises(NoTable, match=r"looks like one of phases: 'jobs' is the closest match, .*; name it with --table$"):
        write(place)
    assert lines_of(capsys) == []


@pytest.mark.parametrize(
    ("argv", "is_answered", "told"),
    [
        (None, False, "Next: set command.argv to your command, then run `inv doctor` and `inv dry-run`."),
        (None, True, "Next: set command.argv to your command, then run `inv doctor` and `inv dry-run`."),
        (["x"], True, "Next: run `inv doctor` and `inv dry-run`."),
        (["x"], False, "Next: make the script that command.argv names, then run `inv doctor` and `inv dry-run`."),
    ],
)
def test_what_comes_next_is_told_of_what_was_found_and_after_answers_no_doubt(
    place: Workplace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    argv: list[str] | None, is_answered: bool, told: str,
) -> None:  # fmt: skip
    found = replace(OWN, command={} if argv is None else {"argv": argv}, is_answered=is_answered)
    monkeypatch.setattr("batchdrain.cli.commands.init.section.look_for", lambda *_: [found])
    write(place)
    lines = lines_of(capsys)
    assert lines[-1] == told
    assert ("  its key is a + b + step" in lines, any(line.startswith("  ! ") for line in lines)) == (not is_answered,) * 2


@pytest.mark.parametrize("lacks", ["failed", "executing", "complete"])
def test_words_that_a_drain_needs_and_nothing_tells_are_what_comes_next(
    place: Workplace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], lacks: str
) -> None:
    states = replace(OWN.states, words={**OWN.states.words, lacks: None})
    found = replace(OWN, states=states, command={}, reason="")
    monkeypatch.setattr("batchdrain.cli.commands.init.section.look_for", lambda *_: [found])
    write(place)
    told = "Next: set source.states, and command.argv to your command, then run `inv doctor` and `inv dry-run`."
    lines = lines_of(capsys)
    assert (lines[1][:4], lines[-1]) == ("  ! ", told), "no line for a reason that there is not"


@pytest.mark.parametrize(
    ("ci", "is_terminal", "may"),
    [(None, True, True), ("", True, True), ("0", True, True), ("False", True, True), ("no", True, True), ("1", True, False),
     ("true", True, False), (None, False, False)],
)  # fmt: skip
def test_people_are_asked_at_a_terminal_that_is_not_of_a_ci(
    monkeypatch: pytest.MonkeyPatch, ci: str | None, is_terminal: bool, may: bool
) -> None:
    monkeypatch.setattr(terminal, "_is_terminal", lambda _: is_terminal)
    assert terminal.may_ask({} if ci is None else {"CI": ci}) is may


def test_a_table_that_is_not_there_is_refused_with_what_was_meant(place: Workplace) -> None:
    with pytest.raises(UsageError, match=r"^--table: 'phasse' is not in .* \(did you mean 'phases'"):
        write(place, table="phasse")
    assert not Path(place.root / "invoke.yaml").exists()
