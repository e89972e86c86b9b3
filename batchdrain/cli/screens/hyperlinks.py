"""Links to files in a terminal, by OSC 8. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_PROGRAMS: Final = frozenset({"iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "Tabby", "rio", "WarpTerminal"})
_TERMS: Final = re.compile(r"kitty|alacritty|foot|wezterm|ghostty|contour|rio")
_NAMES: Final = ("KITTY_WINDOW_ID", "KONSOLE_VERSION", "WT_SESSION", "DOMTERM", "ALACRITTY_WINDOW_ID", "WEZTERM_PANE")
_OLDEST_VTE: Final = 5000
_OLDEST_TMUX: Final = (3, 4)


def takes_links(environ: Mapping[str, str]) -> bool:
    """Whether the terminal is known to take them. FORCE_HYPERLINK decides where it is set: 0 is no, anything else yes."""
    if "FORCE_HYPERLINK" in environ:
        return environ["FORCE_HYPERLINK"] not in {"0", "false"}
    program, version = environ.get("TERM_PROGRAM", ""), environ.get("TERM_PROGRAM_VERSION", "")
    if program == "tmux":  # it hides which terminal it is in; an older one shows nothing of a link, and does no harm
        return _numbers_of(version) >= _OLDEST_TMUX
    vte = environ.get("VTE_VERSION", "")
    if vte.isdecimal() and int(vte) >= _OLDEST_VTE:
        return True
    is_known = program in _PROGRAMS or any(environ.get(name) for name in _NAMES)
    return is_known or _TERMS.search(environ.get("TERM", "")) is not None


def to_uri(path: Path, host: str) -> str:
    """Of a file on this host; a terminal elsewhere must not open a file of its own. Nothing in it ends a link."""
    return path.absolute().as_uri().replace("file://", f"file://{host}", 1)


def to_link(text: str, uri: str) -> str:
    """`text` as a link. Pieces of one link on several lines are one to the terminal, by their id."""
    link_id = hashlib.sha256(uri.encode()).hexdigest()[:8]
    return f"\x1b]8;id={link_id};{uri}\x1b\\{text}\x1b]8;;\x1b\\"


def _numbers_of(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])
