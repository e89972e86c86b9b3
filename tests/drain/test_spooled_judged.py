"""What recovery makes of a result that a guardian saved: by the settings that its command ran under, and without waiting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from batchdrain.config.settings import Command
from batchdrain.database.ledger.claims import Claims
from batchdrain.database.ledger.held_claims import Held
from batchdrain.drain import spooled_result as room
from batchdrain.drain.project import Project
from batchdrain.drain.spooled_result import judge_spooled, record_spooled
from batchdrain.execution import spool_reader
from batchdrain.execution.guardian_report import SpoolRecord
from batchdrain.model.attempt import Attempt
from batchdrain.model.errors import ClaimLost
from batchdrain.model.states import Outcome
from batchdrain.runtime import clock
from tests.support.opened import hold, keep_result, opened, spool_of
from tests.support.workplace import Workplace


@pytest.fixture
def project(sqlite_project: Workplace) -> Iterator[Project]:
    sqlite_project.fail("r/p", reason="before")
    with opened(sqlite_project) as found:
        yield found


def kept(project: Project, **fields: Any) -> tuple[Held, SpoolRecord]:
    keep_result(project, hold(project, "r/p"), **fields)
    [held] = project.store.history.read_held()
    record = spool_reader.read(held.spool_dir, held.token)
    assert record is not None
    return held, record


def judged(project: Project, held: Held, record: SpoolRecord) -> Attempt:
    found = judge_spooled(project, held, record)
    assert found is not None
    return found[1]


def test_an_attempt_is_as_its_guardian_saved_it_and_its_files_are_those_of_its_claim(project: Project) -> None:
    """The record is input, and could name any file."""
    held, record = kept(project, exit_code=3, limit_s=77.0, limit_rule="timeout.categories", ended_ms=1_700_000_000_000)
    claim, attempt = judge_spooled(project, held, record) or pytest.fail("nothing")
    assert (attempt.outcome, attempt.exit_code, attempt.duration_s) == (Outcome.FAILED, 3, 1.5)
    assert (attempt.limit.seconds, attempt.limit.rule) == (77.0, "timeout.categories")
    assert attempt.ended_at == clock.from_ms(1_700_000_000_000)
    assert (claim.epoch, claim.phase.key, claim.token) == (held.epoch, held.key, held.token)
    files = spool_reader.files_of(record, held.spool_dir, held.key, attempt=held.attempt, epoch=held.epoch)
    shorten = project.folder.shorten
    assert (attempt.stdout_path, attempt.stderr_path) == (shorten(Path(files.stdout)), shorten(Path(files.stderr)))
    assert str(spool_of(project).parent) in files.stdout
    assert files.stdout != "x"


def test_a_command_is_judged_by_the_settings_that_it_ran_under(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    held, record = kept(project, exit_code=7)
    assert judged(project, held, record).outcome is Outcome.FAILED
    ran_under = project.settings.command.model_copy(update={"success_exit_codes": [7]})
    monkeypatch.setattr(room, "command_of", lambda *_: ran_under)
    assert judged(project, held, record).outcome is Outcome.COMPLETE
    back = record_spooled(project, held, record)
    assert back is not None
    assert (back.recorded, back.state, back.key, back.epoch) == (Outcome.COMPLETE, "COMPLETE", held.key, held.epoch)


@pytest.mark.parametrize(("by", "outcome"), [("database", Outcome.FAILED), ("exit_code", Outcome.COMPLETE)])
def test_the_row_tells_only_where_commands_set_states_themselves(
    project: Project, monkeypatch: pytest.MonkeyPatch, by: str, outcome: Outcome
) -> None:
    held, record = kept(project)
    command = Command.model_validate({**project.settings.command.model_dump(), "result_from": by})
    monkeypatch.setattr(room, "command_of", lambda *_: command)
    assert judged(project, held, record).outcome is outcome


def test_without_a_result_or_without_the_phases_name_nothing_is_judged(project: Project) -> None:
    held, record = kept(project)
    unnamed = replace(held, digest="0" * 64)
    assert not unnamed.has_name
    assert [judge_spooled(project, *given) for given in ((held, None), (unnamed, record))] == [None, None]
    assert record_spooled(project, unnamed, record) is None


def test_a_result_waits_for_no_lock_keeps_what_was_not_written_and_yields_to_whoever_was_faster(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, record = kept(project)
    given = list[Any]()

    def finish(claims: Claims, claim: Any, attempt: Attempt, **how: Any) -> Attempt:
        given.append((claims.holder.session_uid, claims.holder.owner, how))
        return replace(attempt, unwritten="the table says no", final_state="X")

    monkeypatch.setattr(Claims, "finish", finish)
    back = record_spooled(project, held, record)
    assert back is not None
    assert (back.note, back.state) == ("the table says no", "X")
    assert given == [(held.session_uid, held.owner, {"may_wait": False})]

    def lost(*_: Any, **__: Any) -> Attempt:
        raise ClaimLost("taken over")

    monkeypatch.setattr(Claims, "finish", lost)
    assert record_spooled(project, held, record) is None
