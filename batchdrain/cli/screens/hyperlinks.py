"""Links to files in a terminal, by OSC 8. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

_PROGRAMS: Final = frozenset({"iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "Tabby", "rio", "WarpTerminal"})
_TERMS: Final = re.compile(r"kitty|alacritty|foot|wezterm|ghostty|contour|rio")
_NAMES: Final = ("KITTY_WINDOW_ID", "KONSOLE_VERSION", "WT_SESSION", "DOMTERM", "ALACRITTY_WINDOW_ID", "WEZTERM_PANE")
_OLDEST_VTE: Final = 5000
_OLDEST_TMUX: Final = (3, 4)


def takes_links(environ: Mapping[str, str]) -> bool:
    """Whether the terminal is known to support links. FORCE_HYPERLINK decides if it is set: 0 means no, anything else yes."""
    if "FORCE_HYPERLINK" in environ:
        return environ["FORCE_HYPERLINK"] not in {"0", "false"}
    program, version = environ.get("TERM_PROGRAM", ""), environ.get("TERM_PROGRAM_VERSION", "")
    if program == "tmux":  # tmux hides which terminal it runs in; an older tmux drops links and does no harm
        return _numbers_of(version) >= _OLDEST_TMUX
    vte = environ.get("VTE_VERSION", "")
    if vte.isdecimal() and int(vte) >= _OLDEST_VTE:
        return True
    is_known = program in _PROGRAMS or any(environ.get(name) for name in _NAMES)
    return is_known or _TERMS.search(environ.get("TERM", "")) is not None


def to_uri(path: Path, host: str) -> str:
    """The URI of a file on this host. It names the host, so that a terminal elsewhere does not open its own file. Nothing in
    the URI can end the link."""
    return path.absolute().as_uri().replace("file://", f"file://{host}", 1)


def to_link(text: str, uri: str) -> str:
    """`text` as a link. The id lets the terminal join pieces of one link on several lines."""
    link_id = hashlib.sha256(uri.encode()).hexdigest()[:8]
    return f"\x1b]8;id={link_id};{uri}\x1b\\{text}\x1b]8;;\x1b\\"


def link_behind(label: str, lines: Sequence[str], uri: str) -> list[str]:
    """The lines of one broken text, with a link on all but its label and its indents. `label`: how the first line begins; if nothing
    else has room beside it, it stands alone, without the blank at its end."""
    first, *more = lines
    found = [first if first == label.rstrip() else label + to_link(first.removeprefix(label), uri)]
    for line in more:
        text = line.lstrip(" ")
        found.append(line.removesuffix(text) + to_link(text, uri))
    return found


def _numbers_of(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])
