"""Before the first claim: what is wrong is found, all at once, and nothing is written until what only reads has passed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from batchdrain.database.ledger.groups import Groups
from batchdrain.drain.preflight import join_group, leave_out_tried, require_ready
from batchdrain.model.claim import Group
from batchdrain.model.errors import ConfigError, UsageError
from batchdrain.model.phase import PhaseKey
from batchdrain.model.states import Outcome
from batchdrain.planning.given_back import GivenBack
from batchdrain.sessions.progress import ResultCounts
from batchdrain.sessions.result import Result
from batchdrain.sessions.session import Kind
from tests.support.opened import opened, request_for
from tests.support.workplace import Workplace

NIGHT = Group("night")
NO_PROGRAM = {"argv": ["no-such-program"]}


@pytest.fixture
def work(sqlite_project: Workplace) -> Workplace:
    sqlite_project.fail("r/p")
    return sqlite_project


def refused(work: Workplace, *, asks_for_triage: bool = False, **settings: Any) -> str:
    """Why a drain does not begin; nothing was written for it."""
    with opened(work, with_ledger=False, **settings) as project, pytest.raises(ConfigError) as error:
        require_ready(project, request_for(project, triage=asks_for_triage))
    assert tables(work) == ["phases"], "nothing is made for a drain that does not begin"
    return str(error.value)


def tables(work: Workplace) -> list[str]:
    return [name for (name,) in work.sql("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")]


def ready(work: Workplace, **settings: Any) -> None:
    with opened(work, with_ledger=False, **settings) as project:
        require_ready(project, request_for(project))
    assert "batchdrain_claim" in tables(work)


def test_all_that_a_look_finds_wrong_is_told_at_once_and_nothing_is_written(work: Workplace) -> None:
    work.sql("ALTER TABLE phases RENAME TO behind")
    work.sql(
        "CREATE VIEW phases AS SELECT run_id, phase_id, phase_index, lower(state) AS state, last_failure_reason FROM behind"
    )
    notify = {"argv": ["{python}", "{no_such_placeholder}"]}
    with (
        opened(work, with_ledger=False, command=NO_PROGRAM, notify=notify, triage={"argv": ["nor-this"]}) as project,
        pytest.raises(ConfigError) as error,
    ):
        require_ready(project, request_for(project, triage=True))
    told = str(error.value).splitlines()
    for words in ("triage.argv", "notify.argv", "no-such-program", "view"):
        assert len([line for line in told if words in line]) == 1, (words, told)
    assert tables(work) == ["behind"]


def test_what_is_diagnosed_with_matters_where_something_is_to_be_diagnosed(work: Workplace) -> None:
    wrong = {"argv": ["nor-this"]}
    assert "batchdrain.triage.argv" in refused(work, asks_for_triage=True, triage=wrong)
    ready(work, triage=wrong)


def test_an_engine_that_can_not_be_loaded_is_told_before_anything_is_written(work: Workplace) -> None:
    assert "no_such_module" in refused(work, engine="no_such_module:engine")


def test_what_the_table_does_not_take_is_found_by_trying_where_a_drain_writes_it(work: Workplace) -> None:
    work.sql("CREATE TRIGGER never BEFORE UPDATE ON phases BEGIN SELECT RAISE(ABORT, 'never executed'); END")
    with opened(work, with_ledger=False) as project, pytest.raises(ConfigError, match="never executed"):
        require_ready(project, request_for(project))
    ready(work, command={**work.settings["command"], "result_from": "database"})
    assert work.states() == {"r/p": "FAILED"}


def test_it_is_tried_in_the_state_that_is_drained(work: Workplace) -> None:
    work.sql("CREATE TRIGGER never BEFORE UPDATE ON phases WHEN OLD.state = 'QUEUED' BEGIN SELECT RAISE(ABORT, 'never'); END")
    work.add(("q", "p", 0, "QUEUED", None))
    ready(work)
    with opened(work) as project, pytest.raises(ConfigError, match="never"):
        require_ready(project, request_for(project, Kind.QUEUED))


def test_a_ledger_that_can_not_be_made_is_told_beside_what_the_table_does_not_take(
    postgresql_url: str, tmp_path: Path
) -> None:
    (tmp_path / "project").mkdir()
    place = Workplace(root=tmp_path / "project", url=postgresql_url)
    place.make_table()
    place.fail("r/p")
    place.sql("CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'never executed'; END $$")
    place.sql("CREATE TRIGGER never BEFORE UPDATE ON phases FOR EACH ROW EXECUTE FUNCTION never()")
    name = f"{sa.make_url(postgresql_url).database}_u"
    place.sql(f"CREATE USER {name}")
    try:
        place.sql("REVOKE CREATE ON SCHEMA public FROM public")
        place.sql(f"GRANT ALL ON phases TO {name}")
        place.configure(database_url=sa.make_url(postgresql_url).set(username=name).render_as_string(hide_password=False))
        with opened(place, with_ledger=False) as project, pytest.raises(ConfigError) as error:
            require_ready(project, request_for(project))
    finally:
        place.sql(f"DROP OWNED BY {name} CASCADE")
        place.sql(f"DROP USER {name}")
    told = str(error.value).splitlines()
    assert [len([line for line in told if words in line]) for words in ("never executed", "permission denied")] == [1, 1], (
        told
    )


def test_whoever_joins_a_group_has_its_size_its_minutes_and_its_pace_and_asks_for_the_same(work: Workplace) -> None:
    command = {**work.settings["command"], "runs_per_minute": 30}
    with opened(work, batch_size=4, stop={"max_total_minutes": 5}, command=command) as project:
        assert join_group(project, request_for(project)) is None
        assert work.sql("SELECT count(*) FROM batchdrain_group") == [(0,)]
        for _ in range(2):
            assert join_group(project, request_for(project, group="night")) is None
        [(name, most, minutes)] = work.sql("SELECT name, most, (until_ms - begun_ms) / 60000 FROM batchdrain_group")
        assert (name, most, minutes) == ("night", 4, 5)
    for other, told in (
        ({"batch_size": 3}, "--batch-size 4"),
        ({"batch_size": 4, "stop": {"max_total_minutes": 6}}, "--max-total-minutes 5"),
        ({"stop": {"max_total_minutes": 5}, "command": {**command, "runs_per_minute": 31}}, "command.runs_per_minute 30"),
    ):
        with opened(work, **other) as project, pytest.raises(UsageError, match=told):
            join_group(project, request_for(project, group="night"))


def test_a_group_that_has_ended_says_why(work: Workplace) -> None:
    with opened(work, batch_size=2) as project:
        join_group(project, request_for(project, group="night"))
        work.sql("UPDATE batchdrain_group SET taken = 2")
        full = join_group(project, request_for(project, group="night"))
        Groups(project.store.database, project.store.ledger).stop(NIGHT, "why")
        stopped = join_group(project, request_for(project, group="night"))
    assert [None if end is None else (str(end.because), end.is_full) for end in (full, stopped)] == [
        ("--group: night has taken its 2", True), ("--group: another drain of night was stopped: why", False),
    ]  # fmt: skip


def back(phase: str, recorded: Outcome | None, group: Group | None = NIGHT) -> GivenBack:
    key = PhaseKey("r", phase)
    return GivenBack(
        key=key, digest=key.digest, stands="FAILED", recorded=recorded, group_key=None if group is None else group.key
    )


def test_what_a_drain_of_the_group_has_tried_is_left_out_but_not_what_the_session_itself_has(work: Workplace) -> None:
    """Also what recovery is about to record for it; what it only gives back may be tried."""
    work.fail("s/tried~fail", "s/own~fail")
    assert work.inv("drain", "--group=night", "--run-id=s").code == 1
    recovery = [
        back("recorded", Outcome.FAILED), back("given back", None), back("released", Outcome.RELEASED),
        back("others", Outcome.FAILED, Group("day")), back("none", Outcome.FAILED, None),
    ]  # fmt: skip
    with opened(work) as project:
        counts = ResultCounts()
        counts.places[PhaseKey("s", "own~fail")] = 0
        counts.add(Result(run_id="s", phase_id="own~fail"))
        leave_out_tried(project, request_for(project), counts, recovery)
        assert counts.passed_over == {}, "it is of no group"
        leave_out_tried(project, request_for(project, group="night"), counts, recovery)
        others = ResultCounts()
        leave_out_tried(project, request_for(project, group="day"), others)
    assert {str(key): str(skip) for key, skip in counts.passed_over.items()} == {
        "s / tried~fail": "--group: a drain of night has tried it", "r / recorded": "--group: a drain of night has tried it",
    }  # fmt: skip
    assert others.passed_over == {}
