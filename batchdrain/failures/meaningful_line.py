"""The line of a program's output that says what went wrong. Linear in the text; hostile bytes are text like any other."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from batchdrain.failures.exit_codes import is_said, words_of_exit
from batchdrain.failures.line_kinds import (
    CARET,
    CAUSED,
    DIAGNOSTIC_BOX,
    EXCEPTION_IGNORED,
    HEADER,
    LOOKED_AT,
    NO_WORDS,
    OWN_FRAME,
    PLACE,
    TRACEBACK,
    Kind,
    kind_of,
    kind_of_exception,
)
from batchdrain.failures.patterns import make_pattern
from batchdrain.failures.printed_lines import Line, read_lines, strip_escapes
from batchdrain.failures.telling_words import COMPLAINS, WORDS

LINE_CHARS: Final = 500
_JOINED: Final = 2
_GROUP_OF: Final = make_pattern(r"\(\d+ sub-exceptions?\)$")
_CODE_OF: Final = make_pattern(r"\bError (\d{3})\Z")  # make's word of what a recipe ended with
_MARGIN: Final = 60
_WRAPPED: Final = make_pattern(r"[a-z][a-z'-]*(?:[ ,.]|\Z)")
_ERRORS_OF: Final = make_pattern(r"\b\d+ [a-z]+ errors? (?:for|in|of) \S+\Z")  # what each of them is stands deeper
_SHORT: Final = 4
_MESSAGE_LINES: Final = 20
_SEVERITIES: Final = {"x ": Kind.VERDICT, "× ": Kind.VERDICT, "! ": Kind.REMARK, "⚠ ": Kind.REMARK}
"""Of a line above a box with code, by its sign."""


@dataclass(frozen=True, slots=True)
class MeaningfulLine:
    """`text` is '' where nothing was printed that has words."""

    text: str
    kind: Kind
    stream: str  #: "stderr" or "stdout"; '' where there is no text


NONE: Final = MeaningfulLine("", Kind.NOTHING, "")


def find_line(stderr: bytes, stdout: bytes, redact: Callable[[str], str] = str) -> MeaningfulLine:
    """What says most of stderr; where that is noise, or no more than that something failed, of stdout.

    `redact` is given the whole line, before it is cut to LINE_CHARS.
    """
    of_stderr, of_stdout = (_choose(_to_text(raw)) for raw in (stderr, stdout))
    chosen, stream = of_stderr, "stderr"
    if _says_more(of_stdout[1], of_stderr[1]):
        chosen, stream = of_stdout, "stdout"
    text = redact(chosen[0])[:LINE_CHARS].strip()
    return MeaningfulLine(text, chosen[1], stream) if text else NONE


def explain(stderr: bytes, stdout: bytes, exit_code: int | None, redact: Callable[[str], str] = str) -> MeaningfulLine:
    """As find_line, with what the exit code says: in its place where nothing better stands, else beside it."""
    found = find_line(stderr, stdout, redact)
    inner = _CODE_OF.search(found.text) if found.kind is Kind.SUMMARY else None
    words = words_of_exit(exit_code) or (words_of_exit(int(inner[1])) if inner else "")
    if not words or (found.kind >= Kind.WRAPPER and is_said(exit_code, found.text)):
        return found
    if found.kind >= Kind.WRAPPER:
        text = f"{found.text[: LINE_CHARS - len(words) - len(' ()')]} ({words})"
    else:
        text = f"{words}: {found.text}"[:LINE_CHARS] if found.kind is Kind.PLAIN else words
    return MeaningfulLine(text, found.kind, found.stream)


def last_line(tail: bytes, redact: Callable[[str], str] = str) -> str:
    """The last line that has words, for a program that says what it found by its last line; '' where there is none."""
    for line in reversed(strip_escapes(_to_text(tail).replace("\r", "\n")).split("\n")):
        if not NO_WORDS.fullmatch(line):
            return redact(line.strip())[:LINE_CHARS]
    return ""


def find_in_text(text: str) -> str:
    """The same rule for a text that somebody stored: its most telling line, whole; '' where none has words."""
    return _choose(text)[0]


def _says_more(of_stdout: Kind, of_stderr: Kind) -> bool:
    if of_stderr <= Kind.REMARK:
        return of_stdout > of_stderr
    return of_stderr <= Kind.WRAPPER and of_stdout >= Kind.COMPLAINT


def _to_text(raw: bytes) -> str:
    return raw.decode(errors="replace")


def _choose(text: str) -> tuple[str, Kind]:
    """The line, and of what kind it is."""
    lines = read_lines(text)
    _mark_excerpts(lines)
    _mark_tracebacks(lines)
    _mark_stacks(lines)
    _mark_wrappers(lines)
    best = max((line.kind for line in lines), default=Kind.NOTHING)
    if best is Kind.NOTHING:
        return "", best
    if best is Kind.SUMMARY:
        plain = [at for at, line in enumerate(lines) if line.kind is Kind.PLAIN]
        best = Kind.PLAIN if plain else best
    found = [at for at, line in enumerate(lines) if line.kind is best]
    if best is Kind.REMARK:  # a warning that complains says more than a farewell
        found = [at for at in found if _complains(lines[at].text)] or found
    at = found[-1] if best in {Kind.REMARK, Kind.PLAIN, Kind.SUMMARY} else _pick(lines, found, best)
    return _phrase(lines, at), best


def _complains(text: str) -> bool:
    return not COMPLAINS.isdisjoint(WORDS.findall(text[:LOOKED_AT].lower()))


def _mark_excerpts(lines: Sequence[Line]) -> None:
    """A caret points into the line before it: that is code. A box shows code, and the line before it says what is wrong there."""
    for above, line in itertools.pairwise(lines):
        if DIAGNOSTIC_BOX.match(line.text) and above.text[:2] in _SEVERITIES:
            above.kind, above.text = _SEVERITIES[above.text[:2]], above.text[2:]
        elif (
            line.text
            and CARET.fullmatch(line.text[:LOOKED_AT])
            and above.kind < (Kind.EXCEPTION if above.indent else Kind.SUMMARY)
        ):
            above.kind = Kind.NOTHING


def _mark_tracebacks(lines: Sequence[Line]) -> None:
    """Python's: the first line after it that is no deeper is the exception's, whatever its name; what stands between is code."""
    depth: int | None = None
    is_ignored = False
    for line in lines:
        if EXCEPTION_IGNORED.match(line.text):
            line.kind, is_ignored = Kind.REMARK, True
        elif TRACEBACK.search(line.text[:LOOKED_AT]):
            depth, line.kind = line.indent, Kind.NOTHING
        elif depth is not None and line.text:
            if line.indent > depth:
                line.kind = Kind.NOTHING
            else:
                line.kind = Kind.REMARK if is_ignored else kind_of_exception(line.text[:LOOKED_AT])
                depth, is_ignored = None, False


def _mark_stacks(lines: Sequence[Line]) -> None:
    """What stands right above frames is the exception's own line, whatever its name. Where that is a place, what complains
    above it."""
    for at, (above, line) in enumerate(itertools.pairwise(lines)):
        if not above.text or OWN_FRAME.match(line.text[:LOOKED_AT]) is None:
            continue
        if PLACE.fullmatch(above.text[:LOOKED_AT]):
            above.kind = Kind.REMARK
            for before in itertools.takewhile(lambda one: one.text, reversed(lines[max(0, at - _MESSAGE_LINES) : at])):
                if before.kind >= Kind.COMPLAINT:
                    before.kind = Kind.EXCEPTION
                    break
        elif (
            above.kind > Kind.REMARK
            and not above.text.endswith(":")
            and len(above.text) > _SHORT
            and above.indent <= line.indent
        ):
            above.kind = kind_of_exception(above.text[:LOOKED_AT])


def _mark_wrappers(lines: Sequence[Line]) -> None:
    """An exception's name alone is of the kind that the line after it makes of it."""
    for line, below in itertools.pairwise(lines):
        if line.kind is Kind.EXCEPTION and line.text.endswith(":"):
            line.kind = kind_of_exception(below.text[:LOOKED_AT])


def _pick(lines: Sequence[Line], found: Sequence[int], kind: Kind) -> int:
    """Of equals the last exception; of complaints the first of the last ones that no other line stands between."""
    if kind is Kind.EXCEPTION:
        whole = [at for at in found if not CAUSED.match(lines[at].text)] or found
        least = min(lines[at].indent for at in whole)  # what is deeper is part of another one
        return [at for at in whole if lines[at].indent == least][-1]
    at = found[-1]
    for before in reversed(found[:-1]):
        if any(line.kind is Kind.PLAIN and line.indent < 2 for line in lines[before + 1 : at]):
            break
        at = before
    return at


def _phrase(lines: Sequence[Line], at: int) -> str:
    """The line with what belongs to it: what it announces, the rest of its sentence, and the root of its causes."""
    text = lines[at].text
    following = [line for line in lines[at + 1 : at + 40] if line.text]
    if HEADER.fullmatch(text[:LOOKED_AT]):
        below = [line for line in following[:8] if line.kind > Kind.NOTHING or line.text.startswith(("> ", "- "))]
        if below and below[0].kind is Kind.SUMMARY and any(line.kind > Kind.SUMMARY for line in below):
            below = [line for line in below if line.kind > Kind.SUMMARY]
        more = [line.text for line in below][:_JOINED]
        more = [one.removeprefix("- ") for one in more[:1]] + [one for one in more[1:] if one.startswith("> ")]
        text = " ".join([text, *more])
    text += _rest_of_sentence(lines, at) if text == lines[at].text else ""
    if _GROUP_OF.search(text):
        text += next((f" ({line.text})" for line in following if line.kind is Kind.EXCEPTION), "")
    if _ERRORS_OF.search(text[-LOOKED_AT:]):
        text += next((f" ({line.text})" for line in following if line.indent > lines[at].indent), "")
    caused = [line.text for line in lines[at + 1 :] if CAUSED.match(line.text)]
    if caused and lines[at].kind is Kind.EXCEPTION:
        text = f"{text} ({caused[-1]})"
    return text


def _rest_of_sentence(lines: Sequence[Line], at: int) -> str:
    """What a program wrapped at its right margin: plain lines that begin as no sentence does, behind one that did not end."""
    text = ""
    for before, line in itertools.pairwise(lines[at : at + 1 + _JOINED]):
        if (
            line.kind is Kind.NOTHING
            or len(before.text) < _MARGIN
            or before.text[-1] in ".!?:;)]}>"
            or not _WRAPPED.match(line.text)
        ):
            break
        if kind_of(line.text[:LOOKED_AT], 0, is_marked=False) is not Kind.PLAIN:
            break
        text += f" {line.text}"
    return text
