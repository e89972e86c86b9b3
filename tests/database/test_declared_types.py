"""Which columns people order as numbers, by what the database says of their types."""

from __future__ import annotations

import pytest

from batchdrain.database.phases.declared_types import DeclaredType, Family


@pytest.mark.parametrize(
    ("family", "base", "is_number"),
    [
        *((Family.STORED, base, True) for base in ("int", "bigint", "unsigned big int", "real", "float", "double precision", "decimal", "numeric")),
        *((Family.STORED, base, False) for base in ("", "text", "varchar", "blob", "date", "point", "multipoint")),
        (Family.WHOLE, "int8", True),
        (Family.SPELT, "numeric", True),
        (Family.SPELT, "decimal", True),
        (Family.SPELT, "timestamptz", False),
        (Family.TEXT, "text", False),
    ],
)  # fmt: skip
def test_numbers_are_what_the_type_says_and_a_point_is_none(family: Family, base: str, is_number: bool) -> None:
    assert DeclaredType(name=base, base=base, family=family).is_number is is_number
