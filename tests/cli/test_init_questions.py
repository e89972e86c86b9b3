"""The whole conversation of `inv init`: each question with its guess, what is told of a wrong answer, and what is made of the right ones."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from batchdrain.cli.commands.init.answers import from_argv, to_argv, to_column, to_typed, to_words
from batchdrain.cli.commands.init.facts import ColumnFacts, Kind, TableFacts
from batchdrain.cli.commands.init.mapping import Mapped, map_table
from batchdrain.cli.commands.init.questions import Conversation
from batchdrain.cli.commands.init.state_words import StateWords
from batchdrain.model.errors import UsageError
from tests.cli.made_facts import table

on = pytest.mark.parametrize
ROWS = [("r", "a", "failed", "e", "n"), ("r", "b", "done", "", "m"), ("q", "a", "done", "", "m")]
JOBS = table("batch step status error note", *ROWS, keys=["batch step"], counted="status")
OTHER = table("batch step how", keys=["batch step"], name="other")
EXAMPLE = "{python} -m myproject.work --run-id={run_id} --phase-id={phase_id}"
QUESTIONS = [
    "Table with the phases [jobs]: ",
    "Column that names the run (several with commas) [batch]: ",
    "Column that names the phase (several with commas) [step]: ",
    "Column with the order of the phases, or none [none]: ",
    "Column with the state [status]: ",
    "Column with the failure text, or none [error]: ",
    "Column with the time of the last change, or none [none]: ",
    "Word for failed (several with commas) [failed]: ",
    "Word for never tried [queued]: ",
    "Word for running [executing]: ",
    "Word for done [done]: ",
    f"Command for a phase [{EXAMPLE}]: ",
]


def talk(
    answers: dict[int, list[str]], guesses: Sequence[Mapped] = (map_table(JOBS),), *, problems: Sequence[str] = ()
) -> tuple[Mapped, list[str]]:
    """Enter answers each question, but those whose number has answers. Returns the mapping, and all that was shown."""
    shown, left = list[str](), {number: list(given) for number, given in answers.items()}

    def ask(prompt: str) -> str:
        shown.append(prompt)
        known = [question.partition(" [")[0].removesuffix(": ") for question in QUESTIONS]
        number = known.index(prompt.partition(" [")[0].removesuffix(": "))
        given = left.get(number)
        return given.pop(0) if given else ""

    def look(name: str) -> TableFacts:
        found = {"jobs": JOBS, "other": OTHER}.get(name)
        if found is None:
            raise UsageError(f"--table: {name!r} is not there\nlook again")
        return found

    def find_problems(argv: Sequence[str], columns: Sequence[str]) -> Sequence[str]:
        return [f"{problem} {list(argv)} {list(columns)}" for problem in problems]

    talked = Conversation(ask=ask, say=shown.append, look=look, find_problems=find_problems)
    return talked.ask_all(guesses), shown


def test_enter_takes_each_guess() -> None:
    guess = map_table(JOBS)
    mapped, shown = talk({}, [replace(guess, doubts=("look\x1b here",))])
    assert shown == [
        "Enter accepts the value in brackets. Ctrl-C ends it, and nothing is written.",
        QUESTIONS[0],
        "  ! look\\x1b here",
        "Its columns are batch, step, status, error, note.",
        "A phase is a row that your command tries again; a run is a set of phases that belong together.",
        *QUESTIONS[1:7],
        "Values of status are 'failed' (1), 'done' (2).",
        *QUESTIONS[7:-1],
        "It runs once for each phase, without a shell: {run_id} is column 'batch', {phase_id} is column 'step'.",
        QUESTIONS[-1],
    ]
    assert mapped == replace(
        guess, states=mapped.states, doubts=(), is_answered=True
    )  # nothing else differs from what was guessed
    assert (mapped.states.words, mapped.states.sure) == (guess.states.words, frozenset(guess.states.words))
    assert mapped.command == {}


def test_other_tables_that_may_be_meant_are_named_and_one_that_is_named_is_looked_at() -> None:
    log = replace(map_table(OTHER), reason="its key is x", is_log=True)
    mapped, shown = talk({0: ["other"], 4: ["how"]}, [map_table(JOBS), log])
    assert shown[1] == "It may be other as well: its key is x; it has the name of a log."
    assert (mapped.table, mapped.columns["state"], mapped.reason) == ("other", "how", "its key is x")
    mapped, shown = talk({0: ["", "jobs"]}, [])
    assert shown[1:3] == ["Table with the phases: "] * 2, "nothing can be taken where nothing was guessed"
    assert mapped.table == "jobs"
    _, shown = talk({0: ["jbs", ""]})
    assert shown[1:5] == [QUESTIONS[0], "  ! --table: 'jbs' is not there", "  ! look again", QUESTIONS[0]]


def test_columns_that_contradict_each_other_are_told_and_all_asked_for_again() -> None:
    mapped, shown = talk({1: ["step", "bach", "none", ""], 3: ["note"], 5: ["-"]})
    problem = next(line for line in shown if line.startswith("  ! batchdrain.source.columns"))
    assert "'step' is mapped twice" in problem
    assert shown.count(QUESTIONS[1]) == 4
    assert shown.count(QUESTIONS[6]) == 2
    assert {"  ! jobs has no column 'bach'", "  ! run_id is needed: name a column"} < set(shown)
    assert (mapped.columns["run_id"], mapped.columns["phase_index"], mapped.columns["last_failure_reason"]) == (
        "batch",
        None,
        "error",
    )


def test_words_that_contradict_each_other_are_told_and_all_asked_for_again() -> None:
    mapped, shown = talk({7: ["done", "failed, broken"], 10: ["", "ok"]})
    assert any("stands for failed and for complete" in line for line in shown if line.startswith("  ! "))
    assert [shown.count(QUESTIONS[number]) for number in (7, 8, 9, 10)] == [2, 2, 2, 2]
    assert mapped.states.words == {
        "failed": ["failed", "broken"],
        "queued": "queued",
        "executing": "executing",
        "complete": "ok",
    }


def test_the_words_of_another_state_column_are_guessed_anew() -> None:
    note = ColumnFacts(name="note", kind=Kind.TEXT, counts={"crashed": 2}, words=())
    jobs = replace(JOBS, columns=(*JOBS.columns[:-1], note))
    guess = map_table(jobs)
    shown = list[str]()

    def ask(prompt: str) -> str:
        shown.append(prompt)
        return "note" if prompt.startswith("Column with the state") else ""

    mapped = Conversation(ask=ask, say=shown.append, look=lambda _: jobs, find_problems=lambda *_: []).ask_all([guess])
    assert "Values of note are 'crashed' (2)." in shown
    assert "Word for failed (several with commas) [crashed]: " in shown
    assert mapped.states.words["failed"] == "crashed"


def test_a_command_that_can_not_be_executed_is_told_once_and_taken_when_it_is_given_again() -> None:
    mapped, shown = talk({11: ["x 'y", "go {phase_id}", ""]}, problems=["is no program"])
    assert shown[-4:] == [
        "  ! expected a command as in a shell: No closing quotation",
        QUESTIONS[11],
        "  ! is no program ['go', '{phase_id}'] []",
        "Command for a phase [go {phase_id}]: ",
    ]
    assert mapped.command == {"argv": ["go", "{phase_id}"]}
    mapped, _ = talk({11: ["go {phase_id}", "go on", "go on"]}, problems=["is no program"])
    assert mapped.command == {"argv": ["go", "on"]}


def test_columns_that_the_command_names_are_given_to_it_and_those_that_are_not_there_are_told() -> None:
    mapped, shown = talk({1: ["batch, note"], 11: ["go {column:error} {column:batch}", ""]})
    assert mapped.command == {"argv": ["go", "{column:error}", "{column:batch}"], "columns": ["error"]}
    assert mapped.columns["run_id"] == ["batch", "note"]
    assert not any(line.startswith("  ! ") for line in shown)
    _, shown = talk({11: ["go {column:tenant}"]})
    assert "  ! {column:tenant}: jobs has no column 'tenant'" in shown


def test_a_command_that_was_guessed_is_kept_beside_what_else_it_has() -> None:
    guess = replace(map_table(JOBS), command={"argv": ["a b", "{run_id}"], "result_from": "database"})
    mapped, shown = talk({}, [guess], problems=["is no program"])
    assert shown[-1] == "Command for a phase ['a b' {run_id}]: "
    assert not any(line.startswith("  ! ") for line in shown), "Enter takes what was guessed, whatever may be told of it"
    assert mapped.command == {"argv": ["a b", "{run_id}"], "result_from": "database"}


def test_the_words_that_were_guessed_are_kept_and_those_that_the_column_declares_are_named() -> None:
    words = {"failed": ["x", "y"], "queued": [None], "executing": "z", "complete": "w"}
    guess = replace(map_table(JOBS), states=StateWords(words=words, sure=frozenset()))
    mapped, _ = talk({}, [guess])
    assert dict(mapped.states.words) == words
    declared = ColumnFacts(name="status", kind=Kind.TEXT, words=("failed", "done"))
    facts, shown = table("batch step status", keys=["batch step"], status=declared), list[str]()
    talked = Conversation(
        ask=lambda prompt: "" if "[" in prompt else prompt.split()[2],
        say=shown.append,
        look=lambda _: facts,
        find_problems=lambda *_: [],
    )
    talked.ask_all([map_table(facts)])
    assert "Values of status are failed, done." in shown


def test_the_unit_of_the_time_of_a_change_goes_with_its_column() -> None:
    guess = replace(map_table(JOBS), source={"updated_at_unit": "ms"})
    assert talk({}, [guess])[0].source == {"updated_at_unit": "ms"}
    assert talk({6: ["note"]}, [guess])[0].source == {}


@on(("count", "told"), [(20, "c19."), (23, "c19 and 3 more.")])
def test_at_most_twenty_columns_are_named(count: int, told: str) -> None:
    wide = table("run_id step status " + " ".join(f"c{number}" for number in range(3, count)), keys=["run_id step"])
    shown = list[str]()
    talked = Conversation(ask=lambda _: "", say=shown.append, look=lambda _: wide, find_problems=lambda *_: [])
    talked.ask_all([map_table(wide)])
    assert next(line for line in shown if line.startswith("Its columns are run_id, step, status, c3")).endswith(told)


@on(
    ("ours", "text", "why"),
    [
        ("run_id", "none", "run_id is needed: name a column"), ("state", "NULL", "state is needed: name a column"),
        ("run_id", "a, x, y", "t has no column 'x'"), ("state", "a, b", "t has no column 'a, b'"), ("run_id", ",", "t has no column ','"),
        ("run_id", "{x", 'is no JSON: write {"value": "all"} or {"column": "details", "path": "error"}'),
    ],
)  # fmt: skip
def test_an_answer_that_names_no_column_says_why(ours: str, text: str, why: str) -> None:
    facts = table("a b", name="t")
    with pytest.raises(ValueError, match=f"^{re.escape(why)}$"):
        to_column(ours, text, facts)
    assert to_column("run_id", " a ,b", facts) == ["a", "b"]
    assert to_column("updated_at", "None", facts) is None
    assert to_column("phase_id", "b,", facts) == "b"


@on(
    ("text", "column", "value"),
    [
        ("null", {"counts": {"null": 1}}, "null"), ("NULL", {}, [None]), ("a, null", {}, ["a", None]), ("5", {"kind": Kind.WHOLE}, 5),
        ("-5, 6", {"kind": Kind.WHOLE}, [-5, 6]), ("5", {}, "5"), ("a, b", {"words": ("a, b",)}, "a, b"), ("a,b", {}, ["a", "b"]),
        ("5.5", {"kind": Kind.WHOLE}, "5.5"),
    ],
)  # fmt: skip
def test_an_answer_is_read_as_the_column_has_it(text: str, column: dict[str, Any], value: object) -> None:
    assert to_words(text, ColumnFacts(**{"name": "state", "kind": Kind.TEXT, **column})) == value


def test_no_word_and_no_text_is_refused() -> None:
    column = ColumnFacts(name="state", kind=Kind.TEXT)
    with pytest.raises(ValueError, match=r"^expected a word, or several with commas$"):
        to_words(" , ", column)
    with pytest.raises(ValueError, match=r"^expected valid text$"):
        to_words("a\x00", column)
    with pytest.raises(ValueError, match=r"^expected a command as in a shell: No closing quotation$"):
        to_argv("a 'b")


@on(
    ("value", "typed"),
    [
        (None, ""),
        ("a", "a"),
        (4, "4"),
        (["a", None], "a, null"),
        (("a", "b"), "a, b"),
        ({"value": "all"}, '{"value":"all"}'),
        ([], ""),
    ],
)
def test_a_guess_is_shown_as_it_would_be_typed(value: object, typed: str) -> None:
    assert to_typed(value) == typed


@on(
    ("argv", "typed"),
    [(["a b"], "'a b'"), (["{python}", "{x} y"], "{python} '{x} y'"), (["{}"], "'{}'"), ([""], "''"), (["a", "$b"], "a '$b'")],
)  # fmt: skip
def test_placeholders_alone_need_no_quotes(argv: list[str], typed: str) -> None:
    assert from_argv(argv) == typed
    assert to_argv(typed) == argv


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("work {batch} {step}", ["{batch}: write {run_id}, which column 'batch' is", "{step}: write {phase_id}, which column 'step' is"]),
        ("work {note}", ["{note}: write {column:note}, which column 'note' is"]),
        ("work {note", ["a single '{' in '{note'; double it, or name a placeholder"]),
    ],
)  # fmt: skip
def test_a_command_that_never_could_run_is_told_with_its_cure_and_enter_does_not_take_it(typed: str, told: list[str]) -> None:
    mapped, shown = talk({len(QUESTIONS) - 1: [typed, ""]})
    found = [line.partition(".argv.")[2].partition(": ")[2] for line in shown if ".argv." in line]
    assert found == told
    assert shown[-1] == QUESTIONS[-1], "the guess is offered again, not the fault"
    assert mapped.command == {}
