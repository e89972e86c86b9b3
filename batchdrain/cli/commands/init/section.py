"""inv init: a commented section for invoke.yaml, with the mapping guessed from the database."""

from __future__ import annotations

import json
import re
from pathlib import Path

import sqlalchemy as sa

from batchdrain.cli.commands.init.guess import Guess, guess_columns, guess_words, likeliest
from batchdrain.cli.commands.open import settings_of
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.writer import Output
from batchdrain.database.connection import Database, open_database
from batchdrain.database.phases.table import join_name, split_name
from batchdrain.database.url import mask_url, parse_url
from batchdrain.drain.project import database_url
from batchdrain.model.errors import ConfigError, FilesUnavailable, UsageError, did_you_mean
from batchdrain.runtime import files

_WORDS_SHOWN = 50


def write_section(invocation: Invocation, url: str | None, table: str | None) -> None:
    """Append the section to invoke.yaml, which must not have one yet. Raises ConfigError, UsageError, FilesUnavailable."""
    path = invocation.root / "invoke.yaml"
    if invocation.section:
        raise ConfigError(
            f"{path.name} has a batchdrain section already", remedy="edit it, or take it out and run `inv init` again"
        )
    if url is not None and not url.strip():
        raise UsageError("--database-url: is empty", remedy="name a database, or leave the flag out")
    settings = settings_of(invocation)
    wanted = database_url(settings.model_copy(update={"database_url": url or settings.database_url}), invocation.environ,
                          invocation.root)  # fmt: skip
    database = open_database(wanted)
    try:
        guess = guess_from(database, table)
    finally:
        database.close()
    text = section(url, guess)
    _require_no_section(path)
    out = Output()
    if invocation.dry:
        out.text(text)
        return
    try:
        before = path.read_bytes() if path.exists() else b""
        if before and not before.endswith(b"\n"):
            before += b"\n"
    except OSError as error:
        raise FilesUnavailable(f"{path}: {error.strerror}", remedy="make it readable") from error
    files.write_for_people(path, [before, text.encode()], str(path))
    out.line(f"Wrote the batchdrain section to {path.name}: table {guess.table!r} of {database.name}.")
    for name in guess.missing:
        out.line(f"  ! no column looks like {name}: set source.columns.{name} yourself")
    for name in guess.without:
        out.line(f"  ! no column looks like {name}, so it is null: name yours in source.columns.{name} if there is one")
    for state in (state for state, word in guess.states.items() if word is None):
        out.line(
            f"  ! none of the words that the state may have looks like {state}: set source.states.{state} to one of them"
        )
    unsure = [state for state, word in guess.states.items() if word is not None and state not in guess.sure]
    if unsure:
        out.line(f"  ! no row shows the word for {', '.join(unsure)}: check source.states")
    out.line("Next: set command.argv to your command, then run `inv doctor` and `inv dry-run`.")


def _require_no_section(path: Path) -> None:
    """Invoke takes an empty section for none; a second one would make the file ambiguous."""
    if path.is_file() and re.search(rb"(?m)^[\"']?batchdrain[\"']?\s*:", path.read_bytes()):
        raise ConfigError(
            f"{path.name} has an empty batchdrain section already", remedy="take that line out and run `inv init` again"
        )


def guess_from(database: Database, table: str | None) -> Guess:
    """Look at the tables (and views) of a database. Raises ConfigError where none can be it."""
    with database.read() as connection:
        inspector = sa.inspect(connection)
        if table:
            schema, name = split_name(table)
            columns = _columns(inspector, schema)
            if name not in columns:
                raise UsageError(f"--table: {table!r} is not in {database.name}{did_you_mean(name, columns)}")
            chosen: str | None = name
        else:
            schema, columns, chosen = _likeliest_anywhere(inspector)
        if chosen is None:
            shown = ", ".join(sorted(columns)[:10]) or "none"
            raise ConfigError(
                f"no table of {database.name} looks like one of phases (tables: {shown})", remedy="name it with --table"
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
    words, sure = guess_words(values, are_all=bool(enum))
    return Guess(table=join_name(schema, chosen), columns=mapping, states=words, sure=sure, words=enum)


def _columns(inspector: sa.Inspector, schema: str | None) -> dict[str, list[str]]:
    """The columns of every table and view of a schema; of the default one where it is None."""
    names = [*inspector.get_table_names(schema=schema), *inspector.get_view_names(schema=schema)]
    return {name: [column["name"] for column in inspector.get_columns(name, schema=schema)] for name in names}


def _likeliest_anywhere(inspector: sa.Inspector) -> tuple[str | None, dict[str, list[str]], str | None]:
    """(schema, its columns, the likeliest table): the default schema's, else that of the first other one with any."""
    default = _columns(inspector, None)
    if (chosen := likeliest(default)) is not None:
        return None, default, chosen
    known = {inspector.default_schema_name, "information_schema", "mysql", "performance_schema", "sys"}
    for schema in inspector.get_schema_names() if inspector.dialect.name == "postgresql" else ():
        if schema not in known and not schema.startswith("pg_"):
            columns = _columns(inspector, schema)
            if (chosen := likeliest(columns)) is not None:
                return schema, columns, chosen
    return None, default, None


def section(url: str | None, guess: Guess) -> str:
    """The YAML. A password is never written: the whole URL stays in DATABASE_URL then."""
    lines = [
        "# Made by `inv init`. Every key and its default: README.md of batchdrain, configuration.",
        "batchdrain:",
        f"  database_url: {_url_line(url)}",
        "  batch_size: 10              # phases of one `inv drain`",
        "  workers: 1                  # sequential is the safe way; more run phases of different runs side by side",
        "  source:                     # your table; batchdrain never alters it",
        f"    table: {_quoted(guess.table)}",
        "    columns:",
        *(_column_line(ours, name) for ours, name in guess.columns.items() if name is not None or ours in guess.without),
        "    states:                   # your words",
        *(_word_line(ours, word, guess) for ours, word in guess.states.items()),
        "  command:                    # executed for each phase, without a shell; {python} is this interpreter",
        '    argv: ["{python}", -m, myproject.work, "--run-id={run_id}", "--phase-id={phase_id}"]   # an example: name yours',
        "    result_from: exit_code    # or database: the command itself sets the phase's state",
        "    transient_exit_codes: [75]",
        "  timeout: {default_s: 600}",
        "  retry: {max_attempts: 2}    # transient failures only",
    ]
    return "\n".join(lines) + "\n"


def _column_line(ours: str, name: str | None) -> str:
    return f"      {ours}: null   # no column looks like it: name yours" if name is None else f"      {ours}: {_quoted(name)}"


def _word_line(ours: str, word: str | None, guess: Guess) -> str:
    if word is None:
        return f"      # {ours}:   # none of these looks like it: name one of them: {', '.join(map(_quoted, guess.words))}"
    return f"      {ours}: {_quoted(word)}" + ("" if ours in guess.sure else "   # a guess: no row shows it")


def _url_line(url: str | None) -> str:
    if url is None:
        return '""            # DATABASE_URL, else sqlite:///batchdrain.db'
    parsed = parse_url(url)
    if mask_url(parsed) != parsed.render_as_string(hide_password=False):
        return '""            # it holds a secret: set DATABASE_URL in the environment'
    return _quoted(url)


def _quoted(text: str) -> str:
    """A YAML string that is read as nothing else: JSON's quoting is YAML's too."""
    return json.dumps(text)
