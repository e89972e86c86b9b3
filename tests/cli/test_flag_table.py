"""The table of flags is what Invoke, the settings and the help say; every flag of bd1f117 is in it, as it was."""

from __future__ import annotations

import errno
import importlib.metadata
import json
from pathlib import Path
from typing import Any, Final

import pytest
from invoke.config import Config
from invoke.context import Context, MockContext
from invoke.exceptions import Exit

from batchdrain.cli.commands.chain_flags import ChainFlags
from batchdrain.cli.tasks import flag as kinds
from batchdrain.cli.tasks import invoke_edge
from batchdrain.cli.tasks.flag import Flag
from batchdrain.cli.tasks.flag_values import values_of
from batchdrain.cli.tasks.flags import FLAGS
from batchdrain.collection import ns
from batchdrain.config import plugins
from batchdrain.config.load import leaves, load
from batchdrain.config.profiles import PROFILES
from batchdrain.failures.categories import CATEGORIES
from batchdrain.model.errors import FilesUnavailable
from batchdrain.planning.hints import HIGHEST
from batchdrain.reports import formats
from tests.cli.in_process import inv

BEFORE: dict[str, Any] = json.loads((Path(__file__).parents[1] / "data" / "flags-of-bd1f117.json").read_text())
LISTS_SINCE: Final = {"policy", "cluster"}
"""They took commas alone, and take repetition too."""
FLAGS_SINCE: Final = {
    "drain": ("group",),
    "dry-run": ("group",),
    "resume": (
        "close", "workers", "max_total_minutes", "max_attempts", "max_timeouts_per_run", "max_repeats", "min_success_rate",
        "format",
    ),
    "sessions": ("top", "all"),
    **dict.fromkeys(("accept", "chain-with-queued", "demo", "drain-all", "drain-queued", "hint", "recover"), ("format",)),
    "init": ("format", "yes"),
}  # fmt: skip
"""By task: what came later, and takes nothing away."""
SAYS_SINCE: Final = {
    "resume": "Continue the newest incomplete session, or the named one, with its own filters and limits.",
    "chain-with-queued": "Drain all phases of one run: the queued ones first, then the failed ones.",
    "drain-all": "Drain all runs: queued phases run by run, most queued first, then the failed ones.",
    "accept": "Accept a known failure, so that it is not drained again; without flags list the acceptances.",
    "recover": "Settle the claims of dead controllers: record the results, release the other phases. Starts no work.",
    "summary": "Report on a session: the newest, or the named one.",
    "clusters": "Group the failed phases by their failure, and show how many retries succeeded.",
    "triage": "Run the diagnosis command (triage.argv) on the next phases of a drain, and keep its verdicts.",
}
ADDED: Final = {"fail_if_nothing"}
"""Flags that came since."""
EACH: Final = [pytest.param(flag, id=f"{task} {flag.dashed}") for task, flags in FLAGS.items() for flag in flags]


def arguments_of(task: str) -> list[list[Any]]:
    """As Invoke reads them of the task's signature."""
    return [
        [one.name, one.kind.__name__, one.default, one.positional, one.optional, list(one.names)]
        for one in ns[task].get_arguments()
        if one.name not in ADDED
    ]


def test_the_tasks_are_those_of_bd1f117() -> None:
    assert set(ns.task_names) == {*BEFORE, "prune", "status", "stop", "pause", "continue", "events", "explain", "reopen"}


@pytest.mark.parametrize("task", BEFORE)
def test_a_task_takes_what_it_took_at_bd1f117(task: str) -> None:
    before = [
        [name, "list", [], *rest] if name in LISTS_SINCE else [name, kind, default, *rest]
        for name, kind, default, *rest in BEFORE[task]["flags"]
    ]
    assert [one for one in arguments_of(task) if one[0] not in FLAGS_SINCE.get(task, ())] == before
    assert (ns[task].__doc__ or "").splitlines()[0] == SAYS_SINCE.get(task, BEFORE[task]["says"])


@pytest.mark.parametrize("flag", EACH)
def test_a_flag_s_help_opens_with_what_it_takes_and_ends_with_an_example(flag: Flag) -> None:
    if not flag.kind:
        assert (flag.text, flag.example, flag.choices, flag.is_list) == (flag.help, "", (), False)
        return
    opening = f"{'LIST of ' if flag.is_list else ''}{flag.kind}"
    assert flag.text.startswith((f"{opening}. ", f"{opening}: {', '.join(flag.choices)}. "))
    assert flag.text.endswith(f", e.g. {flag.example}")
    assert flag.example


@pytest.mark.parametrize("flag", [param for param in EACH if param.values[0].kind])  # type: ignore[union-attr]
def test_an_example_is_a_value_that_the_flag_takes(flag: Flag) -> None:
    for example in flag.example.replace(" or ", ", ").split(", "):
        text = example.removeprefix(f"{flag.dashed}=").strip("'")
        values = values_of([flag], {flag.name: [text] if flag.is_list else text})
        load({}, {}, values.get("settings", ()))


def test_a_flag_that_sets_a_setting_names_one_that_is_there() -> None:
    named = {tuple(flag.setting.split(".")) for flags in FLAGS.values() for flag in flags if flag.setting}
    assert named <= set(leaves())


def test_what_stands_twice_so_that_the_table_is_light_is_the_same() -> None:
    found = {(task, flag.name): flag for task, flags in FLAGS.items() for flag in flags}
    ours = {point.name for point in importlib.metadata.entry_points(group=plugins.POLICIES) if "batchdrain" in point.value}
    assert found["drain", "category"].choices == CATEGORIES
    assert found["drain", "profile"].choices == tuple(PROFILES)
    assert {*found["drain", "policy"].choices} == {*ours, "package.module:function"}
    assert found["summary", "format"].choices == tuple(formats.SUMMARY)
    assert found["drain", "format"].choices == tuple(formats.SUMMARY)[:3]
    assert (found["hint", "priority"].least, found["hint", "priority"].most) == (-HIGHEST, HIGHEST)


def test_the_help_of_flags_fits_a_narrow_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for task in ns.task_names:
        text = inv(["--help", task], tmp_path, capsys, monkeypatch).out.partition("Options:")[2]
        assert [line for line in text.splitlines() if len(line) > 80] == [], task
        assert "--" in text


def test_a_task_can_be_called_from_python_with_a_single_entry_for_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}
    monkeypatch.setattr(invoke_edge, "run_command", lambda body, flags, c, given: seen.update(values_of(flags, given)))

    ns["drain"](MockContext(), "5", category="transient, timeout", policy="smart")

    assert seen["category"] == ("transient", "timeout")
    assert [(one.flag, one.value) for one in seen["settings"]] == [("--batch-size", "5"), ("--policy", ["smart"])]
    with pytest.raises(TypeError, match="nope"):
        ns["drain"](MockContext(), nope="1")


def test_an_error_of_ours_that_nobody_can_mend_is_not_hidden() -> None:
    def body(invocation: object) -> int:
        raise AssertionError("ours")

    with pytest.raises(AssertionError, match="ours"):
        invoke_edge.run_command(body, (), Context(Config()), {})


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.EMFILE, "Too many open files"), "the system: Too many open files"),
        (OSError(errno.ENOSPC, "No space left on device", "a/b"), "a/b: No space left on device"),
        (OSError("cannot read from timed out object"), "the system: cannot read from timed out object"),
    ],
)
def test_what_the_system_lacks_is_told_in_its_own_words_also_where_it_has_no_number(error: OSError, said: str) -> None:
    def body(invocation: object) -> int:
        raise error

    with pytest.raises(Exit) as caught:
        invoke_edge.run_command(body, (), Context(Config()), {})
    assert said in str(caught.value.message)
    assert caught.value.code == FilesUnavailable.exit_code


def test_a_body_s_code_is_the_exit_code() -> None:
    with pytest.raises(Exit) as caught:
        invoke_edge.run_command(lambda invocation: 3, (), Context(Config()), {})
    assert caught.value.code == 3
    invoke_edge.run_command(lambda invocation: None, (), Context(Config()), {})


def test_a_switch_and_a_list_that_nobody_gave_are_not_given() -> None:
    values = values_of(FLAGS["drain_all"], {flag.name: [] if flag.is_list else None for flag in FLAGS["drain_all"]})
    assert ChainFlags(**values).settings == []
    assert ChainFlags(**values).category == ()
    assert {flag.kind for flags in FLAGS.values() for flag in flags} <= {
        value for name, value in vars(kinds).items() if name.isupper()
    }
