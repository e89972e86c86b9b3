"""How failures of real programs are grouped: strangers that are merged, and failures that are split, each with a bound of its own.

What is one failure, a person said beforehand (tests/data/outputs/labels.tsv), in two ways. By cause: each program and cause is
one, whoever else says the same words. By kind: the same mistake in the same words is one, whoever called the program. Of the
causes in which the sentence itself varies ('no tax for 41', 'no invoice for 8') no rule of forms can know the name: they bound
the recall that can be reached, so that of the others is told by itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from itertools import groupby

import pytest

from batchdrain.failures.suffix import add_suffix, describe_end
from tests.benchmarks.labelled import grouping_accuracy, score_pairs
from tests.failures.outputs import Output, read_outputs

PRECISION_OF_KINDS, PRECISION_OF_A_PROGRAM = 0.98, 0.95
RECALL, GROUPING = 0.83, 0.73
RECALL_OF_PROGRAMS_WORDS, GROUPING_OF_PROGRAMS_WORDS = 0.94, 0.82
"""As measured, less some slack."""


def derived(output: Output) -> str:
    """The reason that the judge derives of it."""
    line = output.explain().text or "the command failed and printed nothing"
    code = output.exit_code
    return add_suffix(line, describe_end(None, -code) if code < 0 else describe_end(code, None), most=4_000)


def whole(output: Output) -> str:
    """What somebody stores who stores all."""
    return f"{output.stdout}\n{output.stderr}"


def is_tuned_on(output: Output) -> bool:
    """Whether the rules of names were made with its program in view: about every second one, by its name."""
    return hashlib.sha256(output.program.encode()).digest()[0] % 2 == 0


def cause_of(output: Output) -> str:
    return f"{output.program}/{output.cause}"


def kind_of(output: Output) -> str:
    return output.label.kind if output.label else cause_of(output)


def _labelled() -> list[Output]:
    return [output for output in read_outputs() if output.label is not None]


@pytest.mark.parametrize("of", [derived, whole])
@pytest.mark.parametrize("is_tuned", [True, False], ids=["tuned on", "not tuned on"])
def test_hardly_any_strangers_are_merged(of: Callable[[Output], str], *, is_tuned: bool) -> None:
    outputs = [output for output in _labelled() if is_tuned_on(output) is is_tuned]
    assert score_pairs(map(of, outputs), map(kind_of, outputs)).precision >= PRECISION_OF_KINDS


@pytest.mark.parametrize("of", [derived, whole])
def test_hardly_any_strangers_of_one_program_are_merged(of: Callable[[Output], str]) -> None:
    """Each program by itself, and each cause as one of its own."""
    right = together = 0.0
    outputs = sorted(_labelled(), key=lambda output: output.program)
    for _, found in groupby(outputs, key=lambda output: output.program):
        of_program = list(found)
        causes = [output.cause for output in of_program]
        pairs = score_pairs([of(output) for output in of_program], causes)
        alike = sum(causes.count(cause) - 1 for cause in causes) / 2
        right += pairs.recall * alike
        together += pairs.recall * alike / (pairs.precision or 1.0)
    assert right / together >= PRECISION_OF_A_PROGRAM


def _assert_are_one(outputs: Sequence[Output], of: Callable[[Output], str], recall: float, grouping: float) -> None:
    texts, groups = [of(output) for output in outputs], [cause_of(output) for output in outputs]
    assert score_pairs(texts, groups).recall >= recall
    assert grouping_accuracy(texts, groups) >= grouping


@pytest.mark.parametrize("of", [derived, whole])
def test_most_variants_of_a_cause_are_one(of: Callable[[Output], str]) -> None:
    _assert_are_one(_labelled(), of, RECALL, GROUPING)


@pytest.mark.parametrize("of", [derived, whole])
def test_of_what_a_program_words_itself_nearly_all_pairs_are_one(of: Callable[[Output], str]) -> None:
    outputs = [output for output in _labelled() if output.label and not output.label.is_worded_by_author]
    _assert_are_one(outputs, of, RECALL_OF_PROGRAMS_WORDS, GROUPING_OF_PROGRAMS_WORDS)
