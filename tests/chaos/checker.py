"""What must be true after every fault, whatever it was. One function; every chaos test ends with it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from batchdrain.execution.order import TOKEN
from tests.support.workplace import Workplace, named

REASON = "the reason it failed with before ✓\n"
_DRAINING = re.compile(r"^(?:  Draining:|\[[0-9/]+\]) (\S+) / (\S+)$")


@dataclass(frozen=True)
class Seen:
    """A line of the witness."""

    word: str
    name: str
    epoch: int


def witnessed(folder: Path) -> list[Seen]:
    path = folder / "events"
    lines = path.read_text().splitlines() if path.exists() else []
    return [Seen(word, name, int(epoch)) for word, name, epoch, _ in (line.split("\t") for line in lines)]


def violations(place: Workplace, witness: Path, printed: str, *, settled: bool = True) -> list[str]:
    """Every broken promise, a line each. `printed`: all that the drains said. `settled`: a last command has recovered."""
    if not sa.inspect(place.engine).has_table("batchdrain_attempt"):  # killed before it made its tables
        touched = [f"{name} is {found}" for name, found in place.phases().items() if found != ("FAILED", REASON)]
        return [*touched, *(f"executed without a ledger: {seen}" for seen in witnessed(witness)), *_files(place)]
    return [
        *_executions(place, witness),
        *_ledger(place, settled=settled),
        *_phases(place, settled=settled),
        *_printed(place, printed),
        *_files(place),
        *(still_running(place) if settled else ()),
    ]


def _executions(place: Workplace, witness: Path) -> Iterator[str]:
    """No execution overlaps another of its phase; nothing is COMPLETE that was not seen to end."""
    seen = witnessed(witness)
    yield from (f"overlap: {line.name} epoch {line.epoch}" for line in seen if line.word == "overlap")
    ended = {(line.name, line.epoch) for line in seen if line.word == "end"}
    rows = place.sql("SELECT run_id, phase_id, epoch FROM batchdrain_attempt WHERE outcome = 'complete'")
    complete = [(f"{run}/{phase}", epoch) for run, phase, epoch in rows]
    yield from (f"complete without an end: {name} epoch {epoch}" for name, epoch in complete if (name, epoch) not in ended)
    names = [name for name, _ in complete]
    yield from (f"completed twice: {name}" for name in sorted({name for name in names if names.count(name) > 1}))


def _ledger(place: Workplace, *, settled: bool) -> Iterator[str]:
    """Epochs only grow; an attempt has one outcome; nobody holds anything."""
    quote = "`key`" if place.url.startswith("mysql") else "key"
    highest = dict(place.sql(f"SELECT {quote}, max(epoch) FROM batchdrain_attempt GROUP BY {quote}"))
    for key, epoch, owner in place.sql(f"SELECT {quote}, epoch, owner FROM batchdrain_claim"):
        if epoch < highest.get(key, 0):
            yield f"the epoch of {key} went back to {epoch}"
        if settled and owner is not None:
            yield f"{key} is still held"
    if settled:
        rows = place.sql("SELECT run_id, phase_id, epoch FROM batchdrain_attempt WHERE outcome IS NULL")
        yield from (f"no outcome: {run}/{phase} epoch {epoch}" for run, phase, epoch in rows)


def _phases(place: Workplace, *, settled: bool) -> Iterator[str]:
    """COMPLETE only with a result; else FAILED, with the reason of its last attempt or, if there was none, the first one."""
    last: dict[str, tuple[str, str | None]] = {}
    query = (
        "SELECT run_id, phase_id, outcome, reason FROM batchdrain_attempt WHERE outcome IN ('complete','failed','timeout')"
    )
    for run, phase, outcome, reason in place.sql(f"{query} ORDER BY epoch"):
        last[f"{run}/{phase}"] = (outcome, reason)
    for name, (state, reason) in place.phases().items():
        outcome, said = last.get(name, ("failed", REASON))
        expected = ("COMPLETE", None) if outcome == "complete" else ("FAILED", said)
        if (state, reason) != expected and (settled or state != "EXECUTING"):
            yield f"{name} is {state} with {reason!r}, expected {expected}"
    yield from (
        f"a foreign column changed: {note}"
        for (note,) in place.sql("SELECT DISTINCT note FROM phases")
        if note != "untouched"
    )


def _printed(place: Workplace, printed: str) -> Iterator[str]:
    """What was printed is durable."""
    states, name = place.states(), ""
    for line in printed.splitlines():
        if match := _DRAINING.match(line):
            name = f"{match[1]}/{match[2]}"
        elif line.startswith("  ✓ Success") and states.get(name) != "COMPLETE":
            yield f"printed as complete, but it is not: {name}"


def _files(place: Workplace) -> Iterator[str]:
    """Session files are whole; of an event log at most the last line is not."""
    for path in place.sessions.glob("*.json"):
        try:
            results = json.loads(path.read_bytes())["results"]
        except ValueError:
            yield f"torn: {path.name}"
            continue
        names = [(result["run_id"], result["phase_id"]) for result in results]
        if len(names) > len(set(names)):
            yield f"a phase occurs twice in {path.name}"
    for path in place.sessions.glob("*.jsonl"):
        for line in path.read_bytes().split(b"\n")[:-1]:
            try:
                json.loads(line)
            except ValueError:
                yield f"a broken line in {path.name}: {line[:80]!r}"


def still_running(place: Workplace) -> Iterator[str]:
    """Nothing that was executed for this database still runs."""
    uids = {uid for (uid,) in place.sql("SELECT DISTINCT session_uid FROM batchdrain_attempt")}
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            variables = path.read_bytes().split(b"\0")
        except OSError:
            continue
        for variable in variables:
            if variable.startswith(f"{TOKEN}=".encode()) and variable.decode().partition("=")[2].split(".")[0] in uids:
                yield f"still running: process {path.parent.name}, {variable.decode()}"


def rows_of(names: list[str]) -> list[tuple[str, str, int, str, str]]:
    return [(*named(name), index, "FAILED", REASON) for index, name in enumerate(names)]
