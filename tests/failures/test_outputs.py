"""Of the outputs of real programs nine in ten give a reason that says what went wrong."""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from functools import cache

import pytest

from batchdrain.failures import fingerprint
from tests.failures.outputs import Output, read_outputs

LEAST = 0.9
FLOOR = 0.5
"""Of each program alone."""


@cache
def _judged() -> tuple[tuple[Output, str, bool], ...]:
    found = []
    for output in read_outputs():
        reason = output.explain().text
        found.append((output, reason, output.is_good(reason)))
    return tuple(found)


def test_the_outputs_are_of_many_programs_and_causes() -> None:
    outputs = [output for output, _, _ in _judged()]
    causes = Counter((output.program, output.cause) for output in outputs)
    assert len({output.program for output in outputs}) >= 50
    assert sum(times == 4 for times in causes.values()) >= 180


@pytest.mark.parametrize("is_held_back", [False, True], ids=["seen", "held back"])
def test_nine_in_ten_reasons_say_what_went_wrong(is_held_back: bool) -> None:
    half = [row for row in _judged() if row[0].is_held_back is is_held_back]
    poor = [(output.program, output.cause, output.variant, reason) for output, reason, is_good in half if not is_good]
    assert len(poor) <= (1 - LEAST) * len(half), poor


def test_no_program_is_left_without_reasons() -> None:
    of_program = defaultdict(list)
    for output, _, is_good in _judged():
        of_program[output.program].append(is_good)
    low = {name for name, good in of_program.items() if sum(good) < FLOOR * len(good)}
    assert not low


def test_unlike_failures_of_a_program_are_unlike_clusters() -> None:
    of_program: dict[str, dict[str, str]] = defaultdict(dict)
    for output, reason, _ in _judged():
        if output.variant == 1:
            of_program[output.program][output.cause] = fingerprint(reason)
    pairs = [pair for marks in of_program.values() for pair in itertools.combinations(marks.items(), 2)]
    equal = [(first, second) for first, second in pairs if first[1] == second[1]]
    assert len(pairs) > 500
    assert len(equal) <= 0.01 * len(pairs), equal


def test_the_home_of_whoever_made_the_outputs_is_not_in_them() -> None:
    homes = re.compile(r"/(?:root|home/(?!app\b)\w+)/")
    assert not [found for output, _, _ in _judged() if (found := homes.search(output.stdout + output.stderr))]
