"""Each finding of doctor about the rights of this user, and about batchdrain's own tables, with its cure."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from batchdrain.cli.commands.doctor import rights_checks
from batchdrain.cli.commands.doctor.rights_checks import check_ledger, check_privileges
from batchdrain.database.ledger.rights import LedgerRights
from tests.cli.called import found_by
from tests.support.opened import opened
from tests.support.workplace import Workplace

on = pytest.mark.parametrize


@on(
    ("rights", "told"),
    [
        ({"untried": "it is locked"}, [("warn", "its privileges were not checked: it is locked", "run `inv doctor` again later")]),
        ({}, [("ok", "batchdrain's tables will be created by the first drain", "")]),
        ({"are_there": True}, [("ok", "batchdrain's tables are there, and can be written", "")]),
        ({"are_there": True, "of_drain": ["no INSERT", "no UPDATE"]},
         [("fail", "no INSERT", rights_checks._GRANT), ("fail", "no UPDATE", rights_checks._GRANT)]),
        ({"are_there": True, "of_prune": ["no DELETE"], "of_groups": ["no group"]},
         [("warn", "no DELETE; `inv prune` needs this, and no other task", rights_checks._GRANT),
          ("warn", "no group; `inv drain --group` needs this, and no other task", rights_checks._GRANT),
          ("ok", "batchdrain's tables are there, and can be written", "")]),
    ],
)  # fmt: skip
def test_what_this_user_may_not_do_is_told_by_who_needs_it(
    sqlite_project: Workplace, monkeypatch: pytest.MonkeyPatch, rights: dict[str, Any], told: list[tuple[str, str, str]]
) -> None:
    monkeypatch.setattr(rights_checks, "try_rights", lambda *_: LedgerRights(**rights))
    assert found_by(check_ledger, sqlite_project) == [("ledger", *one) for one in told]


def test_tables_that_may_not_be_created_are_told_with_their_statements(
    sqlite_project: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rights_checks, "try_rights", lambda *_: LedgerRights(creation="read-only"))
    [(check, verdict, message, cure)] = found_by(check_ledger, sqlite_project)
    assert (check, verdict, message) == ("ledger", "fail", "batchdrain's tables may not be created: read-only")
    assert cure.startswith(f"have them created, and {rights_checks._GRANT}:\nCREATE TABLE ")


@on(
    ("migration", "told"),
    [(None, "the next drain that finds no held claim upgrades them to version {}"),
     ("no ALTER", "this user may not upgrade them to version {} (no ALTER), so a drain works with them as they are")],
)  # fmt: skip
def test_tables_of_an_earlier_version_are_a_warning_with_the_statements(
    sqlite_project: Workplace, monkeypatch: pytest.MonkeyPatch, migration: str | None, told: str
) -> None:
    monkeypatch.setattr(rights_checks, "try_rights", lambda *_: LedgerRights(are_there=True, migration=migration))
    monkeypatch.setattr(rights_checks, "SCHEMA_VERSION", 99)
    monkeypatch.setattr(rights_checks, "statements_of", lambda *_: ["A", "B"])
    (_, (check, verdict, message, cure)) = found_by(check_ledger, sqlite_project)
    assert (check, verdict) == ("ledger", "warn")
    assert message.partition("; ")[2] == told.format(99)
    assert cure == "if a drain may not alter them, have these statements executed while nothing drains:\nA;\nB;"


def test_a_table_that_may_not_be_updated_fails(sqlite_project: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found_by(check_privileges, sqlite_project) == []
    for lacking in ("work.db", sqlite_project.root.parent.name):
        with monkeypatch.context() as patched:
            patched.setattr(os, "access", lambda path, _, lacking=lacking: Path(path).name != lacking)
            found = found_by(check_privileges, sqlite_project)
        assert found == [("privileges", "fail", "'phases' may not be updated", "GRANT UPDATE, or make it writable")]


@on("database_url", ["postgresql"], indirect=True)
def test_on_postgresql_each_column_that_is_written_has_to_be_ours_to_update(database_url: str, tmp_path: Path) -> None:
    place = Workplace(root=tmp_path, url=database_url)
    place.make_table()
    assert found_by_reader(place) == []
    role = database_url.rsplit("/", 1)[1] + "_looker"
    place.sql(f"CREATE ROLE {role} LOGIN")
    place.sql(f"GRANT SELECT, UPDATE (state) ON phases TO {role}")
    there = Workplace(root=tmp_path, url=database_url.replace("postgres@", f"{role}@"))
    try:
        refused = found_by_reader(there)
        there.source = {"columns": {"last_failure_reason": None}}
        assert (refused, found_by_reader(there)) == (["'phases' may not be updated"], [])
    finally:
        place.sql(f"DROP OWNED BY {role}")
        place.sql(f"DROP ROLE {role}")


def found_by_reader(place: Workplace) -> list[str]:
    with opened(place, with_ledger=False) as project:
        return [one.message for one in check_privileges(project)]
