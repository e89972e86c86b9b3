"""The ledger's guarded writes. They are built once: a drain executes them for every phase, and building costs more than
running.

The names of parameters that are compared begin with `the_`.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy import bindparam as given

from batchdrain.database.compiled_read import CompiledRead
from batchdrain.database.compiled_write import CompiledWrite
from batchdrain.database.dialects import db_now_ms
from batchdrain.database.ledger.schema import VERSION, Ledger
from batchdrain.database.ledger.source_names import is_elsewhere
from batchdrain.database.phases.table import PhaseTable
from batchdrain.model.phase import PhaseKey

SUCCESS_CODES: Final = "success_codes"
"""The column of a claim with the success codes of its command."""
FROM_EXAMPLE: Final = "from_example"
PRIOR_KIND: Final = "prior_kind"
"""The column of a claim with the type of the former state's value, since a column of the user's may hold several types."""
GROUP_KEY: Final = "group_key"
"""The column of a claim with the group of which it took a unit."""


class ClaimRow(NamedTuple):
    """What a claim and a finish read of batchdrain_claim. All but the version are None if nobody has claimed the phase yet."""

    version: str  #: of batchdrain's own tables, as somebody may have upgraded them since the drain began
    epoch: int | None
    attempts: int | None
    owner: str | None
    prior_state: str | None
    prior_reason: str | bytes | None
    held_state: str | None
    prior_kind: str | None
    is_elsewhere: bool | None  #: see `source_names.is_elsewhere`


class Statements:
    """The statements. Every UPDATE names key, epoch or owner, and its row count tells whether it succeeded."""

    def __init__(self, ledger: Ledger, phases: PhaseTable | None = None) -> None:
        """`phases`: the table that the ledger's source names."""
        claims, attempts = ledger.claim, ledger.attempt
        this = sa.and_(claims.c.source == ledger.source, claims.c.key == given("the_key"))
        ours = sa.and_(this, claims.c.epoch == given("the_epoch"), claims.c.owner == given("the_owner"))
        attempt = sa.and_(
            attempts.c.source == ledger.source, attempts.c.key == given("the_key"), attempts.c.epoch == given("the_epoch")
        )
        due = sa.or_(claims.c.next_at_ms.is_(None), claims.c.next_at_ms <= db_now_ms())
        self._claim = CompiledRead(_select_claim(ledger, this, phases))
        holder, freed = _set_holder(), _set_free(claims)
        prior: dict[str, Any] = {
            "prior_state": given("former_state"),
            "prior_reason": given("former_reason"),
            "held_state": given("held"),
        }
        for later, name in ((SUCCESS_CODES, "codes"), (PRIOR_KIND, "former_kind"), (GROUP_KEY, "group")):
            if later in claims.c:  # tables of an earlier version lack it
                prior[later] = given(name)
        first = {"source": ledger.source, "key": given("the_key"), "epoch": 1, "orphan_count": 0, "attempts": 0}
        self.first = CompiledWrite(claims.insert().values(**first, **holder, **prior))
        waits = db_now_ms() + given("wait_ms", type_=sa.BigInteger)
        lasts = db_now_ms() + given("lease_ms", type_=sa.BigInteger)
        change, is_epoch = claims.update().where(this), claims.c.epoch == given("the_epoch")
        self.take = CompiledWrite(
            change.where(is_epoch, claims.c.owner.is_(None), due).values(epoch=claims.c.epoch + 1, next_at_ms=None, **holder)
        )
        self.keep_prior = CompiledWrite(change.where(claims.c.owner == given("the_owner")).values(**prior))
        self.beat = CompiledWrite(claims.update().where(ours).values(lease_until_ms=lasts))
        self.free = CompiledWrite(claims.update().where(ours).values(next_at_ms=None, **freed))
        self.free_until = CompiledWrite(claims.update().where(ours).values(next_at_ms=waits, **freed))
        self.forget_wait = CompiledWrite(change.where(is_epoch).values(next_at_ms=None))
        self.attempt = sa.select(
            attempts.c.outcome, attempts.c.final_state, attempts.c.ended_ms, attempts.c.session_uid
        ).where(attempt)
        self.open_attempt = CompiledWrite(attempts.insert())
        self.attempt_columns = frozenset(attempts.c.keys())
        self.is_newest = FROM_EXAMPLE in attempts.c
        self.close_attempt = CompiledWrite(attempts.update().where(attempt))

    def read_claim(self, connection: sa.Connection, key: PhaseKey) -> ClaimRow | None:
        """The phase's row of batchdrain_claim; None if the tables have no version any more."""
        found = self._claim.first(connection, {"the_key": key.digest})
        return None if found is None else ClaimRow(*found)


def _select_claim(ledger: Ledger, this: sa.ColumnElement[bool], phases: PhaseTable | None) -> sa.Select[Any]:
    """Selects one ClaimRow. The same statement reads the tables' version with each claim."""
    claims, meta = ledger.claim, ledger.meta
    names = ("epoch", "attempts", "owner", "prior_state", "prior_reason", "held_state")
    columns = [meta.c.value.label("version"), *(claims.c[name] for name in names)]
    columns.append(claims.c[PRIOR_KIND] if PRIOR_KIND in claims.c else sa.null().label(PRIOR_KIND))
    others = claims.alias("others")
    elsewhere = None if phases is None else is_elsewhere(others, phases, ledger.source, others.c.key == given("the_key"))
    columns.append((sa.null() if elsewhere is None else elsewhere).label("is_elsewhere"))
    return sa.select(*columns).select_from(meta.outerjoin(claims, this)).where(meta.c.name == VERSION)


def _set_holder() -> dict[str, Any]:
    """The values that a claim writes about its holder."""
    return {
        "owner": given("the_owner"),
        "lease_until_ms": db_now_ms() + given("lease_ms", type_=sa.BigInteger),
        "host_id": given("host"),
        "ctl_pid": given("pid"),
        "ctl_start": given("start"),
        "guard_pid": given("guard"),
        "guard_start": given("guard_begun"),
        "spool_dir": given("spool"),
    }


def _set_free(claims: sa.Table) -> dict[str, Any]:
    """The values that an attempt's end writes into its claim."""
    return {
        "owner": None,
        "lease_until_ms": None,
        "prior_reason": None,
        "attempts": claims.c.attempts + given("counted", type_=sa.Integer),
        # A counted end shows that the phase does not kill the one who runs it, so its orphanings are forgotten.
        "orphan_count": sa.case(
            (given("counted", type_=sa.Integer) == 1, 0),
            else_=claims.c.orphan_count + given("orphaned", type_=sa.Integer),
        ),
    }
