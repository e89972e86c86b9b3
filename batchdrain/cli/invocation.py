"""What a task needs from Invoke, as plain values. Imports nothing heavier than the standard library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Invocation:
    """What a task needs from Invoke, as plain values."""

    section: Any  #: the section of invoke.yaml, as Invoke merged it
    environ: Mapping[str, str]
    root: Path  #: the folder of the tasks file, to which paths in the settings are relative
    dry: bool  #: Invoke's own --dry
    words: Sequence[str] = ("inv",)  #: the program, and the options by which it finds tasks and settings
    mount: str = ""  #: the prefix of our tasks' names, such as 'backlog.'
    files: Sequence[Path] = ()  #: the files from which Invoke may have read settings
