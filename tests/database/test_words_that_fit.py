"""Which mapped words no row of the column can have, by its type alone, and when a state that the table lacks is no fault."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.config.settings import Source
from batchdrain.database.phases.declared_types import DeclaredType, Family
from batchdrain.database.phases.word_checks import find_unfit_words, no_value_of
from batchdrain.model.states import PhaseState

TEXT = DeclaredType(name="text", base="text", family=Family.TEXT)
ENUM = DeclaredType(name="mood", base="enum", family=Family.SPELT, words=("FAILED", "COMPLETE", "QUEUED", "RUNNING"))
TRUTH = DeclaredType(name="boolean", base="bool", family=Family.SPELT)
NUMBER = DeclaredType(name="int4", base="int4", family=Family.WHOLE)
TINY = DeclaredType(name="tinyint(1)", base="tinyint", family=Family.WHOLE)
AS_NUMBERS = (
    "'x' is no value of the boolean column 's': it holds true as 1 and false as 0; map these, and other numbers for the states "
    "between"
)
NUMBERS = {"failed": "-1", "complete": "1", "queued": "0", "executing": "2"}


def unfit(
    declared: DeclaredType, states: dict[str, Any] | None = None, *, writes: bool = True, nullable: bool = True
) -> list[str]:
    """Each line without the name of the section."""
    source = Source.model_validate({"states": states or {}, "columns": {"state": "status"}})

    def parameters(_: str, word: str) -> dict[str, Any]:
        declared.require_number(word)
        return {"the_state": int(word) if declared.family is Family.WHOLE else word}

    state = SimpleNamespace(parameters=parameters, column=SimpleNamespace(nullable=nullable))
    words = {one: source.states.words_of(one.value) for one in PhaseState}
    table: Any = SimpleNamespace(states=words, source=source, declared={"status": declared}, state=state)
    return [line.removeprefix("batchdrain.source.states.") for line in find_unfit_words(table, writes=writes)]


def test_a_text_may_be_any_word_and_a_number_is_one_as_the_database_spells_it() -> None:
    assert unfit(TEXT) == unfit(NUMBER, NUMBERS) == []
    assert unfit(NUMBER, {**NUMBERS, "failed": ["-1", "x"], "complete": ["1", "01"], "queued": ["0", "+3"]}) == [
        "failed: 'x' is no value of the int4 column 'status'", "queued: '+3' is no value of the int4 column 'status'",
        "complete: '01' is no value of the int4 column 'status'",
    ]  # fmt: skip


def test_a_word_that_is_no_decimal_number_is_told_and_each_other_one_beside_it() -> None:
    decimal = DeclaredType(name="numeric(3,1)", base="numeric", family=Family.SPELT)
    assert unfit(decimal, NUMBERS) == unfit(decimal, {**NUMBERS, "failed": "-1.0"}) == []
    assert unfit(decimal, {"failed": "x", "complete": "1"}, writes=False) == [
        f"{state}: {word!r} is no value of the numeric(3,1) column 'status'"
        for state, word in (("failed", "x"), ("queued", "QUEUED"), ("executing", "EXECUTING"))
    ]


def test_a_state_that_every_drain_writes_is_needed_whoever_mapped_it() -> None:
    for lacking in ("FAILED", "COMPLETE"):
        words = tuple(word for word in (*ENUM.words, "EXECUTING") if word != lacking)
        mood = DeclaredType(name="mood", base="enum", family=Family.SPELT, words=words)
        assert [line.partition(":")[0] for line in unfit(mood, writes=False)] == [lacking.lower()]


def test_a_word_that_an_enum_does_not_have_is_told_with_the_one_that_may_be_meant() -> None:
    assert unfit(ENUM, {"executing": "RUNNING"}) == []
    assert unfit(ENUM, {"executing": "RUNNING", "failed": "FALED"}) == [
        "failed: 'FALED' is not a value of the enum column 'status' (did you mean 'FAILED'?)"
    ]


def test_a_state_that_nobody_mapped_and_nothing_writes_may_be_one_that_the_table_lacks() -> None:
    lacks = "'EXECUTING' is not a value of the enum column 'status' (known: COMPLETE, FAILED, QUEUED, RUNNING)"
    assert unfit(ENUM, writes=False) == []
    assert unfit(ENUM, writes=True) == [f"executing: {lacks}"]
    mapped = {"executing": "STARTED"}
    assert unfit(ENUM, mapped, writes=False) == [f"executing: {lacks.replace('EXECUTING', 'STARTED')}"]
    both = unfit(ENUM, {"complete": "COMPLET"}, writes=False)
    assert [line.partition(":")[0] for line in both] == ["executing", "complete"], "beside others it is told too"


def test_postgresqls_boolean_holds_two_words_and_the_states_between_only_where_the_command_sets_them() -> None:
    truths = {"failed": "false", "complete": "true"}
    assert unfit(TRUTH, truths, writes=False) == []
    assert [line.partition(":")[0] for line in unfit(TRUTH, truths, writes=True)] == ["queued", "executing"]
    [told] = unfit(TRUTH, {"failed": "f", "complete": "true"}, writes=False)
    assert told == (
        "failed: 'f' is no value of the boolean column 'status': it holds only true and false; map a column of text or of "
        "numbers, or let the command set the state (command.result_from: database)"
    )


@pytest.mark.parametrize("nullable", [True, False])
def test_null_is_read_of_any_column_and_written_only_where_that_is_allowed(*, nullable: bool) -> None:
    refused = "NULL can't be written: the column 'status' is NOT NULL"
    assert unfit(ENUM, {"failed": None, "executing": "RUNNING"}, nullable=nullable) == (
        [] if nullable else [f"failed: {refused}"]
    )
    read = {"read": ["FAILED", None], "write": "FAILED"}
    assert unfit(ENUM, {"failed": read, "executing": "RUNNING"}, nullable=nullable) == []
    complete = unfit(ENUM, {"complete": None, "executing": "RUNNING"}, nullable=nullable)
    assert complete == ([] if nullable else [f"complete: {refused}"])


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        (NUMBER, "'x' is no value of the int4 column 's'"),
        (TINY, AS_NUMBERS),
        (DeclaredType(name="BOOLEAN", base="boolean", family=Family.STORED), AS_NUMBERS),
    ],
    ids=["number", "tinyint(1)", "boolean of SQLite"],
)  # fmt: skip
def test_what_a_column_holds_instead_is_told(declared: DeclaredType, told: str) -> None:
    assert no_value_of("x", declared, "s") == told
