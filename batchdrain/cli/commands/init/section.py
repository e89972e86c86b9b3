"""inv init: a commented section for invoke.yaml, with the mapping found in the database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from batchdrain.cli.commands.init.candidates import choose, describe_lack, find_candidates
from batchdrain.cli.commands.init.mapping import Mapped
from batchdrain.cli.commands.init.read_facts import read_tables
from batchdrain.cli.commands.init.render import render_section
from batchdrain.cli.commands.open import settings_of, tell_silence
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.lines_or_json import LinesOrJson
from batchdrain.database.connection import Database, open_database
from batchdrain.database.phases.names import OWN, split_name
from batchdrain.drain.project import database_url
from batchdrain.model.errors import ConfigError, FilesUnavailable, UsageError, did_you_mean
from batchdrain.runtime import files

_SYSTEM: Final = frozenset({"information_schema", "mysql", "performance_schema", "sys"})


def write_section(invocation: Invocation, *, url: str | None, table: str | None, shape: str = "text") -> None:
    """Append the section to invoke.yaml, which must not have one yet. Raises ConfigError, UsageError, FilesUnavailable."""
    path = invocation.root / "invoke.yaml"
    if invocation.section:
        raise ConfigError(
            f"{path.name} has a batchdrain section already", remedy="edit it, or take it out and run `inv init` again"
        )
    settings = settings_of(invocation)
    wanted = database_url(settings.model_copy(update={"database_url": url or settings.database_url}), invocation.environ,
                          invocation.root)  # fmt: skip
    database = open_database(wanted, tell_silence)
    try:
        candidates = look_for(database, table)
    finally:
        database.close()
    text = render_section(url, candidates)
    _require_no_section(path)
    out = LinesOrJson(shape)
    if invocation.dry:
        for line in text.splitlines():
            out.line(line)
        out.end(0, file=str(path), table=candidates[0].table, written=False)
        return
    _append(path, text)
    chosen, *others = candidates
    out.line(f"Wrote the batchdrain section to {path.name}: table {chosen.table!r} of {database.name}.")
    if chosen.reason:
        out.line(f"  {chosen.reason}")
    for doubt in _doubts_of(chosen):
        out.line(f"  ! {doubt}")
    for other in others:
        out.line(f"  or --table={other.table}: {other.reason}")
    if chosen.command.get("argv"):
        out.line("Next: make the script that command.argv names, then run `inv doctor` and `inv dry-run`.")
    else:
        out.line("Next: set command.argv to your command, then run `inv doctor` and `inv dry-run`.")
    out.end(0, file=str(path), table=chosen.table, written=True)


def _append(path: Path, text: str) -> None:
    try:
        before = path.read_bytes() if path.exists() else b""
        if before and not before.endswith(b"\n"):
            before += b"\n"
    except OSError as error:
        raise FilesUnavailable(f"{path}: {error.strerror}", remedy="make it readable") from error
    files.write_for_people(path, [before, text.encode()], str(path))


def _doubts_of(mapped: Mapped) -> Iterator[str]:
    """What the user has to look at."""
    yield from mapped.doubts
    for name in mapped.missing:
        yield f"no column looks like {name}: set source.columns.{name} yourself"
    for name in () if mapped.is_known else mapped.without:
        yield f"no column looks like {name}, so it is null: name yours in source.columns.{name} if there is one"
    words, sure = mapped.states.words, mapped.states.sure
    for ours in (ours for ours, term in words.items() if term is None) if mapped.columns["state"] is not None else ():
        yield f"none of the words that the state may have looks like {ours}: set source.states.{ours} to one of them"
    unsure = [ours for ours, term in words.items() if term is not None and ours not in sure]
    if unsure:
        yield f"no row shows the word for {', '.join(unsure)}: check source.states"


def _require_no_section(path: Path) -> None:
    """Invoke takes an empty section for none; a second one would make the file ambiguous."""
    if path.is_file() and re.search(rb"(?m)^[\"']?batchdrain[\"']?\s*:", path.read_bytes()):
        raise ConfigError(
            f"{path.name} has an empty batchdrain section already", remedy="take that line out and run `inv init` again"
        )


def look_for(database: Database, table: str | None) -> list[Mapped]:
    """The table that is named, or the likeliest ones: those of the default schema, else of the first other one that has any.
    Raises ConfigError where none can be it."""
    if table:
        return [_look_at(database, table)]
    default = read_tables(database, None)
    found = find_candidates(default)
    for schema in [] if found else _other_schemas(database):
        found = find_candidates(read_tables(database, schema))
        if found:
            break
    if not found:
        raise ConfigError(
            f"no table of {database.name} looks like one of phases: {describe_lack(default)}", remedy="name it with --table"
        )
    return found


def _look_at(database: Database, table: str) -> Mapped:
    schema, name = split_name(table)
    facts = read_tables(database, schema, name)
    if not facts:
        with database.read() as connection:
            inspector = sa.inspect(connection)
            names = [*inspector.get_table_names(schema=schema), *inspector.get_view_names(schema=schema)]
        known = [one for one in names if not one.startswith(OWN)]
        raise UsageError(f"--table: {table!r} is not in {database.name}{did_you_mean(name, known)}")
    if facts[0].problem:
        raise ConfigError(f"--table: {table!r}: {facts[0].problem}", remedy="let your database user read it")
    return choose(facts[0])


def _other_schemas(database: Database) -> list[str]:
    with database.read() as connection:
        if connection.dialect.name != "postgresql":
            return []
        inspector = sa.inspect(connection)
        known = {inspector.default_schema_name, *_SYSTEM}
        return [one for one in inspector.get_schema_names() if one not in known and not one.startswith("pg_")]
