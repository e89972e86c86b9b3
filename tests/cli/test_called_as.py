"""How `inv` was called, for the command that goes on with a session."""

from __future__ import annotations

import pytest

from batchdrain.cli.tasks.called_as import called_as


@pytest.mark.parametrize(
    ("task", "argv", "words", "mount"),
    [
        ("drain", "inv drain", "inv", ""),
        ("drain", "/usr/bin/inv backlog.drain --batch-size=3", "inv", "backlog."),
        ("drain_all", "invoke a.b.drain-all", "invoke", "a.b."),
        ("drain_all", "inv drain_all", "inv", ""),
        ("drain", "/x/invoke/__main__.py drain", "inv", ""),
        ("drain", "inv -f other.yaml -e drain", "inv -f other.yaml", ""),
        ("drain", "inv --config=other.yaml --dry drain", "inv --config=other.yaml", ""),
        ("drain", "inv -c drain clean drain", "inv -c drain", ""),
        ("drain", "inv -r sub build ops.drain", "inv -r sub", "ops."),
        ("resume", "acme resume", "acme", ""),
        ("drain", "inv nightly", "inv", ""),
        ("drain", "", "inv", ""),
    ],
)
def test_what_another_call_needs_is_kept(task: str, argv: str, words: str, mount: str) -> None:
    assert called_as(task, argv.split()) == (tuple(words.split()), mount)
