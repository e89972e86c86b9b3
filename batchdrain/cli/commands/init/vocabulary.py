"""Names of columns and words of states, as people use them.
They are kept in vocabulary.json and compared in one plain form. Pure."""

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
_TAILS: Final = frozenset({"old", "entry", "entries", "row", "rows", "table", "tbl"})
_LEAST: Final = 5  # so many characters a name needs if its words are written together
_DENIALS: Final = frozenset({"no", "not", "non", "without", "never", "un", "kein", "ohne"})


def to_plain(name: str) -> str:
    """The plain form: 'Step No', 'stepNo' and 'step #' become 'step_no', 'Échoué' becomes 'echoue'."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", re.sub("[#№]", " no ", name))
    bare = "".join(char for char in unicodedata.normalize("NFKD", split) if not unicodedata.combining(char))
    return re.sub(r"[\W_]+", "_", bare.casefold()).strip("_")


def _read() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FILE.read_bytes())
    return found


def _plain(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(to_plain, names)))


_KEPT: Final = _read()
LIKELY: Final[Mapping[str, tuple[str, ...]]] = {
    ours: _plain((*names, *(f"{name}_{unit}" for name in names for unit in _KEPT["time_units"] if ours == "updated_at")))
    for ours, names in _KEPT["columns"].items()
}
"""Usual names of each column, the likeliest first. Those of times also with a unit behind them."""
WORDS: Final[Mapping[str, tuple[str, ...]]] = {ours: _plain(words) for ours, words in _KEPT["words"].items()}
"""Usual words for each state, the likeliest first."""
(
    QUEUES,
    STRONG_PHASES,
    RUN_PARTS,
    PHASE_PARTS,
    TABLES,
    OF_RUNS,
    TRUTHS,
    ENDED_TRUTHS,
    BUSY_TRUTHS,
    LOGS,
    LOG_ENDS,
    DELETIONS,
) = (
    _plain(_KEPT[key])
    for key in (
        "queues",
        "strong_phases",
        "run_parts",
        "phase_parts",
        "tables",
        "of_runs",
        "truths",
        "ended_truths",
        "busy_truths",
        "logs",
        "log_ends",
        "deletions",
    )
)
MOMENTS: Final[Mapping[str, tuple[str, ...]]] = {ours: _plain(names) for ours, names in _KEPT["moments"].items()}
"""Names of columns that tell a state by holding a time, or the one who has the phase."""
_ALL_FAILED: Final = frozenset(_plain(_KEPT["all_failed"]))
_PLAIN_LOGS: Final = frozenset(_plain(_KEPT["log_starts"]))
_SUSPECTS: Final = frozenset(_plain(_KEPT["suspects"]))
_STATE_OF: Final = {term: ours for ours, words in WORDS.items() for term in words}


def state_of(term: str) -> str | None:
    """Which of our states a word means; None if that can't be told."""
    return _STATE_OF.get(to_plain(term))


def is_name_of_log(name: str) -> bool:
    """Whether a table has the name of a log: `job_log`, `log_of_jobs`, `JobHistory`, `Auftragsprotokoll`, `job_log_2025`."""
    parts = to_plain(name).split("_")
    while len(parts) > 1 and (parts[-1].isdigit() or parts[-1] in _TAILS):
        parts = parts[:-1]
    return parts[-1] in LOGS or parts[0] in _PLAIN_LOGS or parts[-1].endswith(LOG_ENDS)


def is_all_failed(name: str) -> bool:
    """Whether a table has the name of one that holds nothing but failures: `failed_jobs`."""
    return not _ALL_FAILED.isdisjoint(to_plain(name).split("_"))


def looks_failed(term: str) -> bool:
    """Whether people may mean a failure by the word: `upstream_failed` or `timeout`, but not `not_failed`."""
    plain = to_plain(term)
    if _STATE_OF.get(plain) == "failed" or plain in _SUSPECTS:
        return True
    return plain.endswith(_FAILED_TAILS) and _DENIALS.isdisjoint(plain.split("_"))


def place_of(term: str, words: Sequence[str]) -> int:
    """The word's place in `words`: 0 is the likeliest; their number if it is not among them."""
    plain = to_plain(term)
    return words.index(plain) if plain in words else len(words)


def name_rank(name: str, likely: tuple[str, ...]) -> int | None:
    """How likely a name is: 0 is the likeliest. Names that only end like a likely one come behind all that equal one.
    None: it resembles none."""
    plain = to_plain(name)
    if plain in likely:
        return likely.index(plain)
    bare = plain.replace("_", "")  # some servers fold `statusName` to `statusname`, and people write `Fehler Text`
    if len(bare) >= _LEAST and (joined := _joined(likely).get(bare)) is not None:
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
    """The columns with likely names, the likeliest first."""
    ranks = [(rank, column.name, column) for column in columns if (rank := name_rank(column.name, likely)) is not None]
    return [column for _, _, column in sorted(ranks, key=lambda one: one[:2])]


def _ends_with(plain: str, name: str) -> bool:
    return name not in _NO_ENDINGS and plain.endswith("_" + name)
