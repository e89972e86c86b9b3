"""Facts that are worked out when they are first needed: most facts of a million rows never are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

D = TypeVar("D", bound="Deferred")


class Work(Protocol):
    """Works out the fields of an object that were not set."""

    def find(self, name: str, of: Any) -> object:
        """The value of one of these fields."""


class Deferred:
    """A base for frozen dataclasses with slots. A field that was not set is asked of `_work`, and then kept."""

    __slots__ = ("_work",)

    if not TYPE_CHECKING:  # otherwise type checkers would take any name for a field

        def __getattr__(self, name: str) -> Any:
            if name not in type(self).__dataclass_fields__:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            value = self._work.find(name, self)
            object.__setattr__(self, name, value)
            return value


def defer(cls: type[D], work: Work, known: Mapping[str, object]) -> D:
    """Make an object of the class with the fields in `known`; `work` works out the others."""
    made = object.__new__(cls)
    write = object.__setattr__
    write(made, "_work", work)
    for name, value in known.items():
        write(made, name, value)
    return made
