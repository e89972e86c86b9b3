"""Of the outputs of real programs, the categories that a person gave their causes beforehand (tests/data/outputs/labels.tsv)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from batchdrain.failures import categorise
from batchdrain.failures.categories import CATEGORIES
from tests.failures.outputs import Output, read_labels, read_outputs
from tests.failures.test_grouping import derived, whole

RIGHT, FOUND, TRUE = 0.97, 0.91, 0.96
"""As measured, less some slack: a wrong category decides on retries, so that both errors have bounds."""


def test_every_cause_has_a_label() -> None:
    labels = {(output.program, output.cause) for output in read_outputs() if output.label is None}
    assert labels == {("nox", "session fails"), ("node", "nested error")}, "those whose variants failed of two causes"
    assert {label.category for label in read_labels().values()} <= set(CATEGORIES)


@pytest.mark.parametrize("of", [derived, whole])
def test_nearly_every_output_is_of_its_category(of: Callable[[Output], str]) -> None:
    """`due`: those that a rule is due for. `given`: those that a rule takes."""
    pairs = [(output.label.category, categorise(of(output))) for output in read_outputs() if output.label]
    due = [(wanted, got) for wanted, got in pairs if wanted != "other"]
    given = [(wanted, got) for wanted, got in pairs if got != "other"]
    assert sum(wanted == got for wanted, got in pairs) >= RIGHT * len(pairs)
    assert sum(wanted == got for wanted, got in due) >= FOUND * len(due)
    assert sum(wanted == got for wanted, got in given) >= TRUE * len(given)
