"""The outputs of real programs that failed, as tests/data/outputs/make.py made them, and what a good reason of each holds."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from batchdrain.failures.meaningful_line import MeaningfulLine, explain

FOLDER: Final = Path(__file__).parents[1] / "data" / "outputs"
NEVER: Final = re.compile(
    r"^at |Node\.js v\d|A complete log|For more information|^\W*(?:hint|note):|Picked up|^Cleaning up|^Build step|^(?:LINE|DETAIL|CONTEXT|HINT)\b",
    re.IGNORECASE,
)
"""What is in no good reason, whatever the cause."""


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

    def explain(self) -> MeaningfulLine:
        """What the judge would take."""
        return explain(self.stderr.encode(), self.stdout.encode(), self.exit_code)

    def is_good(self, reason: str) -> bool:
        """As a person judged beforehand, by cause."""
        holds = all(re.search(one, reason, re.IGNORECASE) for one in self.must)
        spoils = NEVER.search(reason) or any(re.search(one, reason, re.IGNORECASE) for one in self.must_not)
        return holds and not spoils


def read_outputs() -> list[Output]:
    """All of them."""
    rows: list[dict[str, Any]] = [
        json.loads(line) for path in sorted(FOLDER.glob("*.jsonl")) for line in path.read_text().splitlines()
    ]
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
