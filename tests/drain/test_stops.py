"""What ends a session or parks a cluster, and what an outage does to a drain."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from batchdrain.model.phase import Skip
from batchdrain.planning.stop import canary_room
from batchdrain.sessions.session import NOTED, Session
from tests.workplace import DEADLINE_S, Workplace, wait_for

pytestmark = pytest.mark.everyday("sqlite")

BROKEN = "RuntimeError: the shared service is broken"


def test_a_success_rate_below_the_floor_ends_the_session(lite: Workplace) -> None:
    lite.configure(stop={"success_floor": 0.5, "success_floor_after": 4, "max_repeats": 0})
    lite.fail("a/p~ok", *(f"b/q{n}~fail" for n in range(6)))
    ran = lite.inv("drain")
    assert lite.session()["stopped_because"] == "stop.success_floor: 25% of 4 succeeded, below 50%"
    assert len(lite.taken()) == 4
    assert "stop.success_floor" in ran.out


def test_results_that_bring_nothing_of_a_metric_end_the_session(lite: Workplace) -> None:
    lite.configure(stop={"metric": "tokens", "max_without_metric": 2})
    lite.fail("a/p1~metrics", "a/p2~ok", "a/p3~metrics", "a/p4~ok", "a/p5~ok", "a/p6~metrics")
    lite.inv("drain")
    assert lite.session()["stopped_because"] == "stop.max_without_metric: 2 results in a row brought no 'tokens'"
    assert len(lite.taken()) == 5


def test_a_parked_cluster_is_told_once_however_often_it_fails_on(lite: Workplace) -> None:
    lite.fail(*(f"r{number}/p~alike" for number in range(8)), reason="another failure")
    ran = lite.inv("drain", "--max-repeats=2", "--batch-size=8")
    assert ran.out.count("Parking every phase that failed alike") == 1, ran.out
    told = [event for event in lite.events() if event["event"] == "phase.skipped"]
    assert [(event["value"], event["count"]) for event in told] == [
        ("failed 2 times alike: runtimeerror the shared service is broken", None)
    ]


def test_a_big_cluster_is_parked_when_its_canary_fails(lite: Workplace) -> None:
    lite.fail(*(f"r{n}/p~alike" for n in range(6)), reason=BROKEN)
    lite.add(("small", "s1~alike", 0, "FAILED", "KeyError: 'x'"), ("small", "s2~ok", 1, "FAILED", "KeyError: 'x'"))
    lite.configure(stop={"canary_size": 5, "max_repeats": 0})
    ran = lite.inv("drain", "--canary")
    assert len([name for name in lite.taken() if name.startswith("r")]) == 1
    assert {"small/s1~alike", "small/s2~ok"} <= set(lite.taken())
    assert "its canary failed" in ran.out


def test_a_big_cluster_goes_on_while_its_canaries_succeed(lite: Workplace) -> None:
    lite.fail(*(f"r{n}/p~ok" for n in range(6)), reason=BROKEN)
    lite.configure(stop={"canary_size": 5})
    assert lite.inv("drain", "--canary", "--workers=4").code == 0
    assert len(lite.taken()) == 6


def test_the_first_canary_flies_alone(lite: Workplace) -> None:
    """Four workers are there, and yet the second phase of the cluster begins only after the first has ended."""
    lite.fail(*(f"r{n}/p~until=go" for n in range(6)), "other/q~ok", reason=BROKEN)
    lite.sql("UPDATE phases SET last_failure_reason = 'KeyError: x' WHERE run_id = 'other'")
    lite.configure(stop={"canary_size": 5})
    drain = lite.start("drain", "--canary", "--workers=4")
    assert drain.stdout is not None
    printed = ""
    while "other" not in printed or "Success" not in printed:  # its result shows that every free slot was offered
        printed += drain.stdout.readline().decode()
    witness = lite.root / "witness.txt"
    wait_for(lambda: "r0/" in witness.read_text(), "the canary's command to begin")
    begun = witness.read_text().splitlines()
    (lite.root / "go").touch()
    drain.communicate(timeout=DEADLINE_S)
    assert sorted(line.split("/")[0] for line in begun) == ["other", "r0"]
    assert drain.returncode == 0
    assert set(lite.states().values()) == {"COMPLETE"}


@pytest.mark.parametrize(("successes", "room"), [(0, 1), (1, 2), (2, 2), (3, 4), (6, 4), (7, 8), (100, 64)])
def test_canaries_fly_by_one_two_four(successes: int, room: int) -> None:
    assert canary_room(successes) == room


def test_an_outage_pauses_the_drain_and_burns_no_attempts(work: Workplace) -> None:
    down = work.root / "down"
    down.touch()
    work.fail(*(f"r{n}/p~weather=down" for n in range(8)))
    work.configure(retry={"outage_after": 3, "initial_s": 0.3, "max_s": 0.3}, stop={"max_repeats": 3})
    drain = work.start("drain")
    assert drain.stdout is not None
    printed = ""
    while printed.count("An outage") < 3:
        line = drain.stdout.readline().decode()
        assert line, printed
        printed += line
    down.unlink()
    out, err = drain.communicate(timeout=DEADLINE_S)

    assert drain.returncode == 0, (printed, out, err)
    assert set(work.states().values()) == {"COMPLETE"}
    assert all(attempts <= 3 for (attempts,) in work.sql("SELECT attempts FROM batchdrain_claim"))
    counted = work.sql("SELECT count(*) FROM batchdrain_attempt WHERE outcome = 'failed'")
    assert counted[0][0] <= 6
    assert work.sql("SELECT count(*) FROM batchdrain_attempt WHERE outcome = 'released'")[0][0] >= 2
    assert [event["wait_s"] for event in work.events() if event["event"] == "session.paused"]


def test_an_outage_that_does_not_end_ends_the_session(lite: Workplace) -> None:
    (lite.root / "down").touch()
    lite.fail(*(f"r{n}/p~weather=down" for n in range(8)))
    lite.configure(retry={"outage_after": 2, "initial_s": 0.1, "max_s": 0.1, "max_attempts": 5}, patience={"outage_s": 0.5})
    lite.inv("drain")
    assert "an outage lasts for more than 0.5 s" in lite.session()["stopped_because"]
    assert "EXECUTING" not in lite.states().values()


def test_a_summary_says_what_stop_conditions_left_out(work: Workplace) -> None:
    work.fail(*(f"r{number:02}/p~alike" for number in range(24)), reason=BROKEN)

    ran = work.inv("drain", "--batch-size=50", "--exclude-run=r23")

    block = ran.lines[ran.lines.index("Skipped:") :]
    assert "Total Processed: 3" in ran.lines
    assert block[1] == "  20 by stop.max_repeats: failed 3 times alike: runtimeerror the shared service is broken", ran.out
    assert [(one["rule"], one["count"]) for one in work.session()["skipped"]] == [("stop.max_repeats", 20)]
    assert "  20 by stop.max_repeats" in work.inv("summary").out
    assert "| 20 | stop.max\\_repeats | failed 3 times alike" in work.inv("summary", "--format=markdown").out


def test_a_summary_keeps_the_first_rules_and_the_latest_counts(lite: Workplace) -> None:
    lite.configure(depends_on=[{"run": "late-*", "after": ["early"]}])
    lite.fail("early/a~fail", *(f"late-{number:02}/p" for number in range(3)))
    lite.inv("drain")
    path = lite.session_files()[0]
    kept = json.loads(path.read_text())
    assert [(one["rule"], one["count"]) for one in kept["skipped"]] == [("depends_on", 3)]

    lite.fail("late-99/p")
    lite.inv("resume", f"--session-id={path.stem}")

    assert [(one["rule"], one["count"]) for one in lite.session()["skipped"]] == [("depends_on", 4)]


def test_at_most_fifty_skips_are_kept() -> None:
    session = Session(session_id="s", started_at=datetime(2026, 3, 1, tzinfo=UTC))
    for number in range(80):
        session.note(Skip("rule", str(number)), None)
    session.note(Skip("rule", "0"), 7)
    session.note(Skip("rule", "0"), None)
    assert (len(session.skipped), session.skipped[0].count, session.skipped[-1].value) == (NOTED, 7, "49")
