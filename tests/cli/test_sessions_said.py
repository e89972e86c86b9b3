"""Each line and each field of `inv sessions`, `inv summary` and `inv events`, of files and rows that stand as somebody left them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from batchdrain.cli.commands import events, sessions
from batchdrain.cli.commands.events import show_events
from batchdrain.cli.commands.sessions import list_sessions
from batchdrain.cli.commands.summary import show_summary
from batchdrain.database.ledger.chains import Chains
from batchdrain.drain.project import Project
from batchdrain.execution.process_identity import identify_self
from batchdrain.model.errors import BatchDrainError, ConfigError, DatabaseUnavailable, FilesUnavailable, UsageError
from tests.cli.called import invocation_of, json_of, lines_of
from tests.cli.test_ask import run
from tests.sessions.files import HEAD
from tests.support.opened import hold, opened
from tests.support.workplace import Workplace

Capsys = pytest.CaptureFixture[str]
OLD, NEW = "batch-drain-20251228-120000", "batch-drain-20251228-120005"
TOP = f"{'SESSION':<29} KIND   STATUS           DONE     OK FAILED   RATE"


@pytest.fixture
def project(sqlite_project: Workplace) -> Iterator[Project]:
    with opened(sqlite_project) as found:
        found.folder.prepare()
        yield found


@pytest.fixture
def place(sqlite_project: Workplace, project: Project) -> Workplace:
    assert project.root == sqlite_project.root
    return sqlite_project


def put(project: Project, name: str, **fields: Any) -> None:
    path = project.folder.path(name)
    head = {
        **HEAD,
        "session_id": name,
        "status": "complete",
        "completed_at": "2025-12-28T13:00:00Z",
        "session_uid": name[-6:] * 5,
    }
    path.write_text(json.dumps({**head, **fields}))
    path.chmod(0o600)


def shown(place: Workplace, capsys: Capsys, **how: Any) -> list[str]:
    list_sessions(invocation_of(place), format_name="text", **how)
    return lines_of(capsys)


def test_without_sessions_the_folder_is_named(place: Workplace, project: Project, capsys: Capsys) -> None:
    assert shown(place, capsys) == [f"No sessions in {project.folder.folder}."]
    list_sessions(invocation_of(place), format_name="json")
    assert json_of(capsys) == []


def test_a_session_of_the_folder_is_told_with_what_it_holds(place: Workplace, project: Project, capsys: Capsys) -> None:
    place.fail("r/a", "r/b")
    put(project, OLD, total_processed=3, total_success=2, total_failed=1)
    put(project, NEW, status="interrupted", completed_at=None)
    claim = hold(project, "r/a", session_uid=NEW[-6:] * 5)
    hold(project, "r/b", session_uid="x" * 32, by=identify_self())
    lines = shown(place, capsys)
    held = lines.index("Held by sessions of another folder:")
    assert lines[:2] == [TOP, f"{NEW:<29} failed interrupted       0/3      0      0      -"]
    assert lines[2].startswith("  holds r / a: attempt 1, process ")
    assert lines[lines.index("") - 1] == f"{OLD:<29} failed complete            3      2      1  66.6%"
    assert lines[lines.index("") + 1 : held] == [
        "interrupted it ended early: `inv resume`, or `inv resume --close` to end it", "complete    it has ended",
    ]  # fmt: skip
    assert [line.partition(": attempt")[0] for line in lines[held + 1 :]] == ["  r / b"]
    list_sessions(invocation_of(place), format_name="json")
    newest, oldest = json_of(capsys)
    [told] = newest.pop("held")
    assert (told["run_id"], told["phase_id"], told["epoch"], told["alive"], told["said"][:5]) == (
        "r",
        "a",
        claim.epoch,
        False,
        "r / a",
    )
    assert 3_500 < told["lease_left_s"] <= 3_600
    assert newest == {
        "session_id": NEW, "session_uid": NEW[-6:] * 5, "chain_uid": None, "kind": "failed", "status": "interrupted", "alive": False,
        "started_at": "2025-12-28T12:00:00Z", "completed_at": None, "batch_size": 3, "total_processed": 0, "total_success": 0,
        "total_failed": 0, "success_rate": None, "elsewhere": None,
        "is_paused": False, "is_closed": False, "retries_waiting": 0,
    }  # fmt: skip
    assert (oldest["completed_at"], oldest["total_success"], oldest["held"]) == ("2025-12-28T13:00:00Z", 2, [])
    assert round(oldest["success_rate"], 3) == 0.667


def test_what_can_not_be_read_is_told_without_its_path(place: Workplace, project: Project, capsys: Capsys) -> None:
    put(project, OLD, results=5)
    lines = shown(place, capsys)
    assert lines[1] == f"{OLD:<29}        unreadable"
    assert lines[2].startswith("  ")
    assert str(project.root) not in lines[2]
    project.folder.path(OLD).unlink()
    (project.folder.folder / OLD).mkdir(mode=0o700)
    (project.folder.folder / OLD / "logs").mkdir(mode=0o700)
    assert shown(place, capsys)[1] == f"{OLD:<29}        lost"
    list_sessions(invocation_of(place), format_name="json")
    [row] = json_of(capsys)
    assert (row["session_id"], row["lost"], row["alive"], sorted(row)) == (
        OLD,
        True,
        False,
        ["alive", "error", "lost", "session_id"],
    )


def test_sessions_with_their_files_elsewhere_are_listed_with_where(
    place: Workplace, project: Project, capsys: Capsys
) -> None:
    wanted = {"folder": "/far", "batch_size": 7, "kind": "failed", "group": "g"}
    run(project, "s1", wanted=wanted, processed=2, succeeded=1, target=7)
    run(project, "s2", wanted={**wanted, "folder": ""}, chain="c", ended="complete")
    put(project, OLD)
    lines = shown(place, capsys)
    there = lines.index("Of the same database, with their files on another host or in another folder:")
    assert lines[there + 1] == TOP
    me = identify_self().pid
    assert f"{'s1':<29} failed running           2/7      1      1  50.0%" in lines[there:]
    assert {f"  by process {me} on host, in /far", f"  by process {me} on host, in a folder there"} < set(lines)
    list_sessions(invocation_of(place), format_name="json")
    rows = {row["session_id"]: row for row in json_of(capsys)}
    assert next(iter(rows)) == OLD
    one, two = rows["s1"], rows["s2"]
    assert one["elsewhere"] == {"host": "host", "pid": me, "folder": "/far", "group": "g"}
    assert (one["status"], one["alive"], one["completed_at"], one["batch_size"], one["success_rate"]) == (
        "running",
        True,
        None,
        7,
        0.5,
    )
    assert (two["status"], two["alive"], two["completed_at"] is None, two["success_rate"], two["chain_uid"]) == (
        "complete", False, False, None, "c",
    )  # fmt: skip


def test_only_so_many_are_shown_as_were_asked_for(place: Workplace, project: Project, capsys: Capsys, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr(sessions, "NEWEST", 2)
    names = [f"batch-drain-20251228-12000{number}" for number in range(4)]
    for name in names:
        put(project, name)
    for number in range(4):
        run(project, f"s{number}", chain="c", ended="complete")

    def told(**how: Any) -> tuple[list[str], list[str]]:
        lines = shown(place, capsys, **how)
        return [line.split()[0] for line in lines if line.startswith(("batch", "s"))], [
            line for line in lines if line.startswith("and ")
        ]

    ours, rest = told()
    assert (ours[:2], len(ours)) == ([names[3], names[2]], 4)
    assert rest == ["and 2 older ones (--all shows them)", "and 2 older ones (--all)"]
    assert told(top=3)[1] == ["and 1 older one (--all shows it)", "and 1 older one (--all)"]
    assert (len(told(every=True)[0]), told(every=True)[1]) == (8, [])
    asked: list[tuple[dict[str, Any], int]] = [({}, 8), ({"top": 3}, 3), ({"every": True}, 8)]
    for how, count in asked:
        list_sessions(invocation_of(place), format_name="json", **how)
        assert len(json_of(capsys)) == count


def test_without_its_database_the_files_are_listed_and_that_is_told_once(
    place: Workplace, project: Project, capsys: Capsys
) -> None:
    put(project, OLD)
    place.configure(database_url="postgresql://nobody@127.0.0.1:1/x", patience={"outage_s": 0})
    list_sessions(invocation_of(place), format_name="text")
    said = capsys.readouterr()
    assert said.out.splitlines()[1].startswith(OLD)
    [line] = [line for line in said.err.splitlines() if "what is held can't be shown" in line]
    assert line.startswith("batchdrain: what is held can't be shown: ")


@pytest.mark.parametrize("kind", [DatabaseUnavailable, FilesUnavailable, ConfigError])
def test_what_is_held_is_left_out_where_the_database_goes_meanwhile(
    project: Project, capsys: Capsys, monkeypatch: pytest.MonkeyPatch, kind: type[BatchDrainError]
) -> None:
    def away(*_: object) -> None:
        raise kind("it is away\nfor good")

    monkeypatch.setattr(sessions, "read_elsewhere", away)
    monkeypatch.setattr(Chains, "read_left", away)
    monkeypatch.setattr(project.store.history, "read_held", away)
    assert sessions._read_held_by_session(project) == {}
    assert sessions._read_chains_left(project) == {}
    assert sessions._read_elsewhere(project, set(), set(), {}) == []
    assert capsys.readouterr().err == "batchdrain: what is held can't be shown: it is away\n"


def test_a_summary_is_written_to_a_file_and_a_dry_run_writes_none(place: Workplace, project: Project, capsys: Capsys) -> None:
    put(project, OLD, total_processed=3, total_success=2, total_failed=1)
    path = project.root / "report.txt"
    how: dict[str, Any] = {"session_id": None, "format_name": "text", "output": str(path)}
    show_summary(invocation_of(place, dry=True), **how)
    assert (lines_of(capsys), path.exists()) == ([f"Summary would be written to {path}"], False)
    show_summary(invocation_of(place), **how)
    assert lines_of(capsys) == [f"Summary written to {path}"]
    show_summary(invocation_of(place), **{**how, "output": None})
    assert path.read_text().splitlines() == lines_of(capsys)
    show_summary(invocation_of(place), session_id=OLD, format_name="json", output=None)
    assert json_of(capsys)["session_id"] == OLD


def log(project: Project, name: str, *lines: str, end: str = "\n") -> None:
    path = project.folder.events_path(name)
    path.write_text("\n".join(lines) + end)
    path.chmod(0o600)


def event(name: str, **fields: Any) -> str:
    return json.dumps({"timestamp": "2025-12-28T12:00:00.123456Z", "event": name, "session_id": OLD, **fields})


ENDED = event("session.completed", total_processed=1, total_success=1, total_failed=0)
CLAIMED = event("phase.claimed", run_id="r", phase_id="a", attempt=1)


def test_the_events_of_the_newest_session_of_this_database_are_shown(
    place: Workplace, project: Project, capsys: Capsys
) -> None:
    def told(shape: str = "text", name: str | None = None, *, follow: bool = False) -> tuple[list[str], str]:
        show_events(invocation_of(place), session_id=name, format_name=shape, follow=follow)
        said = capsys.readouterr()
        return said.out.splitlines(), said.err

    with pytest.raises(UsageError, match=r"^there is no session with events in .*; `inv drain` begins one$"):
        told()
    put(project, OLD)
    with pytest.raises(
        UsageError, match=f"^session {OLD}: there is no event log of it; `inv summary --session-id={OLD}` shows the rest$"
    ):
        told(name=OLD)
    with pytest.raises(UsageError):
        told(name=NEW)
    log(project, OLD, CLAIMED, "broken {", '{"event": 5}', '{"event": "x", "n": NaN}', ENDED)
    put(project, NEW, database={"uid": "x" * 32, "place": "far", "url": "far"})
    log(project, NEW, ENDED)
    lines = ["2025-12-28T12:00:00Z phase.claimed          r / a: attempt 1",
             "2025-12-28T12:00:00Z session.completed      1 processed, 1 succeeded, 0 failed"]  # fmt: skip
    assert told() == (lines, "batchdrain: 3 lines of the log are no event, as after a crash\n")
    assert told(follow=True)[0] == lines, "it has ended, and no process holds it"
    assert [json.loads(line) for line in told("json")[0]] == [json.loads(CLAIMED), json.loads(ENDED)]
    log(project, OLD, CLAIMED, '{"event": ', end="")
    assert told() == (lines[:1], "batchdrain: 1 line of the log is no event, as after a crash\n")
    lock = project.folder.lock(OLD)
    assert told() == (lines[:1], ""), "whoever holds it may complete the line"
    os.close(lock)
    out, err = told(follow=True)
    assert (out, err.splitlines()[0]) == (
        lines[:1], f"batchdrain: session {OLD}: its process is dead; `inv resume` continues it",
    )  # fmt: skip


def test_a_session_that_is_held_is_followed_until_it_ended_and_nobody_goes_on(
    place: Workplace, project: Project, capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(project, OLD, status="running", completed_at=None)
    log(project, OLD, CLAIMED)
    lock, asked = project.folder.lock(OLD), list[float]()

    def wait(_: object, seconds: float) -> bool:
        asked.append(seconds)
        if len(asked) == 2:
            with project.folder.events_path(OLD).open("a") as file:
                file.write(f"{ENDED}\n")
        return len(asked) < 50

    clock = iter(range(1_000))
    monkeypatch.setattr(events, "wait_while_read", wait)
    monkeypatch.setattr(events, "monotonic", lambda: next(clock))
    show_events(invocation_of(place), session_id=OLD, format_name="json", follow=True)
    os.close(lock)
    assert len(lines_of(capsys)) == 2
    assert asked == [0.25] * 4, "more than two seconds after its last line"
    asked.clear()
    monkeypatch.setattr(events, "wait_while_read", lambda *_: False)
    log(project, OLD, CLAIMED)
    lock = project.folder.lock(OLD)
    show_events(invocation_of(place), session_id=OLD, format_name="json", follow=True)
    os.close(lock)
    assert len(lines_of(capsys)) == 1, "its reader has left"
