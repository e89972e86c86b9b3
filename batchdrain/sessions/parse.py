"""Parses the text of a session file, which may be anything, into a session or an error that names the bad place."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any, Final

from pydantic import ValidationError

from batchdrain.config.messages import explain
from batchdrain.model.errors import BadData
from batchdrain.sessions.renewed_fingerprints import renew_fingerprints
from batchdrain.sessions.session import SCHEMA_VERSION, Session

_DEEPEST: Final = 100


class CorruptSession(BadData):
    """The file cannot be read as a session; the ledger may still have it."""


def parse(raw: bytes, place: str) -> Session:
    """Parse the bytes of a session file. Raises CorruptSession, or BadData for a newer schema."""
    try:
        found = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_unique, parse_constant=_refuse, parse_float=_finite, parse_int=_countable,
        )  # fmt: skip
        _require_shallow(found)
    except (ValueError, RecursionError) as error:
        raise CorruptSession(
            f"{place}: is no session: {str(error)[:120]}", remedy="`inv resume` rebuilds it from the ledger"
        ) from None
    version = found.get("schema_version", 0) if isinstance(found, dict) else 0
    if not isinstance(version, int) or isinstance(version, bool):  # writing it back would replace it with our version
        raise BadData(f"{place}: schema_version {str(version)[:40]!r} is no whole number", remedy="fix or move the file")
    if version > SCHEMA_VERSION:
        raise BadData(f"{place}: schema_version {version} is newer than {SCHEMA_VERSION}", remedy="upgrade batchdrain")
    try:
        session = Session.model_validate(found)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise CorruptSession(
            f"{place}: is no session: {where}: {explain(first)}", remedy="`inv resume` rebuilds it from the ledger"
        ) from None
    session.schema_version = SCHEMA_VERSION
    renew_fingerprints(session)
    return session


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key occurs twice in one object")
    return {_clean(key): _clean(value) if isinstance(value, str) else value for key, value in found.items()}


def _clean(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _countable(digits: str) -> int:
    number = int(digits)
    if not -(2**63) <= number < 2**64:
        raise ValueError(f"{digits[:40]}... is beyond all bounds")
    return number


def _require_shallow(found: object) -> None:
    """Raises ValueError for deeper nesting, which can be read but not be written again."""
    level: list[object] = [found]
    for _ in range(_DEEPEST):
        level = [inner for outer in level for inner in _inside(outer) if isinstance(inner, dict | list)]
        if not level:
            return
    raise ValueError(f"it is nested more than {_DEEPEST} deep")


def _inside(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"{digits[:40]} is beyond all bounds")
    return number
