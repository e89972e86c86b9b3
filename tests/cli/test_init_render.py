"""The section that `inv init` writes, line by line, and what it says about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from invoke.vendor import yaml

from batchdrain.cli.commands.init.mapping import NO_WORDS, Mapped
from batchdrain.cli.commands.init.render import EXAMPLE_ARGV, flow, render_section
from batchdrain.cli.commands.init.section import _doubts_of
from batchdrain.cli.commands.init.state_words import StateWords

safe_load: Any = yaml.safe_load
OWN = Mapped(
    table="w.steps",
    columns={"run_id": ["a", "b"], "phase_id": "step", "phase_index": None, "state": "état",
             "last_failure_reason": {"column": "e", "path": "x.y"}, "updated_at": "changed"},
    states=StateWords(words={"failed": [4, None], "queued": None, "executing": "EXECUTING", "complete": "done"},
                      sure=frozenset({"failed", "complete"}), known=(4, "it's")),
    reason="its key is a + b + step", doubts=("one é",), source={"updated_at_unit": "ms"},
    command={"result_from": "database", "argv": ["x", "{run_id}"], "columns": ["a"]},
)  # fmt: skip
LIKE_OURS = Mapped(
    table="phases",
    columns={name: name for name in ("run_id", "phase_id", "phase_index", "state")}
    | {"last_failure_reason": None, "updated_at": None},
    states=NO_WORDS,
)
MIDDLE = [
    "  # batch_size: 10                # phases of one `inv drain`",
    "  # workers: 1                    # sequential is the safe way; with more, phases of different runs are executed at the same time",
    "  # profile: classic              # or conservative, triage, throughput; what you set yourself wins over it",
    "  source:                       # your table; batchdrain never alters it",
]
COMMAND = "  command:                      # executed for each phase, without a shell; {python} is this interpreter"
LAST = ["    # transient_exit_codes: [75]", "  # timeout: {default_s: 600}", "  # retry: {max_attempts: 2}      # transient failures only"]  # fmt: skip
HEAD = "# Made by `inv init`. A line behind a # shows a default. Every key: docs/configuration.md of batchdrain."


def test_each_line_of_a_section_that_differs_from_the_defaults_is_set() -> None:
    other = replace(OWN, table="o_log", reason="its key is id", is_log=True)
    assert render_section("sqlite:///x.db", [OWN, other]).splitlines() == [
        HEAD,
        '#: Chosen: "w.steps": its key is a + b + step.',
        '#: It may be meant as well (--table): "o_log": its key is id; it has the name of a log.',
        "#: ! one \\u00e9",
        "batchdrain:",
        '  database_url: "sqlite:///x.db"',
        *MIDDLE,
        '    table: "w.steps"',
        '    updated_at_unit: "ms"',
        "    columns:",
        '      run_id: ["a", "b"]',
        '      phase_id: "step"',
        "      phase_index: null   # no column looks like it: name yours",
        '      state: "\\u00e9tat"',
        '      last_failure_reason: {column: "e", path: "x.y"}',
        '      updated_at: "changed"',
        "    states:                     # your words",
        "      failed: [4, null]",
        '      # queued:   # none of these looks like it: name one of them: 4, "it\'s"',
        '      # executing: "EXECUTING"   # a guess: no row shows it',
        '      complete: "done"',
        COMMAND,
        '    argv: ["x", "{run_id}"]   # docs/tables.md has this script',
        "    result_from: database       # the command itself sets the phase's state",
        '    columns: ["a"]',
        *LAST,
    ]


def test_each_line_that_is_a_default_is_a_comment() -> None:
    assert render_section(None, [LIKE_OURS]).splitlines() == [
        HEAD,
        "batchdrain:",
        '  # database_url: ""              # DATABASE_URL, else sqlite:///batchdrain.db',
        *MIDDLE,
        '    # table: "phases"',
        "    columns:",
        *(f'      # {name}: "{name}"' for name in ("run_id", "phase_id", "phase_index", "state")),
        "      last_failure_reason: null   # no column looks like it: name yours",
        "      # updated_at: null   # no column looks like it: name yours",
        "    # states:                     # your words",
        *(f"      # {ours}:   # no word is known: name yours" for ours in NO_WORDS.words),
        COMMAND,
        '    argv: ["{python}", -m, myproject.work, "--run-id={run_id}", "--phase-id={phase_id}"]   # an example: name yours',
        "    # result_from: exit_code      # or database: the command itself sets the phase's state",
        *LAST,
    ]


def test_the_example_of_a_command_is_the_one_that_is_refused_until_it_is_replaced() -> None:
    assert safe_load(render_section(None, [LIKE_OURS]))["batchdrain"]["command"]["argv"] == EXAMPLE_ARGV


def test_of_what_is_known_or_was_answered_nothing_is_said_to_look_like_nothing() -> None:
    for sure in (replace(LIKE_OURS, is_known=True), replace(LIKE_OURS, is_answered=True)):
        found = render_section(None, [sure])
        assert "      last_failure_reason: null\n      # updated_at: null\n" in found
    answered = render_section(None, [replace(OWN, is_answered=True)])
    assert '    argv: ["x", "{run_id}"]\n' in answered


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("postgresql://u@h/d", '  database_url: "postgresql://u@h/d"'),
        ("postgresql://u:s@h/d", '  database_url: ""              # it holds a secret: set DATABASE_URL in the environment'),
    ],
)
def test_a_url_with_a_password_is_never_written(url: str, line: str) -> None:
    found = render_section(url, [LIKE_OURS]).splitlines()[2]
    assert found in (line, line.replace("  database", "  # database"))
    assert ":s@" not in found


@pytest.mark.parametrize("value", ["no", "1", "a: b", "é\n", "", None, 3, [1, "null", None], {"column": "a", "path": "b.c"}])
def test_a_value_is_read_as_what_it_was(value: object) -> None:
    assert safe_load(f"x: {flow(value)}") == {"x": value}


IS_NULL = "no column looks like {0}, so it is null: name yours in source.columns.{0} if there is one"
BY_COMMAND, BY_VIEW = "let your command set the state (command.result_from: database)", "map a view that makes texts of it"
LACKS = "none of the words that the state may have looks like {}: set source.states, or map a view that makes texts of it"


@pytest.mark.parametrize(
    ("mapped", "doubts"),
    [
        (OWN, ["one é", IS_NULL.format("phase_index"), LACKS.format("queued"), "no row shows the word for executing: check source.states"]),
        (LIKE_OURS, [IS_NULL.format("last_failure_reason"), IS_NULL.format("updated_at"),
                     LACKS.format("failed, queued, executing, complete")]),
        (replace(LIKE_OURS, is_known=True), [LACKS.format("failed, queued, executing, complete")]),
        (replace(LIKE_OURS, doubts=("x holds json, not text: no reason is read; y",), states=StateWords(words={}, sure=frozenset())),
         ["x holds json, not text: no reason is read; y", IS_NULL.format("updated_at")]),
        (replace(LIKE_OURS, is_known=True, columns={**LIKE_OURS.columns, "state": None, "run_id": None}),
         ["no column looks like run_id: set source.columns.run_id yourself", "no column looks like state: set source.columns.state yourself"]),
        (replace(OWN, doubts=(), columns={**OWN.columns, "phase_index": "p"},
                 states=StateWords(words={"failed": "a", "queued": "b", "complete": "c"}, sure=frozenset())),
         ["no row shows the word for failed, queued, complete: check source.states"]),
        *((replace(LIKE_OURS, is_known=True, states=StateWords(words=dict.fromkeys(lacking.split(", ")), sure=frozenset())),
           [LACKS.format(lacking).replace("map a view that makes texts of it", way)])
          for lacking, way in (("queued, executing", BY_COMMAND), ("executing", BY_COMMAND), ("complete", BY_VIEW),
                               ("failed, executing", BY_VIEW))),
    ],
)  # fmt: skip
def test_each_thing_that_a_user_should_check_is_told_once(mapped: Mapped, doubts: list[str]) -> None:
    assert [*_doubts_of(mapped)] == doubts
