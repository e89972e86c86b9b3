"""dry-run --explain, summary, sessions, the reasons of an empty selection, and sessions of the earlier program."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.support.workplace import Workplace, wait_for

pytestmark = pytest.mark.everyday("sqlite")

DATA = Path(__file__).parents[1] / "data"


@pytest.mark.everyday("sqlite", "postgresql")
def test_explain_gives_each_phase_one_reason_and_the_numbers_add_up(project: Workplace) -> None:
    project.configure(stop={"max_attempts_per_phase": 1})
    project.fail("r/tried~fail")
    project.inv("drain")
    project.fail("r/a", "r/b", "s/c", "drop/d", "t/e")
    project.sql("INSERT INTO phases (run_id, phase_id, phase_index, state) VALUES ('', 'nameless', 1, 'FAILED')")

    lines = project.inv("dry-run", "--batch-size=2", "--explain", "--exclude-run=drop").lines

    start = lines.index("Every failed phase, once:")
    reasons = [line for line in lines[start + 1 :] if re.match(r"  [+-] ", line)]
    assert len(reasons) == 7
    assert sum(line.startswith("  + ") for line in reasons) == 2
    sums = {rule: int(count) for count, rule in re.findall(r"^ +(\d+) (.+)$", "\n".join(lines[start:]), re.MULTILINE)}
    assert sums.pop("failed in all") == sum(sums.values()) == 7
    assert sums == {
        "chosen": 2, "do not fit into the batch": 2, "--exclude-run": 1, "bad id": 1, "stop.max_attempts_per_phase": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "argv", "said"),
    [
        ([], [], "The database holds no phases at all"),
        ([("r", "a", 0, "COMPLETE", None)], [], "No phase is failed."),
        ([("r", "a", 0, "FAILED", None)], ["--run-id=other"], "1 by --run-id: not other"),
        ([("r", "a", 0, "FAILED", None)], ["--exclude-run=r*"], "1 by --exclude-run: r*"),
        ([("r", "a", 0, "FAILED", None)], ["--category=patch"], "1 by --category: is unknown, not patch"),
    ],
)
def test_an_empty_selection_says_which_reason_it_is(
    project: Workplace, rows: list[tuple[str, str, int, str, None]], argv: list[str], said: str
) -> None:
    if rows:
        project.add(*rows)

    for task in ("drain", "dry-run"):
        ran = project.inv(task, *argv)
        assert (ran.code, said in ran.out) == (0, True), ran
        assert re.search(r"Nothing to drain in (sqlite|postgresql|mysql)", ran.out)
    assert project.session_files() == []


def test_phases_that_another_controller_executes_are_said_to_be_claimed(project: Workplace) -> None:
    project.fail("r/a~until=go")
    drain = project.start("drain")
    wait_for(lambda: list(project.sessions.glob("*/logs/*/*.stdout.txt")), "the phase")

    for task in ("drain", "dry-run"):
        ran = project.inv(task)
        assert "No phase is failed." in ran.lines, ran
        assert "1 is claimed by another controller: `inv sessions` shows it." in ran.lines
    assert "holds r / a~until=go" in project.inv("sessions").out
    (project.root / ".autonomous_runs").rename(project.root / "hidden")
    elsewhere = project.inv("sessions").lines
    (project.root / "hidden").rename(project.root / ".autonomous_runs")
    assert elsewhere[0].startswith("No sessions in")
    assert elsewhere[1] == "Of the same database, with their files on another host or in another folder:"
    assert any("holds r / a~until=go" in line for line in elsewhere), elsewhere
    (project.root / "go").touch()
    drain.communicate(timeout=90)
    assert drain.returncode == 0


def test_a_plan_of_which_nothing_is_left_says_that_the_rest_is_not_in_it(project: Workplace) -> None:
    project.fail("r/a", "r/b", "r/c")
    project.inv("dry-run", "--batch-size=1", "--policy=run-order", "--output=plan.json")
    project.sql("UPDATE phases SET last_failure_reason = 'KeyError: another' WHERE phase_id = 'a'")

    for argv in (["drain"], ["drain", "--dry-run"]):
        ran = project.inv(*argv, "--plan=plan.json")
        assert "The rest of the 3 failed phases is not in the plan." in ran.lines, ran
        assert "do not fit into the batch" not in ran.out


def test_a_plan_where_no_phase_is_failed_any_more_speaks_of_no_rest(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a", "r/b")
    sqlite_project.inv("dry-run", "--batch-size=1", "--output=plan.json")
    assert sqlite_project.inv("drain").code == 0

    for argv in (["drain"], ["drain", "--dry-run"]):
        ran = sqlite_project.inv(*argv, "--plan=plan.json")
        assert "No phase is failed." in ran.lines, ran
        assert "is not in the plan" not in ran.out


def test_a_claim_of_another_controller_is_a_reason_of_its_own(project: Workplace) -> None:
    project.configure(command={"result_from": "database"})
    project.fail("r/a~while=flag")
    (project.root / "flag").touch()
    other = project.start("drain")
    assert other.stdout is not None
    while b"Draining" not in other.stdout.readline():
        assert other.poll() is None
    while not project.sql("SELECT count(*) FROM batchdrain_claim WHERE owner IS NOT NULL")[0][0]:
        assert other.poll() is None
    ran = project.inv("drain")
    (project.root / "flag").unlink()
    other.terminate()
    other.communicate()

    assert "1 by claimed: another controller holds it" in ran.out


@pytest.mark.everyday("sqlite", "postgresql")
def test_summary_and_sessions_report_every_session(project: Workplace) -> None:
    project.fail("r/a", "s/b~fail")
    project.inv("drain", "--batch-size=1")
    project.inv("drain", "--batch-size=1")
    first, second = project.session(0)["session_id"], project.session(1)["session_id"]

    rows = project.inv("sessions", "--format=json").json()
    assert [(row["session_id"], row["status"], row["success_rate"]) for row in rows] == [
        (second, "complete", 0.0), (first, "complete", 1.0),
    ]  # fmt: skip
    assert project.inv("sessions").lines[1].startswith(second)
    assert f"Session ID: {second}" in project.inv("summary").lines
    assert f"Session ID: {first}" in project.inv("summary", f"--session-id={first}").lines
    assert project.inv("summary", "--format=json").json()["total_failed"] == 1
    markdown = project.inv("summary", "--format=markdown", "--output=report.md")
    assert markdown.code == 0
    assert "| `s` | 0 | 1 |" in (project.root / "report.md").read_text()


@pytest.mark.parametrize("shape", ["xml", "pdf"])
def test_a_format_that_does_not_exist_is_refused(sqlite_project: Workplace, shape: str) -> None:
    ran = sqlite_project.inv("summary", f"--format={shape}")
    assert (ran.code, "--format: expected text, json, markdown, html or junit, got" in ran.err) == (2, True)


def test_a_session_of_the_earlier_program_is_reported_and_resumed(project: Workplace) -> None:
    project.sessions.mkdir(parents=True, mode=0o700)
    shutil.copy(DATA / "earlier-session.json", project.sessions / "batch-drain-20251228-120000.json")
    project.add(
        ("build130-schema-validation-prevention", "phase-0-foundation", 0, "COMPLETE", None),
        ("research-system-v1", "phase-1-implementation", 1, "FAILED", "No-op detected"),
    )
    project.fail(*(f"r/p{number}" for number in range(5)))

    text = project.inv("summary").out
    assert "Total Processed: 2" in text
    assert "  research-system-v1: 0/1 succeeded" in text
    assert project.inv("resume").code == 1  # one of its two former results failed

    found = project.session()
    assert (found["batch_size"], found["total_processed"], found["status"], found["schema_version"]) == (5, 5, "complete", 1)
    assert project.taken()[:2] == [
        "build130-schema-validation-prevention/phase-0-foundation", "research-system-v1/phase-1-implementation",
    ]  # fmt: skip
    assert project.states()["research-system-v1/phase-1-implementation"] == "FAILED"


def test_the_earlier_programs_later_fields_survive_a_resume(project: Workplace) -> None:
    project.sessions.mkdir(parents=True, mode=0o700)
    path = project.sessions / "batch-drain-20251229-060007.json"
    shutil.copy(DATA / "earlier-session-extended.json", path)
    before = json.loads(path.read_text())
    project.fail("r/a")

    assert "Timeouts: 1" in project.inv("summary").out
    project.inv("resume")

    after = json.loads(path.read_text())
    known = {
        "total_processed",
        "total_success",
        "total_failed",
        "completed_at",
        "started_at",
        "results",
        "fingerprint_counts",
    }
    assert {k: v for k, v in after.items() if k in before and k not in known} == {
        k: v for k, v in before.items() if k not in known
    }
    for old, new in zip(before["results"], after["results"], strict=False):
        assert {k: v for k, v in new.items() if k in old and k != "timestamp"} == {
            k: v for k, v in old.items() if k != "timestamp"
        }
    assert before["fingerprint_counts"].items() <= after["fingerprint_counts"].items()


def test_resume_without_an_incomplete_session_says_so(sqlite_project: Workplace) -> None:
    ran = sqlite_project.inv("resume")
    assert (ran.code, "no session is incomplete" in ran.out) == (0, True)


def test_a_completed_session_can_go_on_when_it_is_named(sqlite_project: Workplace) -> None:
    sqlite_project.configure(stop={"max_consecutive_failures": 1})
    sqlite_project.fail("a/a~fail", "b/b", "c/c")
    sqlite_project.inv("drain")
    first = sqlite_project.session()
    assert (first["status"], first["total_processed"]) == ("stopped", 1)
    sqlite_project.sql("UPDATE phases SET state = 'COMPLETE' WHERE run_id = 'a'")

    sqlite_project.inv("resume", f"--session-id={first['session_id']}")

    assert sqlite_project.taken() == ["a/a~fail", "b/b", "c/c"]
    assert [event["event"] for event in sqlite_project.events()].count("session.resumed") == 1


def test_a_session_is_refused_on_another_database(project: Workplace, tmp_path: Path) -> None:
    project.fail("r/a~fail", "r/b")
    project.inv("drain", "--batch-size=1")
    name = project.session()["session_id"]
    other = Workplace(root=project.root, url=f"sqlite:///{tmp_path / 'other.db'}")
    other.make_table()
    other.fail("x/y")

    ran = other.inv("resume", f"--session-id={name}")

    assert (ran.code, "belongs to another database" in ran.err) == (65, True)
    assert other.states() == {"x/y": "FAILED"}


@pytest.mark.everyday("sqlite", "postgresql")
def test_a_torn_session_file_is_put_aside_and_rebuilt_from_the_ledger(project: Workplace) -> None:
    project.fail("r/a", "r/b~fail", "r/c")
    project.inv("drain", "--batch-size=2")
    path = project.session_files()[0]
    whole = json.loads(path.read_text())
    path.write_bytes(path.read_bytes()[:200])

    assert "Total Processed: 2" in project.inv("summary", f"--session-id={path.stem}").out
    assert path.read_bytes()[200:] == b""
    project.inv("resume", f"--session-id={path.stem}")

    rebuilt = json.loads(path.read_text())
    assert [r["run_id"] + r["phase_id"] for r in rebuilt["results"]] == [
        r["run_id"] + r["phase_id"] for r in whole["results"]
    ]
    assert [r["final_state"] for r in rebuilt["results"]] == [r["final_state"] for r in whole["results"]]
    assert (path.parent / f"{path.name}.corrupt-1").exists()


def test_two_resumes_of_one_session_do_not_meet(project: Workplace) -> None:
    project.fail("r/a~while=flag", "r/b")
    (project.root / "flag").touch()
    first = project.start("drain")
    while not list(project.sessions.glob("*/logs/*/*.stdout.txt")):
        assert first.poll() is None

    ran = project.inv("resume")
    (project.root / "flag").unlink()
    first.terminate()
    first.communicate()

    assert (ran.code, f"process {first.pid} is draining it" in ran.err) == (73, True)


@pytest.mark.everyday("sqlite", "postgresql")
def test_what_the_ledger_has_beyond_a_sessions_file_is_not_lost_and_not_done_again(project: Workplace) -> None:
    project.configure(stop={"max_consecutive_failures": 2, "max_repeats": 0})
    project.fail("r/a", "r/b~fail", "r/c~fail", "r/d", "r/e")
    project.inv("drain", "--batch-size=4", "--policy=smart")
    path = project.session_files()[0]
    found = json.loads(path.read_text())
    assert (found["total_processed"], found["status"]) == (3, "stopped")
    path.write_text(json.dumps({**found, "results": found["results"][:1], "status": "running", "completed_at": None}))

    project.inv("resume")

    assert project.taken()[:3] == ["r/a", "r/b~fail", "r/c~fail"]
    assert [event["phase_id"] for event in project.events() if event["event"] == "phase.selected"].count("b~fail") == 1
