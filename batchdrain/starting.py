"""A session begins, or goes on: what is asked is fixed, checked, and handed to `go`."""

from __future__ import annotations

import os
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from time import monotonic
from typing import Any

from batchdrain import clock
from batchdrain.database.fitness import unfit_columns, unwritable
from batchdrain.errors import BadData, ConfigError
from batchdrain.events import Event
from batchdrain.execution.command import problems_of
from batchdrain.execution.diagnosis import diagnosis_problems
from batchdrain.facts import Choice, Phase, PhaseKey, Skip, Try
from batchdrain.failures.excerpt import excerpt
from batchdrain.go import Went, go
from batchdrain.intent import Intent, intent_of, narrowed, narrowed_size
from batchdrain.planning.filters import Filters
from batchdrain.planning.planfile import PlannedSupply
from batchdrain.planning.selection import Selection, Sofar, acceptances, categoriser
from batchdrain.planning.supply import Supply
from batchdrain.plugins import engine_factory
from batchdrain.recovering import recover
from batchdrain.screens.screen import Screen
from batchdrain.session import Balance, Session, Status
from batchdrain.sessions.folder import CorruptSession
from batchdrain.sessions.rebuilding import catch_up, executions_of, rebuilt
from batchdrain.sessions.record import SessionRecord
from batchdrain.site import Site
from batchdrain.states import PhaseState
from batchdrain.stopping import Progress


class _Late:
    """What the session has done: nothing, until its record is opened."""

    record: SessionRecord | None = None

    def __contains__(self, key: object) -> bool:
        return self.record is not None and key in self.record.attempted

    def __iter__(self) -> Iterator[PhaseKey]:
        return iter(() if self.record is None else self.record.attempted)

    def __len__(self) -> int:
        return 0 if self.record is None else len(self.record.attempted)

    def fixed(self) -> Mapping[str, int]:
        return {} if self.record is None else self.record.fixed

    def progress(self) -> Progress:
        return Progress() if self.record is None else self.record.progress()

    def sofar(self) -> Sofar:
        return Sofar(attempted=self, fixed=self.fixed, progress=self.progress)


def supply_for(site: Site, intent: Intent, sofar: Sofar) -> Supply:
    """Where the phases of an intent come from: the dry run and the drain ask here."""
    selection = selection_for(site, intent, sofar)
    if intent.plan is None:
        return selection.backlog()
    return PlannedSupply(intent.plan, selection.reading, state=intent.state, categorise=categoriser(intent.settings))


def selection_for(site: Site, intent: Intent, sofar: Sofar) -> Selection:
    return Selection(site=site, settings=intent.settings, filters=intent.filters, state=intent.state, sofar=sofar)


def begin(site: Site, intent: Intent, screen: Screen) -> Went:
    """A new session, unless there is nothing to drain. Raises BatchDrainError."""
    _prepare(site, intent)
    recovered = recover(site)
    late = _Late()
    supply = supply_for(site, intent, late.sofar())
    supply.refresh(clock.now())
    if not supply.waiting:
        return Went(session=None, exit_code=0, skipped=supply.skipped, total=supply.total)
    started_at = clock.now()
    site.folder.prepare()
    session_id = site.folder.new_id(started_at)
    session = Session(
        session_id=session_id,
        session_uid=uuid.uuid4().hex,
        database=identity(site),
        status=Status.RUNNING,
        started_at=started_at,
        balance=Balance(failed_before=supply.total),
        **intent.as_fields(),
    )
    late.record = record = SessionRecord(session, site.folder, site.folder.lock(session_id))
    record.events.write(Event.SESSION_STARTED, kind=session.kind.value, batch_size=session.batch_size,
                        filters=session.filters, policy=session.policy, database=session.database)  # fmt: skip
    return go(site, intent, record, supply, screen, most=intent.most, recovered=recovered, fresh=True)


def resume(
    site: Site, session_id: str | None, screen: Screen, *, size: int | None = None, by: Filters | None = None
) -> Went | None:
    """Go on with a session (None: the newest incomplete one); None when there is none. Raises BatchDrainError."""
    found = _found(site, session_id)
    if found is None:
        return None
    _require_same_database(site, found[0])
    intent = intent_of(found[0], site.settings)
    if by is not None:
        intent = narrowed(intent, by)
    _prepare(site, intent)
    site.folder.prepare()
    lock = site.folder.lock(found[0].session_id)
    try:
        recovered = recover(site)  # before the session is read anew: it may record results of it
        session, torn = _held(site, found[0].session_id)
        most = narrowed_size(intent, size, len(session.results))
        if torn:
            site.folder.put_aside(session.session_id)
        retries, accepted = _retries(site, session, intent)
    except BaseException:
        os.close(lock)
        raise
    session.session_uid = session.session_uid or uuid.uuid4().hex
    session.database = session.database or identity(site)
    session.status, session.completed_at, session.stopped_because = Status.RUNNING, None, None
    late = _Late()
    supply = supply_for(site, intent, late.sofar())
    late.record = record = SessionRecord(session, site.folder, lock)
    record.events.write(Event.SESSION_RESUMED, done=len(session.results), batch_size=session.batch_size)
    for skip, count in accepted.items():
        record.tell(Event.PHASE_SKIPPED, skip, count=count)
    return go(site, intent, record, supply, screen, most=most, recovered=recovered, retries=retries)


def resumable(site: Site, session_id: str | None, by: Filters) -> tuple[Intent, frozenset[PhaseKey]] | None:
    """What `resume` would go on with, and the phases that it has attempted. Reads only."""
    found = _found(site, session_id)
    if found is None:
        return None
    session = found[0]
    _require_same_database(site, session)
    intent = narrowed(intent_of(session, site.settings), by)
    return intent, frozenset(result.key for result in session.results)


def identity(site: Site) -> dict[str, Any]:
    """What names the database in a session: `uid` is the ledger's own and survives another URL for the same one."""
    uid = site.ledger.read_meta(site.database, "database_uid")
    return {"url": site.database.name, "place": site.database.place, "uid": uid}


def _prepare(site: Site, intent: Intent) -> None:
    """Everything that can be found wrong before the first claim is."""
    settings = intent.settings
    problems = diagnosis_problems(settings, site.root) if intent.triage else []
    problems += problems_of(settings.command, site.root) + unfit_columns(site.table)
    if settings.command.result_from == "exit_code":
        problems += unwritable(site.database, site.table)
    if problems:
        raise ConfigError.of(problems)
    engine_factory(settings.engine)
    site.database.prepare_for_writing()
    site.ledger.create(site.database)


def _found(site: Site, session_id: str | None) -> tuple[Session, bool] | None:
    """The session, and whether its file was torn and it comes from the ledger."""
    if session_id is None:
        session_id = site.folder.newest(incomplete=True)
    if session_id is None:
        return None
    try:
        return site.folder.load(session_id), False
    except CorruptSession as error:
        return rebuilt(site.history, session_id, error), True


def _held(site: Site, session_id: str) -> tuple[Session, bool]:
    """The session as it stands now that nobody else writes it, with what the ledger knows beyond its file: a controller
    that was killed may have recorded results there that it did not save."""
    found = _found(site, session_id)
    if found is None:
        raise AssertionError("a named session is found or refused")
    session, torn = found
    catch_up(session, site.history.session_rows(session.session_uid or ""))
    return session, torn


def _require_same_database(site: Site, session: Session) -> None:
    uid = (session.database or {}).get("uid")
    if uid is not None and uid != site.ledger.read_meta(site.database, "database_uid"):
        raise BadData(
            f"session {session.session_id} belongs to another database ({(session.database or {}).get('url')}), "
            f"this one is {site.database.name}",
            remedy="set batchdrain.database_url to the session's, or start a new session with `inv drain`",
        )


def _retries(site: Site, session: Session, intent: Intent) -> tuple[list[Try], Counter[Skip]]:
    """The phases that waited to be tried again when the session was left, without those that were accepted since."""
    known, accepted = acceptances(site), Counter[Skip]()
    executions = executions_of(site.history.session_rows(session.session_uid or ""))
    now, retries = clock.now(), []
    for number, result in enumerate(session.results, start=1):
        tries = executions.get((result.run_id, result.phase_id), 1)
        if result.retry_at is None or result.success or tries >= intent.settings.retry.max_attempts:
            continue
        reason = excerpt(result.error_message or "")
        skip = None if known is None else known.skip(result.key, reason)
        if skip is not None:
            accepted[Skip(skip.rule, f"{result.key}: {skip.value}")] += 1
            continue
        phase = Phase(
            run_id=result.run_id,
            phase_id=result.phase_id,
            phase_index=result.phase_index,
            state=PhaseState.FAILED,
            reason=reason,
            category=result.category or "transient",
            attempts=result.attempt or tries,
        )
        choice = Choice(phase=phase, fingerprint=result.fingerprint or "", reason="its retry was left behind")
        wait_s = max(0.0, (result.retry_at - now).total_seconds())
        retries.append(Try(monotonic() + wait_s, number, choice, tries))
    return retries, accepted
