"""Judges and records a result that a guardian saved after its controller died."""

from __future__ import annotations

from pathlib import Path

from batchdrain.config.categories import categoriser_of
from batchdrain.database.ledger.claims import Claims
from batchdrain.database.ledger.give_back import Recovered
from batchdrain.database.ledger.held_claims import Held
from batchdrain.drain.judge import Judge
from batchdrain.drain.project import Project
from batchdrain.drain.ran_under import claim_of, command_of
from batchdrain.execution import spool_reader
from batchdrain.execution.guardian_report import SpoolRecord
from batchdrain.model.attempt import Attempt
from batchdrain.model.claim import Claim, TimeLimit
from batchdrain.model.errors import ClaimLost
from batchdrain.runtime import clock


def judge_spooled(project: Project, held: Held, record: SpoolRecord | None) -> tuple[Claim, Attempt] | None:
    """The attempt that follows from the result that the guardian saved; None if it saved none, or if nobody knows of which phase it
    is. Reads only. Raises DatabaseUnavailable.

    The names of the result's files follow from the claim: the record is input, and could name any file.
    """
    if record is None or not held.has_name:
        return None
    files = spool_reader.files_of(record, held.spool_dir, held.key, attempt=held.attempt, epoch=held.epoch)
    ending = spool_reader.ending_of(record.report, files)
    limit = TimeLimit(seconds=record.limit_s, rule=record.limit_rule)
    ended_at = clock.from_ms(record.ended_ms)
    claim, command = claim_of(held, project, ended_at), command_of(held, project.settings.command)
    settings = project.settings.model_copy(update={"command": command})
    attempt = Judge(settings, project.store.redact, categoriser_of(settings)).judge(
        claim,
        ending,
        limit=limit,
        row_state=project.store.read_row_state(claim.phase) if command.result_from == "database" else None,
        paths=(project.folder.shorten(Path(files.stdout)), project.folder.shorten(Path(files.stderr))),
        ended_at=ended_at,
    )
    return claim, attempt


def record_spooled(project: Project, held: Held, record: SpoolRecord | None) -> Recovered | None:
    """Record the result that the guardian saved; None if there is none to record. Raises RowLocked, ConfigError,
    DatabaseUnavailable."""
    found = judge_spooled(project, held, record)
    if found is None:
        return None
    claim, attempt = found
    claims = Claims(project.store, command_of(held, project.settings.command), held.session_uid, owner=held.owner)
    try:
        done = claims.finish(claim, attempt, may_wait=False)
    except ClaimLost:  # somebody else was faster
        return None
    return Recovered(key=held.key, epoch=held.epoch, state=done.final_state, recorded=done.outcome, note=done.unwritten)
