"""inv init: writes a commented section to invoke.yaml, with the mapping found in the database."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from batchdrain.cli.commands.init.mapping import Mapped
from batchdrain.cli.commands.init.reasons import UNREAD
from batchdrain.cli.commands.init.render import render_section
from batchdrain.cli.commands.init.tables import NoTable, look_for
from batchdrain.cli.commands.init.terminal import ask_people, may_ask
from batchdrain.cli.commands.open import settings_of, tell_silence
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.lines_or_json import LinesOrJson
from batchdrain.cli.screens.writer import Output
from batchdrain.database.connection import open_database
from batchdrain.drain.project import database_url
from batchdrain.model.errors import ConfigError, FilesUnavailable
from batchdrain.runtime import files

_NEEDED_WORDS: Final = ("failed", "executing", "complete")


def write_section(
    invocation: Invocation, *, url: str | None, table: str | None, shape: str = "text", takes_guesses: bool = False
) -> None:
    """Append the section to invoke.yaml, which must not have one yet. On a terminal the user is asked first, unless
    `takes_guesses`. Raises ConfigError, UsageError and FilesUnavailable."""
    path = invocation.root / "invoke.yaml"
    if invocation.section:
        raise ConfigError(
            f"{path.name} has a batchdrain section already", remedy="edit it, or remove it and run `inv init` again"
        )
    settings = settings_of(invocation)
    wanted = database_url(settings.model_copy(update={"database_url": url or settings.database_url}), invocation.environ,
                          invocation.root)  # fmt: skip
    _require_no_section(path)
    database = open_database(wanted, tell_silence)
    try:
        if shape == "text" and not takes_guesses and may_ask(invocation.environ):
            candidates = [ask_people(invocation, database, table)]
        else:
            candidates = look_for(database, table)
    except NoTable as error:
        if shape == "text" and error.statement:
            Output().line(error.statement)
        raise
    finally:
        database.close()
    text, out = render_section(url, candidates), LinesOrJson(shape)
    if invocation.dry:
        for line in text.splitlines():
            out.line(line)
        out.end(0, file=str(path), table=candidates[0].table, written=False)
        return
    _require_no_section(path)
    _append(path, text)
    out.line(f"Wrote the batchdrain section to {path.name}: table {candidates[0].table!r} of {database.name}.")
    _tell_what_is_left(out, candidates)
    out.end(0, file=str(path), table=candidates[0].table, written=True)


def _tell_what_is_left(out: LinesOrJson, candidates: Sequence[Mapped]) -> None:
    chosen, *others = candidates
    if chosen.reason and not chosen.is_answered:
        out.line(f"  {chosen.reason}")
    for doubt in () if chosen.is_answered else _doubts_of(chosen):
        out.line(f"  ! {doubt}")
    for other in others:
        out.line(f"  or --table={other.table}: {other.reason_beside}")
    unset = ["source.states"] if any(chosen.states.words.get(ours) is None for ours in _NEEDED_WORDS) else []
    unset += [] if chosen.command.get("argv") else ["command.argv to your command"]
    if unset:
        out.line(f"Next: set {', and '.join(unset)}, then run `inv doctor` and `inv dry-run`.")
    elif chosen.is_answered:
        out.line("Next: run `inv doctor` and `inv dry-run`.")
    else:
        out.line("Next: make the script that command.argv names, then run `inv doctor` and `inv dry-run`.")


def _append(path: Path, text: str) -> None:
    try:
        before = path.read_bytes() if path.exists() else b""
        if before and not before.endswith(b"\n"):
            before += b"\n"
    except OSError as error:
        raise FilesUnavailable(f"{path}: {error.strerror}", remedy="make it readable") from error
    files.write_for_people(path, [before, text.encode()], str(path))


def _doubts_of(mapped: Mapped) -> Iterator[str]:
    """What the user should check."""
    yield from mapped.doubts
    for name in mapped.missing:
        yield f"no column looks like {name}: set source.columns.{name} yourself"
    is_told = any(UNREAD in doubt for doubt in mapped.doubts)
    for name in () if mapped.is_known else mapped.without:
        if is_told and name == "last_failure_reason":
            continue
        yield f"no column looks like {name}, so it is null: name yours in source.columns.{name} if there is one"
    words, sure = mapped.states.words, mapped.states.sure
    lacking = [ours for ours, term in words.items() if term is None] if mapped.columns["state"] is not None else []
    if lacking:
        names = ", ".join(lacking)
        way = (
            "let your command set the state (command.result_from: database)"
            if "executing" in lacking and "failed" not in lacking
            else "map a view that makes texts of it"
        )
        yield f"none of the words that the state may have looks like {names}: set source.states, or {way}"
    unsure = [ours for ours, term in words.items() if term is not None and ours not in sure]
    if unsure:
        yield f"no row shows the word for {', '.join(unsure)}: check source.states"


def _require_no_section(path: Path) -> None:
    """Raises ConfigError if the file has a section, even an empty one: Invoke does not show that, and a second section would
    make the file ambiguous."""
    if path.is_file() and re.search(rb"(?m)^[\"']?batchdrain[\"']?\s*:", path.read_bytes()):
        raise ConfigError(
            f"{path.name} has an empty batchdrain section already", remedy="remove that line and run `inv init` again"
        )
