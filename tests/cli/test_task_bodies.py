"""Each task hands its flags to the one command that is its own, and what stops it becomes its exit code."""

from __future__ import annotations

import gc
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from invoke.config import Config
from invoke.context import Context
from invoke.exceptions import Exit

from batchdrain.cli.invocation import Invocation
from batchdrain.cli.tasks import invoke_edge
from batchdrain.cli.tasks.flags import FLAGS
from batchdrain.collection import ns
from batchdrain.model.asked import Ask
from batchdrain.model.errors import ConfigError, DatabaseUnavailable
from batchdrain.runtime import leaving
from batchdrain.runtime.signals import Signalled

COMMANDS = "batchdrain.cli.commands."
OF_TASK: dict[str, str] = {
    "drain": "drain.drain_failed", "dry-run": "drain.drain_failed", "resume": "resume.resume_session",
    "drain-queued": "drain_queued.drain_queued", "chain-with-queued": "chain_with_queued.chain_with_queued",
    "drain-all": "drain_all.drain_all", "hint": "hint.hint", "accept": "accept.accept", "reopen": "reopen.reopen",
    "summary": "summary.show_summary", "sessions": "sessions.list_sessions", "events": "events.show_events",
    "pick-next-run": "pick_next_run.show_next_run", "list-run-counts": "list_run_counts.show_run_counts",
    "clusters": "clusters.show_clusters", "explain": "explain.explain", "status": "status.show_status", "stop": "ask.ask_session",
    "pause": "ask.ask_session", "continue": "ask.ask_session", "doctor": "doctor.report.examine", "init": "init.section.write_section",
    "recover": "recover.give_all_back", "prune": "prune.prune", "demo": "demo.make_demo", "triage": "triage.triage",
}  # fmt: skip
RENAMED = {
    "format": ("format_name", "shape"), "all": ("every",), "database_url": ("url",), "yes": ("takes_guesses",),
}  # fmt: skip
"""How a command calls what a flag gives it."""


class Called:
    """A command that keeps with what it was called."""

    def __init__(self, code: int | None) -> None:
        self.code = code
        self.args: tuple[Any, ...] = ()
        self.named: dict[str, Any] = {}

    def __call__(self, invocation: Invocation, *args: Any, **named: Any) -> int | None:
        self.args, self.named = args, named
        return self.code


def call(task: str, patched: pytest.MonkeyPatch, place: str = "", code: int | None = None, **given: Any) -> Called:
    module, name = (place or OF_TASK[task]).rsplit(".", 1)
    called = Called(code)
    patched.setattr(importlib.import_module(COMMANDS + module), name, called)
    ns[task](Context(Config()), **given)
    return called


def told(called: Called) -> dict[str, Any]:
    """What the command got, whether by name or as the fields of its flags."""
    found = dict(called.named)
    for one in called.args:
        slots = getattr(type(one), "__dataclass_fields__", {})
        found |= {name: getattr(one, name) for name in slots}
    return found


def test_every_task_has_its_command() -> None:
    assert set(OF_TASK) == set(ns.task_names)


@pytest.mark.parametrize("task", OF_TASK)
def test_each_flag_of_a_task_reaches_its_command_with_its_own_value(task: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for flag in FLAGS[task.replace("-", "_")]:
        if flag.setting or flag.name in {"now", "close"}:
            continue
        example = flag.example.replace(" or ", ", ").split(", ")[0].removeprefix(f"{flag.dashed}=").strip("'")
        given: Any = True if not flag.kind else [example] if flag.is_list else example
        bare, with_it = (told(call(task, monkeypatch, **more)) for more in ({}, {flag.name: given}))
        changed = {name for name in with_it if with_it[name] != bare.get(name)}
        assert changed <= {flag.name, *RENAMED.get(flag.name, ())}, flag.name
        is_the_first_choice = bool(flag.choices) and example == flag.choices[0]
        assert changed or is_the_first_choice or str(bare.get(flag.name)) == example, flag.name


@pytest.mark.parametrize("task", OF_TASK)
def test_a_setting_that_a_flag_sets_is_handed_on_with_the_name_of_the_flag(
    task: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for flag in FLAGS[task.replace("-", "_")]:
        if not flag.setting:
            continue
        example = flag.example.replace(" or ", ", ").split(", ")[0].removeprefix(f"{flag.dashed}=").strip("'")
        given: Any = True if not flag.kind else [example] if flag.is_list else example
        found = told(call(task, monkeypatch, **{flag.name: given}))["settings"]
        assert [(one.flag, one.path) for one in found] == [(flag.dashed, tuple(flag.setting.split(".")))]


@pytest.mark.parametrize(
    ("task", "given", "ask"),
    [
        ("stop", {}, Ask.STOP),
        ("stop", {"now": True}, Ask.STOP_NOW),
        ("pause", {}, Ask.PAUSE),
        ("continue", {}, Ask.CONTINUE),
    ],
)
def test_each_request_to_a_session_is_its_own(
    task: str, given: dict[str, Any], ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert call(task, monkeypatch, **given).args == (ask,)


def test_a_dry_run_is_a_drain_that_is_told_to_be_dry_and_a_drain_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [call(task, monkeypatch).args[0].dry_run for task in ("dry-run", "drain")] == [True, False]


def test_a_resume_that_closes_starts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{COMMANDS}resume.resume_session", None)
    closed = call("resume", monkeypatch, "close_session.close_session", close=True, session_id="batch-drain-20251228-120000")
    assert closed.args[0].session_id == "batch-drain-20251228-120000"


@pytest.mark.parametrize(
    "task", ["drain", "dry-run", "resume", "drain-queued", "chain-with-queued", "drain-all", "reopen", "stop", "pause", "continue",
             "doctor", "recover", "triage"]
)  # fmt: skip
def test_the_code_of_a_command_is_that_of_its_task(task: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Exit) as caught:
        call(task, monkeypatch, code=7)
    assert caught.value.code == 7
    call(task, monkeypatch, code=0)


def run(body: Callable[..., int | None]) -> None:
    invoke_edge.run_command(body, (), Context(Config()), {})


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (Signalled(15), 143, None),
        (Signalled(1), 129, None),
        (KeyboardInterrupt(), 130, None),
        (DatabaseUnavailable("it is away", remedy="wait"), 75, "batchdrain: it is away; wait"),
        (ConfigError.of(["a", "b"]), 78, "batchdrain: a\nbatchdrain: b"),
    ],
)
def test_what_stops_a_task_is_its_exit_code_and_its_message(error: BaseException, code: int, message: str | None) -> None:
    def body(invocation: object) -> int:
        raise error

    with pytest.raises(Exit) as caught:
        run(body)
    assert caught.value.code == code
    assert caught.value.message == message or message is None


@pytest.mark.parametrize("before", [(700, 10, 10), (50_000, 5, 5), (0, 10, 10)])
def test_garbage_is_collected_less_often_within_a_task_and_as_before_after_it(before: tuple[int, int, int]) -> None:
    seen = list[int]()

    def body(invocation: object) -> int:
        seen.append(gc.get_threshold()[0])
        raise KeyboardInterrupt

    own = gc.get_threshold()
    try:
        gc.set_threshold(*before)
        with pytest.raises(Exit):
            run(body)
        assert gc.get_threshold() == before
    finally:
        gc.set_threshold(*own)
    assert seen == [max(20_000, before[0]) if before[0] else 0]


@pytest.mark.parametrize("hangs", [False, True])
def test_a_task_that_fails_ends_the_process_where_other_code_would_not_let_it_end(
    monkeypatch: pytest.MonkeyPatch, *, hangs: bool
) -> None:
    ended = list[tuple[int, str]]()
    monkeypatch.setattr(leaving, "is_hanging", lambda: hangs)
    monkeypatch.setattr(leaving, "end_process", lambda code, message: ended.append((code, message)))
    with pytest.raises(Exit):
        run(lambda invocation: 3)
    run(lambda invocation: None)
    assert ended == ([(3, "")] if hangs else [])


def test_a_task_is_told_how_it_was_called_and_in_which_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen = list[Invocation]()
    monkeypatch.setattr(sys, "argv", ["inv", "-c", "mine", "backlog.drain"])
    config = Config(project_location=tmp_path, overrides={"batchdrain": {"workers": 3}, "run": {"dry": True}})

    def drain(invocation: Invocation) -> None:
        seen.append(invocation)

    invoke_edge.run_command(drain, (), Context(config), {})
    [found] = seen
    assert (found.root, found.dry, found.mount) == (tmp_path, True, "backlog.")
    assert [str(word) for word in found.words][-2:] == ["-c", "mine"]
    assert found.section["workers"] == 3


def test_settings_are_read_of_the_first_file_of_each_level_and_one_that_is_named_has_to_be_there(tmp_path: Path) -> None:
    for name in ("invoke.yml", "invoke.json", "other.yaml"):
        (tmp_path / name).write_text("{}")
    config = Config(project_location=tmp_path, runtime_path=tmp_path / "other.yaml")
    files = invoke_edge.invocation_of(Context(config)).files
    assert [file.name for file in files if file.parent == tmp_path] == ["invoke.yml", "other.yaml"]
    missing = Config(project_location=tmp_path, runtime_path=tmp_path / "absent.yaml")
    with pytest.raises(ConfigError, match=r"inv -f .*absent\.yaml: there is no such file"):
        invoke_edge.invocation_of(Context(missing))
