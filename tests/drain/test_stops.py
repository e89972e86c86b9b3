"""What ends a session or parks a cluster, and what an outage does to a drain."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from batchdrain.model.phase import Skip
from batchdrain.planning.stop import canary_room
from batchdrain.sessions.session import NOTED, Session
from tests.support.workplace import DEADLINE_S, Workplace, wait_for

pytestmark = pytest.mark.everyday("sqlite")

BROKEN = "RuntimeError: the shared service is broken"


def test_a_success_rate_below_the_floor_ends_the_session(sqlite_project: Workplace) -> None:
    sqlite_project.configure(stop={"success_floor": 0.5, "success_floor_after": 4, "max_repeats": 0})
    sqlite_project.fail("a/p~ok", *(f"b/q{n}~fail" for n in range(6)))
    ran = sqlite_project.inv("drain")
    assert sqlite_project.session()["stopped_because"] == (
        "stop.success_floor: 25.0% of 4 succeeded, below 50.0%; a new `inv drain` starts the count again"
    )
    assert len(sqlite_project.taken()) == 4
    assert "stop.success_floor" in ran.out


def test_results_that_bring_nothing_of_a_metric_end_the_session(sqlite_project: Workplace) -> None:
    sqlite_project.configure(stop={"metric": "tokens", "max_without_metric": 2})
    sqlite_project.fail("a/p1~metrics", "a/p2~ok", "a/p3~metrics", "a/p4~ok", "a/p5~ok", "a/p6~metrics")
    sqlite_project.inv("drain")
    assert sqlite_project.session()["stopped_because"] == "stop.max_without_metric: 2 results in a row reported no 'tokens'"
    assert len(sqlite_project.taken()) == 5


def test_a_parked_cluster_is_told_once_however_often_it_fails_on(sqlite_project: Workplace) -> None:
    sqlite_project.fail(*(f"r{number}/p~alike" for number in range(8)), reason="another failure")
    ran = sqlite_project.inv("drain", "--max-repeats=2", "--batch-size=8")
    assert ran.out.count("Parking every phase that failed the same way") == 1, ran.out
    told = [event for event in sqlite_project.events() if event["event"] == "phase.skipped"]
    assert [(event["value"], event["count"]) for event in told] == [
        ("2 equal failures: runtimeerror the shared service is broken", None)
    ]


def test_a_big_cluster_is_parked_when_its_canary_fails(sqlite_project: Workplace) -> None:
    sqlite_project.fail(*(f"r{n}/p~alike" for n in range(6)), reason=BROKEN)
    sqlite_project.add(("small", "s1~alike", 0, "FAILED", "KeyError: 'x'"), ("small", "s2~ok", 1, "FAILED", "KeyError: 'x'"))
    sqlite_project.configure(stop={"canary_size": 5, "max_repeats": 0})
    ran = sqlite_project.inv("drain", "--canary")
    assert len([name for name in sqlite_project.taken() if name.startswith("r")]) == 1
    assert {"small/s1~alike", "small/s2~ok"} <= set(sqlite_project.taken())
    assert "its canary failed" in ran.out


def test_a_big_cluster_goes_on_while_its_canaries_succeed(sqlite_project: Workplace) -> None:
    sqlite_project.fail(*(f"r{n}/p~ok" for n in range(6)), reason=BROKEN)
    sqlite_project.configure(stop={"canary_size": 5})
    assert sqlite_project.inv("drain", "--canary", "--workers=4").code == 0
    assert len(sqlite_project.taken()) == 6


def test_the_first_canary_flies_alone(sqlite_project: Workplace) -> None:
    """Four workers are there, and yet the second phase of the cluster begins only after the first has ended."""
    sqlite_project.fail(*(f"r{n}/p~until=go" for n in range(6)), "other/q~ok", reason=BROKEN)
    sqlite_project.sql("UPDATE phases SET last_failure_reason = 'KeyError: x' WHERE run_id = 'other'")
    sqlite_project.configure(stop={"canary_size": 5})
    drain = sqlite_project.start("drain", "--canary", "--workers=4")
    assert drain.stdout is not None
    printed = ""
    while "other" not in printed or "Success" not in printed:  # its result shows that every free slot was offered
        printed += drain.stdout.readline().decode()
    witness = sqlite_project.root / "witness.txt"
    wait_for(lambda: "r0/" in witness.read_text(), "the canary's command to begin")
    begun = witness.read_text().splitlines()
    (sqlite_project.root / "go").touch()
    drain.communicate(timeout=DEADLINE_S)
    assert sorted(line.split("/")[0] for line in begun) == ["other", "r0"]
    assert drain.returncode == 0
    assert set(sqlite_project.states().values()) == {"COMPLETE"}


@pytest.mark.parametrize(("successes", "room"), [(0, 1), (1, 2), (2, 2), (3, 4), (6, 4), (7, 8), (100, 64)])
def test_canaries_fly_by_one_two_four(successes: int, room: int) -> None:
    assert canary_room(successes) == room


def test_an_outage_pauses_the_drain_and_burns_no_attempts(project: Workplace) -> None:
    down = project.root / "down"
    down.touch()
    project.fail(*(f"r{n}/p~weather=down" for n in range(8)))
    project.configure(retry={"outage_after": 3, "initial_s": 0.3, "max_s": 0.3}, stop={"max_repeats": 3})
    drain = project.start("drain")
    assert drain.stdout is not None
    printed = ""
    while printed.count("The outage continues: pause 3") < 1:
        line = drain.stdout.readline().decode()
        assert line, printed
        printed += line
    down.unlink()
    out, err = drain.communicate(timeout=DEADLINE_S)

    assert drain.returncode == 0, (printed, out, err)
    assert printed.count("An outage: 3 or more phases failed transiently") == 1, "the sentence once, then a counter"
    assert set(project.states().values()) == {"COMPLETE"}
    assert all(attempts <= 3 for (attempts,) in project.sql("SELECT attempts FROM batchdrain_claim"))
    counted = project.sql("SELECT count(*) FROM batchdrain_attempt WHERE outcome = 'failed'")
    assert counted[0][0] <= 6
    assert project.sql("SELECT count(*) FROM batchdrain_attempt WHERE outcome = 'released'")[0][0] >= 2
    assert [event["wait_s"] for event in project.events() if event["event"] == "session.paused"]


def test_an_outage_that_does_not_end_ends_the_session(sqlite_project: Workplace) -> None:
    (sqlite_project.root / "down").touch()
    sqlite_project.fail(*(f"r{n}/p~weather=down" for n in range(8)))
    sqlite_project.configure(
        retry={"outage_after": 2, "initial_s": 0.1, "max_s": 0.1, "max_attempts": 5}, patience={"outage_s": 0.5}
    )
    sqlite_project.inv("drain")
    assert "an outage lasts for more than 0.5 s" in sqlite_project.session()["stopped_because"]
    assert "EXECUTING" not in sqlite_project.states().values()


def test_a_summary_says_what_stop_conditions_left_out(project: Workplace) -> None:
    project.fail(*(f"r{number:02}/p~alike" for number in range(24)), reason=BROKEN)

    ran = project.inv("drain", "--batch-size=50", "--exclude-run=r23")

    block = ran.lines[ran.lines.index("Skipped:") :]
    assert "Total Processed: 3" in ran.lines
    assert block[1] == "  20 by stop.max_repeats: 3 equal failures: runtimeerror the shared service is broken", ran.out
    assert [(one["rule"], one["count"]) for one in project.session()["skipped"]] == [("stop.max_repeats", 20)]
    assert "  20 by stop.max_repeats" in project.inv("summary").out
    assert "| 20 | `stop.max_repeats` | 3 equal failures" in project.inv("summary", "--format=markdown").out


def test_a_summary_keeps_the_first_rules_and_the_latest_counts(sqlite_project: Workplace) -> None:
    sqlite_project.configure(depends_on=[{"run": "late-*", "after": ["early"]}])
    sqlite_project.fail("early/a~fail", *(f"late-{number:02}/p" for number in range(3)))
    sqlite_project.inv("drain")
    path = sqlite_project.session_files()[0]
    kept = json.loads(path.read_text())
    assert [(one["rule"], one["count"]) for one in kept["skipped"]] == [("depends_on", 3)]

    sqlite_project.fail("late-99/p")
    sqlite_project.inv("resume", f"--session-id={path.stem}")

    assert [(one["rule"], one["count"]) for one in sqlite_project.session()["skipped"]] == [("depends_on", 4)]


def test_at_most_fifty_skips_are_kept() -> None:
    session = Session(session_id="s", started_at=datetime(2026, 3, 1, tzinfo=UTC))
    for number in range(80):
        session.note(Skip("rule", str(number)), None)
    session.note(Skip("rule", "0"), 7)
    session.note(Skip("rule", "0"), None)
    assert (len(session.skipped), session.skipped[0].count, session.skipped[-1].value) == (NOTED, 7, "49")
