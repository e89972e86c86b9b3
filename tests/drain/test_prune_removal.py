"""The removal does what the plan says: what can't be removed stays with its record and is told, and the rest goes all the same."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from batchdrain.database.ledger.groups import Groups
from batchdrain.drain.project import Project
from batchdrain.drain.prune import removal
from batchdrain.drain.prune.plan import PrunePlan, open_sessions, plan_prune
from batchdrain.drain.prune.removal import Pruned, remove_planned, weigh
from batchdrain.model.errors import ConfigError, FilesUnavailable
from batchdrain.runtime import trees
from batchdrain.runtime.trees import TreeSize
from batchdrain.sessions.old_files import remove_folder
from tests.drain.test_prune_judged import BEFORE, FORM, OLD, OURS, heads_left, keep_heads, place, spool, write
from tests.drain.test_prune_judged import head as head_of
from tests.drain.test_prune_planned import FREE, HOLDS, MS, hold, insert

__all__ = ["place"]
TRIAGES = ("triage-20200102-030405", "triage-20200102-030406")


@contextmanager
def planned(project: Project) -> Iterator[tuple[int, PrunePlan]]:
    with open_sessions(project) as fd:
        assert fd is not None
        yield fd, plan_prune(project, fd, BEFORE, ())


def make_triages(project: Project) -> None:
    for name, size in zip(TRIAGES, (7, 30), strict=True):
        (project.folder.folder / name / "r").mkdir(parents=True)
        (project.folder.folder / name / "r" / "x.stdout.txt").write_text("x" * size)


def left(project: Project) -> list[str]:
    return sorted(os.listdir(project.folder.folder))


def test_kinds_of_which_nothing_went_are_not_counted() -> None:
    gone = Pruned()
    gone.add("a", 0, 5)
    gone.add("b", 2, 5)
    gone.add("b", 1)
    gone.add_files({"c": TreeSize(files=3, size=9), "d": TreeSize()})
    assert (dict(gone.counts), dict(gone.sizes)) == ({"b": 3, "c": 3}, {"b": 5, "c": 9})


def test_folders_of_triage_go_with_their_size_and_one_that_can_not_is_named(
    place: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_triages(place)

    def fail(fd: int, name: str) -> None:
        if name == TRIAGES[0]:
            raise OSError(16, "busy", f"{name}/r")
        remove_folder(fd, name)

    monkeypatch.setattr(removal, "remove_folder", fail)
    with planned(place) as (fd, plan):
        shown = weigh(place, fd, plan)
        gone = remove_planned(place, fd, plan)
    assert (shown.counts["triage folders"], shown.sizes["triage folders"]) == (2, 37)
    assert (gone.counts["triage folders"], gone.sizes["triage folders"]) == (1, 30)
    assert (gone.problems, left(place)) == ([f"{place.folder.folder}/{TRIAGES[0]}/r: busy"], [TRIAGES[0]])
    monkeypatch.setattr(removal, "remove_folder", lambda *_: (_ for _ in ()).throw(OSError(16, "busy")))
    with planned(place) as (fd, plan):
        assert remove_planned(place, fd, plan).problems == [f"{place.folder.folder}/{TRIAGES[0]}: busy"]


def test_a_folder_that_nobody_can_measure_goes_as_one_of_no_size(place: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    make_triages(place)

    def fail(fd: int, name: str) -> TreeSize:
        raise OSError(5, "broken")

    with planned(place) as (fd, plan):
        monkeypatch.setattr(trees, "measure", fail)
        gone = remove_planned(place, fd, plan)
    assert (gone.counts["triage folders"], gone.sizes["triage folders"], left(place)) == (2, 0, [])


def test_where_something_stands_in_the_place_of_a_lock_the_session_stays_with_its_record(place: Project) -> None:
    write(place, FORM, OLD)
    keep_heads(place, head_of(FORM, OLD))
    (place.folder.folder / FORM).mkdir()
    (place.folder.folder / FORM / "spool").touch()
    with planned(place) as (fd, plan):
        gone = remove_planned(place, fd, plan)
    [problem] = gone.problems
    assert problem.startswith(f"{place.folder.folder / FORM / 'spool'}: ")
    assert (gone.counts, heads_left(place), place.folder.path(FORM).exists()) == ({}, {head_of(FORM, OLD).name}, True)


def test_a_session_that_another_prune_has_just_removed_is_no_problem(place: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    write(place, FORM, OLD)

    def vanish(_: str) -> int:
        raise FilesUnavailable("gone") from FileNotFoundError(2, "gone")

    with planned(place) as (fd, plan):
        monkeypatch.setattr(place.folder, "lock", vanish)
        gone = remove_planned(place, fd, plan)
    assert (gone.problems, gone.notes, gone.counts) == ([], [], {})


def test_a_session_that_can_not_be_removed_is_named_and_let_go_with_its_record(
    place: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(place, FORM, OLD)
    keep_heads(place, head_of(FORM, OLD))

    def fail(fd: int, files: object) -> None:
        raise OSError(16, "busy")

    monkeypatch.setattr(removal, "remove_session", fail)
    with planned(place) as (fd, plan):
        gone = remove_planned(place, fd, plan)
    assert (gone.problems, gone.counts) == ([f"{place.folder.folder / FORM}: busy"], {})
    assert (heads_left(place), place.folder.is_held(FORM)) == ({head_of(FORM, OLD).name}, False)


def test_a_session_goes_with_its_folder_and_its_record(place: Project) -> None:
    write(place, FORM, OLD)
    keep_heads(place, head_of(FORM, OLD))
    spool(place, FORM)
    with planned(place) as (fd, plan):
        assert weigh(place, fd, plan).counts["session records"] == 1
        gone = remove_planned(place, fd, plan)
    assert (gone.counts["session records"], gone.counts["session files"], heads_left(place)) == (1, 1, set())
    assert not place.folder.path(FORM).parent.joinpath(FORM).exists()


def test_rows_of_controllers_and_groups_go_with_the_plan_and_those_that_are_not_in_it_stay(place: Project) -> None:
    ledger = place.store.ledger
    for uid in (HOLDS, FREE):
        insert(place, ledger.session, session_uid=uid, beat_ms=MS)
    insert(place, ledger.group, group_key="g", begun_ms=MS)
    hold(place, HOLDS)
    with planned(place) as (fd, plan):
        assert (plan.controllers, plan.groups) == ([FREE], ["g"])
        remove_planned(place, fd, plan)
    with planned(place) as (_, plan):
        assert (plan.controllers, plan.groups) == ([], [])
    assert Groups(place.store.database, ledger).read_old(MS + 1) == []
    assert ledger.session is not None
    with place.store.database.read() as connection:
        assert list(
            connection.execute(ledger.session.select().with_only_columns(ledger.session.c.session_uid)).scalars()
        ) == [HOLDS]


def test_on_a_disk_that_is_mounted_read_only_nothing_goes_at_all(place: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    write(place, FORM, OLD)
    keep_heads(place, head_of(FORM, OLD), head_of("gone", OLD, FREE))
    monkeypatch.setattr(os, "fstatvfs", lambda _: SimpleNamespace(f_flag=os.ST_RDONLY | os.ST_NOSUID))
    with planned(place) as (fd, plan), pytest.raises(FilesUnavailable, match="read-only; nothing was removed"):
        remove_planned(place, fd, plan)
    assert len(heads_left(place)) == 2
    monkeypatch.setattr(os, "fstatvfs", lambda _: SimpleNamespace(f_flag=os.ST_NOSUID))
    with planned(place) as (fd, plan):
        assert remove_planned(place, fd, plan).counts["session records"] == 2


def test_where_only_records_go_a_disk_is_not_asked_whether_it_can_be_written(
    place: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_heads(place, head_of("gone", OLD, FREE))
    monkeypatch.setattr(os, "fstatvfs", lambda _: SimpleNamespace(f_flag=os.ST_RDONLY))
    with planned(place) as (fd, plan):
        assert remove_planned(place, fd, plan).counts == {"session records": 1}


def test_attempts_are_kept_where_the_ledger_is_of_an_earlier_version_and_people_are_told_why(
    place: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(place, FORM, OLD)
    store = place.store
    monkeypatch.setattr(type(store), "migrate_ledger", lambda _: "")
    monkeypatch.setattr(type(store.ledger), "is_newest", property(lambda _: False))
    with planned(place) as (fd, plan):
        gone = remove_planned(place, fd, plan)
        told = f"attempts are kept: batchdrain's tables are of version {store.ledger.version}, without sums: "
        assert gone.notes == [f"{told}somebody holds a claim, perhaps an earlier batchdrain"]
        assert (gone.counts["attempts"], gone.counts["session files"]) == (0, 1)
        monkeypatch.setattr(type(store), "migrate_ledger", lambda _: "this user may not alter them")
        assert remove_planned(place, fd, plan).notes[0] == f"{told}this user may not alter them"


def test_attempts_are_counted_in_the_dry_run_as_in_earnest(place: Project) -> None:
    ledger = place.store.ledger
    for number in range(3):
        ended = {"ended_ms": MS, "started_ms": MS, "outcome": "failed", "run_id": "gone", "phase_id": str(number)}
        insert(place, ledger.attempt, key=str(number), epoch=1, session_uid=OURS, **ended)
    with planned(place) as (fd, plan):
        shown = weigh(place, fd, plan).counts["attempts"]
        assert (shown, remove_planned(place, fd, plan).counts["attempts"]) == (3, 3)


def test_where_there_are_no_tables_of_ours_files_alone_go(place: Project) -> None:
    write(place, FORM, OLD)
    with place.store.database.engine.begin() as connection:
        for (name,) in connection.exec_driver_sql(
            "SELECT name FROM sqlite_master WHERE name LIKE 'batchdrain%' AND type = 'table'"
        ).all():
            connection.exec_driver_sql(f"DROP TABLE {name}")
    with planned(place) as (fd, plan):
        assert weigh(place, fd, plan).counts == {"session files": 1}
        assert remove_planned(place, fd, plan).counts == {"session files": 1}
    assert not Path(place.folder.path(FORM)).exists()


def test_of_a_named_session_that_only_the_ledger_has_the_record_goes_without_a_folder(place: Project) -> None:
    keep_heads(place, head_of(FORM, OLD))
    plan = plan_prune(place, None, None, (FORM,))
    assert [one.files.session_id for one in plan.sessions] == [FORM]
    assert weigh(place, None, plan).counts == {"session records": 1}
    assert remove_planned(place, None, plan).counts == {"session records": 1}
    assert heads_left(place) == set()


def test_every_kind_of_record_is_weighed(place: Project) -> None:
    insert(place, place.store.ledger.group, group_key="g", begun_ms=MS)
    with planned(place) as (fd, plan):
        assert weigh(place, fd, plan).counts == {"group records": 1}


def test_on_such_a_disk_folders_of_triage_go_no_more_than_sessions(place: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    make_triages(place)
    monkeypatch.setattr(os, "fstatvfs", lambda _: SimpleNamespace(f_flag=os.ST_RDONLY))
    with planned(place) as (fd, plan), pytest.raises(FilesUnavailable, match="read-only; nothing was removed"):
        remove_planned(place, fd, plan)
    assert left(place) == sorted(TRIAGES)


def test_a_named_session_that_only_the_ledger_has_leaves_nothing_in_the_folder(place: Project) -> None:
    """Not even the lock that would keep others from it."""
    keep_heads(place, head_of(FORM, OLD))
    with open_sessions(place) as fd:
        gone = remove_planned(place, fd, plan_prune(place, fd, None, (FORM,)))
    assert (gone.counts, left(place), heads_left(place)) == ({"session records": 1}, [], set())


@pytest.mark.parametrize("what", ["folder", "events", "aside"])
def test_whatever_is_left_of_a_session_goes(place: Project, what: str) -> None:
    keep_heads(place, head_of(FORM, OLD))
    if what == "folder":
        place.folder.logs(FORM).mkdir(parents=True)
    elif what == "events":
        place.folder.events_path(FORM).touch()
    else:
        write(place, FORM, OLD)
        place.folder.put_aside(FORM)
    with planned(place) as (fd, plan):
        remove_planned(place, fd, plan)
    assert (left(place), heads_left(place)) == ([], set())


def test_a_file_of_a_session_that_can_not_be_removed_is_named(place: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    write(place, FORM, OLD)

    def fail(fd: int, files: object) -> None:
        raise OSError(16, "busy", f"{FORM}/logs")

    monkeypatch.setattr(removal, "remove_session", fail)
    with planned(place) as (fd, plan):
        assert remove_planned(place, fd, plan).problems == [f"{place.folder.folder}/{FORM}/logs: busy"]


def test_where_the_tables_roll_nothing_back_nothing_goes_at_all(place: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[object]()

    def refuse(*given: object) -> None:
        asked.append(given)
        raise ConfigError("no transactions", remedy="")

    write(place, FORM, OLD)
    monkeypatch.setattr(removal, "require_transactions", refuse)
    monkeypatch.setattr(type(place.store), "migrate_ledger", lambda _: pytest.fail("it was written to"))
    with planned(place) as (fd, plan), pytest.raises(ConfigError):
        remove_planned(place, fd, plan)
    assert (asked, place.folder.path(FORM).exists()) == ([(place.store.database, place.store.ledger.tables)], True)


def test_a_table_of_ours_that_somebody_dropped_is_made_again(place: Project) -> None:
    names = [table.name for table in place.store.ledger.tables if table.name.endswith("_chain")]
    with place.store.database.engine.begin() as connection:
        connection.exec_driver_sql(f"DROP TABLE {names[0]}")
    with planned(place) as (fd, plan):
        remove_planned(place, fd, plan)
    with place.store.database.read() as connection:
        assert sa.inspect(connection).has_table(names[0])
