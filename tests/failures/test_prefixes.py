"""A runner that puts something before each line of a program does not take its reason away."""

from __future__ import annotations

import re
from functools import cache

import pytest

from batchdrain.failures.meaningful_line import explain, find_line
from batchdrain.failures.prefixes import find_prefix
from tests.failures.outputs import Output, read_outputs

LEAST = 0.9
BEFORE = {
    "a scheduler's": "[2026-01-05, 10:20:30 UTC] {subprocess.py:93} INFO - ",
    "syslog's": "Jan  5 10:20:30 host run[77]: ",
    "a container runtime's": "2026-01-05T10:20:30.123456789Z stderr F ",
    "a process manager's": "0|app | ",
    "a task's name": "task-3: ",
    "a task's name in brackets": "[build] ",
    "a quotation": "> ",
    "a margin": "    ",
    "a level": "ERROR    root:run.py:33 ",
}


@cache
def _outputs() -> list[Output]:
    return [output for output in read_outputs() if output.variant == 1]


def _share(before: str) -> float:
    good = 0
    for output in _outputs():
        stderr, stdout = (re.sub(r"(?m)^(?=.)", before, text) for text in (output.stderr, output.stdout))
        good += output.is_good(explain(stderr.encode(), stdout.encode(), output.exit_code).text)
    return good / len(_outputs())


@pytest.mark.parametrize("before", BEFORE.values(), ids=BEFORE)
def test_nine_in_ten_reasons_stay_good_behind_the_prefix_of_a_runner(before: str) -> None:
    assert _share(before) >= LEAST


def test_nine_in_ten_reasons_stay_good_where_all_of_it_went_to_stdout() -> None:
    texts = [(output, output.stdout + output.stderr) for output in _outputs()]
    good = sum(output.is_good(explain(b"", text.encode(), output.exit_code).text) for output, text in texts)
    assert good >= LEAST * len(texts)


@pytest.mark.parametrize(
    ("lines", "prefix"),
    [
        (["[build] a", "[build] b", "[build] c"], "[build] "),
        (["[build] a", "[build] b", "[build]", "make: *** [x] Error 1", "[build] c", "[build] d"], "[build] "),
        (["[build] a", "[build] b"], ""),
        (["> a"], "> "),
        (["perl: warning: a", "perl: warning: b", "perl: warning: c"], ""),
        (["Error: cannot open a", "Error: cannot open b", "Error: cannot open c"], "Error: "),
        (["a.py:1: error: x", "a.py:2: error: y", "a.py:3: error: z"], ""),
        (["a", "b: c", "d"], ""),
        ([], ""),
    ],
)
def test_what_nearly_all_lines_begin_with_is_a_prefix_where_it_has_the_form_of_one(lines: list[str], prefix: str) -> None:
    assert find_prefix(lines) == prefix


def test_a_program_s_name_and_that_it_is_an_error_stay_in_the_reason() -> None:
    stderr = "tar: a.csv: Cannot stat: No such file or directory\ntar: b.csv: Cannot stat\ntar: Exiting with failure status\n"
    assert find_line(stderr.encode(), b"").text == "tar: a.csv: Cannot stat: No such file or directory"
    stderr = "Error: cannot open a\nError: cannot open b\nError: cannot open c\n"
    assert find_line(stderr.encode(), b"").text == "Error: cannot open a"
