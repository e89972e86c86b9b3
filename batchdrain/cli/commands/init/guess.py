"""Guessing which table and columns hold the phases. Pure: names and values in, a mapping out."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

LIKELY: Final[Mapping[str, tuple[str, ...]]] = {
    "run_id": ("run_id", "run", "batch_id", "build_id", "job_id", "pipeline_id", "workflow_id", "parent_id", "batch", "build",
               "job", "pipeline", "workflow", "run_name", "run_key"),
    "phase_id": ("phase_id", "phase", "step_id", "task_id", "stage_id", "step", "task", "stage", "phase_name", "step_name",
                 "task_name", "name", "key", "id"),
    "phase_index": ("phase_index", "step_index", "task_index", "stage_index", "position", "pos", "idx", "index", "ordinal", "seq",
                    "sequence", "order", "step_no", "order_no", "sort_order", "number", "rank", "ord", "nr", "no", "n"),
    "state": ("state", "status", "phase_state", "task_state", "phase_status", "step_status", "task_status", "job_state",
              "outcome", "result"),
    "last_failure_reason": ("last_failure_reason", "failure_reason", "last_error", "error_message", "error", "reason",
                            "message", "failure", "err", "stderr", "detail", "details", "error_text", "why", "cause"),
    "updated_at": ("updated_at", "modified_at", "last_updated", "last_modified", "updated", "changed_at", "last_changed", "mtime",
                   "updated_on", "modified_on", "changed_on", "date_updated", "date_modified", "modified", "changed", "touched"),
}  # fmt: skip
"""Names that are used for each column, likeliest first."""
MAY_BE_NULL: Final = ("phase_index", "last_failure_reason", "updated_at")
_NO_ENDINGS: Final = frozenset({"updated", "modified", "changed", "touched"})  # `has_changed` is no time
WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "failed": ("failed", "failure", "fail", "error", "errored", "broken", "crashed"),
    "queued": ("queued", "pending", "waiting", "todo", "new", "ready", "scheduled", "enqueued", "created", "open"),
    "executing": ("executing", "running", "in_progress", "working", "active", "started", "processing", "busy", "claimed",
                  "doing", "locked"),
    "complete": ("complete", "completed", "done", "success", "succeeded", "finished", "passed", "ok", "closed"),
}  # fmt: skip
"""Words that are used for each state, likeliest first."""
_TABLES: Final = ("phases", "phase", "steps", "tasks", "stages", "jobs", "runs", "work")
NEEDED: Final = ("run_id", "phase_id", "state")
_SHOWN: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """A mapping of a table, as good as its names and words allow."""

    table: str
    columns: Mapping[str, str | None]
    states: Mapping[str, str | None]  #: None: the column takes certain words only, and none of them looks like it
    sure: frozenset[str]  #: the states whose word was found, not assumed
    known_states: Sequence[str] = ()  #: all that the state's column takes, where it says so

    @property
    def missing(self) -> list[str]:
        """Columns that batchdrain needs, and that no name looks like."""
        return [name for name in NEEDED if self.columns[name] is None]

    @property
    def without(self) -> list[str]:
        """Columns that no name looks like, and that batchdrain can do without."""
        return [name for name in MAY_BE_NULL if self.columns[name] is None]


def guess_columns(names: Sequence[str]) -> dict[str, str | None]:
    """For each of ours the likeliest column, none twice; None where nothing is likely."""
    taken: set[str] = set()
    found: dict[str, str | None] = {}
    for ours, likely in LIKELY.items():
        by_plain = {_to_plain(name): name for name in reversed(names) if name not in taken}
        hit = next((by_plain[name] for name in likely if name in by_plain), None)
        if hit is None:
            hit = next((by_plain[plain] for name in likely for plain in by_plain if _ends_with(plain, name)), None)
        found[ours] = hit
        if hit is not None:
            taken.add(hit)
    return found


def guess_states(values: Collection[str], *, are_all: bool = False) -> tuple[dict[str, str | None], frozenset[str]]:
    """For each of our states the word that stands in the table, else one in the same spelling; and which were found.
    `are_all`: the column takes no other values, so that a state without a likely one has None."""
    by_plain = {_to_plain(value): value for value in sorted(values)}
    upper = not values or any(value.isupper() for value in values)
    guessed: dict[str, str | None] = {}
    for ours, likely in WORDS.items():
        assumed = None if are_all else (likely[0].upper() if upper else likely[0])
        guessed[ours] = next((by_plain[name] for name in likely if name in by_plain), assumed)
    return guessed, frozenset(ours for ours, state in guessed.items() if state in values)


def find_likeliest(tables: Mapping[str, Sequence[str]]) -> str | None:
    """The table that looks most like one of phases; None when none has the needed columns."""

    def score(item: tuple[str, Sequence[str]]) -> tuple[int, int, str]:
        name, columns = item
        found = guess_columns(columns)
        by_name = next((len(_TABLES) - place for place, table in enumerate(_TABLES) if table in _to_plain(name)), 0)
        return (-sum(value is not None for value in found.values()), -by_name, name)

    fitting = {
        name: columns
        for name, columns in tables.items()
        if all(guess_columns(columns)[needed] is not None for needed in NEEDED) and not name.startswith("batchdrain_")
    }
    return min(fitting.items(), key=score)[0] if fitting else None


def describe_lack(tables: Mapping[str, Sequence[str]]) -> str:
    """The single thing that keeps the table that comes nearest from being the one."""
    lacking = {
        name: [needed for needed in NEEDED if guess_columns(columns)[needed] is None]
        for name, columns in tables.items()
        if not name.startswith("batchdrain_")
    }
    if not lacking:
        return "it has no tables"
    name = min(lacking, key=lambda one: (len(lacking[one]), one))
    if len(lacking[name]) == len(NEEDED):
        return f"no column of any looks like run_id, phase_id or state (tables: {', '.join(sorted(lacking)[:_SHOWN])})"
    columns = ", ".join(tables[name][:_SHOWN])
    return f"{name!r} comes nearest, and no column of it looks like {' or '.join(lacking[name])} (columns: {columns})"


def _to_plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()).strip("_")


def _ends_with(plain: str, name: str) -> bool:
    return name not in _NO_ENDINGS and plain.endswith("_" + name)
