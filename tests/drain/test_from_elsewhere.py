"""A session that runs is seen, and can be stopped, paused and continued, from another shell or another host: by the ledger."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.checker import violations, witnessed
from tests.chaos.watching import started, watched
from tests.support.workplace import Beside, Ran, Workplace, ended, wait_for

LEASE = {"ttl_s": 4, "beat_s": 0.2, "margin_s": 0.5}
ROW = "SELECT status, epoch, ended_ms IS NULL FROM batchdrain_session"


def at_work(project: Workplace, *names: str, flags: tuple[str, ...] = (), **settings: Any) -> tuple[Beside, Path]:
    """A drain whose first phase runs until the file `go` is there."""
    witness = watched(project, f"a/p~until={project.root / 'go'}", *names, lease=LEASE)
    project.configure(**settings)
    drain = project.start("drain", "--policy=run-order", *flags)
    started(witness, 1)
    return drain, witness


def let_go(project: Workplace) -> None:
    (project.root / "go").touch()


def elsewhere(project: Workplace, folder: Path, *argv: str) -> Ran:
    """`inv` on the same database, from a project whose session files are others."""
    folder.mkdir(exist_ok=True)
    for name in ("tasks.py", "invoke.yaml"):
        (folder / name).write_text((project.root / name).read_text())
    return project.inv(*argv, cwd=folder)


def shown(project: Workplace) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = project.inv("status", "--format=json").json()
    return found


@pytest.mark.everyday("sqlite", "postgresql", "mariadb")
def test_a_session_that_runs_is_shown_with_what_it_does_also_to_one_who_has_not_its_files(
    project: Workplace, tmp_path_factory: pytest.TempPathFactory
) -> None:
    drain, _ = at_work(project, "b/q")
    wait_for(lambda: any(row["slots"] for row in shown(project)), "a beat that tells of the slot")
    there_folder = tmp_path_factory.mktemp("other")
    there = elsewhere(project, there_folder, "status", "--format=json")
    text = project.inv("status")
    let_go(project)
    assert ended(drain)[0] == 0

    [row] = there.json()
    assert (row["state"], row["alive"], row["kind"], row["target"], row["processed"]) == ("running", True, "failed", 2, 0)
    assert [slot["run_id"] for slot in row["slots"]] == ["a"]
    assert row["session_id"] in text.out
    assert re.search(r"^  (runs|ran) a / p\S* ", text.out, re.MULTILINE)
    assert "0/2 · 0 ok · 0 failed" in text.out
    listed = elsewhere(project, there_folder, "sessions", "--format=json").json()
    assert [(one["status"], one["alive"], one["total_processed"]) for one in listed] == [("complete", False, 2)]
    assert listed[0]["elsewhere"]["folder"] == str(project.sessions)
    assert "with their files on another host" in elsewhere(project, there_folder, "sessions").out
    assert [one["elsewhere"] for one in project.inv("sessions", "--format=json").json()] == [None]
    assert shown(project) == []
    assert project.inv("status").lines == ["No session of table 'phases' runs."]
    assert project.sql(ROW) == [("complete", 1, 0)]


def test_what_waits_for_another_try_has_failed_so_far_wherever_the_files_are(
    sqlite_project: Workplace, tmp_path_factory: pytest.TempPathFactory
) -> None:
    sqlite_project.configure(retry={"initial_s": 600, "max_s": 600})
    sqlite_project.add(("r", "a~transient", 0, "QUEUED", None), ("s", "b~fail", 0, "QUEUED", None))
    ran = sqlite_project.inv("drain-queued", "--run-id=*", "--stop-on-first-failure")
    assert "1 more waits for a retry" in ran.out
    here = sqlite_project.inv("sessions", "--format=json").json()[0]
    there = elsewhere(sqlite_project, tmp_path_factory.mktemp("other"), "sessions", "--format=json").json()[0]
    for name in ("total_processed", "total_success", "total_failed", "success_rate"):
        assert (name, there[name]) == (name, here[name])
    assert (there["total_processed"], there["total_failed"]) == (2, 2)


def test_watching_ends_once_nothing_runs(sqlite_project: Workplace) -> None:
    drain, _ = at_work(sqlite_project)
    watch = sqlite_project.start("status", "--watch", "--format=json")
    assert watch.stdout is not None
    first = json.loads(watch.stdout.readline())
    let_go(sqlite_project)
    assert ended(drain)[0] == 0
    code, out = ended(watch)
    assert (code, len(first), out.rstrip().splitlines()[-1]) == (0, 1, "[]")


@pytest.mark.everyday("sqlite", "postgresql")
def test_a_stop_lets_what_runs_end_and_the_session_can_be_resumed(project: Workplace) -> None:
    drain, witness = at_work(project, "b/q", "c/r")
    asked = project.inv("stop", "--reason=the ::error:: 'service' is down")
    wait_for(lambda: any(event["event"] == "session.asked" for event in project.events()), "the drain to hear of it")
    let_go(project)
    code, out = ended(drain)

    session = project.session()
    assert (asked.code, code, session["status"]) == (0, 0, "interrupted"), (asked, out)
    assert sorted(project.states().values()) == ["COMPLETE", "FAILED", "FAILED"]
    assert "the ::error:: 'service' is down" in session["stopped_because"]
    assert [(one["ask"], one["reason"]) for one in session["asked"]] == [("stop", "the ::error:: 'service' is down")]
    assert "Requests from other shells:" in project.inv("summary").out
    page = project.inv("summary", "--format=markdown").out
    assert "## Requests from other shells\n\n- stop by " in page
    assert "::error::" not in page
    assert project.sql(ROW) == [("interrupted", 1, 0)]

    assert project.inv("resume").code == 0
    assert set(project.states().values()) == {"COMPLETE"}
    assert project.sql(ROW) == [("complete", 2, 0)]
    assert violations(project, witness, out) == []


@pytest.mark.everyday("sqlite", "postgresql")
@pytest.mark.parametrize("flags", [(), ("--finish-current",)], ids=["", "finish-current"])
def test_a_stop_now_ends_what_runs_and_gives_it_back(project: Workplace, flags: tuple[str, ...]) -> None:
    drain, _ = at_work(project, "b/q", flags=flags)
    assert project.inv("stop", "--now", "--reason=why").code == 0
    code, out = ended(drain)

    assert code == 128 + signal.SIGTERM, out
    assert set(project.states().values()) == {"FAILED"}
    assert "inv stop --now" in project.session()["stopped_because"]
    assert [one["ask"] for one in project.session()["asked"]] == ["stop-now"]
    assert project.sql("SELECT outcome FROM batchdrain_attempt") == [("released",)]


@pytest.mark.everyday("sqlite", "postgresql")
def test_a_paused_session_claims_nothing_beats_on_and_goes_on_when_it_is_told(project: Workplace) -> None:
    drain, witness = at_work(project, "b/q")
    assert project.inv("pause", "--reason=lunch").code == 0
    wait_for(lambda: [row["state"] for row in shown(project)] == ["paused"], "the pause")
    let_go(project)
    wait_for(lambda: [row["processed"] for row in shown(project)] == [1], "the phase that ran to end, and a beat")
    [(before,)] = project.sql("SELECT beat_ms FROM batchdrain_session")
    wait_for(lambda: project.sql("SELECT beat_ms FROM batchdrain_session") > [(before,)], "another beat")
    assert project.states()["b/q"] == "FAILED"
    assert len([seen for seen in witnessed(witness) if seen.word == "start"]) == 1
    assert project.inv("continue").code == 0
    code, out = ended(drain)

    assert (code, project.states()["b/q"], project.session()["status"]) == (0, "COMPLETE", "complete"), out
    assert [one["ask"] for one in project.session()["asked"]] == ["pause", "continue"]


def test_the_minutes_of_a_paused_session_run_on(sqlite_project: Workplace) -> None:
    drain, _ = at_work(sqlite_project, "b/q", stop={"max_total_minutes": 0.05, "max_repeats": 0})
    sqlite_project.inv("pause")
    wait_for(lambda: [row["state"] for row in shown(sqlite_project)] == ["paused"], "the pause")
    let_go(sqlite_project)
    code, out = ended(drain)
    assert (code, sqlite_project.states()["b/q"], "stop.max_total_minutes" in out) == (0, "FAILED", True), out


def test_ctrl_c_ends_a_paused_session_at_once(sqlite_project: Workplace) -> None:
    drain, _ = at_work(sqlite_project, "b/q")
    sqlite_project.inv("pause")
    wait_for(lambda: [row["state"] for row in shown(sqlite_project)] == ["paused"], "the pause")
    let_go(sqlite_project)
    wait_for(lambda: [row["processed"] for row in shown(sqlite_project)] == [1], "the phase that ran to end")
    drain.send_signal(signal.SIGINT)
    assert ended(drain)[0] == 130


def test_of_several_sessions_that_run_one_has_to_be_named(
    sqlite_project: Workplace, tmp_path_factory: pytest.TempPathFactory
) -> None:
    first, witness = at_work(sqlite_project, f"b/q~until={sqlite_project.root / 'go'}", flags=("--run-id=a",))
    second = sqlite_project.start("drain", "--run-id=b")
    started(witness, 2)
    ids = [row["session_id"] for row in shown(sqlite_project)]
    unclear = sqlite_project.inv("stop")
    unknown = sqlite_project.inv("pause", "--session-id=batch-drain-20250101-000000")
    other = elsewhere(sqlite_project, tmp_path_factory.mktemp("other"), "stop", "--now", f"--session-id={ids[0]}")
    code, out = ended(second)
    let_go(sqlite_project)

    assert (unclear.code, unknown.code, other.code) == (2, 2, 0), (unclear, unknown, other)
    assert all(one in unclear.err for one in ids), unclear
    assert code == 143, out
    assert ended(first)[0] == 0


def test_of_two_sessions_with_one_name_on_two_hosts_one_is_named_by_its_uid(
    sqlite_project: Workplace, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """They began in the same second: each host gives names of its own."""
    first, witness = at_work(sqlite_project, f"b/q~until={sqlite_project.root / 'go'}", flags=("--run-id=a",))
    second = sqlite_project.start("drain", "--run-id=b")
    started(witness, 2)
    rows = sqlite_project.sql("SELECT session_uid, intent FROM batchdrain_session")
    [uid] = [uid for uid, intent in rows if json.loads(intent)["run_id"] == "b"]
    name = "batch-drain-20260101-000000"
    sqlite_project.sql(f"UPDATE batchdrain_session SET session_id = '{name}'")
    there = tmp_path_factory.mktemp("other")
    unclear = elsewhere(sqlite_project, there, "stop", "--now", f"--session-id={name}")
    clear = elsewhere(sqlite_project, there, "stop", "--now", f"--session-id={uid}")
    code, out = ended(second)
    let_go(sqlite_project)

    assert (unclear.code, unclear.err.count(name), "by its session_uid" in unclear.err) == (2, 2, True), unclear
    assert (clear.code, code) == (0, 143), (clear, out)
    assert ended(first)[0] == 0


def test_asking_where_nothing_runs_says_so(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/p")
    assert sqlite_project.inv("stop").lines == ["No session of table 'phases' runs."]
    assert sqlite_project.inv("drain").code == 0
    assert sqlite_project.inv("continue").lines == ["No session of table 'phases' runs."]


def test_a_session_whose_process_was_killed_is_told_as_dead_and_asked_for_nothing(sqlite_project: Workplace) -> None:
    drain, _ = at_work(sqlite_project)
    drain.send_signal(signal.SIGKILL)
    drain.communicate()
    assert [row["state"] for row in shown(sqlite_project)] == ["died"]
    assert sqlite_project.inv("stop").lines == ["No session of table 'phases' runs."]
    assert sqlite_project.inv("resume", "--close").code == 0
    assert shown(sqlite_project) == []


def chained(project: Workplace, lease: dict[str, float]) -> Beside:
    """A chain whose only queued phase runs until the file `go` is there, and that has a failed one."""
    witness = watched(project, "b/q", lease=lease)
    project.add(("a", f"p~until={project.root / 'go'}", 0, "QUEUED", None))
    drain = project.start("drain-all")
    started(witness, 1)
    return drain


def test_the_next_part_of_a_chain_that_is_paused_claims_nothing_until_it_is_told(sqlite_project: Workplace) -> None:
    drain = chained(sqlite_project, LEASE)
    sqlite_project.inv("pause", "--reason=lunch")
    wait_for(lambda: [row["state"] for row in shown(sqlite_project)] == ["paused"], "the pause")
    let_go(sqlite_project)
    wait_for(
        lambda: [(row["kind"], row["state"]) for row in shown(sqlite_project)] == [("failed", "paused")], "the next part"
    )
    assert sqlite_project.states()["b/q"] == "FAILED"
    sqlite_project.inv("continue")
    code, out = ended(drain)

    assert (code, sqlite_project.states()["b/q"]) == (0, "COMPLETE"), out
    assert out.count("Paused: nothing is claimed until `inv continue`, asked by ") == 2, out
    assert [[one["ask"] for one in sqlite_project.session(number)["asked"]] for number in (0, 1)] == [["pause"], ["continue"]]


@pytest.mark.parametrize("beat_s", [0.2, 20], ids=["heard with a beat", "heard at the end alone"])
def test_a_stop_of_the_queued_part_keeps_the_failed_part_from_beginning(sqlite_project: Workplace, beat_s: float) -> None:
    drain = chained(sqlite_project, {"ttl_s": 20 * beat_s, "beat_s": beat_s, "margin_s": 0.5})
    sqlite_project.inv("stop", "--reason=enough")
    if beat_s < 1:
        wait_for(
            lambda: any(event["event"] == "session.asked" for event in sqlite_project.events()), "the drain to hear of it"
        )
    let_go(sqlite_project)
    code, out = ended(drain)
    assert (code, sqlite_project.states()["b/q"], len(sqlite_project.session_files())) == (0, "FAILED", 1), out
    assert "inv resume" in out
    assert "inv stop: asked by " in out
