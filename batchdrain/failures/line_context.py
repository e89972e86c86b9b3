"""Corrects the kind of an output line by the lines around it: above a caret is code, above stack frames is an exception."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import Final

from batchdrain.failures.line_kinds import (
    CARET,
    CAUSES,
    DIAGNOSTIC_BOX,
    EXCEPTION_IGNORED,
    LOOKED_AT,
    NUMBER,
    OPTION,
    OWN_FRAME,
    PLACE,
    TRACEBACK,
    Kind,
    kind_of_exception,
)
from batchdrain.failures.patterns import make_pattern
from batchdrain.failures.printed_lines import Line
from batchdrain.failures.telling_words import complains

_SHORT: Final = 4
_MESSAGE_LINES: Final = 20
_ECHO_CHARS: Final = 8
"""A shorter text may occur in a sentence by chance."""
_MANY_OPTIONS: Final = 5
_WRAPS_AT: Final = 40
_COMMAND_CHARS: Final = 1_000
_LAST_SUMMARIES: Final = 3
_SEVERITIES: Final = {"x ": Kind.VERDICT, "× ": Kind.VERDICT, "! ": Kind.REMARK, "⚠ ": Kind.REMARK}
"""The meaning of the sign that begins the line above a code box."""
_SAME_PLACE: Final = make_pattern(r"([^:]{0,120}(?::\d+|\b[Ll]ine \d+)[^:]{0,20}): (?=\S)")
"""A place in a file, as compilers and interpreters print it before a finding."""
_WARNING: Final = make_pattern(r"[Ww]arning: ")
_WENT_WRONG: Final = "* What went wrong:"
_REFERS: Final = make_pattern(r"\b[Ss]ee (?:the )?(?:\w+ ){0,3}(?:log|output|report)\b")
_BULLETS: Final = ("* ", "• ")


def mark_by_context(lines: Sequence[Line]) -> None:
    """Correct the kinds of lines by their surroundings."""
    _mark_excerpts(lines)
    _mark_tracebacks(lines)
    _mark_stacks(lines)
    _mark_wrappers(lines)
    _mark_usage(lines)
    _mark_rest_of_remarks(lines)
    _mark_referrals(lines)
    _mark_guesses(lines)
    _mark_warned_places(lines)
    _mark_before_commands(lines)


def _mark_excerpts(lines: Sequence[Line]) -> None:
    """A caret points at the line above it, which is code. A box shows code; the line above it says what is wrong there."""
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
    """In a Python traceback, the first line that is not indented deeper is the exception, whatever its name; the lines
    between are code."""
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
    """The line right above stack frames is the exception, whatever its name. If that line is only a place, the exception is
    the complaint above it."""
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
            and not _is_below_exception(lines, at)
        ):
            first = _first_of_sentence(lines, at)
            first.kind = kind_of_exception(first.text[:LOOKED_AT])


def _is_below_exception(lines: Sequence[Line], at: int) -> bool:
    """Whether it goes on with what the line above it, an exception's own, says: 'File name: ...'."""
    above = lines[at - 1] if at else lines[at]
    return lines[at].kind < Kind.EXCEPTION and above.kind is Kind.EXCEPTION and above.indent == lines[at].indent


def _first_of_sentence(lines: Sequence[Line], at: int) -> Line:
    """The line, or the line above it if the sentence begins there."""
    line, above = lines[at], lines[at - 1] if at else lines[at]
    goes_on = line.text[0].islower() and line.kind is Kind.PLAIN and line.indent == above.indent
    return (
        above
        if goes_on and above.kind >= Kind.COMPLAINT and len(above.text) > _WRAPS_AT and above.text[-1] not in ".:;!?"
        else line
    )


def _mark_wrappers(lines: Sequence[Line]) -> None:
    """If a line has only an exception's name, the next line decides its kind."""
    for line, below in itertools.pairwise(lines):
        if line.kind is Kind.EXCEPTION and line.text.endswith(":"):
            line.kind = kind_of_exception(below.text[:LOOKED_AT])


def _mark_usage(lines: Sequence[Line]) -> None:
    """On a page that lists the options of a program, the explanations are no complaints."""
    options = [at for at, line in enumerate(lines) if line.text[:1] == "-" and OPTION.match(line.text)]
    if len(options) >= _MANY_OPTIONS:
        for line in lines[options[0] :]:
            line.kind = min(line.kind, Kind.REMARK) if line.kind <= Kind.COMPLAINT else line.kind


def _mark_rest_of_remarks(lines: Sequence[Line]) -> None:
    """The rest of a wrapped hint is part of it: lines with the same indent that begin in lower case."""
    for above, line in itertools.pairwise(lines):
        if (
            above.kind is Kind.REMARK
            and line.kind > Kind.REMARK
            and line.kind <= Kind.COMPLAINT
            and line.indent == above.indent > 0
            and line.text[0].islower()
            and len(above.text) > _WRAPS_AT
            and above.text[-1] not in ".:;"
        ):
            line.kind = Kind.REMARK


def _mark_referrals(lines: Sequence[Line]) -> None:
    """A header above what ends in 'see the log for details' wraps what is told elsewhere."""
    for at, line in enumerate(lines):
        if line.text == _WENT_WRONG:
            told = itertools.takewhile(lambda one: one.text, lines[at + 1 : at + _MESSAGE_LINES])
            if any(_REFERS.search(one.text[:LOOKED_AT]) for one in told):
                line.kind = Kind.WRAPPER


def _mark_guesses(lines: Sequence[Line]) -> None:
    """A list below a line that does not complain, which comes after one that does: what may be wrong, or may help."""
    if not any(line.text[:2] in _BULLETS for line in lines):
        return
    has_complaint, is_list = False, False
    for above, line in itertools.pairwise(line for line in lines if line.text):
        has_complaint = has_complaint or above.kind >= Kind.COMPLAINT
        is_list = line.text[:2] in _BULLETS and (
            is_list or (has_complaint and above.kind <= Kind.PLAIN and above.text.endswith(":"))
        )
        if is_list and line.kind <= Kind.COMPLAINT:
            line.kind = min(line.kind, Kind.REMARK)


def _mark_warned_places(lines: Sequence[Line]) -> None:
    """'line 3: warning: cannot open x' right above 'line 3: no data': the warning about the same place says why."""
    for above, line in itertools.pairwise(line for line in lines if line.text):
        if line.kind not in (Kind.COMPLAINT, Kind.SAYING) or above.kind is not Kind.REMARK:
            continue
        place = _SAME_PLACE.match(line.text)
        if (
            place
            and above.text.startswith(place[0])
            and _WARNING.match(above.text, place.end())
            and complains(above.text[:LOOKED_AT])
        ):
            above.kind = Kind.VERDICT


def _mark_before_commands(lines: Sequence[Line]) -> None:
    """A runner prints a command, and later that it failed. Complaints from before the command do not say why."""
    failed = [line.text[:_COMMAND_CHARS] for line in lines if line.kind is Kind.SUMMARY][-_LAST_SUMMARIES:]
    for at, line in enumerate(lines):
        if _ECHO_CHARS < len(line.text) < _COMMAND_CHARS and any(line.text in one and line.text != one for one in failed):
            line.kind = Kind.REMARK
            for before in lines[:at]:
                if before.kind is Kind.COMPLAINT:
                    before.kind = Kind.REMARK
            break


def find_verdict_above_excerpt(lines: Sequence[Line], at: int) -> str:
    """The verdict above a code excerpt with a caret, if the exception's line is right below that excerpt; else ''."""
    above = at - 1
    has_caret = above >= 0 and CARET.fullmatch(lines[above].text[:LOOKED_AT]) is not None and bool(lines[above].text)
    while has_caret and above >= 0 and lines[above].kind is Kind.NOTHING and lines[above].text and lines[above].indent:
        above -= 1
    return lines[above].text if 0 <= above < at - 1 and lines[above].kind is Kind.VERDICT and not lines[above].indent else ""


def find_cause_below(lines: Sequence[Line], at: int) -> str:
    """The last cause in an indented list that a line of its own announces below; '' if there is none."""
    below = [line for line in lines[at + 1 : at + _MESSAGE_LINES] if line.text]
    head = next((place for place, line in enumerate(below[:3]) if CAUSES.fullmatch(line.text)), None)
    if head is None or any(line.kind >= Kind.VERDICT for line in below[:head]):
        return ""
    causes = itertools.takewhile(lambda line: line.indent > below[head].indent, below[head + 1 :])
    return next((NUMBER.sub("", line.text) for line in reversed(list(causes)) if line.kind is not Kind.NOTHING), "")


def find_reason_of_empty(lines: Sequence[Line], at: int) -> str:
    """For an exception without a message, the exception printed before it, which caused it; '' for any other."""
    kind, _, message = lines[at].text.partition(":")
    name = kind.rpartition(".")[2].lower()
    if not name.endswith(("error", "exception")) or re.sub(r"\W", "", message.lower()) not in ("", name):
        return ""
    before = (line for line in reversed(lines[:at]) if line.kind is Kind.EXCEPTION and line.indent == lines[at].indent)
    return next((line.text for line in before), "")
