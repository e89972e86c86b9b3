"""How a command ended stands in brackets behind its reason: in these forms, whole, once, and not as a part of the reason."""

from __future__ import annotations

import pytest

from batchdrain.failures.suffix import add_suffix, describe_end, fit, strip_suffix


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ((None, None), "no exit code"),
        ((0, None), "exit 0"),
        ((4, None), "exit 4"),
        ((-9, None, 1.0, 2048), "exit -9"),
        ((None, 9), "signal 9: KILL"),
        ((7, 9), "signal 9: KILL"),
        ((None, 9, 3.24, 831_488), "signal 9: KILL, 812 MiB, 3.2 s of CPU"),
        ((None, 9, 0.0, 0), "signal 9: KILL, 0 MiB, 0.0 s of CPU"),
        ((None, 9, 3.2, None), "signal 9: KILL"),
        ((None, 9, None, 1024), "signal 9: KILL"),
        ((None, 35), "signal 35"),
        ((None, 35, 1.0, 1024), "signal 35: 1 MiB, 1.0 s of CPU"),
    ],
)
def test_an_end_is_its_signal_with_what_was_used_or_its_exit_code(given: tuple[int | None, ...], told: str) -> None:
    assert describe_end(*given) == told


@pytest.mark.parametrize(
    ("reason", "problem", "most", "text"),
    [
        ("boom", "", 99, "boom [exit 4]"),
        ("boom", "no [tax]\nhere\r", 99, "boom [exit 4; no (tax) here ]"),
        ("boom", "x" * 301, 999, f"boom [exit 4; {'x' * 300}]"),
        ("boom [exit 4]", "", 99, "boom [exit 4]"),
        ("boom [exit 4]", "", 13, "boom [exit 4]"),
        ("a boom [exit 4]", "", 18, "a boom [exit 4]"),
        ("a boom boom boom [exit 4]", "", 18, "a boom bo [exit 4]"),
        ("a boom boom boom [exit 4]", "", 17, "a boom boom boom"),
        ("boom [exit 5]", "", 99, "boom [exit 5] [exit 4]"),
        ("boom [exit 4]", "odd", 99, "boom [exit 4] [exit 4; odd]"),
    ],
)  # fmt: skip
def test_a_reason_gets_its_end_once_and_whole(reason: str, problem: str, most: int, text: str) -> None:
    assert add_suffix(reason, "exit 4", problem, most=most) == text


@pytest.mark.parametrize(
    ("length", "text"), [(21, "a long boom [exit 44]"), (20, "a long boo [exit 44]"), (19, "a long boom"), (5, "a lon")]
)
def test_the_words_are_cut_and_not_the_end_unless_it_takes_more_than_half(length: int, text: str) -> None:
    assert fit("a long boom [exit 44]", length) == text
    assert fit("a long boom", length) == "a long boom"[:length]


ENDS = [
    " [exit 4]", " [exit -4]", " [signal 9: KILL, 812 MiB, 3.2 s of CPU]", " [no exit code]", " [exit 4; odd]", " [exit code 4; log: /a [b] c]",
    " [exit code None; log: x]", " [killed by signal 9; log: x]", " [killed by signal 9 with 8 MiB and 3.5 s of CPU; log: x]",
]  # fmt: skip
OTHERS = [
    " [exit]", " [exit four]", "[exit 4]", " (exit 4)", " [exit 4] x", " [exit 4\n]", f" [exit 4; {'x' * 601}]", " [exit code 4]",
    " [killed by signal 9]", " [signal 1234]", " [no exit]", " [exit 4: a [b]]",
]  # fmt: skip


@pytest.mark.parametrize("end", ENDS)
def test_each_form_of_an_end_is_no_part_of_a_reason_however_often_it_stands_there(end: str) -> None:
    assert [strip_suffix(text) for text in (f"boom{end}", f"boom{end}{end}", f"boom{end}  ", end)] == ["boom"] * 3 + [""]
    assert strip_suffix(f"boom{end} x") == f"boom{end} x"


@pytest.mark.parametrize("text", OTHERS)
def test_what_only_looks_like_an_end_stays(text: str) -> None:
    assert strip_suffix(f"boom{text}") == f"boom{text}"
