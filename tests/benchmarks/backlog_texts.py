"""The failure texts of a large backlog: a few that repeat, and those that differ from row to row, as texts do."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class BacklogTexts:
    """Shapes of texts with places for a number, a small number and a hash; and in how many runs they stand."""

    name: str
    shapes: tuple[str | None, ...]
    rows_of_run: int | None  #: None: always RUNS runs

    def runs_of(self, failed: int) -> int:
        """In how many runs so many failed phases stand."""
        return RUNS if self.rows_of_run is None else max(1, failed // self.rows_of_run)

    def lanes_of(self, failed: int) -> int:
        """In how many lanes, by category: each shape of a run is one."""
        return self.runs_of(failed) * len(self.shapes)

    def reason(self, number: int, runs: int) -> str | None:
        """Of the row with this number. Each run has every shape."""
        shape = self.shapes[(number // (1 if self.rows_of_run is None else runs)) % len(self.shapes)]
        if shape is None:
            return None
        return shape.replace("{n}", str(number)).replace("{m}", str(number % 97)).replace("{h}", hash_of(number))


def hash_of(number: int) -> str:
    """As every database computes it."""
    return hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest()[:12]


RUNS: Final = 50
FEW: Final = BacklogTexts(
    name="few",
    rows_of_run=None,
    shapes=(
        None,
        "ConnectionResetError: [Errno 104] Connection reset by peer",
        "ImportError: cannot import name 'Ledger{m}' from 'acme.ledger'",
        "Missing 2 required deliverables: docs/{m}.md, tests/test_{m}.py",
        "error: patch failed: src/app/part_{m}.py:{m}",
        "AssertionError: assert {m} == 1",
        "KeyError: 'missing_{m}'",
    ),
)
DISTINCT: Final = BacklogTexts(
    name="distinct",
    rows_of_run=100,
    shapes=(
        "job-{h} on worker-{n}.cluster.local exit code {m}",
        "ConnectionResetError: [Errno 104] Connection reset by peer: https://api-{m}.acme.example/v2/{h}/runs/{n}",
        "ImportError: cannot import name 'Ledger{n}' from 'acme.ledger' (/srv/build/{h}/acme/ledger.py)",
        "Missing 2 required deliverables: docs/{n}.md, tests/test_{h}.py",
        "error: patch failed: src/app/part_{n}.py:{m} (while applying {h})",
        "AssertionError: assert {n} == {m} in /srv/build/{h}/tests/test_{m}.py",
        "step build-{h} timed out after {m} s on host-{n}.cluster.local",
    ),
)
"""A shape for each category: a hundred rows of a run are seven lanes."""
