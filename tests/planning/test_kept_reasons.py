"""What a reading found out about each row is told again without reading the rows: the same rule for the same row."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from tempfile import gettempdir
from typing import Any

import pytest
from hypothesis import given

from batchdrain.config.settings import Settings
from batchdrain.database.ledger.history import Past
from batchdrain.database.phases.pages import Page, Row
from batchdrain.failures.categories import categorise
from batchdrain.model.errors import FilesUnavailable
from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.planning import kept_reasons
from batchdrain.planning.filters import Filters
from batchdrain.planning.kept_reasons import KeptReasons
from batchdrain.planning.lane_builder import LaneBuilder
from batchdrain.planning.reading import Reading
from batchdrain.planning.skip_rules import SkipRules
from tests.planning.test_choosing import backlogs

ODD = [
    Row(run_id="rüß", phase_id="\udcff", phase_index=-(2**63) + 1, reason=None),
    Row(run_id="", phase_id="p" * 200_000, phase_index=2**63 - 1, reason="boom"),
]
RULES = SkipRules(filters=Filters(), settings=Settings(), past=Past())


def _pages_of(rows: Sequence[Row]) -> list[Page]:
    return [Page.of(rows[start : start + 7]) for start in range(0, len(rows), 7)]


def _noted(kept: KeptReasons, rows: Sequence[Row], rules: SkipRules = RULES) -> None:
    """A reading of these rows, to its end. All of them are passed on."""
    builder = LaneBuilder(rules, categorise, counts_only=True)
    assert [row for page in kept.note(_pages_of(rows), builder) for row in page.rows] == list(rows)


def _told(found: Any) -> list[tuple[Any, Skip | None]]:
    assert found is not None
    return [(row[:3], skip) for page, skips in found for row, skip in zip(page.rows, skips, strict=True)]


@given(backlogs())
def test_the_reasons_that_are_kept_are_those_that_another_reading_would_give(found: tuple[list[Row], SkipRules]) -> None:
    rows, rules = [*found[0], *ODD], found[1]
    with closing(KeptReasons()) as kept:
        _noted(kept, [*rows, *rows], rules)  # only the last reading counts
        _noted(kept, rows, rules)
        assert _told(kept.reasons({})) == _told(Reading(pages=_pages_of(rows), rules=rules).why_not(categorise))


def test_pages_whose_rows_all_share_a_reason_and_pages_of_several_are_told_alike() -> None:
    rules = SkipRules(filters=Filters(run_id="open"), settings=Settings(), past=Past())
    rows = [Row(run_id, f"p{at}", at, None) for run_id in ("skipped", "open") for at in range(10)]  # 7 and 7 and 6
    with closing(KeptReasons()) as kept:
        _noted(kept, [], rules)
        assert _told(kept.reasons({})) == []
        _noted(kept, rows, rules)
        told = _told(kept.reasons({}))
    assert [(ids[0], skip is None) for ids, skip in told] == [("skipped", False)] * 10 + [("open", True)] * 10


def test_what_turned_out_later_is_told_of_the_phases_that_no_rule_skips() -> None:
    rows, late = [Row("r", "a", 1, None), Row("r", "", 1, None), Row("s", "a", 1, None)], Skip("bad data", "no number")
    with closing(KeptReasons()) as kept:
        _noted(kept, rows)
        told = _told(kept.reasons({PhaseKey("r", "a"): late, PhaseKey("r", ""): late}))
    assert [skip and skip.rule for _, skip in told] == ["bad data", "bad id", None]


@pytest.mark.parametrize("rows", [ODD[:1], [*ODD, *ODD]], ids=["while it is closed", "while it is written"])
def test_a_disk_that_is_full_keeps_nothing_and_ends_nothing(monkeypatch: pytest.MonkeyPatch, rows: list[Row]) -> None:
    monkeypatch.setattr(kept_reasons, "SpooledTemporaryFile", lambda _: open("/dev/full", "wb"))  # noqa: SIM115, PTH123
    with closing(KeptReasons()) as kept:
        _noted(kept, rows)
        assert kept.reasons({}) is None


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> Iterator[KeptReasons]:
    """So that a few rows are in a file."""
    monkeypatch.setattr(kept_reasons, "_AT_HAND", 10)
    with closing(KeptReasons()) as kept:
        yield kept


def test_a_megabyte_of_rows_is_kept_without_a_file() -> None:
    assert kept_reasons._AT_HAND == 1 << 20


def test_many_rows_are_in_a_file_that_is_gone_with_them(large: KeptReasons) -> None:
    before = os.listdir("/proc/self/fd")
    _noted(large, ODD)
    assert len(os.listdir("/proc/self/fd")) == len(before) + 1
    assert len(_told(large.reasons({}))) == len(ODD)
    assert os.listdir("/proc/self/fd") == before
    assert large.reasons({}) is None


def test_without_room_for_the_file_and_before_the_end_of_a_reading_nothing_is_kept(
    large: KeptReasons, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert large.reasons({}) is None
    pages = large.note(_pages_of(ODD), LaneBuilder(RULES, categorise, counts_only=True))
    next(pages)
    assert large.reasons({}) is None
    pages.close()  # type: ignore[attr-defined]
    monkeypatch.setattr("tempfile.tempdir", "/dev/null/no folder")
    _noted(large, ODD)
    assert large.reasons({}) is None


def test_a_file_that_somebody_cut_is_told(large: KeptReasons) -> None:
    _noted(large, ODD)
    file: Any = large._file
    file.truncate(10)
    with pytest.raises(FilesUnavailable) as caught:
        _told(large.reasons({}))
    assert caught.value.message.startswith(f"{gettempdir()}: ")
    assert caught.value.remedy == "fix its disk, or name another folder by TMPDIR"


def test_a_reading_is_noted_while_it_is_used_and_is_otherwise_the_same() -> None:
    rules = SkipRules(filters=Filters(run_id="r"), settings=Settings(), past=Past())
    rows = [Row("r", "a", 1, "boom"), Row("s", "a", 1, "boom")]
    given = Reading(pages=_pages_of(rows), rules=rules, redact=str.upper)
    with closing(KeptReasons()) as kept:
        found = kept.wrap(lambda: given, categorise)()
        assert (found.rules, found.redact) == (rules, str.upper)
        assert [row for page in found.pages for row in page.rows] == rows
        assert [skip for _, skip in _told(kept.reasons({}))] == [None, Skip("--run-id", "not r")]
