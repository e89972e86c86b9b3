"""Reads the claims that somebody holds, even if their attempts were deleted. Reads only.

A claim's row knows its phase only by a digest; the names are in its attempt. If the attempt was deleted, the names are looked
for among the rows whose state a claim may have left.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from batchdrain.database.dialects import db_now_ms
from batchdrain.database.ledger.schema import Ledger
from batchdrain.database.ledger.statements import GROUP_KEY, PRIOR_KIND, SUCCESS_CODES
from batchdrain.database.phases.columns import from_parameter
from batchdrain.database.phases.keys import read_keys
from batchdrain.database.phases.table import PhaseTable
from batchdrain.execution.order import token_of
from batchdrain.execution.process_identity import ProcessIdentity
from batchdrain.model.phase import PhaseKey, RowState
from batchdrain.model.states import PhaseState

_OF_ATTEMPT: Final = ("session_uid", "run_id", "phase_id", "phase_index", "attempt", "started_ms")
NAMELESS: Final = "a phase without a name"
"""Takes the place of the run's id if a claim has no attempt and no row of the table belongs to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A claim that somebody holds."""

    key: PhaseKey
    digest: str  #: the key of the claim's row; equals `key.digest` unless the phase's names are unknown
    epoch: int
    owner: str
    session_uid: str  #: '' if its attempt was deleted
    phase_index: int | None
    attempt: int
    controller: ProcessIdentity
    guardian: ProcessIdentity | None
    lease_left_ms: int  #: by the database's clock; negative once the lease is over
    prior_state: str
    prior_reason: str | None
    held_state: str | None  #: the word that its controller wrote; None if the command sets states itself
    orphanings: int  #: how many there were in a row before this claim
    started_ms: int | None  #: None if its attempt was deleted
    spool_dir: str
    success_codes: tuple[int, ...] | None  #: the success codes of its command; None: not noted by an earlier version
    group_key: str | None = None  #: the group of which it took a unit
    prior_kind: str | None = None  #: see RowState; None also if the ledger is of an earlier version

    @property
    def token(self) -> str:
        """The token that marks the execution's processes on its machine."""
        return token_of(self.session_uid, self.digest, self.epoch)

    @property
    def prior(self) -> RowState:
        """The phase's row as it was before the claim."""
        return RowState(state=self.prior_state, reason=self.prior_reason, kind=self.prior_kind)

    @property
    def has_attempt(self) -> bool:
        """Whether the ledger has the claim's attempt."""
        return self.started_ms is not None

    @property
    def has_name(self) -> bool:
        """Whether it is known which phase the claim belongs to."""
        return self.key.digest == self.digest


def read_held(connection: sa.Connection, ledger: Ledger, table: PhaseTable) -> list[Held]:
    """The claims that somebody holds now; [] if there is no table of claims."""
    inspector, claims, attempts = sa.inspect(connection), ledger.claim, ledger.attempt
    if not inspector.has_table(claims.name, schema=claims.schema):
        return []
    query = sa.select(
        *(column for column in claims.c if column.name in _OF_CLAIM),
        (claims.c.lease_until_ms - db_now_ms()).label("lease_left_ms"),
    ).where(claims.c.source == ledger.source, claims.c.owner.is_not(None))
    if inspector.has_table(attempts.name, schema=attempts.schema):
        own = sa.and_(*(attempts.c[name] == claims.c[name] for name in ("source", "key", "epoch")))
        query = query.add_columns(*(attempts.c[name] for name in _OF_ATTEMPT)).outerjoin(attempts, own)
        query = query.order_by(attempts.c.started_ms, attempts.c.run_id, attempts.c.phase_id)
    else:
        query = query.add_columns(*(sa.null().label(name) for name in _OF_ATTEMPT)).order_by(claims.c.key)
    rows = connection.execute(query).mappings().all()
    names = _find_names(connection, table, [row for row in rows if row["run_id"] is None])
    return [_to_held(row, names) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftElsewhere:
    """A claim on a row of another table than the mapped one."""

    source: str  #: the ledger's name of that table
    session_uid: str
    controller: ProcessIdentity
    is_over: bool  #: whether its lease is over, by the database's clock


def read_left_elsewhere(connection: sa.Connection, ledger: Ledger) -> list[LeftElsewhere]:
    """The claims on rows of other tables, if they have their attempts. Reads only."""
    if not ledger.exists(connection):
        return []
    claims, attempts = ledger.claim, ledger.attempt
    own = sa.and_(*(attempts.c[name] == claims.c[name] for name in ("source", "key", "epoch")))
    fields = (claims.c.source, attempts.c.session_uid, claims.c.host_id, claims.c.ctl_pid, claims.c.ctl_start)
    query = sa.select(*fields, claims.c.lease_until_ms < db_now_ms()).join(attempts, own)
    rows = connection.execute(query.where(claims.c.source != ledger.source, claims.c.owner.is_not(None))).all()
    return [
        LeftElsewhere(source=source, session_uid=uid, controller=ProcessIdentity(host, pid, start), is_over=bool(is_over))
        for source, uid, host, pid, start, is_over in rows
    ]


_OF_CLAIM: Final = (
    "key", "epoch", "owner", "host_id", "ctl_pid", "ctl_start", "guard_pid", "guard_start", "spool_dir", "prior_state",
    "prior_reason", "held_state", "orphan_count", "attempts", SUCCESS_CODES, GROUP_KEY,
    PRIOR_KIND,
)  # fmt: skip


def _find_names(connection: sa.Connection, table: PhaseTable, rows: Iterable[Mapping[Any, Any]]) -> dict[str, PhaseKey]:
    """The names of phases by their digests, searched among the rows whose state a claim of theirs may have left."""
    wanted = {row["key"]: {row["held_state"], row["prior_state"]} for row in rows}
    if not wanted:
        return {}
    usual = {state_word for state in (PhaseState.EXECUTING, PhaseState.QUEUED) for state_word in table.states[state]}
    texts = usual.union(*wanted.values()) - {None}
    keys = (key for text in sorted(texts) for key in read_keys(connection, table, text))
    return {key.digest: key for key in keys if key.digest in wanted}


def _to_held(row: Mapping[Any, Any], names: Mapping[str, PhaseKey]) -> Held:
    guard, has_attempt = (row["guard_pid"], row["guard_start"]), row["run_id"] is not None
    nameless = PhaseKey(NAMELESS, row["key"][:16])
    return Held(
        key=PhaseKey(row["run_id"], row["phase_id"]) if has_attempt else names.get(row["key"], nameless),
        digest=row["key"],
        epoch=row["epoch"],
        owner=row["owner"],
        session_uid=row["session_uid"] or "",
        phase_index=row["phase_index"],
        attempt=row["attempt"] if has_attempt else row["attempts"] + 1,
        controller=ProcessIdentity(row["host_id"], row["ctl_pid"], row["ctl_start"]),
        guardian=None if None in guard else ProcessIdentity(row["host_id"], *guard),
        lease_left_ms=int(row["lease_left_ms"]),
        prior_state=row["prior_state"],
        prior_reason=from_parameter(row["prior_reason"]),
        prior_kind=row.get(PRIOR_KIND),
        held_state=row["held_state"],
        orphanings=row["orphan_count"],
        started_ms=row["started_ms"],
        spool_dir=row["spool_dir"] or "",
        success_codes=_to_codes(row.get(SUCCESS_CODES)),
        group_key=row.get(GROUP_KEY),
    )


def _to_codes(text: str | None) -> tuple[int, ...] | None:
    """The exit codes; None if the text is no list of numbers: whoever may write to the ledger may have written anything."""
    try:
        found = json.loads(text or "null")
    except (ValueError, RecursionError):
        return None
    return tuple(found) if isinstance(found, list) and all(type(code) is int for code in found) and found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """A phase that stands as executing although no claim holds it: nobody will move it on."""

    key: PhaseKey
    state: str  #: its state in the table
    initial_state: str | None  #: the state before its last attempt, which never ended; None: the ledger has no such attempt


def read_strays(connection: sa.Connection, ledger: Ledger, table: PhaseTable, *, most: int) -> list[Stray]:
    """At most `most` such phases. Those with an open attempt in the ledger come first."""
    held = {one.digest for one in read_held(connection, ledger, table)}
    begun, executing = _read_open_attempts(connection, ledger, held), table.states[PhaseState.EXECUTING].write
    found = []
    for key, initial in begun.items():
        now = table.read_row_state(connection, key)
        if now is not None and now.state == executing and initial != executing:
            found.append(Stray(key=key, state=executing, initial_state=initial))
    known = {stray.key for stray in found}
    for page in table.read_pages(connection, PhaseState.EXECUTING):
        for run_id, phase_id in page.ids:
            if len(found) >= most:
                return found[:most]
            key = PhaseKey(run_id, phase_id)
            if key not in known and key.digest not in held:
                found.append(Stray(key=key, state=executing, initial_state=None))
    return found[:most]


def _read_open_attempts(connection: sa.Connection, ledger: Ledger, held: set[str]) -> dict[PhaseKey, str]:
    """The phases whose last attempt never ended although no claim holds them, each with the state before that attempt."""
    attempts = ledger.attempt
    if not sa.inspect(connection).has_table(attempts.name, schema=attempts.schema):
        return {}
    query = (
        sa.select(attempts.c.run_id, attempts.c.phase_id, attempts.c.initial_state)
        .where(attempts.c.source == ledger.source, attempts.c.outcome.is_(None))
        .order_by(attempts.c.started_ms, attempts.c.epoch)
    )
    found = {PhaseKey(run_id, phase_id): initial for run_id, phase_id, initial in connection.execute(query)}
    return {key: initial for key, initial in found.items() if key.digest not in held}
