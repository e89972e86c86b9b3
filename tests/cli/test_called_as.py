"""How `inv` was called, for the command that goes on with a session."""

from __future__ import annotations

import re

import pytest

from batchdrain.cli.tasks.called_as import TASKS, as_callable, called_as, mount_of
from batchdrain.collection import ns
from tests.support.workplace import Workplace

MOUNTED = """
from invoke import Collection, task
from batchdrain.collection import ns as batchdrain

@task
def clean(c):
    pass

ns = Collection(clean)
ns.add_collection(batchdrain, "backlog")
"""


@pytest.mark.parametrize(
    ("task", "argv", "words", "mount"),
    [
        ("drain", "inv drain", "inv", ""),
        ("drain", "/usr/bin/inv backlog.drain --batch-size=3", "inv", "backlog."),
        ("drain_all", "invoke a.b.drain-all", "invoke", "a.b."),
        ("drain_all", "inv drain_all", "inv", ""),
        ("drain", "/x/invoke/__main__.py drain", "inv", ""),
        ("drain", "inv -f other.yaml -e drain", "inv -f other.yaml", ""),
        ("drain", "inv --config=other.yaml --dry drain", "inv --config=other.yaml", ""),
        ("drain", "inv -c drain clean drain", "inv -c drain", ""),
        ("drain", "inv -r sub build ops.drain", "inv -r sub", "ops."),
        ("resume", "acme resume", "acme", ""),
        ("drain", "inv nightly", "inv", ""),
        ("drain", "", "inv", ""),
    ],
)
def test_what_another_call_needs_is_kept(task: str, argv: str, words: str, mount: str) -> None:
    assert called_as(task, argv.split()) == (tuple(words.split()), mount)


def test_each_of_our_tasks_can_be_named_as_it_is_called() -> None:
    assert set(TASKS) == set(ns.task_names)


@pytest.mark.parametrize(
    ("argv", "mount"),
    [
        ("inv drain", ""),
        ("inv backlog.drain", "backlog."),
        ("inv clean a.b.dry_run --batch-size 3", "a.b."),
        ("inv -c x.drain --dry backlog.list-run-counts", "backlog."),
        ("inv clean", ""),
        ("pytest -q tests", ""),
        ("", ""),
    ],
)
def test_tasks_are_named_below_what_the_first_of_ours_was_called_by(argv: str, mount: str) -> None:
    assert mount_of(argv.split()) == mount


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("run `inv doctor` and `inv dry-run --output x`", "run `inv b.doctor` and `inv b.dry-run --output x`"),
        ("`inv --list` shows them, `inv -f` too", "`inv --list` shows them, `inv -f` too"),
        ("`inv drains`, inv drain, `inv other`", "`inv drains`, inv drain, `inv other`"),
    ],
)
def test_only_our_tasks_are_named_anew(said: str, shown: str) -> None:
    assert (as_callable(said, "b."), as_callable(said, "")) == (shown, said)


def test_below_a_name_each_cure_can_be_typed_as_it_stands(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a~fail", "r/b")
    (sqlite_project.root / "tasks.py").write_text(MOUNTED)
    known = set(re.findall(r"backlog\.[a-z-]+", sqlite_project.inv("--list").out))
    told: list[str] = []
    for argv in (
        ("backlog.summary",),
        ("backlog.clusters", "--run-id=nope"),
        ("backlog.prune", "--session-id=batch-drain-20200101-000000"),
        ("clean", "backlog.prune", "--older-than=1s"),
        ("backlog.dry-run", "--output=plan.json"),
        ("backlog.accept", "--cluster=0123456789", "--reason=x"),
        ("backlog.drain", "--batch-size=1"),
        ("backlog.resume",),
    ):
        ran = sqlite_project.inv(*argv)
        told += re.findall(r"inv ([a-z.-]+)", ran.out + ran.err)
    assert (len(told) >= 4, set(told) - known) == (True, set())
