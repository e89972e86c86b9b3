"""Prepares a message for tokenising: names in quotes, brackets and lists are masked while their punctuation is still
there."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from batchdrain.failures.excerpt import telling_line
from batchdrain.failures.quoted import QUOTED, STATES, unquote
from batchdrain.failures.telling_words import TELLING
from batchdrain.failures.token_shapes import CODES, MASK, tells_failures_apart

_ESCAPE: Final = re.compile(r"\x1b\[[0-9;?]{0,20}[A-Za-z]")
_LIMIT: Final = re.compile(r"\A(Timed out after [\d.e+]{1,20} s) \(limit: [^\n]{0,300}?\)(?=:|\Z)")
_WHO: Final = re.compile(r"\A\[([^\[\]\s]{1,200})\](?=\s)")
"""The name of who reports the failure."""
_GUESS: Final = re.compile(r"[\s(;]{1,3}(?:Did|did|Do|do) you mean\b.*", re.DOTALL)
"""A program's suggestion at the end. It is not part of the failure, and appears only if the program has something to
suggest."""
_HUNK: Final = re.compile(r"@@ -[\d,]{1,20} \+[\d,]{1,20} @@.*", re.DOTALL)
"""Behind the head of a hunk comes source code."""
_QUANTITY: Final = re.compile(r"(?<=\s)\((?![45]\d\d\))\s?[<>~]?([\d.,]{1,20})\s?[A-Za-z%]{0,8}\s?\)")
_BEFORE_CODE: Final = re.compile(r"([A-Za-z]+)[)\]]?\s\Z")
"""The word before a number in brackets."""
_SUBJECT: Final = re.compile(
    r": ([A-Za-z_][\w.+-]{0,80})(?=: (?:(?:command )?not found|no such (?:file|process|device)|permission denied|is a directory|not a directory"
    r"|file exists|operation not permitted|unbound variable|readonly variable|parameter not set|integer expression |cannot |can't |directory not empty|text file busy"
    r"|invalid argument|bad |too many levels))",
    re.IGNORECASE,
)
"""'program: subject: system error', as perror(3) prints it."""
_BRACKETED_LIST: Final = re.compile(r"(?<![\w.-])[\w.-]{0,60}\[[^\[\],\n]{1,80}(?:,[^\[\],\n]{0,80})+\]")
_LIST: Final = re.compile(r"(?<![\w.:-])(?:[\w.:-]{1,80}, ){2,}(?:(?:and|or) )?[\w.:-]{1,80}")
_WORDS: Final = re.compile(r"[a-z][a-z']*")
_TAG: Final = re.compile(r"</?([A-Za-z][\w:.-]{0,60}) ?/?>")
"""An element of a document, or a placeholder for a value."""
_KEPT_TAG: Final = re.compile(r"[A-Z]{3,}")
_SPACED: Final = re.compile(r"([(\[]) (\S{1,60}) ([)\]])")
"""A single name between brackets with blanks inside."""
_VERSIONED: Final = re.compile(
    r"(?<![\w.+-])(?!(?:over|from|than|version|with|by|to|at|of|is|for|and|or|in|on|into|onto|via|after|before|between) )[\w.+:-]{1,80} \((?:\d+:)?\d{1,9}(?:[.~+-]\w{1,40}){2,8}\)"
)
"""A name and its version in brackets."""
_VERSION: Final = re.compile(r" \((?:\d+:)?\d{1,9}[.~+-]\w{1,40}[.~+-]")
_DOCUMENT: Final = re.compile(r"\"(?:\.\.\.)?[{\[][^\n]{0,200}?\"(?= is )|\"[^\n\"]{0,80}\"\.\.\. ?(?=\"|is )")
"""A quoted document, in quotes that do not escape the quotes within it."""
_NAME_IN_QUOTES: Final = re.compile(r"[\"'`‘“]([A-Za-z_][\w-]{2,60})[\"'`’”]")
_SIGNATURE: Final = re.compile(r"\b(function|procedure) [\w.]{1,80}\((?:[\w\" .,*-]{0,200})\)")
"""A called function with its arguments."""
_NAMED_ERROR: Final = re.compile(r"(?<=Error: )/(?=[a-z]{5,40} in )")
"""An error that is printed by its name, which begins like a path."""
_MOST_NAMES: Final = 4
_CODED: Final = CODES | {"error"}
_LOOKED_BACK: Final = 40
_ANSWER: Final = 3
_OF_FAILURES: Final = "45"
"""The first digits of HTTP codes that mean a failure. Such codes have three digits."""
SMALL: Final = TELLING | frozenset([
        "is", "was", "are", "were", "has", "have", "had", "and", "or", "for", "from", "to", "in", "on", "at", "by",
        "with", "as", "of", "the", "a", "an",
    ])  # fmt: skip


def _mask_who(found: re.Match[str]) -> str:
    """A class, a code or a key with its value is kept: it says what failed, and not who reports it."""
    who = found[1]
    if who.isdecimal():
        return found[0] if len(who) == _ANSWER and who[0] in _OF_FAILURES else f"{MASK} "
    return found[0] if "=" in who or tells_failures_apart(who) else f"{MASK} "


def _mask_tag(found: re.Match[str]) -> str:
    name = found[1]
    is_kept = name.lower() in STATES or _KEPT_TAG.fullmatch(name) or tells_failures_apart(name)
    return found[0] if is_kept else f" {MASK} "


def _mask_spaced(found: re.Match[str]) -> str:
    return f"{found[1]}{found[2]}{found[3]}" if tells_failures_apart(found[2]) else MASK


def _mask_subject(found: re.Match[str]) -> str:
    name = found[1]
    return found[0] if tells_failures_apart(name) or name.lower() in SMALL else f": {MASK}"


def _mask_quantity(found: re.Match[str]) -> str:
    """A number behind 'exit' or 'signal' is no quantity and is kept."""
    number = found[1]
    if not number.isdecimal() or not tells_failures_apart(number) or found[0] != f"({number})":
        return " "
    before = _BEFORE_CODE.search(found.string, max(0, found.start() - _LOOKED_BACK), found.start())
    return f" {number} " if before and before[1].lower() in _CODED else " "


_FORMS: Final[tuple[tuple[str, re.Pattern[str], str | Callable[[re.Match[str]], str]], ...]] = (
    ("you mean", _GUESS, ""),
    ("@@ ", _HUNK, MASK),
    ("Error: /", _NAMED_ERROR, ""),
    ("function ", _SIGNATURE, rf"\1 {MASK}"),
    ("<", _TAG, _mask_tag),
    (" -- ", re.compile(" -- "), " "),
    (" )", _SPACED, _mask_spaced),
    (" ]", _SPACED, _mask_spaced),
)
"""For each form: a text that is cheap to look for and without which a message has none, the pattern, and what replaces it."""


def bare_message(message: str) -> str:
    """The most telling line, with MASK in place of the content of quotes, brackets and lists."""
    if message.startswith("Timed out after"):
        message = _LIMIT.sub(r"\1", message)  # who set the limit is not part of the failure
    if "\n" in message:
        message = telling_line(message) or message
    if "\x1b" in message:
        message = _ESCAPE.sub("", message)
    message = message.strip()
    if message[:1] == "[":
        message = _WHO.sub(_mask_who, message)
    for sign, pattern, put in _FORMS:
        if sign in message:
            message = pattern.sub(put, message)
    if message.count(": ") > 1:
        message = _SUBJECT.sub(_mask_subject, message)
    if "," in message:
        message = _mask_lists(message)
    if '"' in message or "'" in message or "`" in message or not message.isascii():
        message = _mask_quoted(message)
    return _mask_brackets(message) if " (" in message else message


def _mask_brackets(message: str) -> str:
    """Remove quantities. A version in brackets is masked together with the name before it."""
    return _QUANTITY.sub(_mask_quantity, _VERSIONED.sub(MASK, message) if _VERSION.search(message) else message)


def _mask_quoted(message: str) -> str:
    """Mask what is quoted. A name that is quoted is also masked where it occurs without quotes: 'a.c:3 (tax): unknown command
    "tax"'."""
    if " is " in message and '"' in message:
        message = _DOCUMENT.sub(f" {MASK} ", message)
    names = [name for name in _NAME_IN_QUOTES.findall(message)[:_MOST_NAMES] if message.count(name) > 1]
    message = QUOTED.sub(unquote, message)
    for name in names:
        if name.lower() not in SMALL and name.lower() not in STATES and not tells_failures_apart(name):
            message = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", f" {MASK} ", message)
    return message


def _mask_lists(message: str) -> str:
    """A list of names, however long, becomes one value; a sentence with commas stays."""
    if "[" in message:
        message = _BRACKETED_LIST.sub(f" {MASK} ", message)
    return _LIST.sub(_mask_list, message) if message.count(", ") > 1 else message


def _mask_list(found: re.Match[str]) -> str:
    """A list that names exceptions is kept, as it says what failed."""
    is_kept = not SMALL.isdisjoint(_WORDS.findall(found[0].lower())) or any(
        tells_failures_apart(one) and not one.isdecimal() for one in found[0].split(", ")
    )
    return found[0] if is_kept else f" {MASK} "
