"""A flag of a task, as data: what Invoke is told of it, what its help says, and what its value may be."""

from __future__ import annotations

from inspect import Parameter
from typing import Final, NamedTuple

SWITCH: Final = ""
CLUSTER_ID: Final = "CLUSTER ID"
DURATION: Final = "DURATION"
FILE: Final = "FILE"
GLOB: Final = "GLOB"
ID: Final = "ID"
INT: Final = "INT"
NAME: Final = "NAME"
NUMBER: Final = "NUMBER"
RATE: Final = "RATE 0.0-1.0"
TEXT: Final = "TEXT"
URL: Final = "URL"
WHEN: Final = "WHEN"


class Flag(NamedTuple):
    """One flag; a tuple, since `inv --list` makes all of them. Every value is a text for Invoke, a list of texts, or a truth."""

    name: str  #: as a parameter: batch_size
    kind: str  #: one of those above
    help: str  #: what it does, without what it takes and without the example
    example: str = ""
    setting: str = ""  #: that it sets: timeout.default_s. The settings' model reads the value
    choices: tuple[str, ...] = ()  #: of a NAME. Where it sets no setting the first holds when the flag is left out
    is_list: bool = False  #: with commas, or the flag again
    least: int = 1  #: of an INT that sets no setting
    most: int = 1_000_000  #: the same; of a TEXT, a GLOB or an ID: characters
    default: str | None = None  #: for Invoke. None is "not given": the settings hold the defaults
    unset: str = ""  #: what holds when the flag is left out; '': the setting, or the first choice

    @property
    def dashed(self) -> str:
        """As it is typed: --batch-size."""
        return "--" + self.name.replace("_", "-")

    @property
    def is_required(self) -> bool:
        """Whether leaving it out is an error, be it in some cases alone."""
        return self.unset.startswith("an error")

    @property
    def takes(self) -> str:
        """'INT', 'NAME: text, json', 'LIST of GLOB'; '' for a switch."""
        kind = f"LIST of {self.kind}" if self.is_list else self.kind
        return f"{kind}: {', '.join(self.choices)}" if self.choices else kind

    @property
    def text(self) -> str:
        """The help text."""
        return f"{self.takes}. {self.help}, e.g. {self.example}" if self.kind else self.help

    @property
    def parameter(self) -> Parameter:
        """Of the task's signature, which Invoke reads."""
        default: object = self.default if self.kind else False
        return Parameter(self.name, Parameter.POSITIONAL_OR_KEYWORD, default=default)
