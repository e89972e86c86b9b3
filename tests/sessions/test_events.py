"""The page's table of events, with its fields, against what drains write."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from batchdrain.sessions.events import Event
from tests.drain.diagnosing import HOPELESS, diagnose, diagnosed, verdicts
from tests.support.workplace import DEADLINE_S, Workplace, wait_for

PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
OFTEN = ["phase.claimed", "phase.started", "phase.finished"]
SQLITE_TAKES_OVER = (
    "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], timeout=30); "
    "c.execute('UPDATE batchdrain_claim SET epoch = epoch + 1 WHERE owner IS NOT NULL'); c.commit()"
)


def catalogue() -> dict[str, tuple[set[str], set[str]]]:
    """The fields of each event, and those of them that are optional."""
    section = PAGE.split("## Events")[1].split("## ")[0]
    found = {}
    for name, cell in re.findall(r"^\| `([a-z]+\.[a-z_]+)` \| [^|]+ \| (.+) \|$", section, re.MULTILINE):
        fields = [field.split() for field in cell.split(",")]
        found[name] = ({field[0] for field in fields}, {field[0] for field in fields if field[1:] == ["(optional)"]})
    envelope = re.findall(r"`([a-z_]+)`", section.partition("; those of")[0])
    ids = re.findall(r"`([a-z_]+)`", section.partition("; those of")[2].partition(".\n")[0])
    assert (envelope, ids) == (["timestamp", "event", "session_id", "session_uid"], ["run_id", "phase_id"])
    for name, (fields_of, _) in found.items():
        fields_of.update(envelope)
        if name.partition(".")[0] in {"phase", "claim"} and name != "phase.skipped":
            fields_of.update(ids)
    return found


def failing(place: Workplace) -> None:
    place.configure(retry={"max_attempts": 2, "initial_s": 0.01, "max_s": 0.01, "outage_after": 1})
    place.fail("a/1", "b/2~fail", "c/3~transient", "d/4")
    assert place.inv("drain", "--exclude-run=d").code == 1


def stopping(place: Workplace) -> None:
    place.configure(stop={"max_consecutive_failures": 1, "max_timeouts_per_run": 1}, timeout={"default_s": 0.2})
    place.fail("a/1~hang", "a/2", "b/3")
    assert place.inv("drain").code == 1


def diagnosing(place: Workplace) -> None:
    diagnose(place, {"a/2": HOPELESS, "a/3": {"exit": 1}})
    place.fail("a/1~until=go", "a/2", "a/3")
    drain = place.start("drain", "--triage")
    wait_for(lambda: len(diagnosed(place)) == 2 and verdicts(place), "two diagnoses while the first phase runs")
    pids = [int(line.rpartition(" ")[2]) for line in (place.root / "diagnosed.txt").read_text().splitlines()]
    wait_for(lambda: not any(map(psutil.pid_exists, pids)), "them to end")
    (place.root / "go").touch()
    drain.communicate(timeout=DEADLINE_S)


def losing(place: Workplace) -> None:
    place.configure(command={"argv": ["{python}", "-c", SQLITE_TAKES_OVER, place.url.removeprefix("sqlite:///")]})
    place.fail("a/1")
    assert place.inv("drain").code == 76


def dying(place: Workplace) -> None:
    (place.root / "stays").touch()
    place.fail("a/1", "b/2~while=stays")
    drain = place.start("drain")
    wait_for(lambda: told(place).count("phase.started") == 2, "the second phase")
    drain.send_signal(signal.SIGKILL)
    drain.communicate(timeout=DEADLINE_S)
    (place.root / "stays").unlink()
    assert place.inv("resume").code == 0


def locked_out(place: Workplace) -> None:
    place.configure(patience={"operation_s": 0.2})
    place.fail("a/1~until=go")
    drain = place.start("drain")
    wait_for(lambda: "phase.started" in told(place), "the phase")
    with place.engine.connect() as other:
        other.exec_driver_sql("BEGIN IMMEDIATE")
        (place.root / "go").touch()
        wait_for(lambda: "database.retried" in told(place), "the drain to meet the lock")
        other.rollback()
    out, err = drain.communicate(timeout=DEADLINE_S)
    assert drain.returncode == 0, (out, err)


def asked(place: Workplace) -> None:
    place.configure(lease={"ttl_s": 4, "beat_s": 0.2, "margin_s": 0.5})
    place.fail("a/1~until=go", "b/2")
    drain = place.start("drain", "--policy=run-order")
    wait_for(lambda: "phase.started" in told(place), "the phase")
    assert place.inv("stop", "--reason=why").code == 0
    wait_for(lambda: "session.asked" in told(place), "the drain to hear of it")
    (place.root / "go").touch()
    assert drain.communicate(timeout=DEADLINE_S)[1] == b""


DRAINS: dict[Callable[[Workplace], None], list[str]] = {
    failing: ["session.started", "phase.skipped", "phase.selected", "phase.retry_scheduled", "session.paused",
              "session.completed", *OFTEN],
    stopping: ["run.stopped", "session.stopped", *OFTEN],
    diagnosing: ["phase.diagnosed", *OFTEN],
    losing: ["claim.lost"],
    dying: ["session.resumed", "claim.recovered", *OFTEN],
    locked_out: ["database.retried", *OFTEN],
    asked: ["session.asked", "session.stopped", *OFTEN],
}  # fmt: skip
"""What happens, and events that it must bring."""


def told(place: Workplace) -> list[str]:
    """The names of the whole lines so far of the newest drain."""
    lines = [line for path in place.sessions.glob("*.events.jsonl") for line in path.read_text().splitlines(keepends=True)]
    return [json.loads(line)["event"] for line in lines if line.endswith("\n")]


def test_every_event_is_met_by_a_drain_of_these_tests() -> None:
    assert {name for names in DRAINS.values() for name in names} == set(Event)


@pytest.mark.parametrize(("drains", "brings"), DRAINS.items(), ids=[drains.__name__ for drains in DRAINS])
def test_every_event_has_exactly_the_fields_of_the_page(
    sqlite_project: Workplace, drains: Callable[[Workplace], None], brings: list[str]
) -> None:
    promised = catalogue()
    drains(sqlite_project)

    events = [event for path in sqlite_project.session_files() for event in lines_of(path)]
    assert set(brings) <= {event["event"] for event in events}
    for event in events:
        fields, at_times = promised[str(event["event"])]
        assert set(event) | at_times == fields, event


def lines_of(session: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in session.with_suffix(".events.jsonl").read_text().splitlines()]


def test_a_session_whose_event_log_can_not_be_opened_says_so_and_drains_nothing(sqlite_project: Workplace) -> None:
    sqlite_project.configure(stop={"max_consecutive_failures": 1})
    sqlite_project.fail("a/1~fail", "b/2")
    sqlite_project.inv("drain", "--policy=run-order")
    session_id = sqlite_project.session()["session_id"]
    log = sqlite_project.sessions / f"{session_id}.events.jsonl"
    log.unlink()
    log.mkdir()

    ran = sqlite_project.inv("resume", f"--session-id={session_id}")

    assert (ran.code, f"{log.name}: Is a directory; fix the file or set session_dir" in ran.err) == (74, True), ran
    assert sqlite_project.states() == {"a/1~fail": "FAILED", "b/2": "FAILED"}
