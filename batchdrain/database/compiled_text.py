"""The SQL text of a construct, made once for each database, with the way in which its parameters are given to the driver."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class CompiledText:
    """A construct compiled for one database and one set of value names. The names may be columns that the construct sets."""

    text: str
    names: tuple[str, ...] | None  #: of the parameters, as they are written in the text; None: they are given by position
    keys: tuple[str, ...]  #: for each parameter: the name of its value
    constants: Mapping[str, Any]  #: values that are always the same
    converts: tuple[tuple[int, Convert], ...]  #: for some parameters: converts a value of their type for the driver

    @classmethod
    def of(cls, construct: sa.Select[Any] | sa.Insert | sa.Update, dialect: sa.Dialect, names: Sequence[str]) -> CompiledText:
        """Compile it. `names`: the names of the values. Raises InvalidRequestError for a value that lacks."""
        is_read = isinstance(construct, sa.Select)
        compiled = construct.compile(dialect=dialect, column_keys=None if is_read else [*names])
        bound = {name: one for one, name in compiled.bind_names.items()}
        order = [*bound] if compiled.positiontup is None else compiled.positiontup
        keys, constants = list[str](), dict[str, Any]()
        for name in order:
            one = bound[name]
            if one.key in names or name in names:
                keys.append(one.key if one.key in names else name)
                continue
            if one.required:
                raise sa.exc.InvalidRequestError(f"A value is required for bind parameter {one.key!r}")
            keys.append(name)
            constants[name] = one.effective_value
        found = (bound[name].type.dialect_impl(dialect).bind_processor(dialect) for name in order)
        by_name = None if compiled.positiontup is not None else tuple(compiled.escaped_bind_names.get(n, n) for n in order)
        return cls(
            text=compiled.string,
            names=by_name,
            keys=tuple(keys),
            constants=constants,
            converts=tuple((at, convert) for at, convert in enumerate(found) if convert is not None),
        )

    def to_parameters(self, values: Mapping[str, Any]) -> Any:
        """The values in the form that the driver takes: by position or by name."""
        every = {**values, **self.constants}
        given = [every[key] for key in self.keys]
        for at, convert in self.converts:
            given[at] = convert(given[at])
        return tuple(given) if self.names is None else dict(zip(self.names, given, strict=True))
