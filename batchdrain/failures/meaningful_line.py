"""The line of a program's output that says what went wrong. Linear in the text; hostile bytes are text like any other."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from batchdrain.failures.exit_codes import is_said, words_of_exit
from batchdrain.failures.line_kinds import (
    CARET,
    CAUSED,
    EXCEPTION_IGNORED,
    HEADER,
    LOOKED_AT,
    NO_WORDS,
    OWN_FRAME,
    TRACEBACK,
    Kind,
    kind_of,
    split_line,
)

LINE_CHARS: Final = 500
_MOST_LINES: Final = 1_500
_JOINED: Final = 2
_GROUP_OF: Final = re.compile(r"\(\d+ sub-exceptions?\)$")
_CODE_OF: Final = re.compile(r"\bError (\d{3})\Z")  # make's word of what a recipe ended with
_SHORT: Final = 4
_ESCAPE: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)?|[@-Z\\-_])")


@dataclass(frozen=True, slots=True)
class MeaningfulLine:
    """`text` is '' where nothing was printed that has words."""

    text: str
    kind: Kind
    stream: str  #: "stderr" or "stdout"; '' where there is no text


@dataclass(slots=True)
class _Line:
    text: str
    indent: int
    kind: Kind


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
    if not words or (found.kind >= Kind.SAYING and is_said(exit_code, found.text)):
        return found
    if found.kind >= Kind.SAYING:
        text = f"{found.text} ({words})"
    else:
        text = f"{words}: {found.text}" if found.kind is Kind.PLAIN else words
    return MeaningfulLine(text[:LINE_CHARS], found.kind, found.stream)


def last_line(tail: bytes, redact: Callable[[str], str] = str) -> str:
    """The last line that has words, for a program that says what it found by its last line; '' where there is none."""
    for line in reversed(_ESCAPE.sub("", _to_text(tail).replace("\r", "\n")).split("\n")):
        if not NO_WORDS.fullmatch(line):
            return redact(line.strip())[:LINE_CHARS]
    return ""


def find_in_text(text: str) -> str:
    """The same rule for a text that somebody stored: its most telling line, whole; '' where none has words."""
    return _choose(text)[0]


def _says_more(of_stdout: Kind, of_stderr: Kind) -> bool:
    if of_stderr <= Kind.REMARK:
        return of_stdout > of_stderr
    return of_stderr <= Kind.SUMMARY and of_stdout >= Kind.COMPLAINT


def _to_text(raw: bytes) -> str:
    return raw.decode(errors="replace")


def _choose(text: str) -> tuple[str, Kind]:
    """The line, and of what kind it is."""
    lines = _read(text)
    _mark_excerpts(lines)
    _mark_tracebacks(lines)
    _mark_stacks(lines)
    best = max((line.kind for line in lines), default=Kind.NOTHING)
    if best is Kind.NOTHING:
        return "", best
    if best is Kind.SUMMARY:
        plain = [at for at, line in enumerate(lines) if line.kind is Kind.PLAIN]
        best = Kind.PLAIN if plain else best
    found = [at for at, line in enumerate(lines) if line.kind is best]
    at = found[-1] if best in {Kind.REMARK, Kind.PLAIN, Kind.SUMMARY} else _pick(lines, found, best)
    return _phrase(lines, at), best


def _read(text: str) -> list[_Line]:
    text = _ESCAPE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    known: dict[str, tuple[str, int, Kind]] = {}
    lines = []
    for raw in text.split("\n")[-_MOST_LINES:]:
        found = known.get(raw)
        if found is None:
            body, indent, is_marked = split_line(raw)
            found = known[raw] = (body, indent, kind_of(body[:LOOKED_AT], indent, is_marked=is_marked))
        lines.append(_Line(*found))
    return lines


def _mark_excerpts(lines: Sequence[_Line]) -> None:
    """A caret points into the line before it: that is code."""
    for above, line in itertools.pairwise(lines):
        if line.text and CARET.fullmatch(line.text[:LOOKED_AT]) and above.kind < Kind.EXCEPTION and above.indent:
            above.kind = Kind.NOTHING


def _mark_tracebacks(lines: Sequence[_Line]) -> None:
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
                line.kind = Kind.REMARK if is_ignored else Kind.EXCEPTION
                depth, is_ignored = None, False


def _mark_stacks(lines: Sequence[_Line]) -> None:
    """What stands right above frames is the exception's own line, whatever its name."""
    for above, line in itertools.pairwise(lines):
        if (
            above.kind > Kind.REMARK
            and not above.text.endswith(":")
            and len(above.text) > _SHORT
            and above.indent <= line.indent
            and OWN_FRAME.match(line.text[:LOOKED_AT])
        ):
            above.kind = Kind.EXCEPTION


def _pick(lines: Sequence[_Line], found: Sequence[int], kind: Kind) -> int:
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


def _phrase(lines: Sequence[_Line], at: int) -> str:
    """The line with what belongs to it: what it announces, the rest of its sentence, and the root of its causes."""
    text = lines[at].text
    following = [line for line in lines[at + 1 : at + 40] if line.text]
    if HEADER.fullmatch(text[:LOOKED_AT]):
        more = [line.text for line in following[:8] if line.kind > Kind.NOTHING or line.text.startswith("> ")][:_JOINED]
        more = more[:1] + [one for one in more[1:] if one.startswith("> ")]
        text = " ".join([text, *more])
    if _GROUP_OF.search(text):
        text += next((f" ({line.text})" for line in following if line.kind is Kind.EXCEPTION), "")
    caused = [line.text for line in lines[at + 1 :] if CAUSED.match(line.text)]
    if caused and lines[at].kind is Kind.EXCEPTION:
        text = f"{text} ({caused[-1]})"
    return text
