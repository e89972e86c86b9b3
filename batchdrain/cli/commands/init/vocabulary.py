"""Names of columns, and words of states, as people use them: kept in vocabulary.json, compared in one plain form. Pure."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

FILE: Final = Path(__file__).with_name("vocabulary.json")
_NO_ENDINGS: Final = frozenset({"updated", "modified", "changed", "touched"})  # `has_changed` is no time
_FAILED_TAILS: Final = ("_failed", "_failure", "_error", "_crashed", "_broken", "_fehlgeschlagen")
_LEAST: Final = 5  # signs of a name whose words stand together
_DENIALS: Final = frozenset({"no", "not", "non", "without", "never", "un", "kein", "ohne"})


def to_plain(name: str) -> str:
    """'Step No', 'stepNo' and 'step #' are 'step_no', 'Échoué' is 'echoue'."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", re.sub("[#№]", " no ", name))
    bare = "".join(char for char in unicodedata.normalize("NFKD", split) if not unicodedata.combining(char))
    return re.sub(r"[\W_]+", "_", bare.casefold()).strip("_")


def _read() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FILE.read_bytes())
    return found


def _plain(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(to_plain, names)))


_KEPT: Final = _read()
LIKELY: Final[Mapping[str, tuple[str, ...]]] = {ours: _plain(names) for ours, names in _KEPT["columns"].items()}
"""Names that are used for each column, likeliest first."""
WORDS: Final[Mapping[str, tuple[str, ...]]] = {ours: _plain(words) for ours, words in _KEPT["words"].items()}
"""Words that are used for each state, likeliest first."""
QUEUES, STRONG_PHASES, RUN_PARTS, PHASE_PARTS, TABLES, OF_RUNS, TRUTHS, LOGS = (
    _plain(_KEPT[key])
    for key in ("queues", "strong_phases", "run_parts", "phase_parts", "tables", "of_runs", "truths", "logs")
)
MOMENTS: Final[Mapping[str, tuple[str, ...]]] = {ours: _plain(names) for ours, names in _KEPT["moments"].items()}
"""Names of columns that tell a state by holding a time, or who has it."""
_SUSPECTS: Final = frozenset(_plain(_KEPT["suspects"]))
_STATE_OF: Final = {term: ours for ours, words in WORDS.items() for term in words}


def state_of(term: str) -> str | None:
    """Which of our states a word means; None where that can't be told."""
    return _STATE_OF.get(to_plain(term))


def looks_failed(term: str) -> bool:
    """Whether people may mean a failure by it: `upstream_failed`, `timeout`. Not `not_failed`."""
    plain = to_plain(term)
    if _STATE_OF.get(plain) == "failed" or plain in _SUSPECTS:
        return True
    return plain.endswith(_FAILED_TAILS) and _DENIALS.isdisjoint(plain.split("_"))


def place_of(term: str, words: Sequence[str]) -> int:
    """How likely it is among them: 0 is the likeliest."""
    plain = to_plain(term)
    return words.index(plain) if plain in words else len(words)


def name_rank(name: str, likely: tuple[str, ...]) -> int | None:
    """0: it is the likeliest name; what only ends so comes behind all that are so. None: it looks like none."""
    plain = to_plain(name)
    if plain in likely:
        return likely.index(plain)
    bare = plain.replace("_", "")  # a server that folds `statusName` to `statusname` takes its words apart for nobody
    if bare == plain and len(bare) >= _LEAST and (joined := _joined(likely).get(bare)) is not None:
        return joined
    return next((len(likely) + place for place, one in enumerate(likely) if _ends_with(plain, one)), None)


@cache
def _joined(likely: tuple[str, ...]) -> Mapping[str, int]:
    return {one.replace("_", ""): place for place, one in reversed(list(enumerate(likely)))}


class _Named(Protocol):
    @property
    def name(self) -> str: ...


Column = TypeVar("Column", bound=_Named)


def rank_columns(columns: Iterable[Column], likely: tuple[str, ...]) -> list[Column]:
    """Those whose names are likely, the likeliest first."""
    ranks = [(rank, column.name, column) for column in columns if (rank := name_rank(column.name, likely)) is not None]
    return [column for _, _, column in sorted(ranks, key=lambda one: one[:2])]


def _ends_with(plain: str, name: str) -> bool:
    return name not in _NO_ENDINGS and plain.endswith("_" + name)
