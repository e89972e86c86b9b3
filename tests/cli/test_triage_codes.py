"""`inv triage` in the test's own process: whom it diagnoses, and with which code it ends."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from concurrent.futures import Future
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.cli.commands import triage as module
from batchdrain.cli.commands.triage import TriageFlags, triage
from batchdrain.config.load import Override
from batchdrain.model.errors import ConfigError, DatabaseUnavailable, FilesUnavailable, UsageError
from batchdrain.model.phase import Phase
from batchdrain.planning.planner import Selection
from batchdrain.sessions.folder import SessionFolder
from tests.cli.called import invocation_of
from tests.support.workplace import Workplace


class Engine:
    """Diagnoses at once, and executes nothing."""

    made: list[Engine]
    failure: DatabaseUnavailable | None = None
    signalled = False

    def __init__(self, project: Any, settings: Any, folder: Path, name: str) -> None:
        self.folder, self.name, self.asked, self.is_tidy, self.is_closed = folder, name, list[str](), False, False
        self.shutdown: Any = None
        self.made.append(self)

    def tidy(self) -> None:
        self.is_tidy = True

    def interrupt(self, **_: Any) -> None: ...

    def ask(self, phase: Phase) -> Future[Any] | None:
        self.asked.append(f"{phase.run_id}/{phase.phase_id}")
        if self.signalled and len(self.asked) == 1:
            signal.raise_signal(signal.SIGTERM)
        if phase.phase_id == "b":
            return None
        done = Future[Any]()
        done.set_result(SimpleNamespace(failure=self.failure, phase=phase))
        return done

    def close(self) -> None:
        self.is_closed = True


class Screen:
    """Keeps whom it was shown."""

    seen: list[tuple[str, Any]]

    def __init__(self, *, as_json: bool) -> None:
        self.seen.append(("json", as_json))

    def begin(self, project: Any, settings: Any, phases: Any, backlog: Any, *, dry: bool) -> None:
        self.seen.append(("begin", ([phase.phase_id for phase in phases], dry)))

    def tell_idle(self, project: Any, filters: Any, backlog: Any) -> None:
        self.seen.append(("filters", (filters.run_id, filters.exclude_runs, filters.categories)))

    def show(self, found: Any) -> None:
        self.seen.append(("show", found.phase.phase_id))

    def notice(self, text: str) -> None:
        self.seen.append(("notice", text))

    def end(self, folder: Path) -> None:
        self.seen.append(("end", folder.name))


@pytest.fixture
def place(sqlite_project: Workplace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workplace]:
    sqlite_project.configure(triage={"argv": ["true"]}, policy=["run-order"])
    sqlite_project.fail("r/a", "r/b", "s/c", reason="boom")
    monkeypatch.setattr(Engine, "made", [], raising=False)
    monkeypatch.setattr(Screen, "seen", [], raising=False)
    monkeypatch.setattr(module, "Triage", Engine)
    monkeypatch.setattr(module, "TriageScreen", Screen)
    yield sqlite_project
    assert all(engine.is_closed for engine in Engine.made)


def run(place: Workplace, *, dry: bool = False, **flags: Any) -> int:
    return triage(invocation_of(place, dry=dry), TriageFlags(**flags))


def seen(kind: str) -> list[Any]:
    return [what for name, what in Screen.seen if name == kind]


def test_each_phase_is_diagnosed_once_and_shown_and_the_folder_is_named_at_the_end(place: Workplace) -> None:
    assert run(place) == 0
    [engine] = Engine.made
    assert (sorted(engine.asked), engine.is_tidy) == (["r/a", "r/b", "s/c"], True)
    assert sorted(seen("show")) == ["a", "c"], "one was asked for before"
    assert (seen("end"), engine.folder.name, engine.folder.is_dir()) == ([engine.name], engine.name, True)
    assert engine.folder.parent == place.sessions
    assert run(place) == 0
    assert len({engine.name for engine in Engine.made}) == 2, "also in the same second"


@pytest.mark.parametrize(("flags", "is_dry"), [({}, True), ({"run_id": "nope"}, False)])
def test_a_dry_triage_and_one_of_nothing_diagnose_nothing_and_write_nothing(
    place: Workplace, flags: dict[str, Any], *, is_dry: bool
) -> None:
    assert run(place, dry=is_dry, **flags) == 0
    assert (Engine.made, place.sessions.exists()) == ([], False)
    assert [dry for _, dry in seen("begin")] == [is_dry]


def test_filters_limit_and_format_are_heeded(place: Workplace) -> None:
    limit = Override("--limit", ("triage", "limit"), "1")
    run(place, settings=[limit], exclude_run=("s",), category=("other",), format="json", dry=True)
    assert (seen("json"), seen("begin"), seen("filters")) == (
        [True], [(["a"], True)], [(None, ("s",), ("other",))],
    )  # fmt: skip
    with pytest.raises(UsageError, match="--run-id: is empty"):
        run(place, run_id="")


def test_without_a_diagnosis_command_nothing_is_diagnosed(place: Workplace) -> None:
    place.configure(triage={})
    with pytest.raises(ConfigError, match=r"triage\.argv"):
        run(place)
    assert Engine.made == []


def test_a_folder_that_can_not_be_made_is_told_and_names_that_are_taken_are_numbered_from_2(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object, name: str) -> None:
        raise OSError(28, "No space left on device", name)

    monkeypatch.setattr(SessionFolder, "make", full)
    told = r"^.*/triage-\d{8}-\d{6}: No space left on device; free disk space, or name another session_dir$"
    with pytest.raises(FilesUnavailable, match=told):
        run(place)
    assert [*islice(module._names("x"), 3)] == ["x", "x-2", "x-3"]


def test_a_verdict_that_could_not_be_kept_is_an_error_after_all_were_shown(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Engine, "failure", DatabaseUnavailable("it is away", remedy="wait"))
    with pytest.raises(DatabaseUnavailable):
        run(place)
    assert sorted(seen("show")) == ["a", "c"]
    assert len(seen("end")) == 1


def test_a_signal_is_the_code_of_a_triage_also_where_a_verdict_was_lost(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Engine, "failure", DatabaseUnavailable("it is away", remedy="wait"))
    monkeypatch.setattr(Engine, "signalled", True)
    assert run(place) == 143
    assert len(seen("end")) == 1


def test_phases_with_a_verdict_are_left_out_unless_they_are_to_be_diagnosed_anew(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = list[bool]()

    def note(**facts: Any) -> Any:
        given.append(facts["heeds_verdicts"])
        return Selection(**facts)

    monkeypatch.setattr(module, "Selection", note)
    for anew in (False, True):
        run(place, anew=anew, dry=True)
    assert given == [True, False]
