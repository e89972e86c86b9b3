"""What was asked for and changes nothing is told: in text, in JSON, in the session, in dry run and drain."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.workplace import Ran, Workplace

BACKLOG = ("delta-1/a", "delta-1/b", "delta-2/a", "release-1/a")
NO_RUN = "`inv list-run-counts` lists the runs"


@pytest.fixture
def project(sqlite_project: Workplace) -> Workplace:
    sqlite_project.fail(*BACKLOG)
    sqlite_project.add(("gamma", "a", 0, "QUEUED", None), ("late", "bad", 0, "FAILED", "ConnectionResetError: peer"))
    return sqlite_project


def told(ran: Ran) -> list[str]:
    """What has no effect, as the text says it."""
    return [line.removeprefix("  ! ") for line in ran.lines if line.startswith("  ! ")]


FILTERS = [
    ("--run-id=nope", [f"--run-id=nope: there is no such run; {NO_RUN}"]),
    ("--run-id=delta-3", ["--run-id=delta-3: there is no such run (did you mean 'delta-2'?)"]),
    ("--run-id=zz*", [f"--run-id=zz*: no run matches it; {NO_RUN}"]),
    ("--run-id=Delta-1", ["--run-id=Delta-1: there is no such run (did you mean 'delta-1'?)"]),
    ("--run-id=gamma", ["--run-id=gamma: is a run without failed phases"]),
    ("--exclude-run=relase-*", ["--exclude-run=relase-*: no run matches it (did you mean 'release-1'?)"]),
    ("--exclude-run=delta-*,relase-*", ["--exclude-run=relase-*: no run matches it (did you mean 'release-1'?)"]),
    ("--exclude-run=gamma", ["--exclude-run=gamma: is a run without failed phases"]),
    ("--category=timeout,unknown", ["--category=timeout: no failed phase has this category; there are transient, unknown"]),
    ("--cluster=0123456789", ["--cluster=0123456789: no failed phase is in this cluster; `inv clusters` shows the ids that there are"]),
    ("--include-quarantined", ["--include-quarantined: no phase is quarantined"]),
    ("--policy=smart,hints", [
        "--policy: hints has no effect here: it ranks all runs equally, or an entry before it has decided",
    ]),
    ("--workers=4 --run-id=delta-1", [
        "--workers=4: 1 run has phases to drain, and those of one run are executed one after the other",
    ]),
    ("--run-id=delta-* --exclude-run=release-*", ["--exclude-run=release-*: leaves out no run of --run-id=delta-*"]),
]  # fmt: skip
SOUND = ["--run-id=delta-1", "--run-id=delta*", "--exclude-run=delta*", "--category=unknown", "--policy=smart", "--policy=sample-first",
         "--workers=2"]  # fmt: skip


@pytest.mark.parametrize(("flags", "lines"), FILTERS, ids=[flags for flags, _ in FILTERS])
def test_a_filter_that_does_nothing_is_told_by_the_dry_run(project: Workplace, flags: str, lines: list[str]) -> None:
    text, found = project.inv("dry-run", *flags.split()), project.inv("dry-run", "--format=json", *flags.split()).json()

    assert text.code == 0
    assert told(text) == lines
    assert found["without_effect"] == lines


@pytest.mark.parametrize("flags", SOUND)
def test_a_filter_that_does_something_is_not_told(project: Workplace, flags: str) -> None:
    assert told(project.inv("dry-run", flags)) == []
    assert project.inv("dry-run", "--format=json", flags).json()["without_effect"] == []


def test_a_drain_tells_it_before_its_first_phase_and_in_its_session_and_its_summaries(project: Workplace) -> None:
    line = "--exclude-run=relase-*: no run matches it (did you mean 'release-1'?)"

    ran = project.inv("drain", "--exclude-run=relase-*")

    assert told(ran) == [line]
    assert ran.lines.index(f"  ! {line}") < ran.lines.index("Batch Drain Controller")
    assert ran.lines[ran.lines.index("Without effect:") + 1] == f"  {line}"
    assert project.session()["without_effect"] == [line]
    assert project.inv("summary", "--format=json").json()["without_effect"] == [line]
    assert "## Without effect" in project.inv("summary", "--format=markdown").out


@pytest.mark.parametrize("shape", ["text", "json", "markdown"])
def test_a_drain_that_selects_nothing_tells_which_filter_named_nothing(project: Workplace, shape: str) -> None:
    ran = project.inv("drain", "--run-id=delta-3", f"--format={shape}")

    assert ran.code == 0
    assert ("no such run" in ran.out, "did you mean" in ran.out, "delta-2" in ran.out.replace("\\", "")) == (True, True, True)
    assert project.session_files() == []


def test_an_empty_database_is_told_rather_than_every_filter(sqlite_project: Workplace) -> None:
    ran = sqlite_project.inv("dry-run", "--run-id=a", "--exclude-run=b", "--category=timeout", "--cluster=0123456789")
    assert told(ran) == []
    assert "The database holds no phases at all" in ran.out


@pytest.mark.parametrize("flag", ["--run-id=delta-1", "--run-id=delta-[13]", "--run-id=delta-*"])
def test_a_glob_names_runs_in_every_task_that_reads_a_backlog(project: Workplace, flag: str) -> None:
    runs = ["delta-1", "delta-1"] + (["delta-2"] if flag.endswith("*") else [])
    planned = project.inv("dry-run", "--format=json", flag).json()["phases"]
    assert sorted(one["run_id"] for one in planned) == runs
    assert sum(one["count"] for one in project.inv("clusters", "--format=json", flag).json()["clusters"]) == len(runs)

    assert project.inv("drain", flag).code == 0

    assert sorted(name.split("/")[0] for name in project.taken()) == runs


def test_a_glob_names_runs_whose_queued_phases_are_drained(project: Workplace) -> None:
    project.add(("delta-1", "q", 5, "QUEUED", None), ("delta-2", "q", 5, "QUEUED", None))

    assert project.inv("drain-queued", "--run-id=delta*").code == 0
    assert sorted(project.taken()) == ["delta-1/q", "delta-2/q"]
    assert project.inv("chain-with-queued", "--run-id=*a*-1").code == 0
    assert project.states()["release-1/a"] == project.states()["delta-1/a"] == "COMPLETE"
    assert project.states()["delta-2/a"] == "FAILED"


@pytest.mark.parametrize("name", ["*", "[a]", "a?"])
def test_a_run_whose_name_looks_like_a_glob_is_meant_alone_by_its_name(project: Workplace, name: str) -> None:
    project.fail(f"{name}/p", "a/p", "ab/p")

    planned = project.inv("dry-run", "--format=json", f"--run-id={name}").json()
    assert [one["run_id"] for one in planned["phases"]] == [name]
    assert planned["filters"]["run_id_is_glob"] is False
    excluded = project.inv("dry-run", "--format=json", f"--exclude-run={name}").json()["phases"]
    assert name not in [one["run_id"] for one in excluded]
    assert project.inv("drain", f"--run-id={name}").code == 0
    assert project.taken() == [f"{name}/p"]


def test_a_resume_goes_on_with_the_glob_of_its_session(project: Workplace) -> None:
    assert project.inv("drain", "--run-id=delta*", "--batch-size=2").code == 0
    path = project.session_files()[0]
    held = json.loads(path.read_text())
    assert (held["filters"]["run_id"], held["filters"]["run_id_is_glob"]) == ("delta*", True)
    open_again(project, {})

    assert project.inv("drain", "--resume", "--run-id=delta-2*").code == 0

    assert len(project.taken()) == 3
    assert project.states()["release-1/a"] == "FAILED"


def test_a_session_of_an_earlier_version_means_the_run_that_is_named_exactly(project: Workplace) -> None:
    project.fail("d*/a", "d*/b")
    assert project.inv("drain", "--run-id=d*", "--batch-size=1").code == 0
    open_again(project, {"run_id": "d*"})

    assert project.inv("resume").code == 0

    assert {name.split("/")[0] for name in project.taken()} == {"d*"}


@pytest.mark.parametrize(
    ("session", "asked", "code"),
    [("delta*", "delta-1", 0), ("delta*", "delta-*", 0), ("delta*", "release-1", 2), ("delta*", "*", 2), ("delta-1", "delta*", 2),
     ("delta-?", "delta-*", 2), ("delta-[12]", "delta-1", 0)],
)  # fmt: skip
def test_a_resume_narrows_a_glob_and_never_widens_it(project: Workplace, session: str, asked: str, code: int) -> None:
    project.inv("drain", f"--run-id={session}", "--batch-size=1")
    open_again(project, {})
    ran = project.inv("dry-run", "--resume", f"--run-id={asked}")
    assert (ran.code, ran.err.startswith(f"batchdrain: --run-id {asked}: the session is about {session} only")) == (
        code,
        code == 2,
    )


def open_again(project: Workplace, filters: dict[str, Any]) -> None:
    """The newest session as if it had been interrupted, with room for three; `filters`: in place of its own, where given."""
    path = project.session_files()[-1]
    held = json.loads(path.read_text())
    held |= {"status": "interrupted", "completed_at": None, "batch_size": 3, "filters": filters or held["filters"]}
    held["settings"]["batch_size"] = 3
    path.write_text(json.dumps(held))


NOTHING = [
    ["drain", "--run-id=nope"], ["drain", "--run-id=nope", "--format=json"], ["dry-run", "--run-id=nope"],
    ["dry-run", "--run-id=nope", "--format=json"], ["drain-queued", "--run-id=late"], ["chain-with-queued", "--run-id=nope"],
    ["--dry", "chain-with-queued", "--run-id=nope"], ["resume"], ["--dry", "resume"],
]  # fmt: skip


@pytest.mark.parametrize("argv", NOTHING, ids=" ".join)
def test_nothing_selected_is_no_success_where_that_is_asked_for(project: Workplace, argv: list[str]) -> None:
    assert project.inv(*argv).code == 0
    assert project.inv(*argv, "--fail-if-nothing").code == 1


@pytest.mark.parametrize("task", ["drain", "dry-run", "drain-all", "chain-with-queued --run-id=delta-1"])
def test_something_selected_is_success_where_nothing_is_to_fail(project: Workplace, task: str) -> None:
    assert project.inv(*task.split(), "--fail-if-nothing").code == 0


@pytest.mark.parametrize(("rate", "code", "how"), [("0.5", 0, "reaches"), ("0.9", 1, "is below"), ("0.8", 0, "reaches")])
def test_the_wanted_rate_is_said_and_why_the_exit_code_is_what_it_is(
    project: Workplace, rate: str, code: int, how: str
) -> None:
    project.configure(command={"argv": ["sh", "-c", "case {phase_id} in bad) exit 3;; esac"]})

    ran = project.inv("drain", f"--min-success-rate={rate}")

    wanted = f"{float(rate) * 100:.1f}%"
    assert ran.code == code
    assert f"Wanted Rate: {wanted} or more" in ran.lines
    assert ran.lines[-1] == f"Exit code {code}: the success rate of 80.0% {how} the wanted {wanted} (min_success_rate)."
    assert project.inv("summary", "--format=json").json()["wanted_success_rate"] == float(rate)
    assert f"| Wanted rate | {wanted} or more |" in project.inv("summary", "--format=markdown").out


def test_no_rate_is_said_where_none_is_wanted(project: Workplace) -> None:
    ran = project.inv("drain")
    assert ("Wanted" in ran.out, "min_success_rate" in ran.out) == (False, False)
    assert project.inv("summary", "--format=json").json()["wanted_success_rate"] is None


@pytest.mark.parametrize(("argv", "is_told"), [("exit 3", True), ("exit 75", False), ("exit 0", False)])
def test_max_attempts_is_told_where_no_failure_is_tried_again(project: Workplace, argv: str, is_told: bool) -> None:
    project.configure(command={"argv": ["sh", "-c", argv]}, stop={"max_repeats": 0})

    ran = project.inv("drain", "--max-attempts=2", "--run-id=release-1", "--format=json").json()

    line = "--max-attempts=2: no failure was transient, and only transient failures are tried again"
    assert ran["without_effect"] == ([line] if is_told else [])


@pytest.mark.parametrize(
    ("argv", "line"),
    [("accept --run-id=zz*", f"--run-id=zz*: no run matches it; {NO_RUN}"),
     ("accept --run-id=delta-1 --phase-id=a", ""), ("accept --run-id=delta*", ""),
         ("hint --priority=3 --run-id=relase*", "--run-id=relase*: no run matches it (did you mean 'release-1'?)"),
     ("hint --priority=3 --run-id=release-*", "")],
)  # fmt: skip
def test_what_is_said_of_runs_that_a_glob_does_not_match_now_is_kept_and_told(
    project: Workplace, argv: str, line: str
) -> None:
    ran = project.inv(*argv.split(), "--reason=known")
    assert (ran.code, told(ran)) == (0, [line] if line else [])


def test_a_triage_tells_what_its_filters_do_not_do(project: Workplace) -> None:
    project.configure(triage={"argv": ["true"]})
    ran = project.inv("--dry", "triage", "--run-id=delta*", "--exclude-run=zz", "--category=timeout")
    assert ran.code == 0
    assert told(ran) == [
        f"--exclude-run=zz: no run matches it; {NO_RUN}",
        "--category=timeout: no failed phase has this category; there are transient, unknown",
    ]


@pytest.mark.everyday("sqlite")
@pytest.mark.parametrize("named", ["echo", "ech*"])
def test_a_phase_without_a_name_of_another_run_is_left_out_by_the_filter_and_not_by_its_id(
    project: Workplace, named: str
) -> None:
    project.add(("delta", "", 0, "FAILED", "boom"), ("echo", "a", 0, "FAILED", "boom"), ("echo", "", 1, "FAILED", "boom"))
    looked = project.inv("explain", f"--run-id={named}", "--format=json").json()
    assert looked["failed"] == project.inv("clusters", f"--run-id={named}", "--format=json").json()["failed"] == 2
    ran = project.inv("drain", f"--run-id={named}")
    told = {one["rule"]: one["count"] for one in project.session()["skipped"]}
    assert (told["bad id"], told.get("--run-id", 1), project.session()["balance"]["skipped"]) == (1, 1, 1), ran
