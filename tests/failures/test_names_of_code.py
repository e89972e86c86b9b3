"""Names that people give to parts of a program are noise, the words around them are not."""

from __future__ import annotations

import pytest

from batchdrain.failures import fingerprint


@pytest.mark.parametrize(
    "shape",
    [
        "error: variable {} might not have been initialized",
        "cannot assign a value to final variable {}",
        "TypeError: {} is not iterable",
        "TypeError: {}() got an unexpected keyword argument 'mode'",
        "TypeError: Can't instantiate abstract class {} without an implementation",
        "table {} has 2 columns but 1 values were supplied",
        "NoPath: No path between 41 and {}",
        "bash: line 1: {}: readonly variable",
        "Use of uninitialized value ${} in string at a.pl line 2.",
        "class java.lang.Integer cannot be cast to class Main${}",
        "error: ambiguous column name: {}",
        "/usr/bin/python3: No module named {}",
        "/srv/a.scala:3:7: not found: value {}",
        "ValidationError: stack with id {}-web does not exist",
        "could not bind on endpoint {}-web: the port is taken",
    ],
)
def test_the_name_of_a_part_of_a_program_tells_no_failures_apart(shape: str) -> None:
    assert len({fingerprint(shape.format(name)) for name in ("tax", "ledger", "shipment")}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("class file has wrong version 65", "class name has wrong version 65"),
        ("TypeError: int() is no number", "TypeError: open() is no number"),
        ("the table lock was lost", "the column lock was lost"),
        ("error: method not allowed", "error: method not implemented"),
        ("acme.exceptions.Forbidden: on get", "acme.exceptions.NotAllowed: on get"),
    ],
)
def test_what_goes_on_with_the_sentence_is_no_name_of_a_part(one: str, other: str) -> None:
    assert fingerprint(one) != fingerprint(other)
