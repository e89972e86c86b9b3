"""Regular expressions that are compiled when they are first asked: thirty of them cost a tenth of what a task takes to start,
and most tasks ask none.
"""

from __future__ import annotations

import re
from typing import Any, cast


def make_pattern(source: str, flags: int = 0) -> re.Pattern[str]:
    """As `re.compile` makes it. A wrong one raises re.error at its first use, not before."""
    return cast("re.Pattern[str]", Uncompiled(source, flags))


class Uncompiled:
    """Becomes, at the first question, an object that has the methods of the compiled one: no later question costs more."""

    def __init__(self, source: str, flags: int) -> None:
        self._source = source, flags

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # asked by copies and the like, of every object
            raise AttributeError(name)
        compiled = re.compile(*self._source)
        found = getattr(compiled, name)
        setattr(self, name, found)
        return found
