"""From which states a phase is given back, and of which tables a table shows or holds a part."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.config.settings import Command, Source
from batchdrain.database.phases.inheritance import find_whole, has_heirs
from batchdrain.database.phases.intermediate import intermediate_states_of
from batchdrain.model.states import PhaseState
from tests.support.workplace import Workplace


@pytest.mark.parametrize(
    ("result_from", "stuck", "states"),
    [
        ("exit_code", None, {"RUNNING"}),
        ("database", None, {"RUNNING", "WAITS"}),
        ("database", ["RUNNING", "HALF"], {"RUNNING", "HALF"}),
        ("database", [], set()),
        ("database", [None, "'NULL'"], {"NULL", "''NULL''"}),
    ],
)
def test_a_phase_is_given_back_from_the_states_that_an_attempt_may_leave_it_in(
    result_from: str, stuck: list[str | None] | None, states: set[str]
) -> None:
    source = Source.model_validate({"states": {"executing": "RUNNING", "queued": "WAITS"}})
    table: Any = SimpleNamespace(states={state: source.states.words_of(state.value) for state in PhaseState})
    command = Command.model_validate({"argv": ["true"], "result_from": result_from, "stuck_states": stuck})
    assert intermediate_states_of(table, command) == states


def test_heirs_and_partitions_of_postgresql_are_told_apart(tmp_path: Path, postgresql_url: str) -> None:
    place = Workplace(root=tmp_path, url=postgresql_url)
    place.sql("CREATE SCHEMA other; CREATE TABLE other.parent (a INTEGER); CREATE TABLE heir () INHERITS (other.parent)")
    place.sql(
        'CREATE TABLE whole (a INTEGER) PARTITION BY LIST (a); CREATE TABLE "Part" PARTITION OF whole FOR VALUES IN (1)'
    )
    place.sql("CREATE TABLE parent (a INTEGER)")
    tables = [("other", "parent"), (None, "parent"), (None, "heir"), (None, "whole"), (None, "Part"), (None, "nothing")]
    with place.engine.connect() as connection:
        assert [has_heirs(connection, *table) for table in tables] == [True, False, False, False, False, False]
        assert [find_whole(connection, *table) for table in tables] == [None, None, None, None, "whole", None]


def test_elsewhere_there_are_no_heirs(sqlite_project: Workplace) -> None:
    with sqlite_project.engine.connect() as connection:
        assert (has_heirs(connection, None, "phases"), find_whole(connection, None, "phases")) == (False, None)
