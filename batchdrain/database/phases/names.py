"""The name of a table as the settings write it, and its parts."""

from __future__ import annotations

import re
from typing import Final

OWN: Final = "batchdrain_"
"""The prefix of the names of batchdrain's own tables."""
_NAME: Final = re.compile(r'("(?:[^"]|"")+"|[^".]+)(?:\.("(?:[^"]|"")+"|[^".]+))?')


def split_name(name: str) -> tuple[str | None, str]:
    """'schema.table' -> (schema, table). A part in double quotes is one name, as in SQL."""
    found = _NAME.fullmatch(name)
    if found is None:
        schema, dot, table = name.partition(".")
        return (schema, table) if dot else (None, name)
    parts = [part[1:-1].replace('""', '"') if part.startswith('"') else part for part in found.groups() if part is not None]
    return (None, parts[0]) if len(parts) == 1 else (parts[0], parts[1])


def quote_name(schema: str | None, table: str, quote: str = '"') -> str:
    """The name as SQL writes it, each part quoted. `quote`: a backtick on MariaDB. SQLAlchemy's own quoting is not used: it
    doubles each %, which the driver undoes only if there are parameters."""
    parts = (str(part) for part in (schema, table) if part is not None)
    return ".".join(f"{quote}{part.replace(quote, quote * 2)}{quote}" for part in parts)


def join_name(schema: str | None, table: str) -> str:
    """The name that `split_name` splits into these parts."""
    return ".".join(
        '"' + part.replace('"', '""') + '"' if "." in part or '"' in part else part
        for part in (schema, table)
        if part is not None
    )
