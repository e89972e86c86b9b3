"""Each task's help ends with examples that work, and a shell completes our flags."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

import pexpect
import pytest
from invoke.parser import Parser

from batchdrain.cli.tasks.examples import EXAMPLES, to_help
from batchdrain.cli.tasks.flag_values import values_of
from batchdrain.cli.tasks.flags import FLAGS
from batchdrain.collection import ns
from batchdrain.config.load import load
from tests.cli.in_process import inv
from tests.support.workplace import Workplace

EACH = [pytest.param(task, flags, id=f"{task} {flags}") for task, calls in EXAMPLES.items() for flags, _ in calls]
BIN = Path(sys.executable).parent


def test_every_task_has_examples_that_fit_a_narrow_terminal_as_its_help_prints_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert set(EXAMPLES) == set(ns.task_names)
    for task, calls in EXAMPLES.items():
        shown = inv(["--help", task], tmp_path, capsys, monkeypatch).out.partition("Options:")[0].splitlines()
        assert "  Examples:" in shown
        assert [line.strip() for line in shown if line.startswith("    inv ")] == [
            f"inv {task} {flags}".rstrip() for flags, _ in calls
        ]
        assert max(len(line) for line in shown if line.startswith("    ")) <= 80, task


@pytest.mark.parametrize(("task", "flags"), EACH)
def test_the_flags_of_an_example_are_those_of_its_task_with_values_that_it_takes(task: str, flags: str) -> None:
    [context] = Parser(contexts=ns.to_contexts()).parse_argv([task, *shlex.split(flags.partition(" | ")[0])])
    of_task = FLAGS[task.replace("-", "_")]
    values = values_of(of_task, {flag.name: context.args[flag.dashed.removeprefix("--")].value for flag in of_task})
    load({}, {}, values.get("settings", ()))


def test_a_mounted_task_shows_examples_as_they_are_typed_there() -> None:
    assert "\n  inv backlog.drain --plan=plan.json" in to_help("Drain.", "drain", "backlog.")


RUN = ("dry-run", "drain", "drain-queued", "chain-with-queued", "drain-all", "resume", "summary", "sessions", "events", "clusters",
       "pick-next-run", "list-run-counts", "hint", "accept", "recover", "prune", "doctor")  # fmt: skip
APART = ("--session-id", "--cluster", "html")
"""What needs a session, a cluster or a package that may not be there."""


def test_the_examples_work_on_a_project_with_a_backlog(sqlite_project: Workplace) -> None:
    place = sqlite_project
    place.configure(retry={"max_attempts": 1})
    place.fail("build130/a~fail", "build131/b", "other/c", reason="ConnectionError: refused")
    place.add(("build130", "q", 9, "QUEUED", None))
    for task in RUN:
        for flags, _ in EXAMPLES[task]:
            if not any(word in flags for word in APART):
                ran = place.inv(task, *shlex.split(flags.partition(" | ")[0]))
                assert ran.code in {0, 1}, (task, flags, ran)


COMPLETED = [
    ("drain --ba", "--batch-size"), ("drain --include", "--include-quarantined"), ("dry-run --expl", "--explain"),
    ("events --fol", "--follow"), ("chain-w", "chain-with-queued"), ("drain --quiet clu", "clusters"),
]  # fmt: skip


def test_bash_completes_our_tasks_and_flags(sqlite_project: Workplace) -> None:
    env = {
        **sqlite_project.environ(),
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "TERM": "dumb",
        "PS1": "ready> ",
        "INPUTRC": "/dev/null",
    }
    shell = pexpect.spawn("bash", ["--norc", "--noprofile", "-i"], cwd=str(sqlite_project.root), env=env, timeout=60, encoding="utf-8",
                          dimensions=(40, 200))  # fmt: skip
    shell.expect_exact("ready> ")
    shell.sendline("source <(inv --print-completion-script bash); PS1='done> '")
    shell.expect_exact("\ndone> ")
    for typed, whole in COMPLETED:
        shell.send(f"inv {typed}\t")
        shell.expect_exact(f"{whole} ")
        shell.send("\x15")
    shell.close(force=True)


@pytest.mark.skipif(shutil.which("zsh") is None, reason="no zsh: apt-get install zsh")
def test_zsh_completes_our_tasks_and_flags(sqlite_project: Workplace) -> None:
    env = {
        **sqlite_project.environ(),
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "TERM": "dumb",
        "HOME": str(sqlite_project.root),
    }
    shell = pexpect.spawn("zsh", ["-f", "-i"], cwd=str(sqlite_project.root), env=env, timeout=60, encoding="utf-8",
                          dimensions=(40, 200))  # fmt: skip
    shell.sendline("autoload -U compinit; compinit -u; source <(inv --print-completion-script zsh); PS1='do''ne> '")
    shell.expect_exact("done> ")
    for typed, whole in COMPLETED[:3]:
        shell.send(f"inv {typed}\t")
        shell.expect_exact(whole)
        shell.send("\x15")
    shell.close(force=True)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_invoke_prints_a_script_for_each_shell_that_asks_what_we_answer(sqlite_project: Workplace, shell: str) -> None:
    assert "--complete --" in sqlite_project.inv("--print-completion-script", shell).out
    (sqlite_project.root / "tasks.py").write_text(
        "from invoke.collection import Collection\nfrom batchdrain.collection import ns as ours\n"
        "ns = Collection()\nns.add_collection(ours, 'backlog')\n"
    )
    for task, flags in FLAGS.items():
        typed = f"backlog.{task.replace('_', '-')}"
        if task not in {"drain", "events", "continue"}:
            continue
        found = set(sqlite_project.inv("--complete", "--", "inv", typed, "--").lines)
        assert {flag.dashed for flag in flags} <= found


def test_a_value_is_left_to_the_shell(sqlite_project: Workplace) -> None:
    done = sqlite_project.inv("--complete", "--", "inv", "drain", "--plan")
    assert (done.code, done.out) == (0, "")
