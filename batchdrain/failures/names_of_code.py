"""Masks the names of the parts of a program where a message says what is wrong with them: 'final variable tax'.

As with other things, grammar shows them: the language's word for the part comes before the name, and the sentence continues
behind it.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Final

from batchdrain.failures.token_shapes import MASK

_PARTS: Final = frozenset([
        "class", "column", "constructor", "enum", "field", "function", "interface", "method", "struct", "table", "trait", "variable",
    ])  # fmt: skip
"""Parts of programs; the name that people gave one comes right behind."""
_GOES_ON: Final = frozenset([
        "is", "was", "are", "were", "has", "have", "had", "does", "do", "did", "can", "cannot", "can't", "could", "might", "may", "must",
        "should", "will", "would", "with", "without", "in", "of", "from", "already", "not", "and", "never", "but",
    ])  # fmt: skip
"""Words that continue the sentence behind such a name."""
_PREDICATES: Final = frozenset(["iterable", "callable", "defined", "subscriptable", "function", "constructor"])
"""'tax is not iterable', 'tax is not a function': what languages say about a value, using its name in the program."""
FAULTS: Final = ("error", "exception")
OF_CODE: Final = _PARTS | _PREDICATES | {"between", "argument", "arguments", "line", "must"}
"""A message without any of these names no part of a program."""
_SHORT: Final = 3


def mask_names_of_code(tokens: list[str], no_names: Container[str]) -> None:
    """Replace each such name by MASK. `tokens`: words in lower case, with MASK for values; `no_names`: words that are never
    names."""
    for at in [at for at, token in enumerate(tokens) if token in OF_CODE]:
        if tokens[at] in _PARTS:
            _mask_part(tokens, at, no_names)
        if tokens[at] in _PREDICATES:
            _mask_subject(tokens, at, no_names)
        if tokens[at : at + 3] == ["between", MASK, "and"] and at + 3 < len(tokens):
            tokens[at + 3] = MASK
        if tokens[at].startswith("argument"):
            _mask_called(tokens)
        if tokens[at : at + 3] == ["line", MASK, "and"] and 0 < at < len(tokens) - 3:
            for name in (at - 1, at + 3):  # 'mismatch: tax line 1 and ledger'
                tokens[name] = tokens[name] if tokens[name] in no_names else MASK
        if (
            tokens[at : at + 2] == ["must", "be"]
            and at == _SHORT - 1
            and tokens[0].endswith(FAULTS)
            and tokens[1] not in no_names
        ):
            tokens[1] = MASK


def _mask_part(tokens: list[str], at: int, no_names: Container[str]) -> None:
    """'abstract class tax with', 'final variable tax': mask the next word, if the sentence ends there and is not too short,
    or continues."""
    if at + 1 == len(tokens) or tokens[at + 1].removesuffix("(") in no_names:
        return
    is_last = at + 2 == len(tokens)
    if (is_last and len(tokens) > _SHORT) or (not is_last and tokens[at + 2] in _GOES_ON):
        tokens[at + 1] = MASK


def _mask_subject(tokens: list[str], at: int, no_names: Container[str]) -> None:
    """'typeerror tax is not iterable': mask the word after an exception's class."""
    place = at - 1
    while place > 1 and tokens[place] in ("a", "an", "not", "is"):
        place -= 1
    if 0 < place < at - 1 and tokens[place - 1].endswith(FAULTS) and tokens[place] not in no_names:
        tokens[place] = MASK


def _mask_called(tokens: list[str]) -> None:
    """'typeerror tax( got an unexpected argument': mask the function that was called with wrong arguments."""
    for at in range(1, len(tokens)):
        if tokens[at].endswith("(") and tokens[at - 1].endswith(FAULTS):
            tokens[at] = MASK
