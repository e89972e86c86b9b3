"""Turns the time of a write into a value of the user's `updated_at`: as the column's type needs it, or as its values show.
Pure.

Times are always UTC: on servers the session's time zone is UTC too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from batchdrain.database.phases.declared_types import DeclaredType, Family
from batchdrain.model.errors import ConfigError

SAMPLED: Final = 100
PER_SECOND: Final = {"s": 1, "ms": 1_000, "us": 1_000_000}
LEAST_TIME: Final = 10**8
"""Smaller numbers are not taken for times: they would be seconds before 1973 (or earlier, in smaller units)."""
_UNITS: Final = ((10**11, "s"), (10**14, "ms"), (10**17, "us"))
_JULIAN: Final = (2_400_000.0, 2_600_000.0)
_JULIAN_1970: Final = 2_440_587.5
_DAY_S: Final = 86_400
_2038_S: Final = 2**31 - 1  # a column of numbers must hold times at least until then
_MOST: Final = {"int8": 2**63 - 1, "bigint": 2**63 - 1, "int4": 2**31 - 1, "int": 2**31 - 1, "oid": 2**32 - 1}
_WITH_ZONE: Final = frozenset({"timestamptz"})
_WITHOUT_ZONE: Final = frozenset({"timestamp", "datetime"})
_FRACTIONS: Final = frozenset({"float8", "double"})
_DECIMALS: Final = frozenset({"numeric", "decimal"})
_NO_MOMENT: Final = frozenset({"date", "time"})
_TEXT: Final = re.compile(r"\d{4}-\d\d-\d\d([ T])\d\d:\d\d:\d\d(?:\.(\d{1,6})\d*)?(Z|z|[+-]\d\d(?::?\d\d)?)?")
_LONG, _SHORT, _SHORTEST = ("T", 6, "Z"), ("T", 0, "Z"), (" ", 0, "")
_Make = Callable[[datetime], Any]
_Text = tuple[str, int, str]  #: the separator of day and time, the digits of the fraction, the zone


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateTime:
    """How the time of a write is written into `updated_at`."""

    make: _Make
    warning: str = ""  #: what about it is a guess; '' if nothing is


def asks_values(declared: DeclaredType) -> bool:
    """Whether the column's type alone does not tell how a time is written in it."""
    return declared.family in {Family.STORED, Family.TEXT, Family.WHOLE} or declared.base in _DECIMALS | _FRACTIONS


def update_time_of(column: str, declared: DeclaredType, values: Sequence[object], unit: str) -> UpdateTime:
    """`values`: some of the column's values. `unit`: the configured unit, or 'auto'. Raises ConfigError for a type that can't
    hold the time of a write."""
    if declared.family is Family.STORED:
        return _stored(column, declared, values, unit)
    if declared.base in _WITH_ZONE:
        return UpdateTime(make=lambda now: now)
    if declared.base in _WITHOUT_ZONE:
        return UpdateTime(make=lambda now: now.replace(tzinfo=None))
    if declared.family is Family.TEXT and not declared.words:
        return _text(column, declared, values, unit)
    if declared.base in _DECIMALS | _FRACTIONS or declared.family is Family.WHOLE:
        kind = int if declared.family is Family.WHOLE else Decimal if declared.base in _DECIMALS else float
        chosen, warning = _choose_unit(column, values, unit)
        _require_room(column, declared, chosen)
        return UpdateTime(make=_number(chosen, kind), warning=warning)
    raise _unfit(column, f"holds {declared.name}, which can't hold the time of a write")


def _stored(column: str, declared: DeclaredType, values: Sequence[object], unit: str) -> UpdateTime:
    """SQLite: write in the form that most values have, or if there are none, in that of the declared type."""
    kinds = Counter(type(value) for value in values if isinstance(value, int | float | str))
    kind = kinds.most_common(1)[0][0] if kinds else None
    alike = [value for value in values if type(value) is kind]
    if kind is str:
        if declared.base in _NO_MOMENT and not any(_is_time(str(value)) for value in alike):
            raise _unfit(column, f"holds {declared.name}, which can't hold the time of a write")
        return _text(column, declared, alike, unit)
    if kind is float and sum(_JULIAN[0] < value < _JULIAN[1] for value in alike if isinstance(value, float)) * 2 > len(alike):
        return UpdateTime(make=lambda now: now.timestamp() / _DAY_S + _JULIAN_1970)
    base = declared.base
    if kind is None and declared.base in _NO_MOMENT:
        raise _unfit(column, f"holds {declared.name}, which can't hold the time of a write")
    if kind is None and unit == "auto" and "int" not in base:
        if "date" in base or "time" in base:
            return UpdateTime(make=_spelt((" ", 6, "")))
        if not base or any(part in base for part in ("char", "clob", "text", "blob")):
            return UpdateTime(make=_spelt(_LONG))
    chosen, warning = _choose_unit(column, alike, unit)
    is_real = any(part in base for part in ("real", "floa", "doub")) and "int" not in base
    return UpdateTime(make=_number(chosen, float if kind is float or (kind is None and is_real) else int), warning=warning)


def _text(column: str, declared: DeclaredType, values: Sequence[object], unit: str) -> UpdateTime:
    """Write in the form that most values have; if there is none, as much of ISO 8601 as the column has room for."""
    texts = [str(value).strip() for value in values]
    numbers = [int(text) for text in texts if text.isdecimal() and len(text) < 20]
    if numbers and len(numbers) * 2 > len(texts):
        chosen, warning = _choose_unit(column, numbers, unit)
        whole = _number(chosen, int)
        return UpdateTime(make=lambda now: str(whole(now)), warning=warning)
    forms = Counter(form for form in map(_form_of, texts) if form is not None)
    fitting = [*(form for form, _ in forms.most_common()), _LONG, _SHORT, _SHORTEST]
    for form in fitting:
        if declared.length is None or declared.family is Family.STORED or _chars_of(form) <= declared.length:
            return UpdateTime(make=_spelt(form))
    raise _unfit(column, f"holds {declared.name}, which is too short for the time of a write")


def _choose_unit(column: str, values: Sequence[object], unit: str) -> tuple[str, str]:
    """The unit, and a warning if it is a guess."""
    if unit != "auto":
        return unit, ""
    units = _count_units(values)
    if not units:
        return "s", (
            f"column {column!r} holds numbers, and no value yet that tells their unit: seconds are written; "
            "set source.updated_at_unit"
        )
    chosen = units.most_common(1)[0][0]
    if chosen == "ns":
        raise _unfit(column, "holds numbers of a unit that is smaller than a microsecond")
    if len(units) > 1:
        return chosen, (
            f"column {column!r} holds times of more than one unit: {chosen} is written, as most are; set source.updated_at_unit"
        )
    return chosen, ""


def find_unit(values: Sequence[object]) -> str | None:
    """The unit of most of the numbers: s, ms, us or ns; None if none of them can be a time."""
    return next((unit for unit, _ in _count_units(values).most_common(1)), None)


def _count_units(values: Sequence[object]) -> Counter[str]:
    numbers = [value for value in values if isinstance(value, int | float | Decimal) and value >= LEAST_TIME]
    return Counter(next((name for most, name in _UNITS if number < most), "ns") for number in numbers)


def _require_room(column: str, declared: DeclaredType, unit: str) -> None:
    most: int | None = None
    if declared.family is Family.WHOLE:
        most = _MOST.get(declared.base, 0)
    elif declared.base in _DECIMALS and declared.precision is not None:
        most = 10 ** (declared.precision - declared.scale) - 1
    if most is not None and most < _2038_S * PER_SECOND[unit]:
        raise _unfit(column, f"holds {declared.name}, which is too small for times in {unit}")


def _number(unit: str, kind: Callable[[Any], Any]) -> _Make:
    per_second = PER_SECOND[unit]

    def make(now: datetime) -> Any:
        us = round(now.timestamp() * 1_000_000)
        return us * per_second // 1_000_000 if kind is int else kind(us) * per_second / 1_000_000

    return make


def _spelt(form: _Text) -> _Make:
    between, digits, zone = form

    def make(now: datetime) -> str:
        fraction = f".{now.microsecond:06d}"[: digits + 1] if digits else ""
        return f"{now:%Y-%m-%d}{between}{now:%H:%M:%S}{fraction}{zone}"

    return make


def _form_of(text: str) -> _Text | None:
    found = _TEXT.fullmatch(text)
    if found is None:
        return None
    zone = found[3] or ""
    return found[1], len(found[2] or ""), zone if zone in {"", "Z", "z"} else re.sub(r"\d", "0", "+" + zone[1:])


def _is_time(text: str) -> bool:
    return _form_of(text.strip()) is not None or text.strip().isdecimal()


def _chars_of(form: _Text) -> int:
    return len("2000-01-01T00:00:00") + (form[1] + 1 if form[1] else 0) + len(form[2])


def _unfit(column: str, why: str) -> ConfigError:
    return ConfigError(
        f"batchdrain.source.columns.updated_at: column {column!r} {why}",
        remedy="map a column of times, of numbers or of text, or null for none",
    )
