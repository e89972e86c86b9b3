"""Fingerprints of many texts, most of which differ only in values.

A form is a pattern that is made of one text: its words stand for themselves, and values of the same kind may stand where its
values do. Texts that one form takes have one fingerprint: `token_keys` says which tokens are nothing but a value, wherever they
stand. `bare_message` looks at a text before it is split into tokens, so no form is made of a text in which it might look into
a value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from batchdrain.failures.bare_message import bare_message
from batchdrain.failures.fingerprints import fingerprint, mask_message
from batchdrain.failures.token_keys import asks_for_number, is_about_a_route, key_of
from batchdrain.failures.token_shapes import MASK

_FORMS: Final = 32
"""At most so many forms are remembered."""
_IDLE: Final = 100
"""A form that takes no text in so many calls is forgotten."""
_FEW: Final = 8
"""A new form is remembered if it takes so many texts at once."""
_NEW: Final = 6
"""At most so many forms are made in one call."""
_PAUSE: Final = 64
"""The most calls that pass without a new form, after texts turned out not to be alike."""
_KNOWN: Final = 1_000
_LONGEST: Final = 500
_TOKENS: Final = 100
_WORDS: Final = 4
"""With fewer words, the letters of a value may be part of the fingerprint."""
_LOOKED_INTO: Final = re.compile(
    r"[\"`<\x1b]|\A[{\[ ]|\ATimed out after|[\] ]\Z|you mean|@@ |Error: /|function |procedure | -- | [)\]:]|\((?![A-Za-z/_])"
    r"|\[.*,|,.*\[|, .*, "
)
"""In a text with one of these, more is looked at than its tokens."""
_VALUE: Final = re.compile(
    r"(\(?)((?=.*[0-9])(?!http(?!s?://)|.*\.\.)[a-z0-9_/][a-z0-9_./:@+~-]{10,79}[a-z0-9_/~-])([,;.)]*)"
)
_NUMBER: Final = re.compile(r"([0-9]{1,80})([,;.]*)")
_QUOTED: Final = re.compile(r"'([A-Za-z0-9_.:/@+~-]{1,80})'([,;.)]*)")
_NAME: Final = re.compile(r"(?=.*[0-9]).*")
_LETTERS: Final = re.compile(r"[A-Za-z_-]+")
_SHORT: Final = 5
"""A longer number is nothing but a value."""
_LEAST: Final = 13
"""A value with a slash must be as long."""
_BEFORE: Final = 3


class _Slot(NamedTuple):
    """What may stand in a form in place of a token. `pattern` has one group if `kind` asks for what stood there."""

    pattern: str
    kind: str = ""  #: 'code': a number that the fingerprint may show; 'name': a quoted name


@dataclass(slots=True)
class _Form:
    """A form, and what is known of the texts that it takes."""

    match: Callable[[str], re.Match[str] | None]
    codes: tuple[int, ...]  #: the groups with numbers that the fingerprint may show
    names: tuple[int, ...]  #: the groups with quoted names
    quoted: tuple[str, ...]  #: the other quoted names
    known: dict[tuple[str, ...], str] = field(default_factory=dict)  #: fingerprints by these numbers
    idle: int = 0  #: in how many calls in a row it took no text

    def fingerprint_of(self, found: re.Match[str]) -> str:
        """The fingerprint of a text that the form takes."""
        text = found.string
        if (self.names or self.quoted) and self._names_again(found):
            return fingerprint(text)
        codes = tuple(map(found.__getitem__, self.codes))
        known = self.known.get(codes)
        if known is None:
            known = fingerprint(text)
            if len(mask_message(bare_message(text))) < _WORDS:
                return known
            if len(self.known) >= _KNOWN:
                self.known.clear()
            self.known[codes] = known
        return known

    def _names_again(self, found: re.Match[str]) -> bool:
        """Whether a quoted name occurs a second time: it is masked there too."""
        count = found.string.count
        return any(count(name) > 1 for name in self.quoted) or any(count(found[group]) > 1 for group in self.names)


class MessageForms:
    """The forms of the texts seen so far."""

    def __init__(self) -> None:
        self._forms: list[_Form] = []  # those of the latest texts first
        self._pause = self._waits = 0

    def fingerprints(self, texts: Sequence[str]) -> list[str]:
        """What `fingerprint` returns for each text."""
        found = [""] * len(texts)
        left: Sequence[int] = range(len(texts))
        for form in self._forms:
            before = len(left)
            left = _take(form, texts, left, found)
            form.idle = 0 if len(left) < before else form.idle + 1
            if not left:
                break
        self._forms.sort(key=lambda form: form.idle)
        if left and not self._waits:
            left = self._learn(texts, left, found)
        self._waits = max(0, self._waits - 1)
        for at in left:
            found[at] = fingerprint(texts[at])
        return found

    def _learn(self, texts: Sequence[str], left: Sequence[int], found: list[str]) -> Sequence[int]:
        """Make forms of some of the texts that are left. Returns the places of those that no new form takes either."""
        forms = [form for form in self._forms if form.idle < _IDLE]
        made = 0
        while len(left) >= _FEW and made < _NEW:
            form = _form_of(texts[left[len(left) // 2]])
            rest = left if form is None else _take(form, texts, left, found)
            if form is None or len(left) - len(rest) < _FEW:
                self._pause = self._waits = min(_PAUSE, 2 * self._pause + 1)
                left = rest
                break
            left = rest
            forms, made = [form, *forms][:_FORMS], made + 1
            self._pause = 0
        self._forms = forms
        return left


def _take(form: _Form, texts: Sequence[str], left: Sequence[int], found: list[str]) -> Sequence[int]:
    """Note the fingerprints of the texts that the form takes. Returns the places of the others."""
    rest = []
    for at, taken in zip(left, map(form.match, map(texts.__getitem__, left)), strict=True):
        if taken is None:
            rest.append(at)
        else:
            found[at] = form.fingerprint_of(taken)
    return rest


def _form_of(text: str) -> _Form | None:
    """The form of a text; None if it has none."""
    if len(text) > _LONGEST or not (text.isascii() and text.isprintable()) or _LOOKED_INTO.search(text) is not None:
        return None
    tokens = text.split(" ")
    quoted = [found for token in tokens if (found := _QUOTED.fullmatch(token)) is not None]
    if len(tokens) > _TOKENS or text.count("'") != 2 * len(quoted) or any(text.count(one[1]) > 1 for one in quoted):
        return None
    parts = bare_message(text).split()
    key = key_of(parts)
    if not key or not _is_bare(tokens, parts):
        return None
    slots = [_slot_of(token, is_coded=asks_for_number(key), is_route=is_about_a_route(key)) for token in tokens]
    if len(parts) > 1 and parts[-2][-1] == ":" and (slots[-1] is None or slots[-1].kind == "code"):
        return None  # the last word may be the name of what is missing, if the words before it say so
    if any(
        slots[max(0, at - _BEFORE) : at] != [None] * min(at, _BEFORE) for at, token in enumerate(tokens) if _is_word(token)
    ):
        return None
    kinds = [slot.kind for slot in slots if slot is not None and slot.kind]
    pattern = " ".join(re.escape(token) if slot is None else slot.pattern for token, slot in zip(tokens, slots, strict=True))
    return _Form(
        match=re.compile(pattern).fullmatch,
        codes=tuple(at for at, kind in enumerate(kinds, 1) if kind == "code"),
        names=tuple(at for at, kind in enumerate(kinds, 1) if kind == "name"),
        quoted=tuple(one[1] for one in quoted if _NAME.fullmatch(one[1]) is None),
    )


def _is_bare(tokens: Sequence[str], parts: Sequence[str]) -> bool:
    """Whether `bare_message` changes nothing but what is in quotes."""
    expected = list[str]()
    for token in filter(None, tokens):
        quoted = _QUOTED.fullmatch(token)
        if quoted is None:
            expected.append(token)
        else:
            at = len(expected)
            expected += [quoted[1] if parts[at : at + 1] == [quoted[1]] else MASK, *filter(None, [quoted[2]])]
    return expected == list(parts)


def _is_word(token: str) -> bool:
    """Whether it is a quoted word. It depends on the words before it what becomes of it."""
    quoted = _QUOTED.fullmatch(token)
    return quoted is not None and _LETTERS.fullmatch(quoted[1]) is not None


def _slot_of(token: str, *, is_coded: bool, is_route: bool) -> _Slot | None:
    """What may stand in place of the token; None if nothing else may."""
    if (number := _NUMBER.fullmatch(token)) is not None:
        end = re.escape(number[2])
        if len(number[1]) > _SHORT:
            return _Slot(rf"[0-9]{{{_SHORT + 1},80}}{end}")
        return _Slot(rf"([0-9]{{1,{_SHORT}}}){end}", "code") if is_coded else _Slot(rf"[0-9]{{1,{_SHORT}}}{end}")
    if (quoted := _QUOTED.fullmatch(token)) is not None:
        end = re.escape(quoted[2])
        return _Slot(rf"'((?=[^' ]*[0-9])[A-Za-z0-9_.:/@+~-]{{1,80}})'{end}", "name") if _NAME.fullmatch(quoted[1]) else None
    value = _VALUE.fullmatch(token)
    if value is None or (value[1] and value[2][0] in "0123456789") or ("/" in value[2] and len(value[2]) < _LEAST):
        return None
    begins_so = value[2][0] in "/h"
    if begins_so and is_route:
        return None
    first = "/h" if begins_so else "a-gi-z_" if value[1] else "a-gi-z0-9_"
    slash, least = ("/", _LEAST) if "/" in value[2] else ("", _LEAST - 1)
    inner = rf"[a-z0-9_.:@+~{slash}-]{{{least - 2},79}}[a-z0-9_~{slash}-]"
    return _Slot(rf"{re.escape(value[1])}(?=[^ ]*[0-9])(?!http(?!s?://)|[^ ]*\.\.)[{first}]{inner}{re.escape(value[3])}")
