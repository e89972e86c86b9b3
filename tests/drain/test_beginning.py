"""How a session begins: what is kept of it, what this time takes, and what is told where there is nothing to take."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from batchdrain.database.ledger.groups import Groups
from batchdrain.drain.chain.chain import Chain
from batchdrain.drain.narrowing import AS_ASKED, Narrowing
from batchdrain.drain.session_run import SessionOutcome
from batchdrain.drain.start import begin
from batchdrain.model.claim import Group
from batchdrain.model.errors import BadData, ConfigError
from batchdrain.planning.filters import Filters
from batchdrain.sessions.session import Kind, Session
from tests.drain.chaining import queue
from tests.support import scripted_engine
from tests.support.opened import Told, hold, opened, request_for
from tests.support.workplace import Workplace

IDLE = frozenset({"--policy"})


class Beginning:
    """A project in which sessions begin; its commands are scripted."""

    def __init__(self, work: Workplace) -> None:
        self.work = work
        self.notices: list[str] = []
        work.configure(engine=scripted_engine.ENGINE, batch_size=3, policy=["untried-first"])

    def begin(
        self,
        less: Narrowing = AS_ASKED,
        *,
        kind: Kind = Kind.FAILED,
        of_chain: bool = False,
        flags: frozenset[str] = frozenset(),
        group: str | None = None,
    ) -> SessionOutcome:
        with opened(self.work) as project:
            screen = Told()
            requests = {one: request_for(project, one, flags=flags, group=group) for one in (Kind.QUEUED, Kind.FAILED)}
            chain = Chain.of("drain-all", requests) if of_chain else None
            if chain is not None:
                chain.idle = ["--run-id=x: no run"]
            try:
                return begin(project, requests[kind], screen, less, chain)
            finally:
                self.notices = [line for line in screen.notices if line.startswith("--")]
                if chain is not None:
                    chain.let_go()

    def kept(self) -> Session:
        """The file of the last one."""
        with opened(self.work) as project:
            return project.folder.load(self.work.session_files()[-1].stem)


@pytest.fixture
def it(sqlite_project: Workplace) -> Iterator[Beginning]:
    yield Beginning(sqlite_project)
    scripted_engine.before_each_end()


def test_what_dead_controllers_held_is_settled_before_the_backlog_is_read_and_all_is_checked_before_that(
    it: Beginning,
) -> None:
    it.work.fail("r/held", "r/b")
    with opened(it.work) as project:
        hold(project, "r/held")
    it.work.configure(command={"argv": ["no-such-program"]})
    with pytest.raises(ConfigError):
        it.begin()
    assert (it.work.states()["r/held"], it.work.session_files()) == ("EXECUTING", [])
    it.work.configure(command={})
    found = it.begin()
    assert (found.exit_code, sorted(it.work.taken())) == (0, ["r/b", "r/held"])
    assert [event["event"] for event in it.work.events()][:2] == ["session.started", "claim.recovered"]


def test_what_is_asked_for_this_time_alone_is_drained_and_the_whole_is_kept(it: Beginning) -> None:
    """Else nobody would go on with the rest."""
    it.work.fail("r/a", "r/b", "r/c", "s/d")
    less = Narrowing(batch_size=2, filters=Filters(run_id="r"), is_of_chain=True)
    assert it.begin(less, of_chain=True).phases == 2
    kept = it.kept()
    assert {run for run, _ in (name.split("/") for name in it.work.taken())} == {"r"}
    assert (kept.filters["run_id"], kept.batch_size, kept.current_status) == (None, 3, "interrupted")


def test_what_changes_nothing_is_told_and_kept_by_whoever_was_asked_for_it(it: Beginning) -> None:
    it.work.fail("r/a", "s/b")
    it.begin(flags=IDLE)
    [idle] = it.notices
    assert (idle.startswith("--policy"), it.kept().without_effect) == (True, [idle])
    it.work.sql("UPDATE phases SET state = 'FAILED'")
    it.work.sql("DELETE FROM batchdrain_attempt")
    it.begin(flags=IDLE, of_chain=True)
    assert (it.notices, it.kept().without_effect) == ([idle], ["--run-id=x: no run", idle]), "the whole was told before"
    queue(it.work, "q/a", "q/b")
    it.begin(flags=IDLE, of_chain=True, kind=Kind.QUEUED)
    assert (it.notices, it.kept().without_effect) == ([], ["--run-id=x: no run"]), "its order is its own"


def test_where_nothing_waits_no_session_is_made_and_what_had_no_effect_is_told_of_a_whole_alone(it: Beginning) -> None:
    for statement in ("CREATE TABLE two AS SELECT * FROM phases", "DROP TABLE phases", "ALTER TABLE two RENAME TO phases"):
        it.work.sql(statement)
    less = Narrowing(filters=Filters(run_id="none"))
    it.work.fail("r/a")
    found = it.begin(less, flags=frozenset({"--include-quarantined"}))
    assert (found.session, found.exit_code, found.total, found.failure) == (None, 0, 1, None)
    assert (list(found.without_effect), it.notices) == (["--include-quarantined: no phase is quarantined"], [])
    assert it.begin(less, flags=frozenset({"--include-quarantined"}), of_chain=True).without_effect == ()
    it.work.sql("DELETE FROM phases")
    it.work.fail("r/a", "r/a")
    assert isinstance(it.begin().failure, BadData), "rows that no drain takes are no empty backlog"
    assert it.work.session_files() == []


def test_a_group_that_takes_no_more_makes_no_session_and_says_why(it: Beginning) -> None:
    it.work.fail("r/a", "r/b", "r/c", "r/d", "r/e")
    assert it.begin(group="night").phases == 3
    found = it.begin(group="night")
    assert (found.session, found.because, len(it.work.session_files())) == (None, "--group: night has taken its 3", 1)
    with opened(it.work) as project:
        Groups(project.store.database, project.store.ledger).stop(Group("night"), "why")
    assert it.begin(group="night").because == "--group: another drain of night was stopped: why"
