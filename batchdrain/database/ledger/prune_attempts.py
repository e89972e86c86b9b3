"""Removes old attempts. What was learnt of them stays: their sums, and the durations of the latest ones.

Only ended attempts are removed, of phases that are complete or whose row is gone, and that nobody holds. Each page of
attempts is read, added up and removed in one transaction. So, whatever is killed, each attempt is counted once: in the ledger
or in the sums. Rows of batchdrain_claim stay: their epochs only grow, and they count the attempts of each phase.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from batchdrain.database.ledger.attempt_sums import add_to_sums
from batchdrain.database.ledger.kept_durations import keep_durations
from batchdrain.database.ledger.retried_fixes import find_fixed_later
from batchdrain.database.ledger.schema import Ledger
from batchdrain.database.phases.row_words import RowWords
from batchdrain.database.store import Store
from batchdrain.model.phase import PhaseKey
from batchdrain.model.states import PhaseState

PAGE: Final = 500
"""How many attempts are looked at in one transaction."""
_TRIES: Final = 5
_READ: Final = (
    "key", "epoch", "session_uid", "run_id", "phase_id", "run_type", "from_category", "from_fingerprint", "fingerprint",
    "outcome", "started_ms", "duration_ms", "fingerprint_version", "from_example",
)  # fmt: skip
_Place = tuple[str, int]
_Row = Mapping[Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OldAttempts:
    """Which attempts may be removed."""

    before_ms: int  #: only attempts that ended before this time
    kept_sessions: frozenset[str] = frozenset()  #: the session_uids of sessions whose attempts are needed
    only_sessions: frozenset[str] | None = None  #: only attempts of these sessions; None: of all


def count_old_attempts(store: Store, old: OldAttempts) -> int:
    """How many attempts `prune_attempts` would remove. Reads only."""
    words = RowWords(store.table)
    return sum(_each_page(old, lambda after: _look(store, words, old, after)))


def prune_attempts(store: Store, old: OldAttempts) -> Iterator[int]:
    """Remove old attempts; yields how many after each page. Several may run at once. The tables must be of the newest
    version. Raises DatabaseUnavailable and ConfigError."""
    words = RowWords(store.table)
    yield from _each_page(old, lambda after: _write(store, words, old, after))


def _each_page(old: OldAttempts, step: Callable[[_Place | None], tuple[int, _Place | None]]) -> Iterator[int]:
    if old.only_sessions is not None and not old.only_sessions:
        return
    place: _Place | None = None
    while True:
        count, place = step(place)
        yield count
        if place is None:
            return


def _look(store: Store, words: RowWords, old: OldAttempts, after: _Place | None) -> tuple[int, _Place | None]:
    with store.database.read() as connection:
        rows = _read_page(connection, store, old, after)
        return len(_choose(connection, store, words, old, rows)), _end_of(rows)


def _write(store: Store, words: RowWords, old: OldAttempts, after: _Place | None) -> tuple[int, _Place | None]:
    for _ in range(_TRIES):
        try:
            return store.database.write(PruneTransaction(store=store, words=words, old=old, after=after))
        except sa.exc.IntegrityError:  # somebody else inserted the same sum just now; it exists now
            continue
    return store.database.write(PruneTransaction(store=store, words=words, old=old, after=after))


@dataclass(slots=True, kw_only=True)
class PruneTransaction:
    """Removes one page. Call it with the connection of its transaction, which may be repeated: if the reply to a commit was
    lost, the second run finds nothing to remove, and returns the result of the first."""

    store: Store
    words: RowWords
    old: OldAttempts
    after: _Place | None
    _earlier: tuple[int, _Place | None] = (0, None)

    def __call__(self, connection: sa.Connection) -> tuple[int, _Place | None]:
        rows = _read_page(connection, self.store, self.old, self.after, for_update=True)
        chosen = _choose(connection, self.store, self.words, self.old, rows)
        if not chosen:
            return (0, _end_of(rows)) if not self._earlier[0] else self._earlier
        ledger = self.store.ledger
        add_to_sums(connection, ledger, [*chosen, *find_fixed_later(connection, ledger, chosen)])
        keep_durations(connection, ledger, chosen)
        _remove(connection, ledger, chosen)
        self._earlier = (len(chosen), _end_of(rows))
        return self._earlier


def _read_page(
    connection: sa.Connection, store: Store, old: OldAttempts, after: _Place | None, *, for_update: bool = False
) -> Sequence[_Row]:
    """The next attempts that ended early enough, in the order of the table's key."""
    attempts = store.ledger.attempt
    of = [attempts.c.source == store.ledger.source, attempts.c.outcome.is_not(None), attempts.c.ended_ms < old.before_ms]
    if old.only_sessions is not None:
        of.append(attempts.c.session_uid.in_(sorted(old.only_sessions)))
    if after is not None:
        key, epoch = after
        of.append(sa.and_(attempts.c.key >= key, sa.or_(attempts.c.key > key, attempts.c.epoch > epoch)))
    query = sa.select(*(attempts.c[name] for name in _READ)).where(*of).order_by(attempts.c.key, attempts.c.epoch).limit(PAGE)
    return connection.execute(query.with_for_update() if for_update else query).mappings().all()


def _end_of(rows: Sequence[_Row]) -> _Place | None:
    """Where the next page begins; None if there is none."""
    return (rows[-1]["key"], rows[-1]["epoch"]) if len(rows) == PAGE else None


def _remove(connection: sa.Connection, ledger: Ledger, rows: Sequence[_Row]) -> None:
    """Delete these attempts, with one statement for each epoch: most phases have only a few epochs, and low ones."""
    attempts, of = ledger.attempt, defaultdict[int, list[str]](list)
    for row in rows:
        of[row["epoch"]].append(row["key"])
    these = (attempts.c.source == ledger.source, attempts.c.epoch == sa.bindparam("the_epoch"))
    delete = attempts.delete().where(*these, attempts.c.key.in_(sa.bindparam("the_keys", expanding=True)))
    for epoch, keys in sorted(of.items()):
        connection.execute(delete, {"the_epoch": epoch, "the_keys": keys})


def _choose(
    connection: sa.Connection, store: Store, row_words: RowWords, old: OldAttempts, rows: Sequence[_Row]
) -> list[_Row]:
    """The attempts of a page that nobody needs."""
    rows = [row for row in rows if row["session_uid"] not in old.kept_sessions]
    held = _read_held(connection, store, [row["key"] for row in rows])
    keys = {row["key"]: PhaseKey(row["run_id"], row["phase_id"]) for row in rows if row["key"] not in held}
    words = row_words.read(connection, keys.values())
    complete = frozenset(store.table.states[PhaseState.COMPLETE])
    return [row for row in rows if (key := keys.get(row["key"])) is not None and words[key] <= complete]


def _read_held(connection: sa.Connection, store: Store, keys: Sequence[str]) -> frozenset[str]:
    claims = store.ledger.claim
    of = (claims.c.source == store.ledger.source, claims.c.key.in_(sorted(set(keys))), claims.c.owner.is_not(None))
    return frozenset(connection.execute(sa.select(claims.c.key).where(*of)).scalars()) if keys else frozenset()
