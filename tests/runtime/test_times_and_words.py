"""Times, counts and names as they are written: each bound of them."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchdrain.runtime import clock, resources
from batchdrain.runtime.resources import shortage_of
from batchdrain.runtime.text import (
    STORED_CHARS,
    agree,
    can_encode,
    count_of,
    count_times,
    cut_text,
    describe_ending,
    is_nameable,
    is_utf8,
    safe_text,
    slug_of,
    to_limit_percent,
    to_percent,
    to_printable,
    to_shown_path,
    to_storable,
)

NOON = datetime(2025, 12, 28, 12, tzinfo=UTC)


def test_a_time_is_written_in_utc_whatever_its_zone_and_for_people_in_whole_seconds() -> None:
    here = (NOON + timedelta(microseconds=1_500)).astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert (clock.to_iso(here), clock.to_shown(here)) == ("2025-12-28T12:00:00.001500Z", "2025-12-28T12:00:00Z")
    assert clock.to_iso(NOON) == "2025-12-28T12:00:00Z"
    assert clock.now().utcoffset() == timedelta(0)


def test_a_time_is_kept_in_milliseconds_and_comes_back() -> None:
    assert clock.to_ms(NOON) == 1_766_923_200_000
    assert clock.from_ms(clock.to_ms(NOON)) == NOON
    assert clock.to_ms(NOON + timedelta(microseconds=1_600)) == clock.to_ms(NOON) + 2
    assert [clock.from_ms(ms).year for ms in (-(10**18), 10**18)] == [2, 9998]
    assert clock.from_ms(10**18) - timedelta(days=365) < clock.from_ms(10**18) + timedelta(days=360), (
        "there is room around it"
    )


@pytest.mark.parametrize(
    ("rate", "shown"), [(0, "0.0%"), (1, "100.0%"), (2 / 3, "66.6%"), (0.9999, "99.9%"), (0.57, "57.0%"), (0.29, "29.0%")]
)
def test_a_rate_is_cut_and_never_looks_as_if_it_reached_a_limit(rate: float, shown: str) -> None:
    assert to_percent(rate) == shown


@pytest.mark.parametrize(
    ("rate", "limit", "shown"),
    [
        (0.5, 0.5, ("50.0%", "50.0%")),
        (0.5, 0.5004, ("50.0%", "50.04%")),  # both cut, 50.0% would be below 50.0%
        (2 / 3, 0.6666, ("66.66%", "66.66%")),  # cut to one decimal, it would reach what it is below
        (2 / 3, 2 / 3, ("66.66666666666666%", "66.66666666666666%")),
        (2 / 3, 0.66667, ("66.6%", "66.667%")),
        (1, 1, ("100.0%", "100.0%")),
        (0.9999, 1.0, ("99.9%", "100.0%")),
        (0.0, 1e-05, ("0.0%", "0.001%")),
        (0.29, 0.3, ("29.0%", "30.0%")),
    ],
)
def test_a_rate_beside_a_limit_reads_as_it_compares(rate: float, limit: float, shown: tuple[str, str]) -> None:
    found = to_percent(rate, limit), to_limit_percent(limit)
    assert found == shown
    assert (float(found[0][:-1]) < float(found[1][:-1])) is (rate < limit)


@given(st.integers(1, 200).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))), st.floats(0, 1))
def test_whatever_the_rate_is_it_reads_below_its_limit_where_it_is(counted: tuple[int, int], limit: float) -> None:
    rate = counted[0] / counted[1]
    shown, wanted = (Decimal(text[:-1]) for text in (to_percent(rate, limit), to_limit_percent(limit)))
    assert (shown < wanted) is (rate < limit)
    assert to_percent(rate).partition(".")[0] == to_percent(rate, limit).partition(".")[0]


def test_words_go_with_their_numbers() -> None:
    assert [count_times(number) for number in (0, 1, 2)] == ["0 times", "once", "2 times"]
    assert [count_of(number, "run") for number in (0, 1, 2)] == ["0 runs", "1 run", "2 runs"]
    assert [count_of(number, "history", "histories") for number in (1, 2)] == ["1 history", "2 histories"]
    assert [agree(number, "is", "are") for number in (0, 1, 2)] == ["are", "is", "are"]


@pytest.mark.parametrize(
    ("code", "number", "success", "shown"),
    [(0, None, True, "X"), (3, None, True, "X, exit 3"), (None, 9, True, "X, killed by signal 9"), (3, None, False, "X"),
     (None, 9, False, "X"), (None, None, True, "X")],
)  # fmt: skip
def test_a_success_that_did_not_end_as_one_says_how_it_ended(
    code: int | None, number: int | None, success: bool, shown: str
) -> None:
    assert describe_ending("X", code, number, success=success) == shown


def test_what_can_not_be_seen_is_shown_as_a_program_writes_it() -> None:
    assert safe_text("\x1b[2J\u200b\U000e0001\n\x85") == "\\x1b[2J\\u200b\\U000e0001\\x0a\\x85"


def test_a_text_is_cut_to_its_limit_with_a_sign_in_it() -> None:
    assert (cut_text("abcd", 4), cut_text("abcde", 4)) == ("abcd", "abc…")
    assert (len(safe_text("x" * 2_001)), len(safe_text("x" * 2_000, limit=None))) == (2_000, 2_000)
    assert len(to_storable("x" * (STORED_CHARS + 1))) == STORED_CHARS == 16_000
    assert to_storable("a\x00\ud800") == "a\u2400\ufffd"


@pytest.mark.parametrize(
    ("text", "slug"),
    [("a/b c", "a-b-c"), ("../..", "phase"), ("x" * 50, "x" * 40), (".-a-.", "a"), ("", "phase"), ("ü", "phase")],
)
def test_a_slug_is_short_and_harmless(text: str, slug: str) -> None:
    assert slug_of(text) == slug


@pytest.mark.parametrize(
    ("text", "is_one"), [("a", True), ("ü ✓", True), ("", False), ("a\x00", False), ("\ud800", False), ("ü\udc80", False)]
)
def test_a_name_is_not_empty_and_valid_text_without_nul(text: str, is_one: bool) -> None:
    assert is_nameable(text) is is_one


def test_a_stream_gets_what_it_can_show() -> None:
    assert to_printable("✓ ✗ … ü", "ascii") == "[ok] [x] ... \\xfc"
    assert to_printable("✓ ü", "utf-8") == "✓ ü"
    assert [can_encode("✓", name) for name in ("utf-8", "latin-1", "no such", None)] == [True, False, False, False]
    assert [is_utf8(name) for name in ("UTF8", "utf-8", "latin-1", "no such", None)] == [True, True, False, False, False]


def test_a_path_is_shown_from_where_people_stand_if_it_is_below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert (to_shown_path(tmp_path / "a" / "b"), to_shown_path(tmp_path.parent)) == ("a/b", str(tmp_path.parent))


@pytest.mark.parametrize(
    ("error", "is_one"),
    [
        (MemoryError(), True),
        (RuntimeError("can't start new thread"), True),
        (SystemError("error return without exception set"), True),
        (ImportError("x.so: failed to map segment from shared object"), True),
        (ImportError("x.so: Cannot allocate memory"), True),
        (RuntimeError("another"), False),
        (OSError("can't start new thread"), False),
        (ImportError("no module named x"), False),
    ],
    ids=str,
)
def test_a_shortage_of_the_machine_is_told_as_one_with_its_cure(error: BaseException, is_one: bool) -> None:
    found = shortage_of(error)
    assert (found is not None) is is_one
    assert found is None or found.remedy == resources.REMEDY


def test_the_memory_of_this_process_is_told_where_the_machine_tells_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "_STATM", tmp_path / "statm")
    assert resources.resident_bytes() == 0
    (tmp_path / "statm").write_bytes(b"900 70 5 1 0 9 0\n")
    assert resources.resident_bytes() == 70 * os.sysconf("SC_PAGE_SIZE")
