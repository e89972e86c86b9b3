"""Reads the values that users gave to flags, by each flag's kind. The table of flags says which kinds there are."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from batchdrain.cli.tasks import flag as kinds
from batchdrain.cli.tasks.flag import Flag
from batchdrain.cli.tasks.flags import LONGEST
from batchdrain.config.load import Override
from batchdrain.config.paths import expand_home
from batchdrain.model.errors import ConfigError, UsageError
from batchdrain.runtime import clock
from batchdrain.runtime.text import to_storable

_COMMA: Final = re.compile(r"(?<!\\),")
_DURATION: Final = re.compile(r"(\d{1,9})([smhdw])", re.ASCII)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_UNIT_S: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_WHOLE: Final = re.compile(r"-?\d{1,18}", re.ASCII)
_SHOWN_CHARS: Final = 80


def values_of(flags: Iterable[Flag], given: Mapping[str, Any]) -> dict[str, Any]:
    """The values by name. A flag that was not given is None, False or (); a NAME is then its first choice.

    Flags that set a setting are collected as `settings`, in the task's order, if the task has any: the settings' model reads
    them. Raises UsageError with a line for each wrong value of the other flags.
    """
    values: dict[str, Any] = {}
    overrides: list[Override] = []
    problems: list[str] = []
    for flag in flags:
        text = given[flag.name]
        if flag.is_list and isinstance(text, str):  # called from Python: `drain(c, category="transient")`
            text = [text]
        if flag.setting:
            values["settings"] = overrides
            if text not in (None, False, []):
                overrides.append(Override(flag.dashed, tuple(flag.setting.split(".")), text))
            continue
        try:
            values[flag.name] = _value(flag, text)
        except UsageError as error:
            problems.append(str(error))
    if problems:
        raise UsageError("\n".join(problems))
    return values


def _value(flag: Flag, given: Any) -> object:
    read = _READERS.get(flag.kind)
    if read is None:
        return given
    if flag.is_list:
        return tuple(
            dict.fromkeys(
                read(flag, entry)
                for text in given or ()
                for entry in _entries(flag, as_utf8(text, sys.getfilesystemencoding()))
            )
        )
    if given is None:
        return flag.choices[0] if flag.choices else None
    text = str(given)
    return read(flag, text if flag.kind == kinds.FILE else as_utf8(text, sys.getfilesystemencoding()))


def _entries(flag: Flag, text: str) -> list[str]:
    r"""The entries of one text with commas. `\,` is a comma within an entry; every other backslash stands for itself."""
    found = [part.strip().replace(r"\,", ",") for part in _COMMA.split(text)]
    return [entry for entry in found if entry] or [_filled(flag, "")]


def _filled(flag: Flag, text: str) -> str:
    if not text.strip():
        raise UsageError(
            f"{flag.dashed}: is empty", remedy="name one" if flag.is_required else "name one, or leave the flag out"
        )
    return text


def _file(flag: Flag, text: str) -> str:
    """A path with `~` expanded: a shell expands one after a space, but not that of --output=~/x."""
    try:
        return expand_home(_filled(flag, text))
    except ValueError as error:
        raise UsageError(f"{flag.dashed}: {error}, got {text[:_SHOWN_CHARS]!r}") from None


def _text(flag: Flag, text: str) -> str:
    """A text. One that is kept in the ledger must be short, and have only characters that every database takes."""
    if flag.most == LONGEST and (len(text) > LONGEST or to_storable(text) != text):
        raise UsageError(f"{flag.dashed}: expected at most {LONGEST} characters of valid text, got {text[:_SHOWN_CHARS]!r}")
    return _filled(flag, text)


def as_utf8(text: str, encoding: str) -> str:
    """A text from the shell as UTF-8, even if Python decoded it in another `encoding`. Scripts get ids from us as UTF-8."""
    try:
        return text.encode(encoding, "surrogateescape").decode()
    except UnicodeError:  # the bytes are not UTF-8, so the text is right as it is
        return text


def _choice(flag: Flag, text: str) -> str:
    if text not in flag.choices:
        *others, last = flag.choices
        raise UsageError(f"{flag.dashed}: expected {', '.join(others)} or {last}, got {text[:_SHOWN_CHARS]!r}")
    return text


def _whole(flag: Flag, text: str) -> int:
    if not _WHOLE.fullmatch(text.strip()) or not flag.least <= int(text) <= flag.most:
        raise UsageError(
            f"{flag.dashed}: expected a whole number from {flag.least} to {flag.most}, got {text[:_SHOWN_CHARS]!r}"
        )
    return int(text)


def _cluster(flag: Flag, text: str) -> str:
    from batchdrain.planning.filters import to_cluster_id

    return to_cluster_id(flag.dashed, text)


def _url(flag: Flag, text: str) -> str:
    """A database URL. Errors do not show it, since it may hold a password."""
    from batchdrain.database.url import parse_url

    try:
        parse_url(_filled(flag, text))
    except ConfigError as error:
        raise UsageError(error.message.replace("database_url", flag.dashed), remedy=error.remedy) from None
    return text


def _age(flag: Flag, text: str) -> timedelta:
    """A duration such as 30d, 12h, 90m or 2w, no longer than the calendar reaches back."""
    found = _DURATION.fullmatch(text.strip())
    try:
        age = timedelta(seconds=int(found[1]) * _UNIT_S[found[2]]) if found else timedelta()
        clock.now() - age - timedelta(days=1)
    except OverflowError:
        raise UsageError(f"{flag.dashed}: no date is so long ago, got {text[:_SHOWN_CHARS]!r}") from None
    if found and not age:
        raise UsageError(f"{flag.dashed}: must be longer than 0, got {text[:_SHOWN_CHARS]!r}")
    if not age:
        raise UsageError(f"{flag.dashed}: expected a duration (30d, 12h, 90m, 2w), got {text[:_SHOWN_CHARS]!r}")
    return age


def moment(flag: str, text: str, now: datetime) -> datetime:
    """A time in the future: 7d or 12h from now, a date (the end of that day in UTC), or a date and time (UTC unless it names
    a zone). Raises UsageError, also for a time that is over."""
    try:
        found = _moment(text.strip(), now)
    except (ValueError, OverflowError):
        raise UsageError(
            f"{flag}: expected a date (2026-03-01), a date and time (2026-03-01T12:00Z) or a duration (7d, 12h), "
            f"got {text[:_SHOWN_CHARS]!r}"
        ) from None
    if found <= now:
        raise UsageError(f"{flag}: {text.strip()} is over already", remedy="name a later one")
    return found


def _moment(text: str, now: datetime) -> datetime:
    duration = _DURATION.fullmatch(text)
    if duration is not None:
        return now.replace(microsecond=0) + timedelta(seconds=int(duration[1]) * _UNIT_S[duration[2]])
    if _DATE.fullmatch(text):
        day = date.fromisoformat(text) + timedelta(days=1)
        return datetime(day.year, day.month, day.day, tzinfo=UTC)
    if not _DATE.match(text):
        raise ValueError(text)
    found = datetime.fromisoformat(text)
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


_READERS: Final[Mapping[str, Callable[[Flag, str], object]]] = {
    kinds.CLUSTER_ID: _cluster,
    kinds.DURATION: _age,
    kinds.FILE: _file,
    kinds.GLOB: _text,
    kinds.ID: _text,
    kinds.INT: _whole,
    kinds.NAME: _choice,
    kinds.TEXT: _text,
    kinds.URL: _url,
    kinds.WHEN: lambda flag, text: moment(flag.dashed, text, clock.now()),
}
"""The reader of each kind. Kinds of flags that only set settings have none: the settings' model reads them."""
