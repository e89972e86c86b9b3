"""Paths as people write them: `~` is replaced by the home folder, variables are refused."""

from __future__ import annotations

import os.path
import re
from functools import lru_cache
from pathlib import Path
from typing import Final

_VARIABLE: Final = re.compile(r"\$[A-Za-z_]\w*|\$[{(][^)}]*[)}]?|%[A-Za-z_]\w*%", re.ASCII)


def with_home(text: str) -> str:
    """Replace `~` as Invoke does for its own files. If there is no home folder, the text is returned unchanged."""
    return os.path.expanduser(text)  # noqa: PTH111 - Path.expanduser raises an error then


def expand_home(text: str) -> str:
    """Replace a `~` or `~user` at the beginning, as Invoke does for its own files.

    Raises ValueError for a shell variable, which nothing replaces here, and if there is no such home folder.
    """
    found = _VARIABLE.search(text)
    if found is not None:
        raise ValueError(
            f"variables are not replaced, and {found[0]} looks like one: write the folder itself, or begin with ~/"
        )
    if not text.startswith("~"):
        return text
    expanded = with_home(text)
    if expanded == text:
        raise ValueError(
            f"there is no home folder for {text.partition('/')[0]}: write the whole path, or ./{text} for a folder of that name"
        )
    return expanded


@lru_cache(maxsize=8)
def absolute_folder_of(root: Path, name: str) -> str:
    """The folder `name`, which is relative to `root` unless it is absolute. Remembered, since each order asks for it."""
    return str((root / name).absolute())
