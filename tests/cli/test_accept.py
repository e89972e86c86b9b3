"""inv accept: a known failure is not drained again, says so wherever it is met, and comes back in its time."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from batchdrain.cli.tasks.flag_values import moment
from batchdrain.database.ledger.notes import Note
from batchdrain.failures.fingerprints import cluster_id_of, fingerprint
from batchdrain.model.errors import UsageError
from batchdrain.model.failure import Failure
from batchdrain.model.phase import PhaseKey
from batchdrain.planning.acceptances import Acceptance, Acceptances, Subject
from batchdrain.sessions.balance import Balance, Skips
from tests.support.workplace import Ran, Workplace, wait_for

pytestmark = pytest.mark.everyday("sqlite")

NOW = datetime(2026, 3, 1, 12, 30, 15, 999, tzinfo=UTC)
DISK = "no space left on /dev/sda7"


def balance(project: Workplace) -> tuple[int, ...]:
    found = project.session()["balance"]
    left = found["fixed"] + found["still_failing"] + found["accepted"] + found["not_reached"]
    assert found["failed_before"] + found["new"] == left
    return tuple(found[name] for name in ("failed_before", "new", "fixed", "still_failing", "accepted", "not_reached"))


def accept(project: Workplace, *argv: str) -> Ran:
    ran = project.inv("accept", *argv)
    assert ran.code == 0, ran
    return ran


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90s", "2026-03-01T12:31:45+00:00"),
        ("12h", "2026-03-02T00:30:15+00:00"),
        ("7d", "2026-03-08T12:30:15+00:00"),
        ("2w", "2026-03-15T12:30:15+00:00"),
        ("2026-03-01", "2026-03-02T00:00:00+00:00"),
        ("2026-03-01T13:00", "2026-03-01T13:00:00+00:00"),
        ("2026-03-01 13:00:00Z", "2026-03-01T13:00:00+00:00"),
        ("2026-03-01T15:00+02:00", "2026-03-01T13:00:00+00:00"),
    ],
)
def test_until_is_a_duration_a_date_or_a_moment(text: str, expected: str) -> None:
    found = moment("--until", text, NOW)
    assert found is not None
    assert found.isoformat() == expected


@pytest.mark.parametrize(
    "text",
    ["", "7", "d", "7y", "-1d", "tomorrow", "2026-02-30", "2026-02-28", "2026-03-01T12:00Z", "9999-12-31", "999999999w", "0d",
     "0001-01-01T00:00+23:00", "٧d", "20260401"],
)  # fmt: skip
def test_an_until_that_is_none_or_over_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--until"):
        moment("--until", text, NOW)


def accepted(subject: Subject, now: datetime = NOW) -> Acceptances | None:
    one = Acceptance(subject=subject, reason="known", until=NOW + timedelta(days=1))
    return Acceptances.of([Note(subject=one.subject.name, by="ann@host", at="", content=one.to_note)], now)


def test_an_acceptance_is_void_from_its_moment_on() -> None:
    assert accepted(Subject(run_id="r")) is not None
    assert accepted(Subject(run_id="r"), NOW + timedelta(days=1)) is None


@pytest.mark.parametrize(
    ("subject", "run", "expected"),
    [
        ({"run_id": "r"}, "r", True),
        ({"run_id": "r"}, "rr", False),
        ({"run_id": "r*"}, "rr", True),
        ({"run_id": "R"}, "r", False),
        ({"run_id": "r", "phase_id": "p"}, "r", True),
        ({"run_id": "r*", "phase_id": "p"}, "rr", False),
        ({"run_id": "r", "phase_id": "q"}, "r", False),
        ({"cluster": cluster_id_of(fingerprint(DISK))}, "any", True),
        ({"cluster": "0" * 10}, "any", False),
    ],
)
def test_a_phase_a_run_or_a_cluster_is_accepted(subject: dict[str, str], run: str, expected: bool) -> None:
    found = accepted(Subject(**subject))
    assert found is not None
    assert (found.skip(PhaseKey(run, "p"), Failure.uncategorised("no space left on /dev/sdb9")) is not None) is expected


def test_no_fingerprint_is_computed_unless_a_cluster_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str | None] = []

    def marked(text: str | None) -> str:
        asked.append(text)
        return ""

    monkeypatch.setattr("batchdrain.model.failure.fingerprint", marked)
    for subject in ({"run_id": "x*"}, {"run_id": "x", "phase_id": "p"}):
        found = accepted(Subject(**subject))
        assert found is not None
        assert found.skip(PhaseKey("r", "p"), Failure.uncategorised(DISK)) is None
    assert asked == []


@pytest.mark.parametrize(
    "said",
    [{}, {"run_id": 1}, {"cluster": None, "phase_id": "p"}, {"run_id": "r", "cluster": "a"}, {"run_id": "r", "until": "soon"},
     {"run_id": "r", "until": 7}],
)  # fmt: skip
def test_a_note_that_somebody_spoiled_accepts_nothing(said: dict[str, Any]) -> None:
    assert Acceptance.of(Note(subject="x", by="y", at="z", content=said)) is None


def test_the_balance_adds_up_when_the_accepted_ones_have_gone_meanwhile() -> None:
    found = Balance.of(before=5, known=2, skips=Skips(accepted=4))
    assert (found.accepted, found.not_reached, found.taken_elsewhere, found.new) == (2, 3, 3, 0)
    assert found.adds_up


def test_what_is_accepted_is_skipped_with_reason_and_counted_in_the_balance(project: Workplace) -> None:
    project.fail("a/p", "a/q~fail", "build-1/p", "build-2/p", "c/p", "d/p")
    project.sql("UPDATE phases SET last_failure_reason = :t WHERE run_id IN ('c', 'd')", [{"t": DISK}])
    assert (
        accept(project, "--run-id=a", "--phase-id=p", "--reason=flaky\x1b[31m").out
        == "Accepted: phase a / p (1 failed phase now)\n"
    )
    assert accept(project, "--run-id=build-*", "--reason=JIRA-7").out == "Accepted: run build-* (2 failed phases now)\n"
    cluster = cluster_id_of(fingerprint(DISK))
    accept(project, f"--cluster={cluster}", "--reason=disk", "--until=7d")
    before = project.phases()

    told = project.inv("dry-run", "--explain").out
    assert re.search(r"^ +5 accepted$", told, re.MULTILINE)
    assert re.search(r"- a / p: skipped by accepted: flaky\\x1b\[31m \(\S+@\S+\)", told)
    assert re.search(r"- c / p: skipped by accepted: disk \(\S+@\S+, until \d{4}-\d\d-\d\dT[\d:]+Z\)", told)
    ran = project.inv("drain")

    assert project.taken() == ["a/q~fail"]
    assert "5 skipped by accepted: " in ran.out
    assert balance(project) == (6, 0, 0, 1, 5, 0)
    assert {name: row for name, row in project.phases().items() if name != "a/q~fail"} == {
        name: row for name, row in before.items() if name != "a/q~fail"
    }
    assert project.sql("SELECT DISTINCT note FROM phases") == [("untouched",)]


def test_when_all_is_accepted_the_empty_selection_says_so(project: Workplace) -> None:
    project.fail("a/p", "a/q")
    accept(project, "--run-id=a", "--reason=upstream is down")
    for task in ("drain", "dry-run", "drain-all"):
        ran = project.inv(task)
        assert (ran.code, "All 2 failed phases are skipped:" in ran.out) == (0, True), ran
        assert "2 by accepted: upstream is down (" in ran.out
    assert project.session_files() == []
    assert project.inv("pick-next-run").out == ""


def test_queued_phases_are_drained_though_their_run_is_accepted(sqlite_project: Workplace) -> None:
    sqlite_project.add(("a", "p", 0, "QUEUED", None), ("a", "q", 1, "FAILED", None))
    accept(sqlite_project, "--run-id=a", "--reason=known")
    assert sqlite_project.inv("drain-all").code == 0
    assert sqlite_project.states() == {"a/p": "COMPLETE", "a/q": "FAILED"}


def test_a_phase_of_a_plan_that_was_accepted_since_is_reported_and_not_taken(project: Workplace) -> None:
    project.fail("a/p", "b/p")
    project.inv("dry-run", "--output=plan.json")
    accept(project, "--run-id=a", "--phase-id=p", "--reason=known")
    ran = project.inv("drain", "--plan=plan.json")
    assert "1 skipped by accepted: a / p: known (" in ran.out
    assert (project.taken(), balance(project)) == (["b/p"], (2, 0, 1, 0, 1, 0))


def test_resume_leaves_alone_what_was_accepted_since(project: Workplace) -> None:
    project.fail("a/p~fail", "b/p~hang", "c/p")
    process = project.start("drain", "--batch-size=3", "--policy=run-order")
    wait_for(lambda: project.states()["b/p~hang"] == "EXECUTING", "the second phase is taken")
    process.terminate()
    process.communicate()
    for run in "ab":
        accept(project, f"--run-id={run}", "--reason=known")
    project.inv("resume")

    assert project.taken() == ["a/p~fail", "c/p"]
    assert balance(project) == (3, 0, 1, 1, 1, 0)  # what was attempted is still failing, and not accepted as well


def test_a_retry_that_was_left_behind_is_not_taken_once_it_is_accepted(sqlite_project: Workplace) -> None:
    sqlite_project.configure(retry={"max_attempts": 3, "initial_s": 30_000_000, "max_s": 30_000_000})
    sqlite_project.fail("a/p~transient=9")
    process = sqlite_project.start("drain")
    wait_for(
        lambda: sqlite_project.session_files() and "phase.retry_scheduled" in [e["event"] for e in sqlite_project.events()],
        "a retry",
    )
    process.terminate()
    process.communicate()
    accept(sqlite_project, "--run-id=a", "--reason=known")
    sqlite_project.inv("resume")

    told = [(event["rule"], event["value"]) for event in sqlite_project.events() if event["event"] == "phase.skipped"]
    assert [(rule, value.partition(" (")[0]) for rule, value in told] == [("accepted", "a / p~transient=9: known")]
    assert sqlite_project.sql("SELECT count(*) FROM batchdrain_attempt") == [(1,)]


@pytest.mark.everyday("sqlite", "postgresql")
def test_acceptances_are_listed_expired_ones_marked_and_taken_back(project: Workplace) -> None:
    assert re.match(r"Nothing is accepted in (sqlite|postgresql|mysql)", project.inv("accept").out)
    project.fail("a/p", "c/p")
    project.sql("UPDATE phases SET last_failure_reason = :t WHERE run_id = 'c'", [{"t": DISK}])
    accept(project, "--run-id=a", "--phase-id=p", "--reason=old", "--until=1d")
    accept(project, f"--cluster={cluster_id_of(fingerprint(DISK)).upper()}", "--reason=disk")
    (name, value), *_ = project.sql(
        "SELECT name, value FROM batchdrain_meta WHERE name LIKE 'accepted/%' AND value LIKE '%old%'"
    )
    note = json.loads(value)
    note["said"]["until"] = "2020-01-01T00:00:00Z"
    project.sql("UPDATE batchdrain_meta SET value = :v WHERE name = :n", [{"v": json.dumps(note), "n": name}])

    lines = project.inv("accept").lines
    assert lines[1] == f"  cluster {cluster_id_of(fingerprint(DISK))}: {fingerprint(DISK)}"
    assert lines[3] == "  phase a / p"
    assert re.fullmatch(r" +old \(\S+@\S+, \d{4}-\d\d-\d\d, EXPIRED 2020-01-01T00:00:00Z\)", lines[4])
    project.inv("drain")
    assert project.taken() == ["a/p"]

    assert project.inv("--dry", "accept", "--run-id=a", "--phase-id=p", "--clear").out.startswith(
        "Would no longer be accepted: phase a / p"
    )
    assert accept(project, "--run-id=a", "--phase-id=p", "--clear").out == "No longer accepted: phase a / p\n"
    assert len(project.inv("accept").lines) == 3
    gone = project.inv("accept", "--run-id=a", "--phase-id=p", "--clear")
    assert (gone.code, "phase a / p is not accepted" in gone.err) == (2, True)


def test_a_dry_accept_writes_nothing(project: Workplace) -> None:
    project.fail("a/p")
    said = project.inv("--dry", "accept", "--run-id=a", "--reason=x").out
    assert said == "Would accept: run a (1 failed phase now)\n"
    assert "Nothing is accepted" in project.inv("accept").out


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--run-id=", "--reason=x"], "--run-id: is empty"),
        (["--run-id=a"], "--reason: is required"),
        (["--reason=x"], "--run-id: is required, or --cluster"),
        (["--clear"], "--run-id: is required, or --cluster"),
        (["--phase-id=p", "--reason=x"], "--phase-id: identifies no phase without --run-id"),
        (["--cluster=xyz", "--reason=x"], "--cluster: 'xyz' is no id of a cluster"),
        (["--cluster=0123456789", "--run-id=a", "--reason=x"], "cannot be combined with --run-id"),
        (["--run-id=a", "--clear", "--reason=x"], "cannot be combined with --reason"),
        (["--run-id=a", "--reason=x", "--until=yesterday"], "--until: expected a date"),
        (["--run-id=a", "--reason=x", "--until=2020-01-01"], "is over already"),
        (["--run-id=a", "--reason=a\udcff"], "--reason: expected at most 500 characters of valid text"),
    ],
)
def test_an_acceptance_that_says_nothing_clear_is_refused(sqlite_project: Workplace, argv: list[str], said: str) -> None:
    ran = sqlite_project.inv("accept", *argv)
    assert (ran.code, said in ran.err) == (2, True), ran
    assert sqlite_project.sql("SELECT name FROM sqlite_master WHERE name LIKE 'batchdrain%'") == []
