"""Texts that attack whoever reads what batchdrain prints, and how to see whether one got through."""

from __future__ import annotations

import re
from typing import Final

COMMANDS: Final = (
    "::stop-commands::x",
    " \t::set-output name=a::b",
    "\xa0\u3000::add-mask::secret",
    "\u200b::error::x",
    "::group::x",
    "##[add-path]/tmp",
    "###[group]x",
    "##vso[task.complete result=Succeeded;]",
    "text ##VSO[task.setvariable variable=a]b",
    "##teamcity[buildStatus text='x']",
    "##TeamCity[x",
    "#\xad#[x",
)
"""What the runners of GitHub, Azure and TeamCity obey, and near them."""
UNSEEN: Final = (
    "\x1b]0;title\x07",
    "\x1b[0Ksection_start:1:x\r\x1b[0K",
    "a\rb",
    "\x9b31m",
    "\u202eabc",
    "\u2066x\u2069",
    "a\u2028b\u2029c\x85d\x0be\x0cf",
    "\ufeffx",
    "\U000e0041\U000e0042",
    "\xadx\u200b\u2060",
    "\x7f",
)
"""What a terminal obeys, and what nobody sees."""
_LINE_OF_CI: Final = re.compile(r"^\s*::", re.MULTILINE)
_COMMAND_OF_CI: Final = re.compile(r"##\[|##vso\[|##teamcity\[", re.IGNORECASE)
_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u180b-\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff"
    "\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U000e0000-\U000e0fff]"
)


def obeyed(text: str) -> list[str]:
    """What of a text a CI runner or a terminal would obey, or nobody would see."""
    lines = re.split("[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", text)
    found = [match[0] for line in lines if (match := _LINE_OF_CI.search(line))]
    return found + [match[0] for pattern in (_COMMAND_OF_CI, _UNSEEN) for match in pattern.finditer(text)]


PIECES: Final = (
    *COMMANDS,
    *UNSEEN,
    *("'; DROP TABLE phases; --", '" OR 1=1 --', "%", "_", "\\", "\\'", "/*", "*/", ":name", "$1", "%(run)s", "%%s"),
    *("$(touch pwned)", "`touch pwned`", "; touch pwned", "| tee pwned", "&& touch pwned", "> pwned", "\n", "\r\n", "~", "*"),
    *("-rf", "--help", "--", "=", "@file", "--run-id=x"),
    *("../", "/etc/passwd", "..", ".", "/", "\\..\\", "C:\\x", "con", "a/b"),
    *("<script>alert(1)</script>", "</title>", "&amp;", '" onload="x', "javascript:x", "<!--"),
    *("|", "`", "```", "[x](y)", "![x](http://y)", "# x", "---", "> x", "@everyone", "www.x.example", "$x^2$", "</td>"),
    *("=cmd|' /C calc'!A0", "+1", "-1", "\t", '"', ","),
    *("{0.__class__}", "{run_id}", "{", "}", "{{", "%s", "%n", "${HOME}", "$HOME", "{python}", "[red]", "[/]", ":smile:"),
    *("caf\u00e9", "cafe\u0301", "\ufb01", "fi", "\u212b", "\u00c5", "\u0131", "I", "i", "\u00df", "ss", "SS"),
    *(
        "null",
        "None",
        "true",
        "0",
        "007",
        "1e5",
        "nan",
        "-0",
        "0x1",
        "\u0663",
        "\U0001f600",
        "\U0001f468\u200d\U0001f469",
        "\ufffd",
    ),
    *(" ", "\u00a0", "\u3000", "x" * 300, "\u202e" * 20, "\x01" * 300, "a" * 1_001, "", "\ufdfd" * 100),
)
"""Of which hostile texts are made."""
