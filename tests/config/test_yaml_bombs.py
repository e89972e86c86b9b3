"""A few lines of YAML that stand for billions of values, or for themselves: refused before Invoke reads them."""

from __future__ import annotations

import resource

import pytest

from tests.chaos.faults import fault
from tests.cli.telling import told
from tests.support.workplace import Workplace

pytestmark = pytest.mark.everyday("sqlite")

FRESH = {"PYTHONUNBUFFERED": "1"}
"""An interpreter of its own: what is tried happens as the tasks file is imported."""
SOON_S = 15.0


def bomb(opening: str, closing: str, each: str) -> str:
    lines = [f"a0: &a0 {opening}{', '.join(each.format(n=n, value='x') for n in range(9))}{closing}"]
    for level in range(1, 9):
        inner = ", ".join(each.format(n=n, value=f"*a{level - 1}") for n in range(9))
        lines.append(f"a{level}: &a{level} {opening}{inner}{closing}")
    return "\n".join(lines) + "\nbatchdrain: {command: {argv: [true]}}\n"


FILES = {
    "a list in itself": ("batchdrain: &p [*p]\n", "contains itself"),
    "a mapping in itself": ("batchdrain: &p {a: *p}\n", "contains itself"),
    "deep in itself": ("batchdrain: {policy: &p [{name: x, y: [*p]}]}\n", "contains itself"),
    "of another tool": ("run: &p {a: {b: *p}}\nbatchdrain: {}\n", "contains itself"),
    "merged into itself": ("batchdrain: &p {<<: *p}\n", "contains itself"),
    "lists": (bomb("[", "]", "{value}"), "more than 100000 values"),
    "mappings": (bomb("{", "}", "k{n}: {value}"), "more than 100000 values"),
    "deep": ("batchdrain: " + "[" * 3000 + "]" * 3000, "nested too deeply"),
    "long": ("batchdrain: {}\nx: &x [*x]\n" + "# long\n" * 200_000, "more than 1000000 bytes"),
}


def _used_s() -> float:
    """Seconds of CPU that our ended processes took: how busy the machine is changes nothing."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@fault(85)
@pytest.mark.parametrize("kind", FILES)
def test_a_file_that_invoke_can_not_read_is_refused_by_every_task_at_once(sqlite_project: Workplace, kind: str) -> None:
    text, problem = FILES[kind]
    (sqlite_project.root / "invoke.yaml").write_text(text)
    for argv in (["doctor"], ["--list"]) if kind == "lists" else (["drain"],):
        began = _used_s()
        told(sqlite_project.inv(*argv, env=FRESH), 78, "invoke.yaml: ", problem)
        assert _used_s() - began < SOON_S


@fault(85)
@pytest.mark.parametrize("how", ["before", "behind", "joined", "environment", "json", "package"])
def test_every_file_that_is_given_is_looked_at(sqlite_project: Workplace, how: str) -> None:
    root = sqlite_project.root
    text = FILES["lists"][0]
    (root / "other.yaml").write_text(text)
    argv = {
        "before": ["-f", "other.yaml", "doctor"],
        "behind": ["doctor", "-f", "other.yaml"],
        "joined": ["doctor", "--config=other.yaml"],
    }
    env = {**FRESH, "INVOKE_RUNTIME_CONFIG": "other.yaml"} if how == "environment" else FRESH
    if how == "json":
        (root / "invoke.yaml").unlink()
        (root / "invoke.json").write_text('{"batchdrain": ' + "[" * 3000 + "]" * 3000 + "}")
    if how == "package":
        (root / "tasks").mkdir()
        (root / "tasks.py").rename(root / "tasks" / "__init__.py")
        (root / "invoke.yaml").write_text(text)
    told(
        sqlite_project.inv(*argv.get(how, ["doctor"]), env=env), 78, "nested too deeply" if how == "json" else "100000 values"
    )


@fault(85)
def test_aliases_as_people_use_them_are_taken(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a")
    (sqlite_project.root / "invoke.yaml").write_text(
        f"common: &common {{grace_s: 1}}\nwords: &words [/bin/true, '*', '&']\n"
        f"batchdrain: {{database_url: '{sqlite_project.url}', command: {{<<: *common, argv: *words}}}}\n"
    )
    ran = sqlite_project.inv("drain", env=FRESH)
    assert ran.code == 0, ran.err
