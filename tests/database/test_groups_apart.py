"""What is read and written of one group touches no other group, no other table and no other phase."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import sqlalchemy as sa

from batchdrain.config.settings import Source
from batchdrain.database.connection import open_database
from batchdrain.database.ledger.groups import (
    GroupEnded,
    Groups,
    TriedInGroup,
    require_groups,
    require_untried,
    return_unit,
    take_unit,
)
from batchdrain.database.ledger.schema import Ledger
from batchdrain.database.phases.table import PhaseTable
from batchdrain.model.claim import Group
from batchdrain.model.errors import ConfigError, UsageError
from batchdrain.model.phase import PhaseKey
from tests.database.book import Book
from tests.support.workplace import Workplace

NIGHT, DAY = Group("night"), Group("day")
KEY = PhaseKey("r", "p")


@pytest.fixture
def bare(sqlite_project: Workplace) -> Iterator[Book]:
    """No table of batchdrain's own is there yet."""
    database = open_database(sqlite_project.url)
    ledger = Ledger.of(PhaseTable.reflect(database, Source()))
    yield Book(sqlite_project, database, ledger)
    database.close()


@pytest.fixture
def book(bare: Book) -> Book:
    bare.database.prepare_for_writing()
    bare.ledger.create(bare.database)
    for group in (NIGHT, DAY):
        Groups(bare.database, bare.ledger).join(group, most=5, minutes=0, asked={"--limit": 5})
    table = require_groups(bare.ledger)
    other = {"source": "others", "group_key": NIGHT.key, "name": "night", "most": 5, "taken": 3, "begun_ms": 1, "asked": "{}"}
    bare.database.write(lambda connection: connection.execute(table.insert().values(**other)))
    return bare


def rows(book: Book, columns: str) -> dict[tuple[str, str], Any]:
    """By source and name."""
    found = book.work.sql(f"SELECT source, name, {columns} FROM batchdrain_group")
    return {(source, name): values[0] if len(values) == 1 else tuple(values) for source, name, *values in found}


@pytest.mark.parametrize(
    ("facts", "is_tried"),
    [
        ({}, True), ({"outcome": "complete"}, True), ({"source": "others"}, False), ({"key": PhaseKey("r", "q").digest}, False),
        ({"group_key": DAY.key}, False), ({"group_key": None}, False), ({"outcome": None}, False), ({"outcome": "released"}, False),
    ],
    ids=str,
)  # fmt: skip
def test_a_phase_was_tried_by_its_group_where_that_has_a_result_of_it(
    book: Book, facts: dict[str, Any], is_tried: bool
) -> None:
    known = {"key": KEY.digest, "group_key": NIGHT.key, "outcome": "failed", **facts}
    book.attempt("r", known.pop("outcome"), **known)
    try:
        book.database.write(lambda connection: require_untried(connection, book.ledger, NIGHT, KEY))
        found = False
    except TriedInGroup:
        found = True
    assert found is is_tried
    listed = Groups(book.database, book.ledger).read_tried(NIGHT)
    assert bool(listed) is (is_tried or facts.get("key") is not None)


def test_what_a_group_has_tried_is_named_by_run_and_phase(book: Book) -> None:
    book.attempt("a run", "failed", phase_id="a phase", group_key=NIGHT.key)
    assert Groups(book.database, book.ledger).read_tried(NIGHT) == [PhaseKey("a run", "a phase")]


def test_before_there_are_tables_no_group_has_begun_and_none_is_old(bare: Book) -> None:
    groups = Groups(bare.database, bare.ledger)
    assert (groups.read(NIGHT), groups.read_tried(NIGHT), groups.read_old(10**15)) == (None, [], [])
    assert bare.work.sql("SELECT name FROM sqlite_master WHERE name LIKE 'batchdrain%'") == []


def test_tables_of_an_earlier_version_have_no_groups_and_that_is_told(book: Book) -> None:
    earlier = Ledger(meta=book.ledger.meta, claim=book.ledger.claim, attempt=book.ledger.attempt, source="phases", version=2)
    groups = Groups(book.database, earlier)
    assert (groups.read(NIGHT), groups.read_tried(NIGHT), groups.read_old(10**15)) == (None, [], [])
    with pytest.raises(ConfigError, match="of version 2, which has no groups"):
        groups.join(NIGHT, most=1, minutes=0, asked={})
    book.database.write(lambda connection: return_unit(connection, earlier, NIGHT.key))


def test_a_group_is_joined_once_and_reads_as_it_was_begun(book: Book) -> None:
    groups = Groups(book.database, book.ledger)
    groups.join(NIGHT, most=9, minutes=7, asked={"--limit": 5})
    found = groups.read(NIGHT)
    assert found is not None
    assert (found.most, found.taken, found.is_over, found.stopped) == (5, 0, False, None)
    assert rows(book, "until_ms")["phases", "night"] is None
    assert Groups(book.database, book.ledger).read(Group("nobody's")) is None


@pytest.mark.parametrize("limit", [5, 6])
def test_who_begins_a_group_at_the_same_moment_as_another_joins_it_if_they_ask_for_the_same(
    book: Book, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    groups = Groups(book.database, book.ledger)
    read, looks = groups._read_asked, list[object]()

    def not_yet(*facts: Any) -> Any:
        looks.append(facts)
        return None if len(looks) == 1 else read(*facts)

    monkeypatch.setattr(groups, "_read_asked", not_yet)
    if limit == 5:
        groups.join(NIGHT, most=9, minutes=0, asked={"--limit": limit})
    else:
        with pytest.raises(UsageError, match="was begun with --limit 5, and this drain asks for 6"):
            groups.join(NIGHT, most=9, minutes=0, asked={"--limit": limit})
    assert (len(looks), len(rows(book, "taken"))) == (2, 3)


def test_a_group_that_can_not_be_begun_for_another_reason_says_so(book: Book) -> None:
    book.work.sql("CREATE TRIGGER never BEFORE INSERT ON batchdrain_group BEGIN SELECT RAISE(ABORT, 'not this'); END")
    with pytest.raises(ConfigError, match="refuses what batchdrain writes into its own tables: not this"):
        Groups(book.database, book.ledger).join(Group("new"), most=1, minutes=0, asked={})


def test_what_a_drain_asks_for_is_held_against_its_group_without_joining_it(book: Book) -> None:
    groups = Groups(book.database, book.ledger)
    groups.require_alike(NIGHT, {"--limit": 5})
    groups.require_alike(Group("nobody's"), {"--limit": 6})
    with pytest.raises(UsageError, match="night was begun with --limit 5"):
        groups.require_alike(NIGHT, {"--limit": 6})


def test_a_group_that_is_stopped_stops_no_other_and_its_first_reason_stays(book: Book) -> None:
    groups = Groups(book.database, book.ledger)
    groups.stop(NIGHT, "first")
    groups.stop(NIGHT, "second")
    assert rows(book, "stopped") == {("phases", "night"): "first", ("phases", "day"): None, ("others", "night"): None}


def test_a_unit_is_taken_of_its_group_and_comes_back_to_it_and_to_none_that_has_taken_none(book: Book) -> None:
    book.database.write(lambda connection: take_unit(connection, book.ledger, NIGHT))
    assert rows(book, "taken") == {("phases", "night"): 1, ("phases", "day"): 0, ("others", "night"): 3}

    def give_back(key: str | None) -> None:
        book.database.write(lambda connection: return_unit(connection, book.ledger, key))

    for key in (None, DAY.key, NIGHT.key, NIGHT.key):
        give_back(key)
    assert rows(book, "taken") == {("phases", "night"): 0, ("phases", "day"): 0, ("others", "night"): 3}


@pytest.mark.parametrize(
    ("change", "because"),
    [
        ("most = 0", "night has taken its 0"), ("taken = 6", "night has taken its 5"), ("stopped = 'x'", "another drain of night was stopped: x"),
        ("until_ms = 1", "the minutes of night are over"), ("source = 'gone'", "somebody removed night from batchdrain_group"),
    ],
)  # fmt: skip
def test_a_group_that_gives_no_unit_says_why_and_counts_none(book: Book, change: str, because: str) -> None:
    book.work.sql(f"UPDATE batchdrain_group SET {change} WHERE name = 'night' AND source = 'phases'")
    before = rows(book, "taken")
    with pytest.raises(GroupEnded) as found:
        book.database.write(lambda connection: take_unit(connection, book.ledger, NIGHT))
    assert found.value.because.value == because
    assert rows(book, "taken") == before


def test_the_last_unit_is_given_and_a_time_that_is_not_over_ends_nothing(book: Book) -> None:
    book.work.sql("UPDATE batchdrain_group SET taken = 4, until_ms = 99999999999999 WHERE name = 'night'")
    book.database.write(lambda connection: take_unit(connection, book.ledger, NIGHT))
    assert rows(book, "taken")["phases", "night"] == 5


def add(found: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"n": found.get("n", 0) + 1}


def test_figures_are_folded_into_their_own_group_and_numbered(book: Book) -> None:
    groups = Groups(book.database, book.ledger)
    assert [groups.fold(NIGHT, add), groups.fold(NIGHT, add), groups.read_figures(NIGHT)] == [{"n": 1}, {"n": 2}, {"n": 2}]
    assert rows(book, "figures_no") == {("phases", "night"): 2, ("phases", "day"): None, ("others", "night"): None}
    assert groups.read_figures(DAY) == {}


@pytest.mark.parametrize("figures", ["", "no json", "[1]", "7", "[" * 9_000])
def test_figures_that_somebody_spoilt_count_from_nothing(book: Book, figures: str) -> None:
    book.work.sql("UPDATE batchdrain_group SET figures = :f, figures_no = 7", [{"f": figures}])
    groups = Groups(book.database, book.ledger)
    assert groups.read_figures(NIGHT) == {}
    assert groups.fold(NIGHT, add) == {"n": 1}
    assert rows(book, "figures_no")["phases", "night"] == 8


def test_of_a_group_that_somebody_removed_only_this_drains_own_figures_are_known(book: Book) -> None:
    book.work.sql("DELETE FROM batchdrain_group WHERE source = 'phases'")
    assert Groups(book.database, book.ledger).fold(NIGHT, add) == {"n": 1}
    assert list(rows(book, "taken")) == [("others", "night")]


def test_an_old_group_goes_by_its_begin_alone_and_of_its_own_table_alone(book: Book) -> None:
    book.work.sql("UPDATE batchdrain_group SET begun_ms = CASE name WHEN 'night' THEN 100 ELSE 200 END")
    groups = Groups(book.database, book.ledger)
    assert [sorted(groups.read_old(before)) for before in (100, 101, 200, 201)] == [
        [], [NIGHT.key], [NIGHT.key], sorted([NIGHT.key, DAY.key]),
    ]  # fmt: skip
    groups.forget([NIGHT.key])
    assert sorted(rows(book, "taken")) == [("others", "night"), ("phases", "day")]


@pytest.mark.parametrize(
    ("owner", "group", "is_old"),
    [("a" * 32, NIGHT, False), (None, NIGHT, True), ("a" * 32, DAY, True), ("a" * 32, None, True)],
)
def test_a_group_of_which_a_unit_is_held_is_not_old(book: Book, owner: str | None, group: Group | None, is_old: bool) -> None:
    claim = {
        "source": "phases",
        "key": KEY.digest,
        "epoch": 1,
        "owner": owner,
        "group_key": None if group is None else group.key,
    }
    book.database.write(lambda connection: connection.execute(sa.insert(book.ledger.claim).values(**claim)))
    assert (NIGHT.key in Groups(book.database, book.ledger).read_old(10**15)) is is_old
