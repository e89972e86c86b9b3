"""inv events: the event log of a session, printed and followed, whatever stands in it and whatever becomes of it."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from batchdrain.reports.event_text import to_line
from batchdrain.sessions.event_reader import LONGEST, EventReader
from batchdrain.sessions.folder import SessionFolder
from tests.cli.in_process import inv
from tests.support.hostile import COMMANDS, UNSEEN, obeyed
from tests.support.workplace import INV, Beside, Workplace, ended, read_until, wait_for

FIRST = "batch-drain-20250101-000000"
UNTIL = {"retry": {"max_attempts": 1}, "command": {"grace_s": 0.5}}


def line(event: str, **fields: Any) -> str:
    return json.dumps({"timestamp": "2025-12-28T12:00:00.123456Z", "event": event, "session_id": FIRST, **fields})


def write_log(place: Workplace, *lines: str, end: str = "\n") -> Path:
    (place.sessions / FIRST / "logs").mkdir(parents=True, exist_ok=True)
    path = place.sessions / f"{FIRST}.events.jsonl"
    path.write_text("".join(f"{one}\n" for one in lines[:-1]) + lines[-1] + end)
    for made in (place.sessions, path):
        made.chmod(made.stat().st_mode & 0o700)
    return path


def test_each_event_of_the_newest_session_is_a_line_for_people_and_for_programs(sqlite_project: Workplace) -> None:
    place = sqlite_project
    place.configure(**UNTIL)
    place.fail("r/a~fail", "r/b")
    place.inv("drain")
    shown = place.inv("events")
    assert (shown.code, shown.err) == (0, "")
    assert [one.split()[1] for one in shown.lines] == [event["event"] for event in place.events()]
    assert any("phase.finished         r / a~fail: FAILED in " in one and "ValueError: no luck" in one for one in shown.lines)
    assert shown.lines[-1].endswith("session.completed      2 processed, 1 succeeded, 1 failed")
    [log] = place.sessions.glob("*.events.jsonl")
    assert place.inv("events", "--format=json").out == log.read_text()
    assert place.inv("events", "--follow", f"--session-id={place.session()['session_id']}").out == shown.out


def test_a_running_session_is_followed_to_its_end(sqlite_project: Workplace) -> None:
    place = sqlite_project
    place.configure(**UNTIL)
    go = place.root / "go"
    place.fail(f"r/a~until={go}", "r/b~fail")
    drain, follower = following(place, "--format=json")
    seen = read_until(follower, "phase.started")
    go.touch()
    assert ended(drain)[0] == 1
    code, rest = ended(follower)
    assert code == 0
    assert [json.loads(one) for one in (seen + rest).splitlines()] == place.events()
    assert place.events()[-1]["event"] == "session.completed"


def following(place: Workplace, *flags: str) -> tuple[Beside, Beside]:
    """A drain whose first phase runs, and whoever follows it."""
    drain = place.start("drain", "--batch-size=2")
    wait_for(
        lambda: any("phase.started" in log.read_text() for log in place.sessions.glob("*.events.jsonl")), "a phase to run"
    )
    return drain, place.start("events", "--follow", *flags)


def test_the_death_of_its_process_ends_the_following(sqlite_project: Workplace) -> None:
    place = sqlite_project
    place.configure(**UNTIL)
    place.fail("r/a~hang")
    drain, follower = following(place)
    read_until(follower, "phase.started")
    drain.kill()
    drain.communicate(timeout=60)
    out, err = follower.communicate(timeout=60)
    assert follower.wait() == 0
    assert out == b""
    assert b"its process is dead; `inv resume` continues it" in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_following_quietly(sqlite_project: Workplace, number: signal.Signals) -> None:
    place = sqlite_project
    place.configure(**UNTIL)
    go = place.root / "go"
    place.fail(f"r/a~until={go}")
    drain, follower = following(place)
    read_until(follower, "phase.started")
    follower.send_signal(number)
    _, err = follower.communicate(timeout=60)
    go.touch()
    assert (follower.wait(), err) == (130 if number == signal.SIGINT else -number, b"")
    assert ended(drain)[0] == 0


def test_a_reader_who_leaves_ends_it_quietly_while_nothing_happens(sqlite_project: Workplace) -> None:
    place = sqlite_project
    place.configure(**UNTIL)
    go = place.root / "go"
    place.fail(f"r/a~until={go}")
    drain = place.start("drain")
    wait_for(
        lambda: any("phase.started" in log.read_text() for log in place.sessions.glob("*.events.jsonl")), "a phase to run"
    )
    for flags in (["--follow"], []):
        inv = shlex.join([*INV, "events", *flags])
        found = subprocess.run(
            ["bash", "-c", f"{inv} | head -1; echo ${{PIPESTATUS[0]}}"],
            cwd=place.root, env=place.environ(), capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        assert found.stderr == ""
        first, code = found.stdout.splitlines()
        assert ("session.started" in first, code) == (True, "0")
    go.touch()
    assert ended(drain)[0] == 0


def test_lines_that_are_no_events_are_passed_over_and_counted(sqlite_project: Workplace) -> None:
    write_log(sqlite_project, line("phase.claimed", run_id="r", phase_id="p", attempt=1), '{"event": "phase.st', "[1]", "{}",
              '{"event": NaN}', "[" * 100_000, line("session.stopped", status="interrupted", because="SIGINT"), '{"part', end="")  # fmt: skip
    for flags in ([], ["--follow"], ["--format=json"]):
        ran = sqlite_project.inv("events", f"--session-id={FIRST}", *flags)
        assert (ran.code, len(ran.lines)) == (0, 2)
        assert ran.err == "batchdrain: 6 lines of the log are no event, as after a crash\n"


@pytest.mark.parametrize("number", ["1e999", "-1e999", '[0, {"x": 1e999}]'])
def test_a_number_that_json_does_not_have_is_no_traceback(sqlite_project: Workplace, number: str) -> None:
    odd = line("phase.finished", run_id="r", phase_id="p", duration_s=0).replace('"duration_s": 0', f'"duration_s": {number}')
    write_log(sqlite_project, odd, line("session.stopped", status="interrupted", because="SIGINT"))
    for flags in ([], ["--format=json"]):
        ran = sqlite_project.inv("events", f"--session-id={FIRST}", *flags)
        assert (ran.code, "Traceback" in ran.err, "session.stopped" in ran.lines[-1]) == (0, False, True), ran
    assert (len(ran.lines), ran.err) == (1, "batchdrain: 1 line of the log is no event, as after a crash\n")


def test_events_of_a_newer_version_and_hostile_ones_are_shown_and_obeyed_by_nobody(sqlite_project: Workplace) -> None:
    attacks = [*COMMANDS, *UNSEEN]
    lines = [line("phase.mended", run_id=attack, phase_id=attack, how={attack: [attack]}, none=None) for attack in attacks]
    lines += [line("phase.finished", run_id=attack, phase_id=7, reason=attack, duration_s=attack) for attack in attacks]
    lines += [line(attack, **{attack: attack}) for attack in attacks]
    write_log(sqlite_project, *lines)
    for flags in ([], ["--format=json"]):
        ran = sqlite_project.inv("events", *flags)
        assert (ran.code, len(ran.lines), ran.err) == (0, len(lines), "")
        assert obeyed(ran.out) == []
    assert [json.loads(one) for one in ran.lines] == [json.loads(one) for one in lines]
    assert to_line(json.loads(line("phase.mended", run_id="r", phase_id="p", how="so", at=3))) == (
        "2025-12-28T12:00:00Z phase.mended           r / p: how=so at=3"
    )


def test_a_log_that_is_not_there_is_told_with_what_to_do(sqlite_project: Workplace) -> None:
    place = sqlite_project
    assert (place.inv("events").code, place.inv("events", "--session-id=../x").code) == (2, 2)
    place.fail("r/a")
    place.inv("drain")
    [log] = place.sessions.glob("*.events.jsonl")
    name = place.session()["session_id"]
    log.unlink()
    ran = place.inv("events", f"--session-id={name}")
    assert (ran.code, f"session {name}: there is no event log of it; `inv summary --session-id={name}`" in ran.err) == (
        2,
        True,
    )
    assert place.inv("events", "--session-id=batch-drain-20250101-000009").code == 2
    os.mkfifo(log)
    ran = place.inv("events", f"--session-id={name}")
    assert (ran.code, "is not a regular file of batchdrain" in ran.err) == (65, True)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "x.events.jsonl"
    path.write_bytes(b"one\ntwo\npar")
    return path


def test_a_line_is_read_once_it_is_complete(log: Path) -> None:
    reader = EventReader(log)
    assert [*reader.read()] == [b"one", b"two"]
    assert reader.has_part
    assert [*reader.read()] == []
    with log.open("ab") as file:
        file.write(b"tial\nfour\n")
    assert ([*reader.read()], reader.has_part) == ([b"partial", b"four"], False)
    reader.close()


def test_a_log_that_is_cut_or_replaced_is_read_from_its_beginning_and_one_that_is_gone_to_its_end(log: Path) -> None:
    reader = EventReader(log)
    assert [*reader.read()] == [b"one", b"two"]
    log.write_bytes(b"new\n")
    assert [*reader.read()] == [b"new"]
    old = log.open("ab")
    log.rename(log.with_name("rotated"))
    old.write(b"late\n")
    old.flush()
    assert [*reader.read()] == [b"late"]
    log.write_bytes(b"again\n")
    old.write(b"last\n")
    old.close()
    assert [*reader.read()] == [b"last", b"again"]
    log.unlink()
    assert [*reader.read()] == []
    reader.close()


def test_a_line_without_end_costs_no_memory(log: Path) -> None:
    with log.open("ab") as file:
        file.truncate(3 * LONGEST)
    reader = EventReader(log)
    assert [*reader.read()] == [b"one", b"two"]
    assert reader.has_part
    with log.open("ab") as file:
        file.write(b"\nthree\n")
    assert [*reader.read()] == [b"", b"three"]
    reader.close()


def test_what_a_process_writes_just_before_it_ends_is_followed_too(
    sqlite_project: Workplace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever reads first and then asks whether the process lives misses the lines between the two."""
    log = write_log(sqlite_project, line("session.started"))
    last = line("session.completed", total_processed=0)

    def writes() -> Iterator[bool]:
        with log.open("a") as file:
            file.write(f"{last}\n")
        while True:
            yield False

    ends = writes()
    monkeypatch.setattr(SessionFolder, "is_held", lambda *_: next(ends))
    ran = inv(["events", "--follow", "--format=json", f"--session-id={FIRST}"], sqlite_project.root, capsys, monkeypatch)
    assert (ran.code, ran.lines[1:], ran.err) == (0, [last], "")
