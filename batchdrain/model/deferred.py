"""Facts that are worked out when they are first asked for: of a million rows most are never asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

D = TypeVar("D", bound="Deferred")


class Work(Protocol):
    """Knows the fields of an object that were not set."""

    def find(self, name: str, of: Any) -> object:
        """The value of one of them."""


class Deferred:
    """A frozen dataclass with slots may stand on it. A field that was not set is asked of `_work`, and kept."""

    __slots__ = ("_work",)

    if not TYPE_CHECKING:  # else every name would seem to be a field

        def __getattr__(self, name: str) -> Any:
            if name not in type(self).__dataclass_fields__:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            value = self._work.find(name, self)
            object.__setattr__(self, name, value)
            return value


def defer(cls: type[D], work: Work, known: Mapping[str, object]) -> D:
    """An object of the class with the fields of `known`; `work` knows the others."""
    made = object.__new__(cls)
    write = object.__setattr__
    write(made, "_work", work)
    for name, value in known.items():
        write(made, name, value)
    return made
