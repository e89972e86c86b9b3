"""The pages of messages are true: its rows are provoked as a reader would, and what they tell to do is done, and helps."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.docs.provocations import ALL, SERVER, Provocation
from tests.docs.troubles import Row, pattern_of, rows
from tests.support.workplace import Workplace

NOT_PROVOKED = Path(__file__).with_name("not_provoked.txt")
"""The other rows, below a line with the reason each."""


def _row_of(says: str) -> Row:
    """The row that has this message: alone, or as one of several."""
    found = [row for row in rows() if row.says == says] or [row for row in rows() if says in row.says.split("; ")]
    assert len({row.says for row in found}) == 1, f"{says!r} stands in {len(found)} rows"
    return found[0]


def _provoke(place: Workplace, case: Provocation, database_url: str | None = None) -> None:
    """Make it so, look at what is told, do what the row says, and look whether that helped."""
    place.fail("r/a")
    if case.sql:
        place.sql(case.sql)
    for name, content in case.files.items():
        (place.root / name).write_text(content)
    before, message = dict(place.settings), pattern_of(case.said or case.says)
    place.configure(**case.settings, **({} if database_url is None else {"database_url": database_url}))
    told = place.inv(*shlex.split(case.argv), env=case.environ or None)

    codes = _row_of(case.says).codes
    assert message.search(told.out + told.err), told
    assert told.code in (codes or {0}), told

    place.settings = before
    place.configure(**case.mended)
    cured = place.inv(*shlex.split(case.cure))
    assert cured.code == 0, cured
    assert message.search(cured.out + cured.err) is None, cured


@pytest.mark.everyday("sqlite")
@pytest.mark.parametrize("case", ALL, ids=lambda case: case.says[:60])
def test_a_row_of_the_page_is_what_is_told_and_its_cure_helps(sqlite_project: Workplace, case: Provocation) -> None:
    _provoke(sqlite_project, case)


@pytest.mark.parametrize("case", SERVER, ids=lambda case: case.says[:60])
def test_a_row_about_a_server_is_what_it_is_told_and_its_cure_helps(
    tmp_path: Path, postgresql_url: str, case: Provocation
) -> None:
    (tmp_path / "project").mkdir()
    place = Workplace(root=tmp_path / "project", url=postgresql_url)
    place.make_table()
    elsewhere = sa.make_url(postgresql_url).set(database="no_such_database").render_as_string(hide_password=False)
    _provoke(place, case, elsewhere if case.said else None)


def test_every_row_of_the_page_is_provoked_or_stands_in_the_list_of_those_that_are_not() -> None:
    provoked = {_row_of(case.says).says for case in (*ALL, *SERVER)}
    listed = [line for line in NOT_PROVOKED.read_text().splitlines() if line and not line.startswith("# ")]
    assert [row.says for row in rows() if row.says not in provoked and row.says not in listed] == [], "provoke them"
    assert [line for line in listed if line in provoked] == [], "these are provoked: take them out of the list"
    assert set(listed) - {row.says for row in rows()} == set(), "these stand on the page no more"


def test_a_row_is_found_by_a_message_as_it_is_told() -> None:
    assert pattern_of("--run-id: there is no hint of …").search(
        "batchdrain: --run-id: there is no hint of 'r'; `inv hint` lists them"
    )
    assert not pattern_of("--run-id: there is no hint of …").search("batchdrain: --run-id: is required")
