"""What people write where a path is expected: their home folder is known, a variable is not."""

from __future__ import annotations

import os.path
import re
from typing import Final

_VARIABLE: Final = re.compile(r"\$[A-Za-z_]\w*|\$[{(][^)}]*[)}]?|%[A-Za-z_]\w*%", re.ASCII)


def with_home(text: str) -> str:
    """As Invoke does it for its own files: where there is no home folder the text is left as it is, a name."""
    return os.path.expanduser(text)  # noqa: PTH111 - that of Path raises an error there


def expand_home(text: str) -> str:
    """The path with a `~` or `~user` at its beginning replaced, as Invoke does it for its own files.

    Raises ValueError for a variable of a shell, which nobody replaces here, and where there is no such home folder.
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
