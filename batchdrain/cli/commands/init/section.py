"""inv init: a commented section for invoke.yaml, with the mapping guessed from the database."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from batchdrain.cli.commands.init.guess import Guess, describe_lack, find_likeliest, guess_columns, guess_states
from batchdrain.cli.commands.open import settings_of
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.writer import Output
from batchdrain.config.settings import Source
from batchdrain.database.connection import Database, open_database
from batchdrain.database.phases.names import join_name, split_name
from batchdrain.database.quiet_look import look_quietly
from batchdrain.database.url import mask_url, parse_url
from batchdrain.drain.project import database_url
from batchdrain.model.errors import ConfigError, FilesUnavailable, UsageError, did_you_mean
from batchdrain.runtime import files
from batchdrain.runtime.json_text import to_ascii, to_json

_WORDS_SHOWN = 50
DEFAULTS: Final = Source()


def write_section(invocation: Invocation, *, url: str | None, table: str | None) -> None:
    """Append the section to invoke.yaml, which must not have one yet. Raises ConfigError, UsageError, FilesUnavailable."""
    path = invocation.root / "invoke.yaml"
    if invocation.section:
        raise ConfigError(
            f"{path.name} has a batchdrain section already", remedy="edit it, or take it out and run `inv init` again"
        )
    settings = settings_of(invocation)
    wanted = database_url(settings.model_copy(update={"database_url": url or settings.database_url}), invocation.environ,
                          invocation.root)  # fmt: skip
    database = open_database(wanted)
    try:
        guess = guess_mapping(database, table)
    finally:
        database.close()
    text = render_section(url, guess)
    _require_no_section(path)
    out = Output()
    if invocation.dry:
        out.text(text)
        return
    _append(path, text)
    out.line(f"Wrote the batchdrain section to {path.name}: table {guess.table!r} of {database.name}.")
    for doubt in _doubts_of(guess):
        out.line(f"  ! {doubt}")
    out.line("Next: set command.argv to your command, then run `inv doctor` and `inv dry-run`.")


def _append(path: Path, text: str) -> None:
    try:
        before = path.read_bytes() if path.exists() else b""
        if before and not before.endswith(b"\n"):
            before += b"\n"
    except OSError as error:
        raise FilesUnavailable(f"{path}: {error.strerror}", remedy="make it readable") from error
    files.write_for_people(path, [before, text.encode()], str(path))


def _doubts_of(guess: Guess) -> Iterator[str]:
    """What the user has to look at."""
    for name in guess.missing:
        yield f"no column looks like {name}: set source.columns.{name} yourself"
    for name in guess.without:
        yield f"no column looks like {name}, so it is null: name yours in source.columns.{name} if there is one"
    for ours in (ours for ours, state in guess.states.items() if state is None):
        yield f"none of the words that the state may have looks like {ours}: set source.states.{ours} to one of them"
    unsure = [ours for ours, state in guess.states.items() if state is not None and ours not in guess.sure]
    if unsure:
        yield f"no row shows the word for {', '.join(unsure)}: check source.states"


def _require_no_section(path: Path) -> None:
    """Invoke takes an empty section for none; a second one would make the file ambiguous."""
    if path.is_file() and re.search(rb"(?m)^[\"']?batchdrain[\"']?\s*:", path.read_bytes()):
        raise ConfigError(
            f"{path.name} has an empty batchdrain section already", remedy="take that line out and run `inv init` again"
        )


def guess_mapping(database: Database, table: str | None) -> Guess:
    """Look at the tables (and views) of a database. Raises ConfigError where none can be it."""
    with database.read() as connection, look_quietly():
        inspector = sa.inspect(connection)
        if table:
            schema, name = split_name(table)
            columns = _columns_of(inspector, schema)
            if name not in columns:
                raise UsageError(f"--table: {table!r} is not in {database.name}{did_you_mean(name, columns)}")
            chosen: str | None = name
        else:
            schema, columns, chosen = _find_likeliest_anywhere(inspector)
        if chosen is None:
            raise ConfigError(
                f"no table of {database.name} looks like one of phases: {describe_lack(columns)}",
                remedy="name it with --table",
            )
        mapping = guess_columns(columns[chosen])
        values, enum = list[str](), list[str]()
        if mapping["state"] is not None:
            reflected = sa.Table(chosen, sa.MetaData(), schema=schema, autoload_with=connection, resolve_fks=False)
            state = reflected.c[mapping["state"]]
            values = enum = list(getattr(state.type, "enums", None) or ())
            if not enum:
                query = sa.select(state).distinct().limit(_WORDS_SHOWN)
                values = [str(value) for value in connection.execute(query).scalars() if value is not None]
    states, sure = guess_states(values, are_all=bool(enum))
    return Guess(table=join_name(schema, chosen), columns=mapping, states=states, sure=sure, known_states=enum)


def _columns_of(inspector: sa.Inspector, schema: str | None) -> dict[str, list[str]]:
    """The columns of every table and view of a schema; of the default one where it is None."""
    names = [*inspector.get_table_names(schema=schema), *inspector.get_view_names(schema=schema)]
    return {name: [column["name"] for column in inspector.get_columns(name, schema=schema)] for name in names}


def _find_likeliest_anywhere(inspector: sa.Inspector) -> tuple[str | None, dict[str, list[str]], str | None]:
    """(schema, its columns, the likeliest table): the default schema's, else that of the first other one with any."""
    default = _columns_of(inspector, None)
    if (chosen := find_likeliest(default)) is not None:
        return None, default, chosen
    known = {inspector.default_schema_name, "information_schema", "mysql", "performance_schema", "sys"}
    for schema in inspector.get_schema_names() if inspector.dialect.name == "postgresql" else ():
        if schema not in known and not schema.startswith("pg_"):
            columns = _columns_of(inspector, schema)
            if (chosen := find_likeliest(columns)) is not None:
                return schema, columns, chosen
    return None, default, None


def render_section(url: str | None, guess: Guess) -> str:
    """The YAML: what differs from the defaults, and what does not as comments, since what is set wins over a profile. A
    password is never written: the whole URL stays in DATABASE_URL then."""
    columns = [_render_column(ours, name, guess) for ours, name in guess.columns.items() if name or ours in guess.without]
    states = [_render_state(ours, state, guess) for ours, state in guess.states.items()]
    table = _Line(f"    table: {_quote(guess.table)}", is_default=guess.table == DEFAULTS.table)
    source = [table, *_below("    columns:", columns), *_below("    states:                     # your words", states)]
    lines = [
        _render_url(url),
        _Line("  batch_size: 10                # phases of one `inv drain`"),
        _Line("  workers: 1                    # sequential is the safe way; more run phases of different runs side by side"),
        _Line("  profile: classic              # or conservative, triage, throughput; what you set yourself wins over it"),
        *_below("  source:                       # your table; batchdrain never alters it", source),
        _Line("  command:                      # executed for each phase, without a shell; {python} is this interpreter", False),
        _Line('    argv: ["{python}", -m, myproject.work, "--run-id={run_id}", "--phase-id={phase_id}"]   '
              "# an example: name yours", is_default=False),
        _Line("    result_from: exit_code      # or database: the command itself sets the phase's state"),
        _Line("    transient_exit_codes: [75]"),
        _Line("  timeout: {default_s: 600}"),
        _Line("  retry: {max_attempts: 2}      # transient failures only"),
    ]  # fmt: skip
    head = ["# Made by `inv init`. What stands behind a # is the default. Every key: docs/configuration.md of batchdrain."]
    return "\n".join([*head, "batchdrain:", *(str(line) for line in lines)]) + "\n"


@dataclass(frozen=True, slots=True)
class _Line:
    """One of the section; a default is a comment."""

    text: str
    is_default: bool = True

    def __str__(self) -> str:
        bare = self.text.lstrip()
        return f"{self.text[: -len(bare)]}# {bare}" if self.is_default else self.text


def _below(key: str, inner: Sequence[_Line]) -> list[_Line]:
    """A mapping with its lines; nothing but comments is no mapping."""
    return [_Line(key, is_default=all(line.is_default for line in inner)), *inner]


def _render_column(ours: str, name: str | None, guess: Guess) -> _Line:
    is_default = name == getattr(DEFAULTS.columns, ours)
    if name is None and ours in guess.without:
        return _Line(f"      {ours}: null   # no column looks like it: name yours", is_default)
    return _Line(f"      {ours}: {_quote(name or '')}", is_default)


def _render_state(ours: str, state: str | None, guess: Guess) -> _Line:
    if state is None:
        return _Line(
            f"      {ours}:   # none of these looks like it: name one of them: {', '.join(map(_quote, guess.known_states))}"
        )
    doubt = "" if ours in guess.sure else "   # a guess: no row shows it"
    return _Line(f"      {ours}: {_quote(state)}{doubt}", is_default=state == getattr(DEFAULTS.states, ours))


def _render_url(url: str | None) -> _Line:
    if url is None:
        return _Line('  database_url: ""              # DATABASE_URL, else sqlite:///batchdrain.db')
    parsed = parse_url(url)
    if mask_url(parsed) != parsed.render_as_string(hide_password=False):
        return _Line('  database_url: ""              # it holds a secret: set DATABASE_URL in the environment')
    return _Line(f"  database_url: {_quote(url)}", is_default=False)


def _quote(text: str) -> str:
    """A YAML string that is read as nothing else: JSON's quoting is YAML's too."""
    return to_ascii(to_json(text).decode())
