"""The diagnosis command of the tests, and what became of its verdicts."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tests.support.workplace import Workplace

DIAGNOSER = Path(__file__).parents[1] / "support" / "diagnoser.py"


HOPELESS = {"say": {"verdict": "hopeless", "reason": "the branch is gone"}}


PROMISING = {"say": {"verdict": "promising", "reason": "the service is back"}}


WAIT = {"say": {"verdict": "wait", "reason": "the queue is full", "wait_s": 3600}}


def diagnose(place: Workplace, acts: dict[str, dict[str, Any]], **triage: Any) -> None:
    """Configure the diagnosis command of the tests, and what it does for whom."""
    place.configure(triage={"argv": [sys.executable, "-S", str(DIAGNOSER)], **triage})
    (place.root / "diagnoses.json").write_text(json.dumps(acts))


def diagnosed(place: Workplace) -> list[str]:
    """The phases whose diagnosis was begun, sorted."""
    path = place.root / "diagnosed.txt"
    return sorted(line.rpartition(" ")[0] for line in path.read_text().splitlines()) if path.exists() else []


def has_ledger(place: Workplace) -> bool:
    return sa.inspect(place.engine).has_table("batchdrain_meta")


def verdicts(place: Workplace) -> dict[str, str]:
    """'run/phase' -> the verdict that the ledger keeps."""
    if not has_ledger(place):
        return {}
    rows = place.sql("SELECT value FROM batchdrain_meta WHERE name LIKE 'verdict/%'")
    said = [json.loads(value)["said"] for (value,) in rows]
    return {f"{one['run_id']}/{one['phase_id']}": one["verdict"] for one in said}


def hours_later(place: Workplace) -> None:
    """Move the end of every verdict into the past, instead of waiting for it."""
    for name, value in place.sql("SELECT name, value FROM batchdrain_meta WHERE name LIKE 'verdict/%'"):
        note = json.loads(value)
        note["said"]["until"] = "2001-01-01T00:00:00Z"
        place.sql("UPDATE batchdrain_meta SET value = :v WHERE name = :n", [{"v": json.dumps(note), "n": name}])


def everything(place: Workplace) -> list[tuple[Any, ...]]:
    return sorted(place.sql("SELECT * FROM phases"), key=repr)
