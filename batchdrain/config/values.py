"""The types of values in settings: what they accept, and what people are told about other values."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field

from batchdrain.config.paths import expand_home

_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(s|m|h)?", re.ASCII)
_ENDLESS_S: Final = 10**12
_NUMBER: Final = re.compile(r"-?\d{1,18}(\.\d+)?", re.ASCII)
_SQL_QUOTED: Final = re.compile(r"""'[^']*'|"[^"]*"|`[^`]*`""")
_UNIT_S: Final = {None: 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}


def to_seconds(value: object) -> float:
    """90, '90', '90s', '10m' or '1h' as seconds. Raises ValueError for anything else, including nan and inf."""
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _ENDLESS_S:
        return float(value)
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError("expected a duration such as 90, 90s or 10m")
    return float(match[1]) * _UNIT_S[match[2]]


def _require_whole(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"-?\d{1,18}", value.strip(), re.ASCII):
        raise ValueError("expected a whole number")
    if isinstance(value, bool | float):
        raise ValueError("expected a whole number")  # noqa: TRY004 - pydantic collects ValueErrors
    return value


def _require_number(value: object) -> object:
    if isinstance(value, str) and not _NUMBER.fullmatch(value.strip()):
        raise ValueError("expected a number")
    return value


def to_text(value: object) -> object:
    """A number as it is written; any other value unchanged. Raises ValueError for true and false."""
    if isinstance(value, bool):
        raise ValueError("YAML reads a bare yes, no, on or off as true or false: quote it")  # noqa: TRY004
    return str(value) if isinstance(value, int) else value


def _to_truth(value: object) -> object:
    words = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
    return words.get(value.strip().lower(), value) if isinstance(value, str) else value


def _to_budgets(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        if value.lstrip().startswith("{"):
            return json.loads(value)
        pairs = (entry.partition("=") for entry in value.split(",") if entry.strip())
        return {name.strip(): amount for name, _, amount in pairs}
    except (ValueError, RecursionError):
        return value


def _to_options(value: object) -> object:
    try:
        return json.loads(value) if isinstance(value, str) and value.lstrip().startswith("{") else value
    except (ValueError, RecursionError):
        return value


def require_no_nul(value: str) -> str:
    """Raises ValueError for a NUL character."""
    if "\x00" in value:
        raise ValueError("must not contain a NUL character")
    return value


def _require_closed(value: str) -> str:
    """Our SQL puts parentheses around a condition: it must not close them, nor leave a quote open."""
    bare = _SQL_QUOTED.sub(" ", value)
    if any(sign in bare for sign in "'\"`"):
        raise ValueError("has a quote that is not closed; write one inside of quotes twice")
    depth = 0
    for sign in bare:
        depth += (sign == "(") - (sign == ")")
        if depth < 0:
            break
    if depth:
        raise ValueError("has a parenthesis without its other half")
    return value


Seconds = Annotated[float, BeforeValidator(to_seconds), Field(gt=0, le=31_536_000)]
SecondsOrZero = Annotated[float, BeforeValidator(to_seconds), Field(ge=0, le=31_536_000)]
Whole = Annotated[int, BeforeValidator(_require_whole)]
Number = Annotated[float, BeforeValidator(_require_number), Field(allow_inf_nan=False)]
NonEmptyText = Annotated[str, BeforeValidator(to_text), AfterValidator(require_no_nul), Field(min_length=1)]
Text = Annotated[str, BeforeValidator(to_text), AfterValidator(require_no_nul)]
Place = Annotated[Text, AfterValidator(expand_home)]
"""A path: `~` is expanded, variables are refused."""
Condition = Annotated[Text, AfterValidator(_require_closed)]
Truth = Annotated[bool, BeforeValidator(_to_truth)]
Budgets = Annotated[dict[NonEmptyText, Annotated[Number, Field(ge=0)]], BeforeValidator(_to_budgets)]
"""Numbers by name, as a mapping or as the text of a variable: JSON, or `tokens=100000,calls=50`."""
Options = Annotated[dict[NonEmptyText, Any], BeforeValidator(_to_options)]
"""Anything that an engine takes, as a mapping or as JSON."""
