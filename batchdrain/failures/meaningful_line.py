"""Finds the line of a program's output that says what went wrong. Linear in the text; hostile bytes are treated like any
text."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from batchdrain.failures.exit_codes import is_said, words_of_exit
from batchdrain.failures.line_context import (
    find_cause_below,
    find_reason_of_empty,
    find_verdict_above_excerpt,
    mark_by_context,
)
from batchdrain.failures.line_kinds import CAUSED, CLOSES, HEADER, LOOKED_AT, NO_WORDS, WARNED, Kind, kind_of
from batchdrain.failures.patterns import make_pattern
from batchdrain.failures.printed_lines import Line, read_lines, strip_escapes
from batchdrain.failures.telling_words import complains

LINE_CHARS: Final = 500
_JOINED: Final = 2
_GROUP_OF: Final = make_pattern(r"\(\d+ sub-exceptions?\)$")
_CODE_OF: Final = make_pattern(r"\bError (\d{3})\Z")  # the exit code of a recipe, as make prints it
_MARGIN: Final = 60
_WRAPPED: Final = make_pattern(r"[a-z][a-z'-]*(?:[ ,.]|\Z)")
_ASIDE: Final = make_pattern(
    r"(?<=[.!]) (?:Check|See|Visit|Read|Refer to|For (?:more|further|help)|Please (?:see|check|refer|visit)|More info)\b.*\Z"
)
"""A last sentence that only points to further reading."""
_ONLY_PLACE: Final = make_pattern(r"\A\w*(?:Error|Exception): \S+:\d+(?::\d+)?\Z")
"""An exception that names only a place in the code; its message stands below the code."""
_ERRORS_OF: Final = make_pattern(r"\b\d+ [a-z]+ errors? (?:for|in|of) \S+\Z")  # the errors themselves are indented below


@dataclass(frozen=True, slots=True)
class MeaningfulLine:
    """`text` is '' if nothing with words was printed."""

    text: str
    kind: Kind
    stream: str  #: "stderr" or "stdout"; '' if there is no text


NONE: Final = MeaningfulLine("", Kind.NOTHING, "")


def find_line(stderr: bytes, stdout: bytes, redact: Callable[[str], str] = str) -> MeaningfulLine:
    """The most telling line of stderr, or that of stdout if stderr is noise or only says that something failed.

    `redact` gets the whole line, before it is cut to LINE_CHARS.
    """
    if not stderr and not stdout:
        return NONE
    of_stderr, of_stdout = (_choose(_to_text(raw)) for raw in (stderr, stdout))
    chosen, stream = of_stderr, "stderr"
    if _says_more(of_stdout[1], of_stderr[1]):
        chosen, stream = of_stdout, "stdout"
    text = redact(chosen[0])[:LINE_CHARS].strip()
    return MeaningfulLine(text, chosen[1], stream) if text else NONE


def explain(stderr: bytes, stdout: bytes, exit_code: int | None, redact: Callable[[str], str] = str) -> MeaningfulLine:
    """Like find_line, but with the meaning of the exit code: in place of a line that tells less, else added to the line."""
    found = find_line(stderr, stdout, redact)
    inner = _CODE_OF.search(found.text) if found.kind is Kind.SUMMARY else None
    words = words_of_exit(exit_code) or (words_of_exit(int(inner[1])) if inner else "")
    if not words or (found.kind >= Kind.SUMMARY and is_said(exit_code, found.text)):
        return found
    if found.kind >= Kind.WRAPPER:
        text = f"{found.text[: LINE_CHARS - len(words) - len(' ()')]} ({words})"
    else:
        text = f"{words}: {found.text}"[:LINE_CHARS] if found.kind is Kind.PLAIN else words
    return MeaningfulLine(text, found.kind, found.stream)


def last_line(tail: bytes, redact: Callable[[str], str] = str) -> str:
    """The last line that has words, for a program that reports its finding in its last line; '' if there is none."""
    for line in reversed(strip_escapes(_to_text(tail).replace("\r", "\n")).split("\n")):
        if not NO_WORDS.fullmatch(line):
            return redact(line.strip())[:LINE_CHARS]
    return ""


def find_in_text(text: str) -> str:
    """The most telling line of a stored text by the same rules, not cut; '' if no line has words."""
    return _choose(text)[0]


def _says_more(of_stdout: Kind, of_stderr: Kind) -> bool:
    if of_stderr <= Kind.REMARK:
        return of_stdout > of_stderr
    if of_stderr is Kind.SUMMARY:
        return of_stdout >= Kind.SAYING
    return of_stderr <= Kind.WRAPPER and of_stdout >= Kind.COMPLAINT


def _to_text(raw: bytes) -> str:
    return raw.decode(errors="replace")


def _choose(text: str) -> tuple[str, Kind]:
    """The most telling line, and its kind."""
    lines = read_lines(text)
    mark_by_context(lines)
    best = max((line.kind for line in lines), default=Kind.NOTHING)
    if best is Kind.NOTHING:
        return "", best
    found = [at for at, line in enumerate(lines) if line.kind is best]
    if best is Kind.SUMMARY and (behind := _find_behind_summary(lines)) is not None:
        return _phrase(lines, behind), lines[behind].kind if lines[behind].kind is Kind.PLAIN else best
    if best is Kind.REMARK:  # a complaining warning tells more than a farewell
        found = [at for at in found if complains(lines[at].text[:LOOKED_AT])] or found
    at = found[-1] if best in {Kind.REMARK, Kind.PLAIN, Kind.SUMMARY} else _pick(lines, found, best)
    return _phrase(lines, at), best


def _find_behind_summary(lines: Sequence[Line]) -> int | None:
    """If nothing tells more than a summary: the last plain line or the last complaining warning, whichever is later."""
    for at in reversed(range(len(lines))):
        line = lines[at]
        if line.kind is Kind.PLAIN or (
            line.kind is Kind.REMARK and line.indent == 0 and WARNED.match(line.text) and complains(line.text[:LOOKED_AT])
        ):
            return at
    return None


def _pick(lines: Sequence[Line], found: Sequence[int], kind: Kind) -> int:
    """The best of several lines of one kind: the last exception; or the first complaint of the last block without a plain
    line between."""
    if kind is Kind.EXCEPTION:
        whole = [at for at in found if not CAUSED.match(lines[at].text)] or found
        least = min(lines[at].indent for at in whole)  # a deeper one is part of another
        return [at for at in whole if lines[at].indent == least][-1]
    at = found[-1]
    for before in reversed(found[:-1]):
        if any(line.kind is Kind.PLAIN and line.indent < 2 for line in lines[before + 1 : at]):
            break
        at = before
    return at


def _phrase(lines: Sequence[Line], at: int) -> str:
    """The line together with what belongs to it: the lines that it announces, the rest of its sentence, and the root
    cause."""
    text = _ASIDE.sub("", lines[at].text)
    following = [line for line in lines[at + 1 : at + 40] if line.text]
    if HEADER.fullmatch(text[:LOOKED_AT]):
        text = " ".join([text, *_announced(following[:8])])
    text += _rest_of_sentence(lines, at) if text == lines[at].text else ""
    if text.endswith(" FAILED") and following and following[0].indent > lines[at].indent:
        text += f" ({following[0].text})"
    if lines[at].kind >= Kind.VERDICT and following and CLOSES.fullmatch(following[0].text):
        text += f": {following[1].text}" if len(following) > 1 and following[1].indent else ""
    if _GROUP_OF.search(text):
        text += next((f" ({line.text})" for line in following if line.kind is Kind.EXCEPTION), "")
    if _ERRORS_OF.search(text[-LOOKED_AT:]):
        text += next((f" ({line.text})" for line in following if line.indent > lines[at].indent), "")
    if lines[at].kind is Kind.EXCEPTION:
        text = _with_rest_of_exception(text, lines, at, following)
    caused = [line.text for line in lines[at + 1 :] if CAUSED.match(line.text)]
    if caused and lines[at].kind is Kind.EXCEPTION:
        text = f"{text} ({caused[-1]})"
    elif not caused and (cause := find_cause_below(lines, at)):
        text = f"{text} (Caused by: {cause})"
    return text


def _with_rest_of_exception(text: str, lines: Sequence[Line], at: int, following: Sequence[Line]) -> str:
    """With what stands around it: what was meant by one that tells a place alone, or nothing, or of code below a verdict."""
    if _ONLY_PLACE.search(text):
        text += next((f": {line.text}" for line in following if line.kind >= Kind.COMPLAINT), "")
    if reason := find_reason_of_empty(lines, at):
        text = f"{text} ({reason})"
    if verdict := find_verdict_above_excerpt(lines, at):
        text = f"{verdict} ({text})"
    return text


def _announced(following: Sequence[Line]) -> list[str]:
    """What a header announces, and the last of the causes that are quoted right below that."""
    below = [line for line in following if line.kind > Kind.NOTHING or _is_quoted(line) or line.text.startswith("- ")]
    if below and below[0].kind is Kind.SUMMARY and any(line.kind > Kind.SUMMARY for line in below):
        below = [line for line in below if line.kind > Kind.SUMMARY]
    causes = [line.text for line in itertools.takewhile(_is_quoted, below[1:])]
    return [line.text.removeprefix("- ") for line in below[:1]] + causes[-1:]


def _is_quoted(line: Line) -> bool:
    """As builds quote causes, each deeper than the one before."""
    return line.text.startswith("> ")


def _rest_of_sentence(lines: Sequence[Line], at: int) -> str:
    """The rest of a sentence that was wrapped at a right margin: plain lines in lower case after a long line without an
    end."""
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
