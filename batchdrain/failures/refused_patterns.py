"""What RE2 refuses in a regular expression, by name, and what to write instead. RE2 never backtracks. So no pattern can take
for ever, but some constructs of other engines are missing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class _Construct:
    """A construct that RE2 refuses."""

    error: str  #: a regular expression that matches the beginning of RE2's error
    name: str
    cure: str
    within: str = ""  #: one that must also match within the pattern, if the error alone is ambiguous


_OPERATOR: Final = r"invalid perl operator: \(\?"
_ESCAPE: Final = r"invalid escape sequence: \\"
_SIZES: Final = re.compile(r"invalid repetition size: \{(\d+),(\d+)\}")
_CONSTRUCTS: Final = (
    _Construct(_OPERATOR + r"=", "a look-ahead, (?=...)", "write what follows as a part of the pattern: (?:...)"),
    _Construct(_OPERATOR + r"!", "a negative look-ahead, (?!...)",
               r"write what may follow, such as (?:[^0-9]|\z), or put a rule for the exception before this one"),
    _Construct(_OPERATOR + r"<=", "a look-behind, (?<=...)", "write what stands before as a part of the pattern: (?:...)"),
    _Construct(_OPERATOR + r"<!", "a negative look-behind, (?<!...)",
               r"write what may stand before, such as (?:\A|[^0-9]), or put a rule for the exception before this one"),
    _Construct(_OPERATOR + r">", "an atomic group, (?>...)", "write (?:...): RE2 never goes back in a text"),
    _Construct(_OPERATOR + r"\(", "a conditional, (?(...)...|...)", "write both cases as alternatives: (?:...|...)"),
    _Construct(_OPERATOR + r"#", "a comment, (?#...)", "leave it out: a comment of YAML can stand behind the rule"),
    _Construct(_OPERATOR + r"\|", "a branch reset, (?|...)", "write (?:...)"),
    _Construct(_OPERATOR + r"'", "a group with its name in quotes", "write (?:...)"),
    _Construct(_OPERATOR + r"[R&+\d]", "a recursion", "write out as many levels as there can be"),
    _Construct(_OPERATOR + r"P", "a back-reference, (?P=...)", "write out what may repeat: (?:a.*a|b.*b)", r"\(\?P="),
    _Construct(_OPERATOR + r"P", "a recursion", "write out as many levels as there can be", r"\(\?P>"),
    _Construct(_OPERATOR, "a group that is not finished", r"close it, or write \( for a parenthesis", r"\(\?[\w-]*\Z"),
    _Construct(_OPERATOR + r"-?x", "the flag x", "write the pattern without blanks and comments"),
    _Construct(_OPERATOR + r"-?a", "the flag a", r"leave it out: \b, \d, \s and \w are ASCII anyway"),
    _Construct(_OPERATOR + r"-?[uL]", "a flag for \\w and the like", r"leave it out, and write [\pL\pN_] for every script's \w"),
    _Construct(_OPERATOR + r"C", "a callout", "leave it out"),
    _Construct(_OPERATOR, "a flag other than i, m, s and U", "leave it out"),
    _Construct(_ESCAPE + r"[1-9]", "a back-reference", "write out what may repeat: (?:a.*a|b.*b)"),
    _Construct(_ESCAPE + r"[gk]", "a back-reference", "write out what may repeat: (?:a.*a|b.*b)"),
    _Construct(_ESCAPE + r"Z", r"\Z", r"write \z for the end, or \n?\z where a newline may be the last"),
    _Construct(_ESCAPE + r"b", r"\b between brackets", r"write \x08"),
    _Construct(_ESCAPE + r"G", r"\G", r"leave it out, or write \A for the beginning"),
    _Construct(_ESCAPE + r"K", r"\K", "leave it out: a rule asks only whether the pattern is found"),
    _Construct(_ESCAPE + r"X", r"\X", r"write \PM\pM* for a letter and its marks"),
    _Construct(_ESCAPE + r"R", r"\R", r"write (?:\r\n|[\n\r])"),
    _Construct(_ESCAPE + r"h", r"\h", r"write [ \t]"),
    _Construct(_ESCAPE + r"H", r"\H", r"write [^ \t]"),
    _Construct(_ESCAPE + r"N", r"\N", r"write . for all but a newline, or a character by its number: \x{2014}"),
    _Construct(_ESCAPE + r"[uU]", r"\u", r"write the character itself, or its number: \x{2014}"),
    _Construct(_ESCAPE + r"L", r"\L, a named list", "write its words as alternatives: (?:a|b)"),
    _Construct(_ESCAPE + r"[mM]", r"\m or \M", r"write \b"),
    _Construct(_ESCAPE + r"e", r"\e", r"write \x1B"),
    _Construct(_ESCAPE + r"c", r"\c", r"write the character's number: \x01 for control-A"),
    _Construct(_ESCAPE + r"[ox]", "a number of a character that is none", r"write two digits, \x41, or braces: \x{2014}"),
    _Construct(_ESCAPE, "a backslash before a letter that it does not change", "leave the backslash out"),
    _Construct(r"bad repetition operator: .*\+$", "a possessive repetition", "leave the last + out: RE2 never goes back in a text"),
    _Construct(r"bad repetition operator", "a repetition of a repetition", "put the first one in brackets: (?:...)"),
    _Construct(r"invalid repetition size", "a repetition above 1000, alone or multiplied by the one around it",
               "write * or + for any number, or put two behind each other: .{0,1000}.{0,1000}"),
    _Construct(r"no argument for repetition operator: \*", "a verb, (*...)", "leave it out", r"\(\*[A-Z]"),
    _Construct(r"invalid character class range: \\[pP]", "an unknown property",
               r"write a general category or a script: \p{L}, \p{Nd}, \p{Greek}"),
    _Construct(r"invalid character class range: \[", "an unknown class of POSIX", "write [[:alpha:]], or the characters"),
    _Construct(r"invalid named capture group", "a group's name that is none", "write (?:...)"),
    _Construct(r"pattern too large", "more than fits into a program of RE2", "shorten its repetitions, or make it two rules"),
)  # fmt: skip


class PatternRefused(ValueError):
    """RE2 refuses a pattern. The message names the construct; `cure` says what to write instead."""

    def __init__(self, message: str, cure: str) -> None:
        super().__init__(message)
        self.cure = cure

    @classmethod
    def of(cls, pattern: str, error: Exception) -> PatternRefused:
        """Explain an error. `error`: what RE2 raised for `pattern`."""
        if isinstance(error, UnicodeEncodeError):
            return cls(f"{pattern!r} is no regular expression: it has half a surrogate pair", "write the character itself")
        told = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else str(error)
        if (sizes := _SIZES.fullmatch(told)) and int(sizes[1]) > int(sizes[2]):
            return cls(f"{pattern!r} is no regular expression: {told}", "turn the numbers round")
        for construct in _CONSTRUCTS:
            if re.match(construct.error, told) and re.search(construct.within, pattern):
                return cls(f"{pattern!r} has {construct.name}, which RE2 does not take ({told})", construct.cure)
        return cls(f"{pattern!r} is no regular expression: {told}", "fix the rule")
