"""The fingerprint of a failure: its text with the variable parts masked. The same problem has the same fingerprint in every
session.

One pass judges each token of the text by its form and by the tokens to its left. The time is linear in the length of the
excerpt. Kept are words, states, exit codes and HTTP codes, exception classes, methods and routes. Masked are numbers and
everything with digits, quantities with their units, dates, paths, URLs, hosts, quoted names, values of `key=value`, and the
names that follow words such as 'user'. A list of masked things counts as one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from batchdrain.failures.bare_message import SMALL, bare_message
from batchdrain.failures.excerpt import end_of, excerpt, says_nothing
from batchdrain.failures.json_message import find_message
from batchdrain.failures.named_things import KINDS, NAMED, NAMING, mask_named
from batchdrain.failures.token_keys import ANSWERED, is_about_a_route, key_of, rough_key_of
from batchdrain.failures.token_shapes import CODES, DATES, MASK, METHODS, UNITS, is_code, shape_of, shape_of_route

VERSION: Final = 2
LONGEST: Final = 300
_TOKENS: Final = 120
_TOKEN_CHARS: Final = 100
"""Longer tokens are not remembered: they take space, and do not occur again."""
_KNOWN: Final = 2_048
_ASKS: Final = "\v"  # marks a key whose part after the last colon is a name
_known: dict[str, tuple[str, ...]] = {}  # masked tokens by the key of a message
_OF_JSON: Final = frozenset("{[ \n")
"""The first characters of a text that may be a JSON document."""
_FEW: Final = 4
_NUMBERS: Final = re.compile(r"-?\d[\d.,:]{0,40}")
_GIVES: Final = frozenset(["for", "by", "of", "to"])
_NAMED_NEXT: Final = frozenset(["user", "username", "account", "host", "hostname", "node", "worker", "runner", "branch"])
_TITLED_NEXT: Final = frozenset(
    [
        "phase",
        "run",
        "job",
        "task",
        "step",
        "stage",
        "build",
        "pipeline",
        "container",
        "pod",
        "deployment",
        "endpoint",
        "stack",
        "release",
    ]
)
_NAMES_NEXT: Final = _NAMED_NEXT | _TITLED_NEXT | {MASK}
_METHODS: Final = frozenset(one.lower() for one in METHODS)
_ACTORS: Final = KINDS | {"client"}
_PLACE_AND_KIND: Final = 2
_PLACES: Final = frozenset(["in", "on", "for", "of", "with", MASK])
_FINDINGS: Final = frozenset(["error", "warning", "note", "code"])
_EXIT_CODE: Final = re.compile(r"-?\d{1,3}|(?=[A-Z0-9]*[A-Z])[A-Z0-9]{5}|\d{1,3}/[A-Z]{2,8}|-\d{10}|0x[8Cc][0-9A-Fa-f]{7}")
"""Includes Windows' codes: eight hex digits with the error bits set, or a negative number."""
_ERROR_NUMBER: Final = re.compile(r"-?\d{1,5}")
_OBJECTS: Final = re.compile(
    r"(?i:\b(?:no such|unknown|missing|undefined|unresolved|undeclared|required|duplicate|unrecogni[sz]ed|not found|never defined|never declared|unexpected|invalid|bad|ambiguous|unbound|overwritten|not in scope|not defined)\b)"
)
"""After these words, what follows the colon names the thing that is missing or unknown."""
_LINKS: Final = frozenset(["with", "is", "was", "of", "code", "number", "status", "value", "error"])
_HTTP_DIGITS: Final = 3
"""HTTP codes below 400 do not mean a failure."""


@lru_cache(maxsize=4096)
def fingerprint(text: str | None) -> str:
    """At most 300 characters; '' if there is no text."""
    if text is None or not text.strip():
        return ""
    words = excerpt(text)
    message = bare_message((find_message(words) or words) if words[:1] in _OF_JSON else words)
    masked = mask_message(message)
    if text[-1] in "] " and words and says_nothing(words) and (end := end_of(text)):
        masked.append(end)
    if (
        len(masked) < _FEW and MASK in masked and not _says_more(masked)
    ):  # with so few words, only the letters tell failures apart
        masked = [_NUMBERS.sub(MASK, message.strip()).lower()]
    return " ".join(masked)[:LONGEST].strip()


def _says_more(masked: list[str]) -> bool:
    """Whether the words that are left say more than that something failed."""
    words = " ".join(one for one in masked if one != MASK)
    return bool(words) and not says_nothing(words)


def mask_message(message: str) -> list[str]:
    """The words of a bare message, with MASK for each value or list of values."""
    rough = rough_key_of(message)
    if rough and message.rstrip().rpartition(" ")[0].rstrip().endswith(":") and _asks_for_object(message):
        rough += _ASKS
    found = _known.get(rough)
    if found is None:
        tokens = message.split(None, _TOKENS)[:_TOKENS]
        key = key_of(tokens)
        if key and len(tokens) > 1 and tokens[-2].endswith(":") and _asks_for_object(message):
            key += _ASKS
        found = _known.get(key) or tuple(_mask(tokens, message))
        if len(_known) >= _KNOWN:
            _known.clear()
        if key:
            _known[key] = found
        if rough and key and not is_about_a_route(key):
            _known[rough] = found
    return list(found)


def _mask(tokens: list[str], message: str) -> list[str]:
    masked: list[str] = []
    before, before_it, is_coded = "", "", False
    last = len(tokens) - 1
    for at, token in enumerate(tokens):
        core, kept = shape_of(token) if len(token) <= _TOKEN_CHARS else shape_of.__wrapped__(token)
        if ":" in kept and kept.partition(":")[0] in NAMED:
            kept = kept.partition(":")[0]
        if kept == MASK:
            kept = _kept_value(token, core, before, before_it, is_coded=is_coded, is_last=at == last)
        elif (before in _NAMES_NEXT and _is_named(kept, core, before)) or (
            before in _ACTORS and _is_clause(token, kept, masked, is_last=at == last)
        ):
            kept = MASK
        if kept == MASK:
            _forget_names(masked)
            before_it, is_coded = token, False
            if before == MASK and masked:
                continue
            _fold(masked)
        is_coded = kept in CODES or (is_coded and kept in _LINKS)
        masked.append(kept)
        before, before_it = kept, token
    if before != MASK:
        _fold(masked)
    if len(tokens) > 1 and tokens[-2].endswith(":") and _names_object(message, masked[-1]):
        masked = [MASK if one == masked[-1] else one for one in masked]
    if not NAMING.isdisjoint(masked):
        mask_named(masked)
    return masked


def _names_object(message: str, last: str) -> bool:
    """Whether the last word is a name, judged by the words before the colon: 'no such table: orders'."""
    return last.islower() and last not in SMALL and _asks_for_object(message)


def _asks_for_object(message: str) -> bool:
    return _OBJECTS.search(message.rpartition(": ")[0].rpartition(": ")[2]) is not None


def _fold(masked: list[str]) -> None:
    """Fold repetitions: 'path * path' becomes 'path', so that lists of any length are the same. Called before each value, and
    at the end."""
    for size in (1, 2, 3):
        if len(masked) > 2 * size and masked[-size - 1] == MASK and masked[-size:] == masked[-2 * size - 1 : -size - 1]:
            del masked[-size - 1 :]
            return


def _kept_value(token: str, core: str, before: str, before_it: str, *, is_coded: bool, is_last: bool) -> str:
    """What is kept of a token that looks like a value: a code in the place of a code, or the route of a request; else
    MASK."""
    is_number = before_it.lower() == "error" and not token.endswith("%")
    if (is_coded and _EXIT_CODE.fullmatch(core)) or (is_number and _ERROR_NUMBER.fullmatch(core)):
        return core.lower()
    if core.isdecimal():
        is_answer = len(core) == _HTTP_DIGITS and core[0] in "45" and _is_answer(token, before, is_last=is_last)
        return core if is_answer or _is_argument(token, before) else MASK
    if before in _METHODS and core[:1] in "/h":
        return shape_of_route(core)
    if core.startswith("HTTP/"):
        return "http"
    if is_code(core) and (before in _FINDINGS or token.endswith(":") or before in ("", MASK)):
        return core.lower()
    return MASK


def _is_answer(token: str, before: str, *, is_last: bool) -> bool:
    """Whether a number of three digits is the answer of a server, judged by its place."""
    if before in ANSWERED or before.startswith(("http", "/")) or token[0] == "(" or (is_last and before == "with"):
        return True
    return not before and token[-1] in ":]"


def _is_argument(token: str, before: str) -> bool:
    """Whether a number is an exception's first argument, or is in brackets behind a code: 'OperationalError: (1049, …'."""
    if token[0] == "(":
        return token[-1] == "," and before.endswith(("error", "exception"))
    return token[0] == "[" and before.startswith("sqlstate")


def _is_named(kept: str, core: str, before: str) -> bool:
    """Whether a word is a name, judged by the word before it."""
    if before == MASK and (kept in UNITS or (kept in DATES and core[0].isupper())):
        return True
    if before in _NAMED_NEXT:
        return kept not in SMALL
    return before in _TITLED_NEXT and ("-" in core or "_" in core)


def _is_clause(token: str, kept: str, masked: Sequence[str], *, is_last: bool) -> bool:
    """Whether a kind of thing and this name end a clause: 'on project tax: it failed', 'a.xml:3: element tax: it failed', 'by
    client tax'."""
    if len(masked) < _PLACE_AND_KIND or kept in SMALL:
        return False
    return (token[-1] == ":" and masked[-2] in _PLACES) or (is_last and masked[-2] == "by")


def _forget_names(masked: list[str]) -> None:
    """Before a new value, drop or mask what belongs to it: the names in a date, 'and' between two values, a name between two
    prepositions."""
    while masked and masked[-1] in DATES:
        masked.pop()
    if len(masked) > 1 and masked[-1] in ("and", "or") and masked[-2] == MASK:
        del masked[-2:]
    elif len(masked) > 2 and masked[-1] == "from" and masked[-3] in _GIVES and masked[-2] not in SMALL:
        masked[-2] = MASK


def cluster_id_of(fingerprint: str) -> str:
    """The short id of a fingerprint: 10 hex digits."""
    return hashlib.sha256(fingerprint.encode("utf-8", "surrogatepass")).hexdigest()[:10]
