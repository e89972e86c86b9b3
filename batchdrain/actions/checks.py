"""The single checks of the doctor. Each yields findings; none writes."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from invoke.vendor import yaml

from batchdrain.database.fitness import unfit_columns, unwritable
from batchdrain.database.source import split_name
from batchdrain.errors import BatchDrainError
from batchdrain.execution.command import problems_of, program
from batchdrain.execution.diagnosis import diagnosis_problems
from batchdrain.planning.screening import QUARANTINE
from batchdrain.planning.selection import categoriser
from batchdrain.plugins import engine_factory
from batchdrain.policies.ranking import ranking_of
from batchdrain.recovering import said_of
from batchdrain.settings import Settings
from batchdrain.site import Site, described
from batchdrain.states import PhaseState

_YAML_BYTES: Final = 1_000_000
_ALIASES: Final = 100
_HELD_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class Finding:
    check: str
    ok: bool
    said: str
    cure: str = ""
    code: int = 78


_load: Final[Any] = yaml.load
_SafeLoader: Final[Any] = yaml.SafeLoader


class _Strict(_SafeLoader):  # type: ignore[misc]
    """A loader that refuses a key that stands twice: YAML lets the last one win silently."""

    aliases = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            self.aliases += 1
            if self.aliases > _ALIASES:
                raise yaml.YAMLError(f"more than {_ALIASES} aliases")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.YAMLError(f"line {node.start_mark.line + 1}: the key {key!r} stands twice")
        return super().construct_mapping(node, deep)


def yaml_file(path: Path) -> Iterator[Finding]:
    if not path.is_file():
        yield Finding("invoke.yaml", ok=True, said="there is none beside the tasks file (`inv init` writes one)")
        return
    if path.stat().st_size > _YAML_BYTES:
        yield Finding("invoke.yaml", ok=False, said=f"{path.name} is larger than 1 MB", cure="keep settings only in it")
        return
    try:
        _load(path.read_bytes(), Loader=_Strict)
    except (yaml.YAMLError, OSError, RecursionError) as error:
        said = " ".join(str(error).split())
        yield Finding("invoke.yaml", ok=False, said=f"{path.name}: {said}", cure="mend the file")
        return
    yield Finding("invoke.yaml", ok=True, said="can be read, no key stands twice")


def plugins(settings: Settings) -> Iterator[Finding]:
    parts: tuple[tuple[str, Callable[[], object]], ...] = (
        ("policy", lambda: ranking_of(settings.policy)),
        ("engine", lambda: engine_factory(settings.engine)),
        ("categories", lambda: categoriser(settings)),
    )
    for name, load in parts:
        try:
            load()
        except BatchDrainError as error:
            yield Finding(name, ok=False, said=error.message, cure=error.remedy)
        else:
            yield Finding(name, ok=True, said="loads")


def command(settings: Settings, root: Path) -> Iterator[Finding]:
    problems = problems_of(settings.command, root)
    problems += diagnosis_problems(settings, root) if settings.triage.argv else []
    for problem in problems:
        yield Finding("command", ok=False, said=problem, cure="mend batchdrain.command")
    if problems:
        return
    found = program(settings.command, root)
    yield Finding("command", ok=True, said=f"executes {found}, judged by {settings.command.result_from}")
    if "DATABASE_URL" in os.environ and "DATABASE_URL" not in settings.command.env_allow:
        yield Finding(
            "command", ok=True, said="does not inherit DATABASE_URL (command.env_allow: [DATABASE_URL] passes it on)"
        )


def session_dir(folder: Path) -> Iterator[Finding]:
    nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        yield Finding("session_dir", ok=False, said=f"{nearest} can't be written", cure="chmod it, or name another folder")
        return
    found = nearest.stat()
    if nearest == folder and (found.st_uid != os.geteuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)):
        yield Finding("session_dir", ok=False, said=f"{folder} is not ours alone to write", cure=f"chmod 700 {folder}")
        return
    yield Finding("session_dir", ok=True, said=f"{folder} can be written")


def _connection(site: Site) -> Iterator[Finding]:
    yield Finding("database", ok=True, said=f"{site.where}: {described(site.counts())}")


def _columns(site: Site) -> Iterator[Finding]:
    problems = unfit_columns(site.table)
    if site.settings.command.result_from == "exit_code":
        problems += unwritable(site.database, site.table)
    for problem in problems:
        yield Finding("table", ok=False, said=problem, cure="map it in batchdrain.source")
    if not problems:
        yield Finding("table", ok=True, said=f"{site.settings.source.table!r} has every mapped column")


def _words(site: Site) -> Iterator[Finding]:
    with site.database.read() as connection:
        found = {word for _, word in site.table.counts(connection)}
    known = set(site.table.words.values())
    if found and not found & known:
        shown = ", ".join(repr(word) for word in sorted(found)[:8])
        yield Finding(
            "states", ok=False, said=f"no row bears one of the mapped words; the table has {shown}",
            cure="map them in batchdrain.source.states",
        )  # fmt: skip
    elif found - known:
        shown = ", ".join(repr(word) for word in sorted(found - known)[:8])
        yield Finding("states", ok=True, said=f"the table also has {shown}, which batchdrain leaves alone")
    else:
        yield Finding("states", ok=True, said="every word of the table is mapped")


def _unique(site: Site) -> Iterator[Finding]:
    table, names = site.table.table, {site.table.run_id.name, site.table.phase_id.name}
    schema, name = split_name(site.settings.source.table)
    with site.database.read() as connection:
        inspector = sa.inspect(connection)
        keys = [set(inspector.get_pk_constraint(name, schema=schema).get("constrained_columns") or ())]
        if name not in inspector.get_view_names(schema=schema):
            uniques = [entry["column_names"] for entry in inspector.get_unique_constraints(name, schema=schema)]
            uniques += [
                [column for column in entry["column_names"] if column is not None]
                for entry in inspector.get_indexes(name, schema=schema)
                if entry["unique"]
            ]
            keys += [set(unique) for unique in uniques]
        if any(key and key <= names for key in keys):
            yield Finding("ids", ok=True, said="run_id and phase_id are unique together")
            return
        query = (
            sa.select(site.table.run_id, site.table.phase_id, sa.func.count())
            .select_from(table)
            .group_by(site.table.run_id, site.table.phase_id)
            .having(sa.func.count() > 1)
            .limit(1)
        )
        twice = connection.execute(query).first()
    if twice is not None:
        yield Finding(
            "ids",
            ok=False,
            said=f"{twice[0]} / {twice[1]} names {twice[2]} rows",
            cure="map columns that are unique together",
        )
    else:
        yield Finding("ids", ok=True, said="are unique now, though no key of the table says so")


def _writing(site: Site) -> Iterator[Finding]:
    schema, name = split_name(site.settings.source.table)
    with site.database.read() as connection:
        if site.database.dialect == "postgresql":
            full = sa.func.quote_ident(name) if schema is None else sa.func.format("%I.%I", schema, name)
            update = connection.execute(sa.select(sa.func.has_table_privilege(full, "UPDATE"))).scalar()
            place = sa.func.current_schema() if schema is None else schema
            create = connection.execute(sa.select(sa.func.has_schema_privilege(place, "CREATE"))).scalar()
        else:
            path = Path(site.database.place)
            update = create = site.database.dialect != "sqlite" or (
                os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
            )
        ready = site.ledger.exists(connection)
    if not update:
        yield Finding("privileges", ok=False, said=f"{name!r} may not be updated", cure="GRANT UPDATE, or make it writable")
    if ready:
        yield Finding("ledger", ok=True, said="batchdrain's tables are there")
    elif create:
        yield Finding("ledger", ok=True, said="batchdrain's tables will be made by the first drain")
    else:
        ddl = site.ledger.ddl(site.database.engine.dialect)
        yield Finding("ledger", ok=False, said="batchdrain's tables may not be created", cure=f"have them made:\n{ddl}")


def _held(site: Site) -> Iterator[Finding]:
    held = site.history.held()
    for claim in held[:_HELD_SHOWN]:
        yield Finding("claims", ok=True, said=f"held now: {said_of(claim)}")
    if len(held) > _HELD_SHOWN:
        yield Finding("claims", ok=True, said=f"and {len(held) - _HELD_SHOWN} more are held")
    quarantined = sum(count >= QUARANTINE for count in site.history.past().orphanings.values())
    if quarantined:
        yield Finding(
            "quarantine", ok=True,
            said=f"{quarantined} phases were given back {QUARANTINE} times in a row and are left out; "
            "`inv drain --include-quarantined` takes them",
        )  # fmt: skip
    if site.settings.command.result_from == "database" and site.settings.command.stuck_states is None:
        executing, queued = (site.table.words[state] for state in (PhaseState.EXECUTING, PhaseState.QUEUED))
        yield Finding(
            "stuck_states", ok=True,
            said=f"after a crash of the command its phase is given back from {executing} and {queued}; "
            "name others in command.stuck_states",
        )  # fmt: skip


DATABASE: Final[tuple[Callable[[Site], Iterator[Finding]], ...]] = (
    _connection, _columns, _words, _unique, _writing, _held,
)  # fmt: skip
