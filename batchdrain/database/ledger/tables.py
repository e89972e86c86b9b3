"""batchdrain's own tables, and what each version added to them.

A version only adds columns that may be NULL, and tables. So a newer program works with tables of an earlier version, without
what was added later. A program of an earlier version that still runs is not harmed by columns that it does not know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import sqlalchemy as sa

SCHEMA_VERSION: Final = 4
ADDED: Final[Mapping[int, Mapping[str, tuple[str, ...]]]] = {
    2: {"batchdrain_claim": ("success_codes",)},
    4: {
        "batchdrain_claim": ("group_key", "prior_kind"),
        "batchdrain_attempt": (
            "stdout_path",
            "fingerprint_version",
            "from_example",
            "group_key",
            "host",
            "cpu_ms",
            "max_rss_kb",
        ),
        "batchdrain_attempt_sum": ("fingerprint_version", "from_example"),
    },
}
"""By version: the columns that it added, by table. Version 1 is the schema of commit bd1f117."""
ADDED_TABLES: Final[Mapping[int, tuple[str, ...]]] = {
    3: ("batchdrain_attempt_sum", "batchdrain_chain"),
    4: ("batchdrain_group", "batchdrain_session"),
}
"""By version: the tables that it added."""
# MariaDB: a TEXT holds 64 kB and compares by a collation that takes 'X ' for 'x'; keys are ASCII digests.
_LONG: Final = sa.Text().with_variant(sa.Text(2**32 - 1, collation="utf8mb4_bin"), "mysql", "mariadb")  # their LONGTEXT
_KEY: Final = sa.CHAR(64)
_SOURCE: Final = 64
# If the server's default engine has no transactions, a rollback would not reach the tables. Other dialects get no such
# option: SQLAlchemy imports every dialect that an option names.
_ENGINE: Final[Mapping[str, Any]] = {"mysql_engine": "InnoDB", "mariadb_engine": "InnoDB"}


def make_tables(schema: str | None, version: int, dialect: str) -> dict[str, sa.Table]:
    """The tables of `version`, by name, for a database of `dialect`. Does not touch the database."""
    metadata = sa.MetaData(schema=schema)
    later = {(table, column) for since, by in ADDED.items() if since > version for table in by for column in by[table]}
    options = _ENGINE if dialect in {"mysql", "mariadb"} else {}
    later_tables = {table for since, tables in ADDED_TABLES.items() if since > version for table in tables}
    return {
        name: sa.Table(name, metadata, *(one for one in columns() if (name, one.name) not in later), **options)
        for name, columns in _COLUMNS.items()
        if name not in later_tables
    }


def _meta_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("name", sa.String(191), primary_key=True),
        sa.Column("value", _LONG, nullable=False),
    ]


def _claim_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("source", sa.String(_SOURCE), primary_key=True),
        sa.Column("key", _KEY, primary_key=True),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("owner", sa.CHAR(32)),
        sa.Column("lease_until_ms", sa.BigInteger),
        sa.Column("host_id", sa.String(64)),
        sa.Column("ctl_pid", sa.Integer),
        sa.Column("ctl_start", sa.BigInteger),
        sa.Column("guard_pid", sa.Integer),
        sa.Column("guard_start", sa.BigInteger),
        sa.Column("spool_dir", _LONG),
        sa.Column("prior_state", _LONG),
        sa.Column("prior_reason", _LONG),
        sa.Column("held_state", _LONG),
        sa.Column("orphan_count", sa.Integer, nullable=False, default=0),
        sa.Column("attempts", sa.Integer, nullable=False, default=0),
        sa.Column("next_at_ms", sa.BigInteger),
        sa.Column("success_codes", _LONG),
        sa.Column("group_key", _KEY),
        sa.Column("prior_kind", sa.String(16)),
    ]


def _attempt_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("source", sa.String(_SOURCE), primary_key=True),
        sa.Column("key", _KEY, primary_key=True),
        sa.Column("epoch", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("session_uid", sa.CHAR(32), nullable=False, index=True),
        sa.Column("run_id", _LONG, nullable=False),
        sa.Column("phase_id", _LONG, nullable=False),
        sa.Column("phase_index", sa.BigInteger),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("run_type", sa.String(191), nullable=False),
        sa.Column("initial_state", _LONG, nullable=False),
        sa.Column("from_category", sa.String(32)),
        sa.Column("from_fingerprint", _LONG),
        sa.Column("started_ms", sa.BigInteger, nullable=False),
        sa.Column("ended_ms", sa.BigInteger),
        sa.Column("duration_ms", sa.BigInteger),
        sa.Column("outcome", sa.String(16)),
        sa.Column("final_state", _LONG),
        sa.Column("exit_code", sa.Integer),
        sa.Column("signal", sa.Integer),
        sa.Column("reason", _LONG),
        sa.Column("category", sa.String(32)),
        sa.Column("fingerprint", _LONG),
        sa.Column("metrics", _LONG),
        sa.Column("log_path", _LONG),
        sa.Column("log_sha256", sa.CHAR(64)),
        sa.Column("stdout_path", _LONG),
        sa.Column("fingerprint_version", sa.Integer),
        sa.Column("from_example", _LONG),
        sa.Column("group_key", _KEY),
        sa.Column("host", _LONG),
        sa.Column("cpu_ms", sa.BigInteger),
        sa.Column("max_rss_kb", sa.BigInteger),
    ]


def _attempt_sum_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("source", sa.String(_SOURCE), primary_key=True),
        sa.Column("key", _KEY, primary_key=True),
        sa.Column("run_id", _LONG, nullable=False),
        sa.Column("run_type", sa.String(191), nullable=False),
        sa.Column("from_category", sa.String(32)),
        sa.Column("from_fingerprint", _LONG),
        sa.Column("fingerprint", _LONG),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("attempts", sa.BigInteger, nullable=False),
        sa.Column("duration_ms", sa.BigInteger, nullable=False),
        sa.Column("last_started_ms", sa.BigInteger, nullable=False),
        sa.Column("fingerprint_version", sa.Integer),
        sa.Column("from_example", _LONG),
    ]


def _chain_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("chain_uid", sa.CHAR(32), primary_key=True),
        sa.Column("source", sa.String(_SOURCE), nullable=False),
        sa.Column("task", sa.String(32), nullable=False),
        sa.Column("started_ms", sa.BigInteger, nullable=False),
        sa.Column("ended_ms", sa.BigInteger),
        sa.Column("status", sa.String(16)),
        sa.Column("asked", _LONG, nullable=False),
        sa.Column("sessions", _LONG, nullable=False),
    ]


def _group_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("source", sa.String(_SOURCE), primary_key=True),
        sa.Column("group_key", _KEY, primary_key=True),
        sa.Column("name", _LONG, nullable=False),
        sa.Column("most", sa.BigInteger, nullable=False),
        sa.Column("taken", sa.BigInteger, nullable=False),
        sa.Column("begun_ms", sa.BigInteger, nullable=False),
        sa.Column("until_ms", sa.BigInteger),
        sa.Column("asked", _LONG, nullable=False),
        sa.Column("stopped", _LONG),
        sa.Column("figures", _LONG),
        sa.Column("figures_no", sa.BigInteger),
        sa.Column("next_run_ms", sa.BigInteger),
    ]


def _session_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("source", sa.String(_SOURCE), primary_key=True),
        sa.Column("session_uid", sa.CHAR(32), primary_key=True),
        sa.Column("session_id", _LONG, nullable=False),
        sa.Column("chain_uid", sa.CHAR(32)),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("host_id", sa.String(64), nullable=False),
        sa.Column("host", _LONG, nullable=False),
        sa.Column("ctl_pid", sa.Integer, nullable=False),
        sa.Column("ctl_start", sa.BigInteger, nullable=False),
        sa.Column("intent", _LONG, nullable=False),
        sa.Column("progress", _LONG, nullable=False),
        sa.Column("asked_no", sa.BigInteger, nullable=False),
        sa.Column("asked", _LONG),
        sa.Column("begun_ms", sa.BigInteger, nullable=False),
        sa.Column("beat_ms", sa.BigInteger, nullable=False),
        sa.Column("ttl_ms", sa.BigInteger, nullable=False),
        sa.Column("ended_ms", sa.BigInteger),
        sa.Column("status", sa.String(16)),
    ]


_COLUMNS: Final[Mapping[str, Callable[[], list[sa.Column[Any]]]]] = {
    "batchdrain_meta": _meta_columns,
    "batchdrain_claim": _claim_columns,
    "batchdrain_attempt": _attempt_columns,
    "batchdrain_attempt_sum": _attempt_sum_columns,
    "batchdrain_chain": _chain_columns,
    "batchdrain_group": _group_columns,
    "batchdrain_session": _session_columns,
}
