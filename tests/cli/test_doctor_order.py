"""In which order doctor looks, what ends it early, and what its folders and engines are found to be."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from batchdrain.cli.commands.doctor import database as examining
from batchdrain.cli.commands.doctor import engine_checks, report, session_dir_check
from batchdrain.cli.commands.doctor.database import examine_database
from batchdrain.cli.commands.doctor.engine_checks import check_engine
from batchdrain.cli.commands.doctor.project_checks import Finding
from batchdrain.cli.commands.doctor.session_dir_check import check_session_dir
from batchdrain.cli.invocation import Invocation
from batchdrain.config.load import load
from batchdrain.drain.project import Project
from batchdrain.execution.engines.examined import Examined
from batchdrain.model.errors import BadData, ConfigError, DatabaseUnavailable
from tests.cli.called import invocation_of
from tests.support.workplace import Workplace

Part = Callable[[Project], Iterator[Finding]]
NOWHERE = "postgresql://nobody@127.0.0.1:1/x"


def checks_of(invocation: Invocation) -> list[str]:
    """The names of the checks as they come, each once in a row."""
    found = [one.check for one in report._examine_all(invocation)]
    return [name for place, name in enumerate(found) if place == 0 or found[place - 1] != name]


def test_files_come_before_settings_and_those_before_the_database(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a")
    order = checks_of(invocation_of(sqlite_project))
    assert order == [
        "invoke.yaml", "configuration", "policy", "engine", "categories", "command", "session_dir", "database", "table", "states",
        "words", "ids", "ledger", "writes",
    ]  # fmt: skip


def test_a_section_that_can_not_be_read_at_all_leaves_nothing_to_look_at(tmp_path: Path) -> None:
    found = [*report._examine_all(Invocation(section=["x"], environ={}, root=tmp_path, dry=False))]
    assert [(one.check, one.verdict) for one in found] == [
        ("invoke.yaml", "ok"),
        ("configuration", "fail"),
        ("settings", "warn"),
    ]
    assert (found[-1].message, found[-1].cure) == (
        "nothing else was checked, because the section can't be read",
        "fix that, and run `inv doctor` again",
    )


def test_what_can_not_be_read_is_named_and_the_rest_is_looked_at(sqlite_project: Workplace) -> None:
    sqlite_project.configure(policy=5, triage={"argv": 7}, command={"grace_s": "soon"})

    def left_out() -> list[str]:
        found.extend(report._examine_all(invocation_of(sqlite_project)))
        told = [one for one in found if "was not checked" in one.message]
        assert {one.cure for one in told} == {"fix that, and run `inv doctor` again"}
        return [f"{one.check} {one.message}" for one in told]

    found = list[Finding]()
    first = [
        "policy was not checked, because policy can't be read",
        "command was not checked, because command.grace_s and triage.argv can't be read",
    ]
    assert left_out() == first, "there is nobody to notify"
    assert {"engine", "categories", "session_dir", "database"} <= {one.check for one in found}
    for argv, lost in ((["env"], "command.grace_s"), (7, "command.grace_s and notify.argv")):
        found.clear()
        sqlite_project.configure(notify={"argv": argv}, command={"grace_s": "soon"})
        assert left_out() == [*first, f"notify was not checked, because {lost} can't be read"]


def examined(
    place: Workplace, *parts: Part, url: str = "", monkeypatch: pytest.MonkeyPatch
) -> list[tuple[str, str, str, int]]:
    if parts:
        monkeypatch.setattr(examining, "_OF_DATABASE", parts)
    invocation = invocation_of(place)
    section = {**invocation.section, **({"database_url": url} if url else {}), "patience": {"outage_s": 0}}
    settings = load(section, {})
    return [(one.check, one.verdict, f"{one.message}|{one.cure}", one.code) for one in examine_database(invocation, settings)]


def well(_: Project) -> Iterator[Finding]:
    yield Finding("well", ok=True, message="well")


def test_a_database_that_is_away_ends_the_looking_and_any_other_error_does_not(
    sqlite_project: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = list[Project]()
    close = Project.close

    def close_noted(project: Project) -> None:
        closed.append(project)
        close(project)

    monkeypatch.setattr(Project, "close", close_noted)

    def away(_: Project) -> Iterator[Finding]:
        raise DatabaseUnavailable("gone", remedy="wait")
        yield

    def bad(_: Project) -> Iterator[Finding]:
        raise BadData("odd rows", remedy="mend them")
        yield

    fine = ("well", "ok", "well|", 78)
    assert examined(sqlite_project, bad, well, monkeypatch=monkeypatch) == [
        ("database", "fail", "odd rows|mend them", 65),
        fine,
    ]
    assert examined(sqlite_project, well, away, well, monkeypatch=monkeypatch) == [
        fine,
        ("database", "fail", "gone|wait", 75),
    ]
    assert len(closed) == 2
    [(check, verdict, _, code)] = examined(sqlite_project, well, url=NOWHERE, monkeypatch=monkeypatch)
    assert (check, verdict, code) == ("database", "fail", 75)

    def refuse(*_: Any) -> Project:
        raise ConfigError("one\ntwo", remedy="mend both")

    monkeypatch.setattr(Project, "open", refuse)
    assert examined(sqlite_project, well, monkeypatch=monkeypatch) == [
        ("database", "fail", "one|mend both", 78), ("database", "fail", "two|mend both", 78),
    ]  # fmt: skip


class Engine:
    """An engine that says of itself what it was told."""

    said: list[Examined]

    def examine(self) -> list[Examined]:
        return self.said


def test_an_engine_says_itself_what_is_wrong_and_an_error_has_its_own_code(monkeypatch: pytest.MonkeyPatch) -> None:
    Engine.said = [
        Examined(ok=True, message="two workers", cure="none"), Examined(ok=True, is_warning=True, message="slow", cure="add one"),
        Examined(ok=False, message="no worker", cure="start one"),
    ]  # fmt: skip
    monkeypatch.setattr(engine_checks, "_examine", lambda _: Engine().examine())
    settings = load({}, {})
    assert [(one.verdict, one.message, one.cure, one.code) for one in check_engine(settings)] == [
        ("ok", "loads", "", 78), ("ok", "two workers", "", 75), ("warn", "slow", "add one", 75), ("fail", "no worker", "start one", 75),
    ]  # fmt: skip

    def silent(_: object) -> list[Examined]:
        raise OSError("refused")

    monkeypatch.setattr(engine_checks, "_examine", silent)
    assert [(one.verdict, one.message, one.cure, one.code) for one in check_engine(settings)] == [
        ("fail", "it does not answer: refused", "read its log", 75)
    ]


def looked(folder: Path) -> list[tuple[str, str, str]]:
    found = [*check_session_dir(folder)]
    assert {one.check for one in found} == {"session_dir"}
    return [(one.verdict, one.message, one.cure) for one in found]


def test_the_folder_of_sessions_or_the_nearest_above_it_is_looked_at(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "sessions"
    assert looked(folder) == [("ok", f"{folder} can be written", "")]
    file = tmp_path / "file"
    file.touch()
    assert looked(file / "sessions") == [("fail", f"{file} is no folder", "move it away, or name another folder")]
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    [(verdict, message, cure)] = looked(shared)
    assert (verdict, message) == ("fail", f"{shared} can be written by other users")
    assert cure


def test_a_folder_that_can_not_be_written_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert looked(tmp_path) == [("fail", f"{tmp_path} can't be written", "chmod it, or name another folder")]


@pytest.mark.parametrize(
    ("free", "total", "verdicts"),
    [
        (999_999, 10**9, ["fail there is no free space at"]), (1_000_000, 10**9, ["ok", "warn 1 MB is free at"]),
        (199_999_999, 10**9, ["ok", "warn 199 MB are free at"]), (200_000_000, 10**9, ["ok"]), (0, 0, ["ok"]),
    ],
)  # fmt: skip
def test_room_for_logs_is_told_in_megabytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, total: int, verdicts: list[str]
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: type("Usage", (), {"free": free, "total": total}))
    tail = f" {tmp_path}: a drain keeps its logs there"
    whole = [f"{one}{tail}" if " " in one else f"ok {tmp_path} can be written" for one in verdicts]
    assert [f"{verdict} {message}" for verdict, message, _ in looked(tmp_path)] == whole
    cures = {
        cure
        for _, message, cure in looked(tmp_path)
        if message.startswith("there is no free space") or " free at " in message
    }
    assert cures <= {"free disk space, or name another folder"}


def test_a_file_system_of_the_kernel_or_the_network_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_dir_check, "find_network_kind", lambda _: "nfs4")
    assert looked(tmp_path)[1] == (
        "warn", (f"{tmp_path} is on a network file system (nfs4): whether a session is in use is shown by its lock, which may not "
        "hold between machines"), "name a folder on a disk of this machine",
    )  # fmt: skip
    monkeypatch.setattr(session_dir_check, "find_kernel_kind", lambda _: "proc")
    assert looked(tmp_path) == [
        (
            "fail",
            f"{tmp_path} is on a virtual file system of the kernel (proc), which stores no files",
            "name a folder on a disk",
        ),
    ]
