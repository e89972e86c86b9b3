"""What a command writes to its result file: what of it can't be used is told, and nothing is dropped without a word."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchdrain.drain.answer import Answer
from batchdrain.execution.order import RESULT_BYTES
from tests.chaos.faults import fault


def read(content: Any) -> Answer:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Answer.of(raw, lambda text: text.replace("hunter22", "***"))


WRONG: list[tuple[Any, str]] = [
    ({"reason": {"code": 7}}, 'result file: reason is an object, not a text: {"code":7}'),
    ({"reason": 5}, "result file: reason is a number, not a text: 5"),
    ({"reason": True}, "result file: reason is true or false, not a text: true"),
    ({"reason": ["a"]}, 'result file: reason is a list, not a text: ["a"]'),
    ({"reason": {"password": "hunter22"}}, 'result file: reason is an object, not a text: {"password":"***"}'),
    (5, "result file: is no JSON object but a number"),
    ("text", "result file: is no JSON object but a text"),
    (None, "result file: is no JSON object but null"),
    ([1], "result file: is no JSON object but a list"),
    (b"{no json", "result file: is no JSON object"),
    (b"\x00", "result file: is no JSON object"),
    (b"[" * 100_000, "result file: is no JSON object"),
    (b'{"reason": "caf\xe9"}', "result file: is not UTF-8"),
    (b'{"reason": "' + b"x" * RESULT_BYTES + b'"}', "result file: is larger than 16 MiB"),
    ({"needs": "memory"}, "result file: needs is \"memory\", and only 'time' is known"),
    ({"needs": 5}, "result file: needs is 5, and only 'time' is known"),
    ({"metrics": 5}, "result file: metrics is a number, not an object: 5"),
    ({"metrics": {"tokens": "15"}}, 'result file: metric tokens is a text, not a number: "15"'),
    ({"metrics": {"tokens": True}}, "result file: metric tokens is true or false, not a number: true"),
    ({"metrics": {"tokens": None}}, "result file: metric tokens is null, not a number: null"),
    (b'{"metrics": {"tokens": NaN}}', "result file: metric tokens is no finite number below 1e300: nan"),
    (b'{"metrics": {"tokens": -Infinity}}', "result file: metric tokens is no finite number below 1e300: -inf"),
    ({"metrics": {"tokens": -1e300}}, "result file: metric tokens is no finite number below 1e300: -1e+300"),
    ({"metrics": {"tokens": 10**400}}, f"result file: metric tokens is no finite number below 1e300: 1{'0' * 58}…"),
    ({"metrics": {str(n): n for n in range(51)}}, "result file: only the first 50 of 51 metrics are read"),
    ({"reson": "typed wrong"}, "result file: 'reson' is no field (reason, metrics, needs)"),
    (b'{"reason": null, "reason": 5}', "result file: reason occurs twice; reason is a number, not a text: 5"),
    (
        {"a": 1, "b": 2, "c": 3, "d": 4},
        "result file: 'a', 'b', 'c' and 1 more is no field (reason, metrics, needs)",
    ),
]


@fault(95)
@pytest.mark.parametrize(("content", "told"), WRONG, ids=[told[13:60] for _, told in WRONG])
def test_what_of_a_result_file_can_not_be_used_is_told(content: Any, told: str) -> None:
    answer = read(content)
    assert answer.problem == told
    assert (answer.reason, answer.needs_time) == ("", False)


@pytest.mark.parametrize("content", [b"", b" \n", {}, {"reason": None, "metrics": None, "needs": None}, {"reason": ""}])
def test_nothing_is_wrong_with_a_file_that_says_nothing(content: Any) -> None:
    assert read(content) == Answer()


def test_what_is_right_counts_beside_what_is_wrong() -> None:
    found = read({"reason": "it broke", "metrics": {"tokens": 3, "files": "many"}, "needs": "time", "more": 1})
    assert (found.reason, found.metrics, found.needs_time) == ("it broke", {"tokens": 3.0}, True)
    assert (
        found.problem
        == "result file: 'more' is no field (reason, metrics, needs); metric files is a text, not a number: \"many\""
    )


def test_what_is_found_out_later_is_told_behind_what_the_file_said() -> None:
    found = Answer(problems=("a", "b")).with_problem("c")
    assert (found.problem, found.with_problem("d").problem) == ("result file: a; b; c", "result file: a; b; c and 1 more")


def test_of_very_many_wrong_metrics_no_more_are_told_than_are_read_of_right_ones() -> None:
    assert len(read({"metrics": {f"m{number}": "x" for number in range(200)}}).problems) == 50 + 1


def test_other_encodings_of_json_are_read() -> None:
    assert read('{"reason": "é"}'.encode("utf-8-sig")).reason == "é"
    assert read('{"reason": "é"}'.encode("utf-16")).reason == "é"


@pytest.mark.parametrize("depth", [50, 500, 990, 5_000])
def test_a_reason_as_deep_as_it_can_be_read_is_told_too(depth: int) -> None:
    answer = read(b'{"reason": ' + b"[" * depth + b"]" * depth + b"}")
    assert answer.problem.startswith(("result file: reason is a list, not a text: ", "result file: is no JSON object"))


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.lists(st.integers(), max_size=2)


@given(st.binary(max_size=60) | st.dictionaries(st.sampled_from(["reason", "metrics", "needs", "x"]), VALUES, max_size=4))
def test_whatever_stands_there_is_read_or_told(content: Any) -> None:
    answer = read(content)
    if isinstance(content, dict):
        for name, value in content.items():
            was_used = value in (None, "") or (name == "reason" and isinstance(value, str))
            assert was_used or name in answer.problem or (name, value) == ("needs", "time") or len(answer.problems) > 3


def test_where_nothing_is_wrong_nothing_is_said() -> None:
    assert (read({}).problem, read(b"").problem, Answer().problem) == ("", "", "")
    assert Answer().with_problem("x").problem == "result file: x"


def test_the_largest_metric_and_the_longest_name_of_one_are_read() -> None:
    found = read({"metrics": {"n" * 101: -9.9e299, "m" * 100: 2}})
    assert (found.metrics, found.problem) == ({"n" * 100: -9.9e299, "m" * 100: 2.0}, "")
