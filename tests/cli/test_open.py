"""What every command begins with: settings that were checked, a project that is closed again, and a place to print."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from batchdrain.cli.commands.open import open_project, open_to_look, output_after, settings_of, tell_silence
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.stream import Outlet
from batchdrain.config.load import Override
from batchdrain.drain.project import Project
from batchdrain.model.errors import ConfigError, UsageError
from tests.cli.called import invocation_of
from tests.support.workplace import Workplace


@pytest.fixture
def invocation(sqlite_project: Workplace) -> Invocation:
    return invocation_of(sqlite_project)


def by_environment(invocation: Invocation) -> Invocation:
    return replace(invocation, environ={"INVOKE_BATCHDRAIN_ENGINE": "acme:Engine"})


def by_a_number(invocation: Invocation) -> Invocation:
    path = invocation.root / "invoke.yaml"
    path.write_text("batchdrain: {run_types: [{match: 007, type: a}]}\n")
    return replace(invocation, files=[path])


def by_code_that_others_may_write(invocation: Invocation) -> Invocation:
    invocation.root.chmod(0o777)
    return replace(invocation, section={**invocation.section, "policy": ["acme:by_cost"]})


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (by_environment, r"^INVOKE_BATCHDRAIN_ENGINE: a path to code is not accepted from the environment"),
        (by_a_number, r"YAML reads 007 as a number \(7\): quote it"),
        (by_code_that_others_may_write, r"is where code is imported from \('acme:by_cost'\), but others may write it"),
    ],
)
def test_settings_are_read_only_from_where_nobody_else_can_name_code(
    invocation: Invocation, make: Callable[[Invocation], Invocation], told: str
) -> None:
    assert settings_of(invocation).engine == "local"
    with pytest.raises(ConfigError, match=told):
        settings_of(make(invocation))


@pytest.mark.parametrize("name", ["policy", "engine"])
def test_what_a_flag_names_is_there_and_what_the_settings_name_is_looked_for_by_the_drain(
    invocation: Invocation, name: str
) -> None:
    named: dict[str, Any] = {"policy": ["nope"], "engine": "nope"}
    with pytest.raises(UsageError, match=rf"^--{name}: ?.*'nope'") as caught:
        settings_of(invocation, [Override(f"--{name}", (name,), named[name])])
    assert "batchdrain." not in caught.value.message
    assert caught.value.remedy
    given = settings_of(replace(invocation, section={**invocation.section, name: named[name]}))
    assert getattr(given, name) == named[name]
    other = settings_of(invocation, [Override("--workers", ("workers",), "2")])
    assert other.workers == 2


def test_a_project_is_closed_whatever_happens_in_it(invocation: Invocation, monkeypatch: pytest.MonkeyPatch) -> None:
    closed, looked = list[Project](), list[Project]()
    close = Project.close

    def closing(project: Project) -> None:
        closed.append(project)
        close(project)

    def look(project: Project) -> None:
        looked.append(project)

    monkeypatch.setattr(Project, "close", closing)
    monkeypatch.setattr(Project, "read_by_former_name", look)
    with pytest.raises(ZeroDivisionError), open_project(invocation) as project:
        raise ZeroDivisionError
    assert (closed, looked) == ([project], [])
    with open_to_look(invocation) as other:
        assert looked == [other], "a table that was renamed is found by its former name"
        assert closed == [project]
    assert closed == [project, other]


def test_a_database_that_is_silent_is_told_where_it_spoils_no_report(capsys: pytest.CaptureFixture[str]) -> None:
    tell_silence("it does not answer\x1b")
    assert capsys.readouterr() == ("", "batchdrain: it does not answer\\x1b\n")


@pytest.mark.parametrize(
    ("was_stopped", "stream", "kind"),
    [(True, io.StringIO(), Outlet), (False, io.StringIO(), io.StringIO), (True, None, None)],
)
def test_a_reader_may_take_any_time_unless_a_signal_asked_us_to_stop(
    monkeypatch: pytest.MonkeyPatch, was_stopped: bool, stream: io.StringIO | None, kind: type | None
) -> None:
    monkeypatch.setattr(sys, "stdout", stream)
    out = output_after(was_stopped=was_stopped)
    assert type(out._stream) is (kind or type(None))
    out.line("x")
    assert stream is None or stream.getvalue() == "x\n"
