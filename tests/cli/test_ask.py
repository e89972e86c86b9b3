"""What `inv stop`, `pause`, `continue` and `status` say and write, of sessions that stand in a real ledger."""

from __future__ import annotations

import getpass
import re
import socket
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

import pytest

from batchdrain.cli.commands import ask as asking
from batchdrain.cli.commands import status
from batchdrain.cli.commands.ask import ask_session
from batchdrain.cli.commands.status import show_status
from batchdrain.database.ledger.chains import ChainRow, Chains
from batchdrain.drain.project import Project
from batchdrain.execution.process_identity import ProcessIdentity, identify_self
from batchdrain.model.asked import Ask
from batchdrain.model.errors import UsageError
from batchdrain.runtime import clock
from tests.cli.called import invocation_of, json_of, lines_of
from tests.support.opened import dead, opened
from tests.support.workplace import Workplace

ME: Final = identify_self()
WHERE = f"host, process {ME.pid}"
NOTHING = "No session of table 'phases' runs."
DONE = {
    Ask.STOP: "starts nothing more, and ends after the running phases",
    Ask.STOP_NOW: "ends the running commands, releases their phases, and ends",
    Ask.PAUSE: "claims nothing until `inv continue`",
    Ask.CONTINUE: "claims phases again",
}
on = pytest.mark.parametrize


@pytest.fixture
def project(sqlite_project: Workplace) -> Iterator[Project]:
    with opened(sqlite_project) as found:
        yield found


@pytest.fixture
def place(sqlite_project: Workplace, project: Project) -> Workplace:
    assert project.store.ledger
    return sqlite_project


def run(
    project: Project, session_id: str, *, by: ProcessIdentity = ME, chain: str | None = None, ended: str | None = None,
    wanted: Mapping[str, Any] | None = None, **progress: Any,
) -> None:  # fmt: skip
    """A session that this very process is the controller of."""
    values = {"session_id": session_id, "chain_uid": chain, "host_id": by.host_id, "host": "host", "ctl_pid": by.pid,
              "ctl_start": by.start, "ttl_ms": 60_000}  # fmt: skip
    uid = session_id.ljust(32, "u")
    epoch = project.session_rows.begin(uid, values, {"kind": "queued", "beat_s": 2.5, **(wanted or {})}, progress)
    if ended is not None:
        project.session_rows.end(uid, epoch, ended)
        Chains(project.store.database, project.store.ledger).write(
            ChainRow(uid=str(chain), task="drain-all", started_at=clock.now(), asked={})
        )


def asked_of(place: Workplace, session_id: str) -> str | None:
    [(found,)] = place.sql("SELECT asked FROM batchdrain_session WHERE session_id = :s", [{"s": session_id}]) or [(None,)]
    return None if found is None else str(found)


@on("ask", list(Ask))
def test_the_one_session_that_runs_is_asked_and_what_becomes_of_it_is_told(
    place: Workplace, project: Project, capsys: pytest.CaptureFixture[str], ask: Ask
) -> None:
    run(project, "s1")
    assert ask_session(invocation_of(place, dry=True), ask, session_id=None, reason="why") == 0
    assert lines_of(capsys) == [f"Would be sent to s1 on {WHERE}: {DONE[ask]}"]
    assert asked_of(place, "s1") is None
    assert ask_session(invocation_of(place), ask, session_id=None, reason="why") == 0
    assert lines_of(capsys) == [f"Request sent to s1 on {WHERE}: {DONE[ask]}. It takes effect within 2.5 s (lease.beat_s)."]
    found = project.session_rows.read()[0].asked
    assert found is not None
    assert (found.ask, found.reason, found.by) == (ask, "why", asking._name_self())


def test_json_names_the_session_and_what_it_was_asked(
    place: Workplace, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    nobody = {"session_id": None, "asked": None, "said": [NOTHING]}
    assert ask_session(invocation_of(place), Ask.STOP, session_id=None, reason=None, shape="json") == 0
    assert json_of(capsys) == nobody
    run(project, "s1")
    ask_session(invocation_of(place, dry=True), Ask.PAUSE, session_id="s1", reason=None, shape="json")
    found = json_of(capsys)
    assert (found["session_id"], found["asked"]) == ("s1", None)
    ask_session(invocation_of(place), Ask.PAUSE, session_id="s1" + "u" * 30, reason=None, shape="json")
    found = json_of(capsys)
    assert (found["session_id"], found["asked"], len(found["said"])) == ("s1", "pause", 1)


def test_what_ends_already_is_told_by_whom_and_a_harder_request_is_taken(
    place: Workplace, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    run(project, "s1")
    me = asking._name_self()
    said = []
    for ask, reason in ((Ask.STOP, "lunch\nnow"), (Ask.PAUSE, "x"), (Ask.STOP, ""), (Ask.STOP_NOW, ""), (Ask.STOP, "")):
        ask_session(invocation_of(place), ask, session_id=None, reason=reason)
        said += [line.partition(" to ")[0] if line.startswith("Request sent") else line for line in lines_of(capsys)]
    ending = f"It is ending already, asked by {me}"
    assert said == [
        "Request sent",
        f"{ending}: lunch\\x0anow: s1 on {WHERE}",
        "Request sent",
        "Request sent",
        f"{ending}: s1 on {WHERE}",
    ]


def test_a_session_whose_process_died_or_that_has_ended_is_not_asked(
    place: Workplace, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    run(project, "gone", by=dead())
    run(project, "ended", chain="c", ended="interrupted")
    ask_session(invocation_of(place), Ask.STOP, session_id=None, reason=None)
    assert lines_of(capsys) == [NOTHING]
    with pytest.raises(UsageError, match=r"^--session-id: no session gone runs; `inv status` lists the running sessions$"):
        ask_session(invocation_of(place), Ask.STOP, session_id="gone", reason=None)
    assert asked_of(place, "gone") is None


def test_of_several_sessions_one_has_to_be_named(
    place: Workplace, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    run(project, "s1")
    run(project, "s2")
    with pytest.raises(UsageError, match=r"^--session-id: 2 sessions run:\n") as caught:
        ask_session(invocation_of(place), Ask.STOP, session_id=None, reason=None)
    lines = str(caught.value).splitlines()
    assert {"s1  running on " + WHERE, "s2  running on " + WHERE} <= set(lines)
    assert (lines[-1], "choose" in lines[-2]) == ("choose one with --session-id", False)
    ask_session(invocation_of(place), Ask.STOP, session_id="s2", reason=None)
    assert (asked_of(place, "s1"), asked_of(place, "s2") is None) == (None, False)
    place.sql("UPDATE batchdrain_session SET session_id = 's1'")
    with pytest.raises(UsageError, match="2 sessions run") as caught:
        ask_session(invocation_of(place), Ask.STOP, session_id="s1", reason=None)
    assert caught.value.remedy == "choose one by its session_uid (`inv status --format=json`)"
    ask_session(invocation_of(place), Ask.CONTINUE, session_id="s1".ljust(32, "u"), reason=None)
    assert lines_of(capsys)[-1].startswith("Request sent to s1 on ")


def test_a_chain_between_its_parts_is_asked_and_its_next_one_hears_of_it(
    place: Workplace, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    run(project, "s1", chain="c", ended="complete", may_go_on=True)
    ask_session(invocation_of(place), Ask.STOP, session_id=None, reason=None)
    assert lines_of(capsys) == [
        f"Request sent to s1 on {WHERE}: {DONE[Ask.STOP]}. Its chain is between its parts: the next part follows this as it begins."
    ]


@on("wanted", [{"beat_s": None}, {"beat_s": "soon"}])
def test_of_a_session_that_does_not_tell_its_beat_none_is_told(
    place: Workplace, project: Project, capsys: pytest.CaptureFixture[str], wanted: dict[str, Any]
) -> None:
    run(project, "s1", wanted=wanted)
    ask_session(invocation_of(place), Ask.PAUSE, session_id=None, reason=None)
    assert lines_of(capsys) == [f"Request sent to s1 on {WHERE}: {DONE[Ask.PAUSE]}."]


def test_a_request_that_its_session_does_not_hear_any_more_is_made_to_the_next_part_of_its_chain(
    place: Workplace, project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(project, "s1", chain="c")
    run(project, "s2", chain="c")
    run(project, "s3", chain="d")
    run(project, "s4")
    rows = {row.session_id: row for row in project.session_rows.read()}
    project.session_rows.end(rows["s1"].uid, None, "complete")
    row, asked = asking._ask(project, rows["s1"], Ask.STOP, "")
    assert (row.session_id, asked is not None and asked.ask) == ("s2", Ask.STOP)
    project.session_rows.end(rows["s2"].uid, None, "complete")
    assert asking._ask(project, rows["s1"], Ask.STOP, "") == (rows["s1"], None), "no part of it runs"
    alone = replace(rows["s1"], chain_uid=None)
    assert asking._ask(project, alone, Ask.STOP, "") == (alone, None)
    monkeypatch.setattr(asking, "_read_living", lambda _: [rows["s1"]])
    monkeypatch.setattr(asking, "_choose", lambda living, _: living[0])
    assert ask_session(invocation_of(place), Ask.STOP, session_id=None, reason=None, shape="json") == 0
    assert json_of(capsys) == {"session_id": "s1", "asked": None, "said": [f"It has ended meanwhile: s1 on {WHERE}"]}


def test_the_asking_one_is_named_also_where_the_user_has_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "box")
    monkeypatch.setattr(getpass, "getuser", lambda: "ann")
    assert asking._name_self() == "ann@box"

    def nobody() -> str:
        raise KeyError(0)

    monkeypatch.setattr(getpass, "getuser", nobody)
    assert asking._name_self() == "somebody@box"


def test_status_shows_what_runs_else_that_nothing_does(
    place: Workplace, project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    show_status(invocation_of(place), format_name="text")
    assert lines_of(capsys) == [NOTHING]
    show_status(invocation_of(place), format_name="json")
    assert json_of(capsys) == []
    run(project, "s1", processed=1, succeeded=1, target=4)
    show_status(invocation_of(place), format_name="text")
    first, second = lines_of(capsys)
    assert first == f"s1  running on {WHERE}"
    assert re.fullmatch(r"  1/4 · 1 ok · 0 failed · as of \d s ago", second)
    show_status(invocation_of(place), format_name="json")
    [row] = json_of(capsys)
    assert (row["session_id"], row["state"], row["alive"], row["target"]) == ("s1", "running", True, 4)
    run(project, "s2", by=dead())
    show_status(invocation_of(place), format_name="text")
    assert any(line.startswith("s2  died on host") for line in lines_of(capsys))


def test_watching_shows_it_again_until_nothing_runs(
    place: Workplace, project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(project, "s1")
    [row] = project.session_rows.read()
    waited: list[float] = []

    def end(stream: object, seconds: float) -> bool:
        waited.append(seconds)
        if len(waited) == 2:
            project.session_rows.end(row.uid, None, "complete")
        return True

    monkeypatch.setattr(status, "wait_while_read", end)
    show_status(invocation_of(place), format_name="json", watch=True)
    assert waited == [2.0, 2.0]
    assert [line[:2] for line in lines_of(capsys)] == ["[{", "[{", "[]"], "each a line, for a reader of lines"


def test_watching_ends_where_only_dead_sessions_are_left_or_nobody_reads(
    place: Workplace, project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(project, "s1", by=dead())
    show_status(invocation_of(place), format_name="text", watch=True)
    assert lines_of(capsys)[0].startswith("s1  died on host")
    run(project, "s2")
    answers = iter([True, False])
    monkeypatch.setattr(status, "wait_while_read", lambda stream, seconds: next(answers))
    show_status(invocation_of(place), format_name="text", watch=True)
    lines = lines_of(capsys)
    assert len([line for line in lines if line.startswith("s2  running")]) == 2
    assert lines.count("") == 1, "an empty line stands between two reports"
