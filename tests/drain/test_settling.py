"""What others left in the ledger is put in order: a renamed table first, then what the dead hold, then who may go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from batchdrain.database.ledger.chains import ChainRow, Chains
from batchdrain.database.ledger.notes import NoteKind, Notes
from batchdrain.database.ledger.renamed import follow_rename
from batchdrain.database.ledger.schema import Ledger
from batchdrain.drain import settling
from batchdrain.drain.project import Project
from batchdrain.drain.request import digests
from batchdrain.drain.settling import settle, settle_ledger
from batchdrain.execution.process_identity import identify_self
from batchdrain.model.errors import ConfigError
from batchdrain.sessions.session import Session
from tests.sessions.files import START
from tests.support.opened import UID, Told, hold, opened
from tests.support.workplace import Workplace

OTHERS = "b" * 32


@pytest.fixture
def work(sqlite_project: Workplace) -> Workplace:
    sqlite_project.fail("r/p", "r/q")
    return sqlite_project


@pytest.fixture
def renamed(work: Workplace) -> Iterator[Project]:
    """A dead controller held a phase of a table that has another name now."""
    with opened(work) as before:
        hold(before, "r/p")
    work.sql("ALTER TABLE phases RENAME TO steps")
    work.source = {"table": "steps"}
    with opened(work, with_ledger=False) as project:
        yield project


def session_of(project: Project, *, source: str | None = None, uid: str = UID) -> Session:
    """`source`: what it knows of the mapping that it was begun with; None: it is that of now."""
    known = digests(project.settings) | ({} if source is None else {"source_sha256": source})
    return Session(session_id="s", session_uid=uid, started_at=START, settings=known)


def sources(work: Workplace) -> set[str]:
    return {
        source for (source,) in work.sql("SELECT source FROM batchdrain_claim UNION SELECT source FROM batchdrain_attempt")
    }


def states(work: Workplace, table: str = "steps") -> list[str]:
    return [state for (state,) in work.sql(f"SELECT state FROM {table} ORDER BY phase_id")]


def test_what_was_held_of_a_renamed_table_is_given_back_in_it_and_the_rename_is_told_once(
    work: Workplace, renamed: Project
) -> None:
    told: list[str] = []
    assert [str(back.key) for back in settle(renamed, None, told.append)] == ["r / p"]
    assert (sources(work), states(work)) == ({"steps"}, ["FAILED", "FAILED"])
    assert settle(renamed, None, told.append) == []
    assert told == ["The phases of table 'phases' are in 'steps' now: the ledger keeps what it knows of them"]


def test_a_table_that_is_there_is_followed_for_a_session_alone_that_began_in_it(work: Workplace, renamed: Project) -> None:
    """Something else has its name by now."""
    work.sql("CREATE TABLE phases (other INTEGER)")
    for session in (None, session_of(renamed), session_of(renamed, source="other", uid=OTHERS)):
        assert settle(renamed, session, pytest.fail) == []
    assert sources(work) == {"phases"}
    told: list[str] = []
    assert [str(back.key) for back in settle(renamed, session_of(renamed, source="other"), told.append)] == ["r / p"]
    assert (len(told), sources(work)) == (1, {"steps"})


@pytest.mark.parametrize("whose", [OTHERS, ""], ids=["another session's", "nobody knows whose"])
def test_a_session_takes_no_claims_along_that_others_hold_in_its_former_table(
    work: Workplace, renamed: Project, whose: str
) -> None:
    work.sql("UPDATE batchdrain_claim SET owner = NULL")
    work.sql("ALTER TABLE steps RENAME TO phases")
    work.source = {}
    with opened(work) as before:
        hold(before, "r/q", by=identify_self(), session_uid=OTHERS)
    if not whose:
        work.sql("DELETE FROM batchdrain_attempt WHERE session_uid = :uid", [{"uid": OTHERS}])
    work.sql("ALTER TABLE phases RENAME TO steps")
    with pytest.raises(ConfigError, match="'phases', which other drains hold phases of"):
        follow_rename(renamed.store, UID)
    assert sources(work) == {"phases"}
    work.sql("UPDATE batchdrain_claim SET owner = NULL")
    assert follow_rename(renamed.store, UID) is not None


def test_a_chain_that_waits_for_its_table_goes_with_the_one_of_its_phases(work: Workplace, renamed: Project) -> None:
    """Tables of an earlier version have none for chains."""
    ledger = renamed.store.ledger
    for uid, source in (("c" * 32, "phases"), ("d" * 32, "others")):
        earlier = Ledger(meta=ledger.meta, claim=ledger.claim, attempt=ledger.attempt, source=source, version=2)
        Chains(renamed.store.database, earlier).write(ChainRow(uid=uid, task="drain-all", started_at=START, asked={"x": 1}))
    assert follow_rename(renamed.store) is not None
    chains = Chains(renamed.store.database, ledger)
    assert chains.read_left() == {"c" * 32: ChainRow(uid="c" * 32, task="drain-all", started_at=START, asked={"x": 1})}
    assert chains.read_open() == {"c" * 32, "d" * 32}


def test_its_own_claims_a_session_takes_along(work: Workplace, renamed: Project) -> None:
    assert follow_rename(renamed.store, UID) is not None
    assert sources(work) == {"steps"}


def test_what_the_dead_held_is_settled_and_returned(work: Workplace) -> None:
    with opened(work) as project:
        hold(project, "r/p")
        screen = Told()
        assert [str(back.key) for back in settle_ledger(project, screen)] == ["r / p"]
        assert (states(work, "phases"), screen.notices) == (["FAILED", "FAILED"], [])


def remember_mapping(work: Workplace, project: Project, uid: str, columns: dict[str, object]) -> None:
    """As the session's own row has it."""
    values = {"session_id": "s", "chain_uid": None, "host_id": "h", "host": "h", "ctl_pid": 1, "ctl_start": 1, "ttl_ms": 1}
    project.session_rows.begin(uid, values, {"columns": columns}, {})


def test_a_session_does_not_go_on_while_it_holds_something_under_another_mapping(work: Workplace) -> None:
    """It is kept with the mapping of now: its claims would be taken for claims of this one."""
    with opened(work) as project:
        hold(project, "r/p")
        remember_mapping(work, project, UID, {"run_id": "note"})
        assert [bool(back.problem) for back in settle_ledger(project, Told())] == [True], "a new session leaves it alone"
        assert settle_ledger(project, Told(), session_of(project, uid=OTHERS))[0].problem
        with pytest.raises(ConfigError, match=r'r / p is held, and .* had run_id: "note"') as refused:
            settle_ledger(project, Told(), session_of(project))
        assert "restore that mapping" in str(refused.value.remedy)
        assert states(work, "phases") == ["EXECUTING", "FAILED"]


@pytest.mark.parametrize(("by", "is_refused"), [("database", True), ("exit_code", False)])
def test_where_the_command_sets_states_nobody_drains_beside_one_with_another_mapping(
    work: Workplace, by: str, is_refused: bool
) -> None:
    with opened(work, command={**work.settings["command"], "result_from": by}) as project:
        hold(project, "r/p", by=identify_self())
        remember_mapping(work, project, UID, {"run_id": "note"})
        if is_refused:
            with pytest.raises(ConfigError, match="r / p is held, and"):
                settle_ledger(project, Told())
        else:
            assert settle_ledger(project, Told()) == []


def test_tables_of_an_earlier_version_are_brought_up_to_date_once_what_the_dead_held_is_settled(work: Workplace) -> None:
    """While anything is held they stay as they are: its holder may be of the earlier version."""
    with opened(work) as project:
        hold(project, "r/p")
    work.sql("ALTER TABLE batchdrain_claim DROP COLUMN prior_kind")
    work.sql("UPDATE batchdrain_meta SET value = '3' WHERE name = 'schema_version'")
    with opened(work, with_ledger=False) as project:
        assert not project.store.ledger.is_newest
        settle_ledger(project, Told())
        assert project.store.ledger.is_newest
    columns = {row[1] for row in work.sql("PRAGMA table_info(batchdrain_claim)")}
    assert "prior_kind" in columns


def test_that_they_may_not_be_altered_is_told_and_the_drain_goes_on(work: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(work) as project:
        monkeypatch.setattr(type(project.store), "migrate_ledger", lambda _: "may not be altered")
        screen = Told()
        assert settle_ledger(project, screen) == []
        assert screen.notices == ["may not be altered"]


def test_what_the_dead_held_is_settled_before_anybody_is_refused_and_a_twin_is_parted_before_the_tables_change(
    work: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ledger that was parted from a twin's is opened anew: it has other names."""
    for is_twin in (True, False):
        asked = list[str]()

        def note(name: str, answer: object = None, asked: list[str] = asked) -> Callable[..., object]:
            def answers(*_: object) -> object:
                asked.append(name)
                return answer

            return answers

        with opened(work) as project, monkeypatch.context() as patch:
            for name, answer in (
                ("settle", []),
                ("require_same_ids", None),
                ("require_settled", None),
                ("part_from_twin", is_twin),
            ):
                patch.setattr(settling, name, note(name, answer))
            for name in ("reopen_ledger", "migrate_ledger"):
                patch.setattr(type(project.store), name, note(name))
            assert settle_ledger(project, Told(), session_of(project)) == []
        reopened = ["reopen_ledger"] if is_twin else []
        assert asked == ["settle", "require_same_ids", "require_settled", "part_from_twin", *reopened, "migrate_ledger"]


def test_a_foreign_table_and_a_materialized_view_are_there(postgresql_url: str, tmp_path: Path) -> None:
    """They are in no list of tables or views: nothing of them is taken for renamed."""
    place = Workplace(root=tmp_path, url=postgresql_url)
    place.make_table()
    place.fail("r/p")
    with opened(place) as project:
        hold(project, "r/p")
    place.sql("ALTER TABLE phases RENAME TO steps")
    place.source = {"table": "steps"}
    kinds = {"materialized view": ["CREATE MATERIALIZED VIEW phases AS SELECT 1 AS x", "DROP MATERIALIZED VIEW phases"]}
    if place.sql("SELECT count(*) FROM pg_available_extensions WHERE name = 'file_fdw'") == [(1,)]:
        place.sql("CREATE EXTENSION file_fdw")
        place.sql("CREATE SERVER files FOREIGN DATA WRAPPER file_fdw")
        made = "CREATE FOREIGN TABLE phases (x TEXT) SERVER files OPTIONS (filename '/dev/null')"
        kinds["foreign table"] = [made, "DROP FOREIGN TABLE phases"]
    with opened(place, with_ledger=False) as project:
        for kind, (made, dropped) in kinds.items():
            place.sql(made)
            assert follow_rename(project.store) is None, kind
            place.sql(dropped)
        assert follow_rename(project.store) is not None


def test_what_is_said_of_the_new_name_in_the_moment_of_the_rename_stays_and_all_else_goes_along(
    server_project: Workplace,
) -> None:
    """On SQLite nobody writes while another does."""
    server_project.fail("r/p")
    with opened(server_project) as before:
        hold(before, "r/p")
        Notes(before.store.database, before.store.ledger).write(NoteKind.HINT, {"r": {"priority": 1}, "s": {"priority": 1}})
    server_project.sql("ALTER TABLE phases RENAME TO steps")
    server_project.source = {"table": "steps"}
    with opened(server_project, with_ledger=False) as project, opened(server_project, with_ledger=False) as beside:
        said: list[str] = []

        def say(_c: object, _cursor: object, statement: str, *_: object) -> None:
            if statement.startswith("UPDATE batchdrain_meta") and not said:
                said.append(statement)
                Notes(beside.store.database, beside.store.ledger).write(NoteKind.HINT, {"r": {"priority": 7}})

        sa.event.listen(project.store.database.engine, "before_cursor_execute", say)
        assert follow_rename(project.store) is not None
        hints = Notes(project.store.database, project.store.ledger).read(NoteKind.HINT)
    assert [(note.subject, note.source, note.content["priority"]) for note in hints] == [("r", "steps", 7), ("s", "steps", 1)]
    assert sources(server_project) == {"steps"}
    assert server_project.sql("SELECT count(*) FROM batchdrain_meta WHERE name LIKE 'hint/%'") == [(2,)]
