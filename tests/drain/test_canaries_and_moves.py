"""What a result that is not the last word on its phase sets off, and what it does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from batchdrain.config.settings import Settings
from batchdrain.drain import known_failures
from batchdrain.drain.narrowing import AS_ASKED
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.shutdown import Shutdown
from batchdrain.drain.stops import Stops
from batchdrain.model.attempt import Attempt
from batchdrain.model.failure import Failure
from batchdrain.planning.filters import Filters
from batchdrain.sessions.record import SessionRecord
from batchdrain.sessions.session import Kind
from tests.drain.judging import ending, judged, settings_of
from tests.support.workplace import Workplace, ended, wait_for

pytestmark = pytest.mark.everyday("sqlite")

CANARY = Settings.model_validate({"stop": {"canary": True, "canary_size": 5, "max_repeats": 0}})


@pytest.fixture
def stops(record: SessionRecord, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stops]:
    """Of a session with one big cluster, 'boom', where nobody accepted a failure."""
    monkeypatch.setattr(known_failures, "acceptances", lambda _: None)
    request = DrainRequest(kind=Kind.FAILED, filters=Filters(), settings=CANARY, stop_on_first_failure=True)
    backlog = SimpleNamespace(size_of=lambda fingerprint: 9 if fingerprint == "boom" else 1)
    recorder = SimpleNamespace(run_stopped=lambda *_: None, skipped=lambda *_, **__: None)
    shutdown = Shutdown()
    project = SimpleNamespace(store=None)
    it = SimpleNamespace(request=request, record=record, backlog=backlog, less=AS_ASKED, project=project)
    yield Stops(cast("Any", it), cast("Any", recorder), shutdown)
    shutdown.wake.close()


def of_cluster(fingerprint: str, code: int) -> Attempt:
    found = judged(settings_of(), ending(exit_code=code, stderr_tail=b"connection reset by peer"))
    return replace(found, phase=replace(found.phase, failure=Failure("x", "other", fingerprint)))


def test_a_canary_that_waits_for_its_retry_is_not_dead(stops: Stops) -> None:
    """It failed transiently: that says nothing of its cluster, and would park all of it."""
    stops.note(of_cluster("boom", 75), waits=True)
    assert "boom" not in stops.progress.dead_canaries
    assert stops.progress.canaries == {}
    assert not stops.is_ending()


def test_a_canary_that_fails_for_good_is_dead(stops: Stops) -> None:
    stops.note(of_cluster("boom", 1), waits=False)
    assert "boom" in stops.progress.dead_canaries
    assert str(stops.stopped) == "--stop-on-first-failure: r / p"


def test_a_canary_that_succeeds_makes_room_for_more_of_its_cluster_alone(stops: Stops) -> None:
    stops.note(of_cluster("boom", 0), waits=False)
    assert stops.progress.canaries == {"boom": 1}
    running = {"boom": 1, "small": 9}
    assert stops.full_clusters(lambda: cast("Any", running)) == set()
    running["boom"] = 2
    assert stops.full_clusters(lambda: cast("Any", running)) == {"boom"}


def test_a_phase_of_a_small_cluster_is_no_canary(stops: Stops) -> None:
    for code in (0, 1):
        stops.note(of_cluster("small", code), waits=False)
    assert (stops.progress.canaries, "small" in stops.progress.dead_canaries) == ({}, False)


SETS_ITS_ROW_AND_FAILS = (
    "import sqlite3, sys; c = sqlite3.connect({path!r}); "
    "c.execute(\"UPDATE phases SET state = 'FAILED', last_failure_reason = 'its own words'\"); c.commit(); sys.exit(75)"
)


def test_a_phase_that_somebody_else_moved_meanwhile_is_not_tried_again(sqlite_project: Workplace) -> None:
    """Whoever set it back to failed decides what comes of it, however its command ended."""
    code = SETS_ITS_ROW_AND_FAILS.format(path=sqlite_project.url.removeprefix("sqlite:///"))
    sqlite_project.configure(command={"argv": ["{python}", "-S", "-c", code]}, retry={"max_attempts": 5, "initial_s": 0})
    sqlite_project.fail("r/a")

    sqlite_project.inv("drain")

    assert sqlite_project.sql("SELECT outcome FROM batchdrain_attempt") == [("moved",)]
    assert "phase.retry_scheduled" not in {event["event"] for event in sqlite_project.events()}
    assert sqlite_project.phases() == {"r/a": ("FAILED", "its own words")}
    assert sqlite_project.sql("SELECT owner, next_at_ms FROM batchdrain_claim") == [(None, None)]


def test_a_drain_that_has_ended_leaves_no_record_of_a_guardian(sqlite_project: Workplace) -> None:
    """The ledger has each result: what lies in the spool would be read by a recovery for nothing."""
    sqlite_project.fail("a/ok", "b/no~fail", "c/again~transient", "d/killed~killed")
    sqlite_project.inv("drain", "--workers=2")
    assert set(sqlite_project.states().values()) == {"COMPLETE", "FAILED"}
    assert [path.name for path in sqlite_project.sessions.glob("*/spool/*")] == []


@pytest.mark.everyday("sqlite", "postgresql")
def test_phases_without_a_reason_are_no_cluster_and_send_no_canary_ahead(project: Workplace) -> None:
    first = ["a/1~until=go", "b/1~until=go"]
    project.fail(*first, *(f"r{number}/1" for number in range(6)))
    project.configure(stop={"canary": True, "canary_size": 2}, workers=2)
    drain = project.start("drain", "--policy=run-order")
    wait_for(lambda: [project.states()[name] for name in first] == ["EXECUTING"] * 2, "both run side by side")
    (project.root / "go").touch()

    assert ended(drain)[0] == 0


def test_phases_without_a_reason_are_told_apart_from_clusters(sqlite_project: Workplace) -> None:
    sqlite_project.fail("a/1", "b/1", "c/1")
    sqlite_project.fail("d/1", "e/1", "f/1", reason="disk full")
    told = sqlite_project.inv("clusters").out
    found = {one["fingerprint"]: one["scope"] for one in sqlite_project.inv("clusters", "--format=json").json()["clusters"]}

    assert told.startswith("6 failed phases in 1 cluster, 3 without a reason:"), told
    assert found == {"": "no cluster", "disk full": "systemic"}
