"""The outputs of real programs that failed, as tests/data/outputs/make.py made them, and what a good reason of each holds."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from batchdrain.failures.meaningful_line import MeaningfulLine, explain

FOLDER: Final = Path(__file__).parents[1] / "data" / "outputs"
NEVER: Final = re.compile(
    r"^at |Node\.js v\d|A complete log|For more information|^\W*(?:hint|note):|Picked up|^Cleaning up|^Build step|(?-i:^(?:LINE|DETAIL|CONTEXT|HINT)\b)",
    re.IGNORECASE,
)
"""What is in no good reason, whatever the cause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What a person holds of a cause, as labels.tsv has it; it is written by cause, not by what the rules make of its texts."""

    category: str  #: "other" where no rule is due
    is_worded_by_author: (
        bool  #: its variants differ in the sentence of whoever wrote the script, not in names that a program prints
    )
    kind: str  #: one for all causes that are the same mistake in the same words, whoever called the program


@cache
def read_labels() -> dict[tuple[str, str], Label]:
    """By program and cause. Those whose variants failed of two causes are left out."""
    lines = (FOLDER / "labels.tsv").read_text().splitlines()
    fields = [[*line.split("\t"), ""][:5] for line in lines if not line.startswith("#")]
    return {
        (program, cause): Label(
            category="other" if category == "none" else category,
            is_worded_by_author=words == "author",
            kind=kind or f"{program}/{cause}",
        )
        for program, cause, category, words, kind in fields
        if category != "mixed"
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One run of one cause."""

    program: str
    cause: str
    variant: int
    exit_code: int
    must: tuple[str, ...]
    must_not: tuple[str, ...]
    stdout: str
    stderr: str

    @property
    def is_held_back(self) -> bool:
        """Whether the rules were not made with it in view: about every second cause, by its name."""
        return hashlib.sha256(f"{self.program}/{self.cause}".encode()).digest()[0] % 2 == 1

    @property
    def label(self) -> Label | None:
        """None where its cause has none."""
        return read_labels().get((self.program, self.cause))

    def explain(self) -> MeaningfulLine:
        """What the judge would take."""
        return explain(self.stderr.encode(), self.stdout.encode(), self.exit_code)

    def is_good(self, reason: str) -> bool:
        """As a person judged beforehand, by cause."""
        holds = all(re.search(one, reason, re.IGNORECASE) for one in self.must)
        spoils = NEVER.search(reason) or any(re.search(one, reason, re.IGNORECASE) for one in self.must_not)
        return holds and not spoils


def read_outputs(*, unseen: bool = False) -> list[Output]:
    """All of them but those of the set that was made last, or those of that set alone: it repeats mistakes of the others."""
    paths = [path for path in sorted(FOLDER.glob("*.jsonl")) if path.name.startswith("unseen-") is unseen]
    rows: list[dict[str, Any]] = [json.loads(line) for path in paths for line in path.read_text().splitlines()]
    return [
        Output(
            program=row["program"],
            cause=row["cause"],
            variant=row["variant"],
            exit_code=row["exit"],
            must=tuple(row["must"]),
            must_not=tuple(row["not"]),
            stdout=row["stdout"],
            stderr=row["stderr"],
        )
        for row in rows
    ]
