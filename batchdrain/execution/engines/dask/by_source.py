"""A function that travels as its source text. Whoever unpickles it needs neither batchdrain nor the same version of Python."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

DESK: Final = "batchdrain-desk-2"
"""The name of what the scheduler keeps for us, as both texts have it: what it answers to begins with that."""
AT_WORKER: Final = Path(__file__).with_name("at_worker.py")
AT_SCHEDULER: Final = Path(__file__).with_name("at_scheduler.py")
_LOADS: Final = (
    "((found := __import__('sys').modules).get({key!r}) or (exec({text!r}, (made := __import__('types').ModuleType({key!r}))"
    ".__dict__), found.setdefault({key!r}, made))[1]).{name}"
)
"""Loads a module once in each process. If two threads load it at the same time, the first one's counts."""


class BySource:
    """A function of a module that imports only what exists on the other side too."""

    def __init__(self, module: Path, name: str) -> None:
        """Raises OSError if the module's text can't be read."""
        text = module.read_text(encoding="utf-8")
        key = f"_batchdrain_{hashlib.sha256(text.encode()).hexdigest()[:24]}"
        #: a Python expression that loads the function
        self.expression = _LOADS.format(key=key, text=text, name=name)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return eval, (self.expression,)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Call it in this process: the same text, loaded in the same way."""
        return eval(self.expression)(*arguments, **named)  # noqa: S307  # nosec B307 - our own text
