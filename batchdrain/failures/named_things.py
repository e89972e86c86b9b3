"""Masks the names that a message gives to things, found by the words beside them: 'unbound variable tax', 'module tax not
found'.

The form of a word does not show that it is a name, but grammar does: if a message says that something is missing or unknown,
the word after the kind of thing is its name. The kind is what tells failures apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from batchdrain.failures.names_of_code import FAULTS, OF_CODE, mask_names_of_code
from batchdrain.failures.telling_words import TELLING
from batchdrain.failures.token_shapes import MASK

KINDS: Final = frozenset([
        "account", "argument", "artifact", "attribute", "backend", "branch", "bucket", "certificate", "channel",
        "charset", "class", "codec", "collection", "column", "command", "component", "constant", "constraint",
        "container", "crate", "database", "dataset", "decoder", "dependency", "device", "dialect", "directive",
        "directory", "distribution", "domain", "driver", "element", "encoder", "encoding", "entity", "env",
        "environment", "event", "exchange", "extension", "field", "file", "filter", "fixture", "folder", "format",
        "function", "gem", "group", "header", "host", "identifier", "image", "index", "instruction", "interface",
        "key", "keyword", "label", "library", "locale", "macro", "member", "method", "migration", "model", "module",
        "name", "namespace", "network", "node", "object", "operator", "option", "package", "parameter", "partition",
        "plugin", "pod", "procedure", "process", "profile", "program", "project", "property", "provider", "queue",
        "ref", "reference", "relation", "remote", "repository", "requirement", "resource", "revision",
        "role", "routine", "rule", "schema", "script", "secret", "section", "selector", "sequence", "server",
        "service", "shard", "spider", "stage", "struct", "subroutine", "symbol", "table", "tag", "target", "task",
        "template", "tenant", "test", "theme", "timezone", "topic", "trait", "type", "user", "value", "variable",
        "version", "view", "volume", "zone",
    ])  # fmt: skip
"""Kinds of things that programs look for and people name."""
NAMED: Final = frozenset([
        "user", "table", "job", "task", "service", "program", "file", "host", "module", "package", "plugin", "queue", "topic", "group",
        "project", "process", "target", "container", "image", "bucket", "role", "server", "index",
    ])  # fmt: skip
"""Kinds whose name may also follow a colon without a blank."""
UNKNOWN: Final = frozenset([
        "unknown", "undefined", "undeclared", "unbound", "unresolved", "unrecognized", "unrecognised", "missing",
        "unused", "unregistered", "uninitialized", "unsupported", "duplicate", "nonexistent",
    ])  # fmt: skip
"""Words that come before a kind of thing."""
_FINDS: Final = frozenset(["find", "locate", "load", "resolve", "open", "read", "import", "such", "named", "called"])
_LACKS: Final = frozenset(
    ["declared", "defined", "found", "exist", "exists", "recognized", "recognised", "undefined", "undeclared", "installed"]
)
"""Words that come after the name of a thing, possibly with 'not' or 'already' between."""
_TITLES: Final = frozenset([MASK, "id", "name", "named"])
"""Words that come right before the name of a thing."""
_WITHIN: Final = frozenset(["conflict", "conflicts", "undefined"])
"""Words followed by 'in' and a name at the end."""
_OF_CLASSES: Final = ("notfoundexception", "notfounderror", "classdeffounderror")
"""Endings of exceptions whose message is the name of what was not found."""
NAMING: Final = UNKNOWN | _FINDS | _LACKS | _WITHIN | OF_CODE
"""A message without any of these names nothing in this way."""
_SUBJECT_WORDS: Final = 2
_SENTENCE: Final = 4
_BETWEEN: Final = frozenset(
    ["is", "was", "are", "were", "has", "have", "does", "do", "did", "not", "already", "been", "be", "but", "never", "could"]
)
_SMALL: Final = TELLING | KINDS | _BETWEEN | frozenset([
        MASK, "and", "or", "for", "from", "to", "in", "on", "at", "by", "with", "as", "of", "the", "a", "an", "that", "this",
        "it", "its", "any", "all", "some", "which", "when", "while", "within", "caused", "cause", "can", "will", "may",
    ])  # fmt: skip


def mask_named(tokens: list[str]) -> None:
    """Replace each name by MASK. `tokens`: words in lower case, with MASK for values."""
    for at in [at for at, token in enumerate(tokens) if token in NAMING]:
        named = tokens[at]
        if named in _LACKS:
            _mask_before(tokens, at)
        if named == "named" and at and tokens[at - 1] in KINDS and at + 2 == len(tokens) and _is_name(tokens, at + 1):
            tokens[-1] = MASK  # 'no module named tax'
        if named in _WITHIN and tokens[at + 1 : at + 2] == ["in"] and at + 3 == len(tokens):
            tokens[-1] = MASK
        elif named in UNKNOWN or named in _FINDS or named == "found":
            _mask_behind(tokens, at)
    _mask_subject(tokens)
    if not OF_CODE.isdisjoint(tokens):
        mask_names_of_code(tokens, _SMALL)
    if len(tokens) > 1 and tokens[-2].endswith(_OF_CLASSES):
        tokens[-1] = MASK


def _mask_subject(tokens: list[str]) -> None:
    """'tax_total: undefined variable', 'tax is not defined': mask the first word of such short sentences."""
    is_of_code = len(tokens) > _SUBJECT_WORDS and "_" in tokens[0] and tokens[1] in UNKNOWN and tokens[2] in KINDS
    is_sentence = (
        len(tokens) == _SENTENCE and tokens[1:3] == ["is", "not"] and tokens[3] in _LACKS and tokens[0] not in _SMALL
    )
    if is_of_code or is_sentence:
        tokens[0] = MASK


def _mask_behind(tokens: list[str], at: int) -> None:
    """'unknown output format tax': mask the word after the kinds of things that follow a word such as 'unknown'."""
    kind = next((place for place in range(at + 1, min(at + 4, len(tokens))) if tokens[place] in KINDS), 0)
    while 0 < kind < len(tokens) - 1 and tokens[kind + 1] in KINDS:
        kind += 1
    if 0 < kind < len(tokens) - 1 and (_is_name(tokens, kind + 1) or _is_last_but_fault(tokens, kind + 1)):
        tokens[kind + 1] = MASK


def _is_last_but_fault(tokens: Sequence[str], at: int) -> bool:
    """'no such file tax loaderror': some languages print the exception's class after the message."""
    return tokens[at] not in _SMALL and at + 2 == len(tokens) and tokens[-1].endswith(FAULTS)


def _mask_before(tokens: list[str], at: int) -> None:
    """'user tax does not exist': mask the word before 'does not exist', if a kind of thing or a value comes before it."""
    name = at - 1
    while name > 0 and tokens[name] in _BETWEEN:
        name -= 1
    if name > 0 and (tokens[name - 1] in KINDS or tokens[name - 1] in _TITLES) and _is_name(tokens, name):
        tokens[name] = MASK


def _is_name(tokens: Sequence[str], at: int) -> bool:
    """Whether the word can be a name, judged by itself and by what follows: nothing, a value, or a word that continues the
    sentence."""
    return tokens[at] not in _SMALL and (at + 1 == len(tokens) or tokens[at + 1] in _SMALL or tokens[at + 1] in _LACKS)
