"""A flag of a task, as data: how Invoke parses it, what its help says, and which values it takes."""

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
    """One flag. It is a tuple, since `inv --list` makes all flags.
    For Invoke its value is a text, a list of texts, or a truth."""

    name: str  #: the name of the parameter: batch_size
    kind: str  #: one of the kinds above
    help: str  #: what the flag does, without its values and the example
    example: str = ""
    setting: str = ""  #: the setting that it sets: timeout.default_s. The settings' model reads the value
    choices: tuple[str, ...] = ()  #: of a NAME; without a setting the first one holds if the flag is left out
    is_list: bool = False  #: several values, with commas or by repeating the flag
    least: int = 1  #: the least value of an INT that sets no setting
    most: int = 1_000_000  #: the greatest value of such an INT; the most characters of a TEXT, a GLOB or an ID
    default: str | None = None  #: for Invoke. None is "not given": the settings hold the defaults
    unset: str = ""  #: what holds if the flag is left out; '': the setting, or the first choice

    @property
    def dashed(self) -> str:
        """The flag as it is typed: --batch-size."""
        return "--" + self.name.replace("_", "-")

    @property
    def is_required(self) -> bool:
        """Whether leaving it out is an error, at least in some cases."""
        return self.unset.startswith("an error")

    @property
    def takes(self) -> str:
        """The values it takes: 'INT', 'NAME: text, json', 'LIST of GLOB'; '' for a switch."""
        kind = f"LIST of {self.kind}" if self.is_list else self.kind
        return f"{kind}: {', '.join(self.choices)}" if self.choices else kind

    @property
    def text(self) -> str:
        """The help text."""
        return f"{self.takes}. {self.help}, e.g. {self.example}" if self.kind else self.help

    @property
    def parameter(self) -> Parameter:
        """The parameter in the task's signature, which Invoke reads."""
        default: object = self.default if self.kind else False
        return Parameter(self.name, Parameter.POSITIONAL_OR_KEYWORD, default=default)
