"""A pooler between a drain and PostgreSQL, and a table that is altered meanwhile: no statement of ours is kept by a session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL

from tests.chaos.checker import violations, witnessed
from tests.chaos.faults import fault
from tests.chaos.watching import started, watched
from tests.cli.telling import told
from tests.support import poolers
from tests.support.workplace import DEADLINE_S, Workplace

MANY = 8
"""Phases of a run: psycopg has the server keep a statement from its sixth execution on."""


@pytest.fixture
def pooled(tmp_path: Path, postgresql_url: str, pgbouncer_url: str) -> Workplace:
    """A project whose drains go through the pooler. The test itself looks past it."""
    root = tmp_path / "project"
    root.mkdir()
    place = Workplace(root=root, url=postgresql_url)
    place.make_table()
    place.configure(database_url=pgbouncer_url)
    return place


@pytest.fixture
def own_pooler(postgresql_server: URL) -> Iterator[poolers.Pooler]:
    """One that a test may stop, with one session for all: whoever comes next finds what the last one left in it."""
    if poolers.find_pgbouncer() is None:
        pytest.skip(poolers.MISSING)
    with poolers.pooler(postgresql_server, sessions=1) as pooler:
        yield pooler


def done(place: Workplace, witness: Path, out: str, names: list[str]) -> None:
    """Everything is complete, each by one execution."""
    assert violations(place, witness, out) == []
    assert set(place.states().values()) == {"COMPLETE"}
    assert sorted(seen.name for seen in witnessed(witness) if seen.word == "start") == sorted(names)


@fault(61)
def test_two_drains_on_disjoint_runs_share_the_only_session_of_a_pooler(
    pooled: Workplace, own_pooler: poolers.Pooler, postgresql_url: str
) -> None:
    pooled.configure(database_url=own_pooler.url_of(postgresql_url))
    names = [f"run{number % 2}/p{number}~ms=1" for number in range(2 * MANY)]
    witness = watched(pooled, *names, lease={"beat_s": 0.1})
    both = [pooled.start("drain", f"--run-id={run}", "--workers=3", "--batch-size=1000") for run in ("run0", "run1")]
    said = [drain.communicate(timeout=DEADLINE_S) for drain in both]

    assert [drain.returncode for drain in both] == [0, 0], said
    assert [err for _, err in said] == [b"", b""]
    done(pooled, witness, b"".join(out for out, _ in said).decode(), names)


TASKS = (
    "doctor", "dry-run", "drain", "doctor", "dry-run", "recover", "list-run-counts", "pick-next-run", "clusters", "sessions",
    "summary", "drain --policy=run-order", "drain-queued --run-id=q", "chain-with-queued --run-id=r", "drain-all",
)  # fmt: skip


@fault(61)
def test_no_task_needs_a_second_session_while_it_holds_one(
    pooled: Workplace, own_pooler: poolers.Pooler, postgresql_url: str
) -> None:
    """Of a pooler that has one. With more of them as many drains would wait for each other."""
    pooled.configure(database_url=own_pooler.url_of(postgresql_url), patience={"operation_s": 10, "outage_s": 1})
    pooled.fail("r/a~ok", "r/b~fail")
    pooled.add(("q", "c~ok", 1, "QUEUED", None))
    said = {f"{number} {task}": pooled.inv(*task.split()) for number, task in enumerate(TASKS)}

    assert [(name, ran) for name, ran in said.items() if ran.code not in {0, 1} or "Traceback" in ran.err] == []


@fault(61)
def test_a_pooler_that_is_started_again_is_outlasted(
    pooled: Workplace, own_pooler: poolers.Pooler, postgresql_url: str
) -> None:
    pooled.configure(database_url=own_pooler.url_of(postgresql_url))
    names = [f"run/p{number}~{'until=go' if number == 1 else 'ms=1'}" for number in range(MANY)]
    witness = watched(pooled, *names, policy=["run-order"])
    drain = pooled.start("drain", "--batch-size=1000")
    started(witness, 2)
    own_pooler.stop()
    (pooled.root / "go").touch()
    own_pooler.start()
    out, err = drain.communicate(timeout=DEADLINE_S)

    assert drain.returncode == 0, (out, err)
    done(pooled, witness, out.decode(), names)


@fault(61)
def test_a_pooler_of_single_statements_is_refused_with_its_cure(
    pooled: Workplace, postgresql_server: URL, postgresql_url: str
) -> None:
    pooled.fail("r/a")
    with poolers.pooler(postgresql_server, "statement") as pooler:
        pooled.configure(database_url=pooler.url_of(postgresql_url))
        told(pooled.inv("drain"), 78, "statement pooling mode", "set the pooler's pool_mode to transaction or session")
        doctor = pooled.inv("doctor")
    assert (doctor.code, "set the pooler's pool_mode to transaction or session" in doctor.out) == (78, True), doctor


@fault(61)
def test_an_option_that_a_pooler_does_not_take_is_no_outage(pooled: Workplace) -> None:
    url = sa.make_url(str(pooled.settings["database_url"])).update_query_dict({"options": "-c search_path=public"})
    pooled.configure(database_url=url.render_as_string(hide_password=False))
    told(pooled.inv("drain"), 78, "unsupported startup parameter: options")


ALTERED = {
    "postgresql": (
        "last_failure_reason TYPE VARCHAR(2000)",
        "state TYPE TEXT",
        "phase_id TYPE TEXT",
        "phase_index TYPE BIGINT",
    ),
    "mysql": ("last_failure_reason VARCHAR(2000)", "state TEXT", "phase_id VARCHAR(191)", "phase_index BIGINT"),
}


@fault(62)
@pytest.mark.parametrize("column", range(4), ids=["reason", "state", "id", "index"])
def test_a_column_that_changes_its_type_during_a_drain_does_not_end_it(server_project: Workplace, column: int) -> None:
    """What was prepared before would be refused: "cached plan must not change result type"."""
    backend = sa.make_url(server_project.url).get_backend_name()
    names = [f"run/p{number:02}~{'until=go' if number == MANY - 2 else 'ms=1'}" for number in range(2 * MANY)]
    witness = watched(server_project, *names, policy=["run-order"], lease={"beat_s": 0.1})
    drain = server_project.start("drain", "--batch-size=1000")
    started(witness, MANY - 1)
    word = "MODIFY" if backend == "mysql" else "ALTER"
    server_project.sql(f"ALTER TABLE phases {word} COLUMN {ALTERED[backend][column]}")
    (server_project.root / "go").touch()
    out, err = drain.communicate(timeout=DEADLINE_S)

    assert (drain.returncode, err) == (0, b""), (out, err)
    done(server_project, witness, out.decode(), names)
