"""What is said of one table of phases does not reach another that shares its ledger."""

from __future__ import annotations

import re

import pytest

from tests.cli.test_reopen import reopen
from tests.drain.diagnosing import HOPELESS, diagnose
from tests.support.two_tables import TwoTables, age_notes, planned
from tests.support.workplace import Ran, Workplace

pytestmark = pytest.mark.everyday("sqlite", "postgresql", "mariadb")

ALL = ["a/p", "b/p"]
TOLD = "of an earlier batchdrain, and {} to every table of the ledger"


@pytest.fixture
def two(project: Workplace) -> TwoTables:
    return TwoTables.beside(project, *ALL)


def done(ran: Ran) -> Ran:
    assert ran.code == 0, ran
    return ran


def say(place: Workplace, kind: str) -> None:
    """A note of this kind, of run b or its phase."""
    if kind == "hint":
        done(place.inv("hint", "--run-id=b", "--priority=5"))
    elif kind == "accept":
        done(place.inv("accept", "--run-id=b", "--reason=known"))
    else:
        diagnose(place, {"b/p": HOPELESS})
        done(place.inv("triage", "--run-id=b"))


def take_back(place: Workplace, kind: str) -> Ran:
    if kind == "triage":
        return done(reopen(place, "--run-id=b"))
    return done(place.inv(kind, "--run-id=b", "--clear"))


KINDS = {"hint": ["b/p", "a/p"], "accept": ["a/p"], "triage": ["a/p"]}
"""What a drain of a table takes of which this was said."""
kinds = pytest.mark.parametrize("kind", KINDS)


@kinds
def test_what_is_said_of_one_table_holds_there_alone(two: TwoTables, kind: str) -> None:
    say(two.ours, kind)
    assert (planned(two.ours), planned(two.theirs)) == (KINDS[kind], ALL)
    listed = two.theirs.inv("reopen" if kind == "triage" else kind).out
    assert re.match(r"No hints in|Nothing is accepted in|No phase is skipped by a quarantine or a diagnosis in", listed)


@kinds
def test_what_is_taken_back_of_one_table_holds_on_for_the_other(two: TwoTables, kind: str) -> None:
    say(two.ours, kind)
    say(two.theirs, kind)
    assert "every table" not in take_back(two.ours, kind).out
    assert (planned(two.ours), planned(two.theirs)) == (ALL, KINDS[kind])


@kinds
def test_what_was_said_before_notes_had_a_table_holds_for_each_until_it_is_taken_back_for_all(
    two: TwoTables, kind: str
) -> None:
    say(two.ours, kind)
    age_notes(two.ours)
    assert (planned(two.ours), planned(two.theirs)) == (KINDS[kind], KINDS[kind])
    if kind != "triage":
        listed = two.theirs.inv(kind, "--format=json").json()[{"hint": "hints", "accept": "accepted"}[kind]]
        assert [one["of_every_table"] for one in listed] == [True]
        assert TOLD.format("applies") in done(two.theirs.inv("--dry", kind, "--run-id=b", "--clear")).out
    assert TOLD.format("applied") in take_back(two.theirs, kind).out
    assert (planned(two.ours), planned(two.theirs)) == (ALL, ALL)


def test_what_is_taken_back_for_every_table_is_told_to_scripts(two: TwoTables) -> None:
    for kind in reversed(KINDS):  # what is accepted is not diagnosed
        say(two.ours, kind)
    age_notes(two.ours)
    say(two.ours, "hint")
    clear = [two.ours.inv(kind, "--run-id=b", "--clear", "--format=json").json() for kind in ("hint", "accept")]
    lifted = reopen(two.ours, "--run-id=b", "--format=json").json()["reopened"]
    assert [one["of_every_table"] for one in (*clear, *lifted)] == [True, ["run b"], True]
    for kind in ("hint", "accept"):
        say(two.ours, kind)
    clear = [two.ours.inv(kind, "--run-id=b", "--clear", "--format=json").json() for kind in ("hint", "accept")]
    assert [one["of_every_table"] for one in clear] == [False, []]


@kinds
def test_what_is_said_anew_hides_the_old_from_its_own_table_and_is_taken_back_with_it(two: TwoTables, kind: str) -> None:
    say(two.ours, kind)
    age_notes(two.ours)
    say(two.theirs, kind)
    if kind == "hint":
        done(two.theirs.inv("hint", "--run-id=b", "--priority=-5"))
        assert (planned(two.ours), planned(two.theirs)) == (KINDS[kind], ALL)
    assert TOLD.format("applied") in take_back(two.theirs, kind).out
    assert (planned(two.ours), planned(two.theirs)) == (ALL, ALL)


def test_of_the_same_phase_of_another_table_explain_tells_no_reopening(two: TwoTables) -> None:
    say(two.ours, "triage")
    say(two.theirs, "triage")
    done(reopen(two.ours, "--run-id=b"))
    found = [place.inv("explain", "--run-id=b", "--phase-id=p", "--format=json").json() for place in (two.ours, two.theirs)]
    assert [len(one["reopened"]) for one in found] == [1, 0]
    assert [one["disposition"]["kind"] for one in found] == ["open", "hopeless"]


def test_the_doctor_tells_of_a_run_that_is_not_there_to_those_alone_for_whom_it_was_named(two: TwoTables) -> None:
    two.ours.sql("DELETE FROM steps WHERE run_id = 'b'")
    for kind in ("hint", "accept"):
        say(two.ours, kind)
    assert "warn" not in two.theirs.inv("doctor").out
    age_notes(two.ours)
    rows = two.theirs.inv("doctor", "--format=json").json()
    told = {row["check"]: row["cure"] for row in rows if row["verdict"] == "warn"}
    assert told.keys() == {"hint", "accept"}, rows
    assert all("applies to every table of the ledger" in cure for cure in told.values()), told


@pytest.mark.parametrize("is_said_since", [False, True], ids=["alone", "and something was said of the new name"])
def test_a_table_that_got_another_name_keeps_what_was_said_of_it(two: TwoTables, *, is_said_since: bool) -> None:
    done(two.theirs.inv("drain", "--run-id=a"))
    two.ours.sql("UPDATE steps SET state = 'FAILED', last_failure_reason = 'boom'")
    say(two.theirs, "triage")
    done(reopen(two.theirs, "--run-id=b"))
    for kind in ("triage", "hint", "accept"):
        say(two.theirs, kind)
        say(two.ours, kind)
    two.rename_theirs("tasks")
    if is_said_since:
        done(two.theirs.inv("hint", "--run-id=b", "--priority=7"))
    assert "The phases of table 'steps' are in 'tasks' now" in done(two.theirs.inv("recover")).out
    assert [line for line in two.theirs.inv("hint").lines if line.endswith("(1 run now)")] == [
        f"  +{7 if is_said_since else 5}  b (1 run now)"
    ]
    assert "  run b" in two.theirs.inv("accept").lines
    explained = two.theirs.inv("explain", "--run-id=b", "--phase-id=p", "--format=json").json()
    assert (len(explained["reopened"]), planned(two.ours)) == (1, ["a/p"])
    done(two.theirs.inv("accept", "--run-id=b", "--clear"))
    assert planned(two.theirs) == ["a/p"], "its verdict holds"
    done(reopen(two.theirs, "--run-id=b"))
    assert planned(two.theirs) == ["b/p", "a/p"]


def test_before_the_first_drain_of_a_renamed_table_its_former_notes_and_attempts_are_known(two: TwoTables) -> None:
    done(two.theirs.inv("drain", "--run-id=a"))
    two.ours.sql("UPDATE steps SET state = 'FAILED', last_failure_reason = 'boom'")
    for kind in ("triage", "hint", "accept"):
        say(two.theirs, kind)
    before = {task: done(two.theirs.inv(task)).out for task in ("hint", "accept", "reopen", "explain")}
    sessions = [row["session_id"] for row in two.theirs.inv("sessions", "--format=json").json()]
    two.rename_theirs("tasks")
    assert {task: done(two.theirs.inv(task)).out for task in before} == before
    assert [row["session_id"] for row in two.theirs.inv("sessions", "--format=json").json()] == sessions
    [attempt] = two.theirs.inv("explain", "--run-id=a", "--phase-id=p", "--format=json").json()["attempts"]
    assert (attempt["outcome"], planned(two.theirs)) == ("complete", ["a/p"])
    assert {row["source"] for row in _claims(two)} == {"steps"}, "nothing was written"


def _claims(two: TwoTables) -> list[dict[str, str]]:
    return [{"source": source} for (source,) in two.ours.sql("SELECT source FROM batchdrain_claim")]
