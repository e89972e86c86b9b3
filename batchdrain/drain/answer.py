"""What a command reports about itself in its result file. Each field that is wrong is reported as a problem; the other fields
count."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from batchdrain.config.redaction import Redact
from batchdrain.execution.order import RESULT_BYTES
from batchdrain.runtime.json_text import to_json
from batchdrain.runtime.text import cut_text, to_storable

FIELDS: Final = ("reason", "metrics", "needs")
_METRICS: Final = 50
_NAME_CHARS: Final = 100
_VALUE_CHARS: Final = 60
_REDACTED_CHARS: Final = 10_000
_LARGEST: Final = 1e300
_TOLD: Final = 3
_KINDS: Final = ((bool, "true or false"), (int | float, "a number"), (str, "a text"), (list, "a list"), (dict, "an object"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The usable content of a result file."""

    reason: str = ""  #: without secrets; '' if the file gives none
    needs_time: bool = False
    metrics: Mapping[str, float] = field(default_factory=dict)
    problems: tuple[str, ...] = ()  #: which parts were not used, and why; without secrets

    @classmethod
    def of(cls, raw: bytes, redact: Redact) -> Answer:
        """Parse a result file. An empty file gives an empty answer. A field that is null counts as not given."""
        if not raw.strip():
            return cls()
        try:
            found = _to_object(raw)
        except ValueError as error:
            return cls(problems=(str(error),))
        reader = _Reader(redact)
        reader.note(f"{name} occurs twice" for name in found.twice)
        reader.note_unknown(found.fields)
        return cls(
            reason=reader.read_reason(found.fields.get("reason")),
            needs_time=reader.read_needs(found.fields.get("needs")),
            metrics=reader.read_metrics(found.fields.get("metrics")),
            problems=tuple(reader.problems),
        )

    def with_problem(self, problem: str) -> Answer:
        """A copy of the answer with one more problem."""
        return replace(self, problems=(*self.problems, problem))

    @property
    def problem(self) -> str:
        """The problems in one clause, for people; '' if there are none."""
        if not self.problems:
            return ""
        more = f" and {len(self.problems) - _TOLD} more" if len(self.problems) > _TOLD else ""
        return "result file: " + "; ".join(self.problems[:_TOLD]) + more


@dataclass(frozen=True, slots=True)
class _Object:
    fields: dict[str, Any]
    twice: tuple[str, ...]


class _Pairs(list[tuple[str, Any]]):
    """The pairs of a JSON object as they are written: of two equal names `dict` would silently keep only the last one."""


class _Reader:
    """Reads the values that have the right type, and notes a problem for each other one."""

    def __init__(self, redact: Redact) -> None:
        self._redact = redact
        self.problems: list[str] = []

    def note(self, problems: Iterable[str]) -> None:
        """Add problems, without secrets, and in a form that every database can store."""
        self.problems += [to_storable(self._redact(problem)) for problem in problems]

    def note_unknown(self, fields: Mapping[str, Any]) -> None:
        """Note the names of fields that nobody reads."""
        unknown = [repr(self._brief_name(name)) for name in fields if name not in FIELDS]
        more = f" and {len(unknown) - _TOLD} more" if len(unknown) > _TOLD else ""
        if unknown:
            self.note([f"{', '.join(unknown[:_TOLD])}{more} is no field ({', '.join(FIELDS)})"])

    def read_reason(self, value: object) -> str:
        if value is None:
            return ""
        if isinstance(value, str):
            return to_storable(self._redact(value)).strip()
        self.note([f"reason is {_kind_of(value)}, not a text: {self._brief(value)}"])
        return ""

    def read_needs(self, value: object) -> bool:
        if value is None or value == "time":
            return value == "time"
        self.note([f"needs is {self._brief(value)}, and only 'time' is known"])
        return False

    def read_metrics(self, value: object) -> dict[str, float]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.note([f"metrics is {_kind_of(value)}, not an object: {self._brief(value)}"])
            return {}
        found: dict[str, float] = {}
        wrong = len(self.problems) + _METRICS
        for name, number in value.items():
            if len(found) >= _METRICS or len(self.problems) >= wrong:
                self.note([f"only the first {_METRICS} of {len(value)} metrics are read"])
                break
            if problem := self._problem_of(number):
                self.note([f"metric {self._brief_name(name)} {problem}: {self._brief(number)}"])
            else:
                found[to_storable(self._redact(name))[:_NAME_CHARS]] = float(number)
        return found

    @staticmethod
    def _problem_of(number: object) -> str:
        """Why the value can't be a metric; '' if it can."""
        if isinstance(number, bool) or not isinstance(number, int | float):
            return f"is {_kind_of(number)}, not a number"
        return "" if abs(number) < _LARGEST else "is no finite number below 1e300"  # a comparison with NaN is always false

    def _brief_name(self, name: str) -> str:
        return cut_text(self._redact(name), _VALUE_CHARS)

    def _brief(self, value: object) -> str:
        """The value as JSON, cut to a short text. Secrets are removed before the cut, as half a secret would not be recognised."""
        return cut_text(self._redact(_to_text(value)[:_REDACTED_CHARS]), _VALUE_CHARS)


def _to_object(raw: bytes) -> _Object:
    """Parse the file. Raises ValueError, which says what the file is instead of a JSON object."""
    if len(raw) > RESULT_BYTES:
        raise ValueError(f"is larger than {RESULT_BYTES // 1024**2} MiB")
    try:
        pairs = json.loads(raw, object_pairs_hook=_Pairs)
        fields = {name: _to_plain(value) for name, value in pairs} if isinstance(pairs, _Pairs) else None
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8") from None
    except (ValueError, RecursionError):
        raise ValueError("is no JSON object") from None
    if fields is None:
        raise ValueError(f"is no JSON object but {_kind_of(pairs)}")
    names = [name for name, _ in pairs]
    return _Object(fields, tuple(name for name in FIELDS if names.count(name) > 1))


def _to_plain(value: Any) -> Any:
    if isinstance(value, _Pairs):
        return {name: _to_plain(inner) for name, inner in value}
    return [_to_plain(inner) for inner in value] if isinstance(value, list) else value


def _kind_of(value: object) -> str:
    return next((name for kind, name in _KINDS if isinstance(value, kind)), "null")


def _to_text(value: object) -> str:
    """The value as JSON. Floats are written as Python writes them, as JSON has no form for NaN and infinity."""
    if isinstance(value, float):
        return str(value)
    try:
        return to_json(value).decode()
    except (ValueError, RecursionError):  # nested so deeply that it can be read but not written
        return "…"
