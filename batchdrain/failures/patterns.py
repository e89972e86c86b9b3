"""Regular expressions that are compiled on first use. Compiling thirty of them takes a tenth of the start of a task, and most
tasks use none."""

from __future__ import annotations

import re
from typing import Any, cast


def make_pattern(source: str, flags: int = 0) -> re.Pattern[str]:
    """Like `re.compile`, but an invalid pattern raises re.error only on its first use."""
    return cast("re.Pattern[str]", Uncompiled(source, flags))


class Uncompiled:
    """A pattern that compiles itself on first use. It then takes over the methods of the compiled pattern, so later uses cost
    nothing extra."""

    def __init__(self, source: str, flags: int) -> None:
        self._source = source, flags

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # copying and the like look these up on every object
            raise AttributeError(name)
        compiled = re.compile(*self._source)
        found = getattr(compiled, name)
        setattr(self, name, found)
        return found
