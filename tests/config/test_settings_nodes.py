"""What YAML reads otherwise than it is meant: a line names it, and Invoke has no chance to end with a traceback."""

from __future__ import annotations

import pytest

from batchdrain.cli.tasks.settings_files import problem_of
from tests.cli.telling import told
from tests.support.workplace import Workplace


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("batchdrain: {1: 2}", "the key '1' must be a text, and is a number"),
        ("batchdrain: {}\n1: 2", "line 2: the key '1' must be a text"),
        ("batchdrain: {retry: {2.5: 2}}", "the key '2.5' must be a text"),
        ("batchdrain: {2026-01-02: x}", "the key '2026-01-02' must be a text, and is a date"),
        ("batchdrain: {yes: x}", "the key 'yes' must be a text, and is true or false"),
        ("other: {null: x}", "the key 'null' must be a text, and is nothing"),
        ("batchdrain: {? [a] : x}", "a key must be a text, and is a list or a mapping"),
        ("batchdrain: {? {a: b} : x}", "a key must be a text, and is a list or a mapping"),
        ("batchdrain: {workers: 2001-99-99}", "the value of 'workers' looks like a date and is none"),
        ("batchdrain: {policy: [smart, 2001-99-99]}", "the value of 'policy' looks like a date and is none"),
        ("batchdrain: {workers: 0x_}", "the value of 'workers' looks like a number and is none"),
        ("[batchdrain]", "must be a mapping"),
        ("batchdrain", "must be a mapping"),
    ],
)
def test_what_yaml_reads_otherwise_than_it_is_meant_is_named_in_a_line(
    sqlite_project: Workplace, text: str, part: str
) -> None:
    (sqlite_project.root / "invoke.yaml").write_text(text + "\n")
    for task in ("doctor", "drain"):
        ran = sqlite_project.inv(task, env={"PYTHONUNBUFFERED": "1"})  # an interpreter of its own
        told(ran, 78, f"{sqlite_project.root / 'invoke.yaml'}: ", part)
        assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize(
    "text", ["", "~", "a: {<<: {b: c}, d: 2001-01-01, 'e': 0x1F, 'yes': 1}", '{"1": 2}', "a: [{1: 0}]", "# nothing"]
)
def test_a_settings_file_that_invoke_takes_is_no_problem(text: str) -> None:
    assert problem_of(text.encode()) is None
