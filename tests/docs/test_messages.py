"""Whoever searches the pages of messages for one finds it: each that the code can say stands there."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeGuard

import pytest

import batchdrain
from batchdrain.model.errors import BatchDrainError
from tests.docs.pages import PACKAGE, TROUBLES, text_of

PAGE: Final = " ".join("\n".join(map(text_of, TROUBLES)).replace("`", "").replace("\\|", "|").split())
TELLING: Final = 8
"""Characters. A shorter piece of a message says nothing by itself."""
NOT_FOR_PEOPLE: Final = {
    "is in no spool": "recovery reads it as: there is no result",
    "an id with a NUL character cannot be passed as an argument": "the rule `bad id` leaves such a phase out before",
}


def _kinds(of: type[BatchDrainError]) -> Iterator[str]:
    yield of.__name__
    for one in of.__subclasses__():
        yield from _kinds(one)


for module in pkgutil.walk_packages(batchdrain.__path__, "batchdrain."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
TELLERS: Final = {*_kinds(BatchDrainError), "ValueError", "notice", "Skip"}
"""What is called with a text for people."""


def _said(call: ast.Call) -> ast.expr | None:
    """The text of a call that tells people something."""
    name = call.func.id if isinstance(call.func, ast.Name) else call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if name == "Finding":
        given = {word.arg: word.value for word in call.keywords}
        ok = given.get("ok")
        return given.get("said") if isinstance(ok, ast.Constant) and ok.value is False else None
    return call.args[0] if name in TELLERS and call.args else None


def _names_a_setting(node: ast.AST) -> TypeGuard[ast.JoinedStr]:
    """A line of a list of problems: it begins with its place in the configuration."""
    first = node.values[0] if isinstance(node, ast.JoinedStr) else None
    if isinstance(first, ast.FormattedValue):
        return isinstance(first.value, ast.Name) and first.value.id in {"setting", "place"}
    return isinstance(first, ast.Constant) and str(first.value).startswith("batchdrain.source")


def _pieces(text: ast.expr) -> Iterator[str]:
    """What stands in a message whatever its names and numbers are."""
    if isinstance(text, ast.Constant) and isinstance(text.value, str):
        yield from text.value.splitlines()
    elif isinstance(text, ast.JoinedStr):
        for part in text.values:
            yield from _pieces(part)
    elif isinstance(text, ast.BinOp):
        yield from _pieces(text.left)
        yield from _pieces(text.right)


def _messages(path: Path) -> Iterator[tuple[int, str]]:
    """The line, and each piece that never changes and is long enough."""
    for node in ast.walk(ast.parse(path.read_text())):
        said = _said(node) if isinstance(node, ast.Call) else node if _names_a_setting(node) else None
        for piece in () if said is None else _pieces(said):
            bare = " ".join(piece.replace("`", "").split()).strip(" :;,.'\"()")
            if said is not None and len(bare) >= TELLING:
                yield said.lineno, bare


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_message_of_a_file_stands_on_the_page_of_troubles(path: Path) -> None:
    missing = [(line, piece) for line, piece in _messages(path) if piece not in PAGE and piece not in NOT_FOR_PEOPLE]
    assert missing == [], "add these to docs/messages-*.md, with what to do"


def test_messages_are_found_at_all() -> None:
    assert sum(1 for path in PACKAGE.rglob("*.py") for _ in _messages(path)) > 120
