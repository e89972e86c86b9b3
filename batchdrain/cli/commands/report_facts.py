"""Reads what a report shows that its session's file does not hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from batchdrain.cli.commands.beside import read_accepted
from batchdrain.cli.commands.open import open_to_look, settings_of
from batchdrain.cli.invocation import Invocation
from batchdrain.config.redaction import Redact, redactor_of
from batchdrain.database.ledger.retry_stats_query import read_retries_by_fingerprint
from batchdrain.database.url import is_place_of, parse_url
from batchdrain.drain.borne_out import is_of_other_database
from batchdrain.drain.project import database_url
from batchdrain.model.errors import ConfigError, DatabaseUnavailable, FilesUnavailable
from batchdrain.model.retry_stats import RetryCount
from batchdrain.reports.beside import Beside
from batchdrain.sessions.attempt_log import AttemptSpan, read_attempts
from batchdrain.sessions.folder import SessionFolder
from batchdrain.sessions.session import Session
from batchdrain.sessions.whole import parts_of

DRAWN: Final = frozenset({"html"})
"""Formats that show more than the session's file has: every attempt, and what retries achieved."""


def add_facts(invocation: Invocation, folder: SessionFolder, session: Session, format_name: str, beside: Beside) -> Beside:
    """Add the facts that the format shows."""
    if format_name == "junit":
        return replace(beside, redact=_redact_of(invocation))
    if format_name not in DRAWN:
        return _add_accepted(invocation, session, beside)
    beside = replace(beside, attempts=_read_attempts(folder, session), retries=_read_retries(invocation, session))
    return _add_accepted(invocation, session, beside)


def _read_attempts(folder: SessionFolder, session: Session) -> list[AttemptSpan]:
    return [one for part in parts_of(session) for one in read_attempts(folder.events_path(part.session_id), part)]


def _redact_of(invocation: Invocation) -> Redact:
    url = parse_url(database_url(settings_of(invocation), invocation.environ, invocation.root))
    return redactor_of(invocation.environ, url)


def _add_accepted(invocation: Invocation, session: Session, beside: Beside) -> Beside:
    """Add the acceptances in force in the session's database, unless nothing failed or it does not answer."""
    if not session.fingerprint_counts or not is_of_this_database(invocation, session):
        return beside
    try:
        with open_to_look(invocation) as project:
            return replace(beside, accepted=read_accepted(project, session))
    except (DatabaseUnavailable, FilesUnavailable, ConfigError):
        return beside


def _read_retries(invocation: Invocation, session: Session) -> Mapping[str, RetryCount] | None:
    """The retries over all sessions of the database; None if it does not answer, or is not the session's database."""
    if not is_of_this_database(invocation, session):
        return None
    try:
        with open_to_look(invocation) as project:
            return read_retries_by_fingerprint(project.store.database, project.store.ledger)
    except (DatabaseUnavailable, FilesUnavailable, ConfigError):
        return None


def is_of_this_database(invocation: Invocation, session: Session) -> bool:
    """Whether the session belongs to this database, by its place, else by its uid. True if that
    can't be told, as when the database does not answer."""
    found, settings = session.database or {}, settings_of(invocation)
    if found.get("uid") is None or is_place_of(
        found.get("place"), parse_url(database_url(settings, invocation.environ, invocation.root))
    ):
        return True
    try:
        with open_to_look(invocation) as project:
            return not is_of_other_database(session, project.store)
    except (DatabaseUnavailable, FilesUnavailable, ConfigError):
        return True
