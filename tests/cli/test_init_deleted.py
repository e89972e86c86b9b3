"""A column that marks rows as deleted becomes a condition; any other column does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from batchdrain.cli.commands.init.deleted_rows import explain_deleted, find_deleted
from tests.cli.made_facts import table


def nullable(columns: str, *rows: Sequence[object], **facts: Any) -> Any:
    made = table(columns, *rows)
    return replace(made, columns=tuple(replace(one, takes_null=True) for one in made.columns), **facts)


@pytest.mark.parametrize(
    ("columns", "rows", "condition"),
    [
        ("id# deleted?", [(1, True)], "deleted IS NOT TRUE"),
        ("id# is_deleted?", [], "is_deleted IS NOT TRUE"),
        ("id# is_deleted#", [(1, 0), (2, 1)], "coalesce(is_deleted, 0) = 0"),
        ("id# deleted#", [(1, 0), (2, 7)], ""),
        ("id# deleted#", [], ""),
        ("id# deleted_at@", [(1, "2026-01-01")], "deleted_at IS NULL"),
        ("id# deleted_at#", [(1, 1_700_000_000)], "deleted_at IS NULL"),
        ("id# deleted_at", [(1, "yes")], ""),
        ("id# status", [(1, "deleted")], ""),
    ],
)
def test_the_condition_is_that_of_the_column_s_kind(columns: str, rows: list[Sequence[object]], condition: str) -> None:
    found = nullable(columns, *rows)
    assert find_deleted(found) == condition
    assert len(explain_deleted(found)) == bool(condition)
    assert all(f"(source.where: {condition})" in line for line in explain_deleted(found))


def test_a_time_that_is_never_null_marks_nothing() -> None:
    found = nullable("id# deleted_at@", (1, "2026-01-01"))
    never = replace(found, columns=tuple(replace(one, takes_null=False) for one in found.columns))
    assert [find_deleted(one) for one in (found, never)] == ["deleted_at IS NULL", ""]


@pytest.mark.parametrize(("dialect", "quote"), [("sqlite", '"'), ("postgresql", '"'), ("mysql", "`"), ("mariadb", "`")])
def test_a_name_that_is_not_plain_is_quoted_as_its_database_does(dialect: str, quote: str) -> None:
    found = nullable("id# Deleted?", dialect=dialect)
    assert find_deleted(found) == f"{quote}Deleted{quote} IS NOT TRUE"
