"""What a task needs of Invoke, as plain values. Imports nothing heavier than the standard library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Invocation:
    """What a task needs of Invoke: plain values."""

    section: Any  #: of invoke.yaml, as Invoke merged it
    environ: Mapping[str, str]
    root: Path  #: the folder of the tasks file: relative paths of the settings start there
    dry: bool  #: Invoke's own --dry
    words: Sequence[str] = ("inv",)  #: the program, and what it needs to find tasks and settings
    mount: str = ""  #: before the names of our tasks: backlog.
    files: Sequence[Path] = ()  #: that Invoke may have read settings from
