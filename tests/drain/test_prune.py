"""Old sessions, logs and attempts go; what is held, running, to be resumed or not ours stays."""

from __future__ import annotations

import json
import os
import signal
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.aging import age
from tests.support.workplace import Workplace, wait_for

TOTAL = "SELECT (SELECT count(*) FROM batchdrain_attempt), (SELECT coalesce(sum(attempts), 0) FROM batchdrain_attempt_sum)"
OLD = ("prune", "--older-than=30d")


def left(work: Workplace) -> list[str]:
    return sorted(path.name for path in work.sessions.iterdir())


def totals(work: Workplace) -> tuple[int, int]:
    [(single, summed)] = work.sql(TOTAL)
    return int(single), int(summed)


def drained(work: Workplace, *names: str) -> str:
    """A session that ended long ago."""
    work.fail(*names)
    work.inv("drain")
    name = str(work.session()["session_id"])
    age(work, 40, name)
    return name


def kept(work: Workplace, *argv: str) -> dict[str, list[str]]:
    rows = work.inv(*OLD, "--format=json", *argv).json()["kept"]
    return {row["why"]: row["sessions"] for row in rows}


@pytest.mark.everyday("sqlite", "postgresql", "mariadb")
def test_what_is_old_is_shown_and_goes_only_with_yes(project: Workplace) -> None:
    name = drained(project, "r/a", "r/b", "s/c~fail")
    (project.sessions / name / "lock").write_text("1\n")  # of a process with a shorter id than who prunes
    before = left(project)

    shown = project.inv(*OLD)

    assert (shown.code, shown.lines[0].startswith("Would remove what ended before ")) == (0, True), shown
    assert [line.split()[:3] for line in shown.lines[1:5]] == [
        ["session", "files", "1"], ["event", "logs", "1"], ["session", "folders", "1"], ["attempts", "2", "-"],
    ]  # fmt: skip
    assert shown.lines[-1] == "Nothing was removed yet: `--yes` removes it."
    assert "Nothing was removed" in project.inv("--dry", *OLD, "--yes").out
    assert (left(project), totals(project)) == (before, (3, 0))

    ran = project.inv(*OLD, "--yes")

    assert (ran.code, left(project)) == (0, []), ran
    assert ran.lines[1:5] == shown.lines[1:5]
    assert totals(project) == (1, 2), "the attempt of the phase that still fails stays"
    assert project.inv("resume", f"--session-id={name}").code == 2
    assert (project.inv(*OLD, "--yes").out.startswith("Nothing to prune"), project.inv("drain", "--dry-run").code) == (
        True,
        0,
    )
    assert project.sql("SELECT count(*) FROM batchdrain_claim") == [(3,)]


def test_what_is_young_running_to_be_resumed_or_holds_a_phase_stays(sqlite_project: Workplace) -> None:
    old = drained(sqlite_project, "r/a")
    sqlite_project.fail("s/young", "t/x~hang")
    sqlite_project.inv("drain", "--run-id=s")
    young = str(sqlite_project.session()["session_id"])
    drain = sqlite_project.start("drain", "--run-id=t")
    wait_for(lambda: any(path.name.endswith(".stdout.txt") for path in sqlite_project.sessions.rglob("t*/*")) or list(
        sqlite_project.sessions.glob("*/logs/**/*x*.stdout.txt")), "the phase")  # fmt: skip
    running = str(sqlite_project.session()["session_id"])
    assert kept(sqlite_project) == {"not old enough": [young], "running": [running]}
    named = sqlite_project.inv("prune", f"--session-id={running}", "--yes")
    assert (named.code, "is running" in named.err) == (73, True)
    os.kill(drain.pid, signal.SIGKILL)
    drain.communicate()
    age(sqlite_project, 40, running)

    assert kept(sqlite_project) == {"not old enough": [young], "holding phases": [running]}
    named = sqlite_project.inv("prune", f"--session-id={running}", "--yes")
    assert (named.code, "still holds phases; `inv recover`" in named.err) == (73, True)
    assert sqlite_project.inv("recover").code == 0
    assert kept(sqlite_project) == {"not old enough": [young], "to be resumed": [running]}
    assert sqlite_project.inv(*OLD, "--yes").code == 0
    assert {name.partition(".")[0] for name in left(sqlite_project)} == {young, running}
    assert old not in {name.partition(".")[0] for name in left(sqlite_project)}

    named = sqlite_project.inv("prune", f"--session-id={running}", "--yes")
    assert (named.code, {name.partition(".")[0] for name in left(sqlite_project)}) == (0, {young}), named


@pytest.mark.parametrize("age_text", ["30", "d", "-3d", "1.5d", "30D", "", "30d1h", "all"])
def test_an_age_that_is_none_is_refused(sqlite_project: Workplace, age_text: str) -> None:
    ran = sqlite_project.inv("prune", f"--older-than={age_text}")
    assert (ran.code, "--older-than: expected a duration (30d, 12h, 90m, 2w), got" in ran.err) == (2, True), ran


def test_without_an_age_nothing_is_meant(sqlite_project: Workplace) -> None:
    assert (sqlite_project.inv("prune").code, sqlite_project.inv("prune", "--yes").code) == (2, 2)
    assert sqlite_project.inv(*OLD).code == 0, "where nobody has drained yet there is nothing"
    unknown = sqlite_project.inv("prune", "--session-id=batch-drain-20200101-000000")
    assert (unknown.code, "there is no session" in unknown.err) == (2, True)


def test_the_end_of_a_session_is_its_own_record_and_not_the_time_of_its_file(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a")
    sqlite_project.inv("drain")
    for path in sqlite_project.sessions.iterdir():
        os.utime(path, (0, 0))
    assert list(kept(sqlite_project)) == ["not old enough"]
    name = str(sqlite_project.session()["session_id"])
    age(sqlite_project, 40)
    assert kept(sqlite_project) == {}
    sqlite_project.session_files()[0].unlink()
    assert kept(sqlite_project) == {}, "the ledger knows its end"
    sqlite_project.sql("DELETE FROM batchdrain_meta WHERE name LIKE 'session/%'")
    assert kept(sqlite_project) == {"not old enough": [name]}, "its last event is of today"


def test_folders_of_triage_and_files_kept_aside_go_too(sqlite_project: Workplace) -> None:
    name = drained(sqlite_project, "r/a")
    folder = sqlite_project.sessions
    (folder / "triage-20200101-000000" / "deep" / "er").mkdir(parents=True)
    (folder / "triage-20200101-000000" / "deep" / "er" / "log.txt").write_text("x" * 100)
    for aside in (
        f"{name}.json.corrupt-1",
        "batch-drain-20200101-000000-2.json.corrupt-12",
        "batch-drain-20200101-000001.events.jsonl",
    ):
        (folder / aside).write_text("{")
    (folder / "batch-drain-20200101-000002").mkdir()

    found = {row["kind"]: (row["count"], row["bytes"]) for row in sqlite_project.inv(*OLD, "--format=json").json()["kinds"]}

    assert (found["triage folders"], found["files kept aside"]) == ((1, 100), (2, 2))
    assert (found["session folders"][0], found["event logs"][0], found["session records"]) == (2, 2, (1, None))
    assert (sqlite_project.inv(*OLD, "--yes").code, left(sqlite_project)) == (0, [])


def test_a_triage_without_a_lock_is_over_once_nothing_was_written_for_long(sqlite_project: Workplace) -> None:
    """Those of earlier versions have none: what they last wrote tells, however deep it lies."""

    def count() -> int:
        kinds = sqlite_project.inv("prune", "--older-than=1h", "--format=json").json()["kinds"]
        return int(next(row["count"] for row in kinds if row["kind"] == "triage folders"))

    drained(sqlite_project, "r/a")
    began = datetime.now(UTC) - timedelta(hours=2)
    folder = sqlite_project.sessions / f"triage-{began:%Y%m%d-%H%M%S}"
    log = folder / "a" / "1.stdout.txt"
    log.parent.mkdir(parents=True)
    log.write_text("diagnosing")
    for path in (log.parent, folder):
        os.utime(path, (began.timestamp(), began.timestamp()))
    assert count() == 0
    os.utime(log, (began.timestamp(), began.timestamp()))
    assert count() == 1


def test_json_has_every_kind_whether_there_is_any_or_not(sqlite_project: Workplace) -> None:
    found = json.loads(sqlite_project.inv(*OLD, "--format=json").out)
    assert found.keys() == {"dry_run", "before", "kinds", "sessions", "kept", "notes", "problems"}
    assert [row["count"] for row in found["kinds"]] == [0] * 9
