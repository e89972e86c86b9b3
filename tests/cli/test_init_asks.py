"""`inv init` asks at a terminal, with its guesses as defaults, and nowhere else."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pexpect
import pytest
from invoke.vendor import yaml

from batchdrain.cli.commands.init.answers import from_argv, to_argv, to_column, to_typed, to_words
from batchdrain.cli.commands.init.facts import ColumnFacts, Kind, TableFacts
from tests.support.soaking import soak
from tests.support.workplace import INV, Workplace

safe_load: Any = yaml.safe_load
TABLE = "Table with the phases"
QUESTIONS = (
    TABLE, "names the run", "names the phase", "order of the phases", "with the state", "failure text", "last change",
    "Word for failed", "Word for never tried", "Word for running", "Word for done", "Command for a phase",
)  # fmt: skip


@pytest.fixture
def place(sqlite_project: Workplace) -> Workplace:
    """A table whose columns are guessed, another that may be meant, and one that nobody takes for phases."""
    (sqlite_project.root / "invoke.yaml").unlink()
    sqlite_project.fail("r/a")
    sqlite_project.sql("CREATE TABLE jobs (batch VARCHAR(9), step VARCHAR(9), how VARCHAR(9), PRIMARY KEY (batch, step))")
    sqlite_project.sql("INSERT INTO jobs VALUES ('b', 's', 'kaputt'), ('b', 't', 'gut')")
    return sqlite_project


@contextmanager
def asked(
    place: Workplace, *flags: str, env: Mapping[str, str | None] | None = None, codec_errors: str = "strict"
) -> Iterator[pexpect.spawn[str]]:
    environ = {**place.environ(), "TERM": "xterm", "DATABASE_URL": place.url, "CI": None, **(env or {})}
    child = pexpect.spawn(
        INV[0], [*INV[1:], *flags, "init"] if "--dry" in flags else [*INV[1:], "init", *flags], cwd=str(place.root), timeout=30,
        env={name: value for name, value in environ.items() if value is not None}, encoding="utf-8", codec_errors=codec_errors,
        dimensions=(40, 200),
    )  # fmt: skip
    try:
        yield child
    finally:
        child.close(force=True)


def answer(child: pexpect.spawn[str], **answers: str) -> None:
    """Enter for each question but those that are named by the words of theirs."""
    given = {name.replace("_", " "): text for name, text in answers.items()}
    for question in QUESTIONS:
        child.expect_exact(question)
        child.expect(": $")
        child.sendline(given.pop(question, ""))
    assert given == {}
    child.expect(pexpect.EOF)
    child.close()


def section_of(place: Workplace) -> Any:
    return safe_load((place.root / "invoke.yaml").read_text())["batchdrain"]


def test_enter_takes_each_guess_and_writes_what_would_be_written_without_questions(place: Workplace) -> None:
    with asked(place, "--yes") as child:
        child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == 0
    guessed = section_of(place)
    (place.root / "invoke.yaml").unlink()
    with asked(place) as child:
        answer(child)
        assert child.exitstatus == 0
        assert "Next: set command.argv to your command" in (child.before or "")
    assert section_of(place) == guessed


def test_what_is_answered_is_written_and_drains(place: Workplace) -> None:
    with asked(place) as child:
        answer(child, **{
            TABLE: "jobs", "names the run": "batch", "names the phase": "step", "with the state": "how",
            "Word for failed": "kaputt", "Word for never tried": "neu", "Word for running": "laeuft", "Word for done": "gut",
            "Command for a phase": f"{sys.executable} -c 'pass # {{phase_id}}'",
        })  # fmt: skip
        assert child.exitstatus == 0
    section = section_of(place)
    assert section["source"]["table"] == "jobs"
    assert section["source"]["states"] == {"failed": "kaputt", "queued": "neu", "executing": "laeuft", "complete": "gut"}
    assert section["command"]["argv"] == [sys.executable, "-c", "pass # {phase_id}"]
    env = {"DATABASE_URL": place.url}
    assert place.inv("doctor", env=env).code == 0
    assert place.inv("drain", env=env).code == 0
    assert place.sql("SELECT step, how FROM jobs ORDER BY step") == [("s", "gut"), ("t", "gut")]


def test_columns_that_the_command_names_are_given_to_it(place: Workplace) -> None:
    command = (
        '{python} -c \'import sys; sys.exit(sys.argv[1:] != ["kaputt", "b", "s"])\' {column:how} {column:batch} {phase_id}'
    )
    with asked(place) as child:
        answer(child, **{
            TABLE: "jobs", "names the run": "batch", "names the phase": "step", "with the state": "how",
            "Word for failed": "kaputt", "Word for never tried": "neu", "Word for running": "laeuft", "Word for done": "gut",
            "Command for a phase": command,
        })  # fmt: skip
        assert child.exitstatus == 0
        assert "  ! " not in (child.before or "")
    assert section_of(place)["command"]["columns"] == ["how", "batch"]
    env = {"DATABASE_URL": place.url}
    assert place.inv("drain", env=env).code == 0
    assert place.sql("SELECT step, how FROM jobs ORDER BY step") == [("s", "gut"), ("t", "gut")]


def test_a_column_that_the_table_has_not_is_told_and_not_written(place: Workplace) -> None:
    with asked(place) as child:
        for question in QUESTIONS[:-1]:
            child.expect_exact(question)
            child.expect(": $")
            child.sendline("")
        child.expect("Command for a phase.*: $")
        child.sendline("{python} {column:tenant}")
        child.expect_exact("  ! {column:tenant}: phases has no column 'tenant'")
        child.expect("Command for a phase.*: $")
        child.sendline("{python} {column:note}")
        child.expect(pexpect.EOF)
    assert section_of(place)["command"]["columns"] == ["note"]


def test_an_answer_that_can_t_be_meant_is_told_and_asked_for_again(place: Workplace) -> None:
    with asked(place) as child:
        for text, told in (("phasse", "is not in"), ("", "Its columns are run_id, phase_id")):
            child.expect(f"{TABLE} .phases.: $")
            child.sendline(text)
            child.expect_exact(told)
        for text, told in (
            ("runn", "  ! phases has no column 'runn'"),
            ("none", "  ! run_id is needed"),
            ("{x", "is no JSON"),
        ):
            child.expect(r"names the run .*: $")
            child.sendline(text)
            child.expect_exact(told)
        child.expect(r"names the run .*: $")
        child.sendline("phase_id")  # which the next question takes too: both are asked again
        for question in QUESTIONS[2:7]:
            child.expect_exact(question)
            child.expect(": $")
            child.sendline("")
        child.expect_exact("'phase_id' is mapped twice")
        for question in QUESTIONS[1:7]:
            child.expect_exact(question)
            child.expect(": $")
            child.sendline("")
        child.expect(r"Word for failed .*: $")
        child.sendline("COMPLETE")
        for question in QUESTIONS[8:11]:
            child.expect_exact(question)
            child.expect(": $")
            child.sendline("")
        child.expect_exact("stands for failed and for complete")
        for question in QUESTIONS[7:11]:
            child.expect_exact(question)
            child.expect(": $")
            child.sendline("")
        for text, told in (
            ("a 'b", "expected a command"),
            ("x {nope}", "{nope} is no placeholder"),
            ("nothere", "is no program"),
        ):
            child.expect(r"Command for a phase .*: $")
            child.sendline(text)
            child.expect_exact(told)
        child.expect(r"Command for a phase .nothere.: $")
        child.sendline("")
        child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == 0
    assert section_of(place)["command"]["argv"] == ["nothere"]


@pytest.mark.parametrize(("key", "code", "told"), [("\x03", 130, ""), ("\x04", 2, "init: the answers ended early")])
def test_whoever_leaves_has_written_nothing(place: Workplace, key: str, code: int, told: str) -> None:
    with asked(place) as child:
        child.expect(f"{TABLE} .phases.: $")
        child.sendline("")
        child.expect(r"names the run .*: $")
        child.send(key)
        child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == code
        assert "Traceback" not in (child.before or "")
        assert told in (child.before or "")
    assert not (place.root / "invoke.yaml").exists()


@pytest.mark.parametrize(
    "env",
    [{"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "utf-8:strict"}, {"LC_ALL": "C", "PYTHONUTF8": "1"}],
    ids=["strict", "utf8"],
)
@pytest.mark.parametrize("question", ["table", "word"])
def test_bytes_that_are_no_text_are_asked_for_again(place: Workplace, env: dict[str, str | None], question: str) -> None:
    before = {"table": 0, "word": 7}[question]
    with asked(place, env=env, codec_errors="replace") as child:
        for known in QUESTIONS[:before]:
            child.expect_exact(known)
            child.expect(": $")
            child.sendline("")
        child.expect_exact(QUESTIONS[before])
        child.expect(": $")
        os.write(child.child_fd, b"caf\xe9\n")  # which the terminal echoes
        child.expect_exact("  ! that is not valid text")
        for known in QUESTIONS[before:]:
            child.expect_exact(known)
            child.expect(": $")
            child.sendline("")
        child.expect(pexpect.EOF)
        child.close()
        assert (child.exitstatus, "Traceback" in (child.before or "")) == (0, False)


def test_the_arrow_keys_move_in_an_answer_and_no_letter_is_taken_for_a_key(place: Workplace) -> None:
    with asked(place, env={"LC_ALL": "C"}) as child:
        child.expect(f"{TABLE} .phases.: $")
        child.sendline("tâches")
        child.expect_exact("'tâches' is not in")
        child.expect(f"{TABLE} .phases.: $")
        child.sendline("obs\x1b[D\x1b[D\x1b[Dj")
        child.expect_exact("Its columns are batch, step, how.")
        child.expect(r"names the run .*: $")
        child.sendline("\x1b[A")
        child.expect_exact("jobs has no column 'jobs'")


def test_a_dry_run_asks_and_prints(place: Workplace) -> None:
    with asked(place, "--dry") as child:
        answer(child)
        assert child.exitstatus == 0
        assert "batchdrain:" in (child.before or "")
    assert not (place.root / "invoke.yaml").exists()


@pytest.mark.parametrize(("flags", "env"), [((), {"CI": "true"}), pytest.param(("--format=json",), {}, marks=soak)])
def test_nobody_is_asked_in_ci_or_where_it_was_said_so(place: Workplace, flags: tuple[str, ...], env: dict[str, str]) -> None:
    with asked(place, *flags, env=env) as child:
        child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == 0
        assert TABLE not in (child.before or "")


@pytest.mark.parametrize(
    "redirected", ["</dev/null", pytest.param(">said", marks=soak), pytest.param("2>&1 | cat", marks=soak)]
)
def test_nobody_is_asked_where_one_end_is_no_terminal(place: Workplace, redirected: str) -> None:
    env = {**place.environ(), "DATABASE_URL": place.url, "CI": ""}
    words = " ".join([*INV, "init", redirected])
    child = pexpect.spawn("sh", ["-c", words], cwd=str(place.root), env=env, timeout=30, encoding="utf-8")
    child.expect(pexpect.EOF)
    child.close()
    assert TABLE not in (child.before or "")
    assert section_of(place)["command"]["argv"][0] == "{python}"


FACTS = TableFacts(
    name="t",
    columns=tuple(ColumnFacts(name=name, kind=Kind.TEXT) for name in ("a", "b", "with, comma")),
)
NUMBERS = ColumnFacts(name="code", kind=Kind.WHOLE, counts={1: 3, -2: 1})
WORDS = ColumnFacts(name="how", kind=Kind.TEXT, counts={"a, b": 2, "c": 1})


@pytest.mark.parametrize(
    ("ours", "text", "value"),
    [("run_id", "a, b", ["a", "b"]), ("phase_id", "with, comma", "with, comma"), ("run_id", '{"value": "all"}', {"value": "all"}),
     ("updated_at", "none", None), ("phase_index", "-", None)],
)  # fmt: skip
def test_an_answer_names_columns_as_the_settings_do(ours: str, text: str, value: object) -> None:
    assert to_column(ours, text, FACTS) == value
    assert to_column(ours, to_typed(value) or "none", FACTS) == value


@pytest.mark.parametrize(
    ("text", "column", "value"),
    [("1", NUMBERS, 1), ("1, -2", NUMBERS, [1, -2]), ("1", WORDS, "1"), ("a, b", WORDS, "a, b"), ("c, d", WORDS, ["c", "d"]),
     ("null", WORDS, [None]), ("x", NUMBERS, "x")],
)  # fmt: skip
def test_an_answer_is_a_word_of_the_column(text: str, column: ColumnFacts, value: object) -> None:
    assert to_words(text, column) == value


@pytest.mark.parametrize("argv", [["{python}", "-m", "x", "--id={run_id}"], ["a b", "", "it's", "{x} y"], ["$HOME", "{{}}"]])
def test_a_command_that_is_shown_can_be_typed(argv: list[str]) -> None:
    assert to_argv(from_argv(argv)) == argv
