"""A resume takes less than its session where it is asked to, never more, and what it leaves out stays to be resumed."""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest

from batchdrain.config.settings import Settings
from batchdrain.drain.narrowing import NARROWED, Narrowing
from batchdrain.drain.request import DrainRequest
from batchdrain.model.errors import UsageError
from batchdrain.planning.filters import Filters
from batchdrain.sessions.session import Kind
from tests.drain.chaining import end_in
from tests.support.workplace import Workplace

pytestmark = pytest.mark.everyday("sqlite")
OWN: dict[str, Any] = {
    "workers": 4,
    "min_success_rate": 0.5,
    "retry": {"max_attempts": 3},
    "stop": {"max_total_minutes": 90, "max_timeouts_per_run": 2, "max_repeats": 3},
}


def interrupted(project: Workplace, *flags: str) -> str:
    """A session of four phases, interrupted in the second. Returns its id."""
    project.fail("a/1", "a/2~while=stays", "b/3", "c/4")
    assert end_in(project, "a/2", signal.SIGINT, "drain", "--policy=run-order", *flags) == 130
    return str(project.session()["session_id"])


def edit(project: Workplace, **fields: object) -> None:
    path = project.session_files()[-1]
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


@pytest.mark.parametrize(
    ("flag", "narrow", "wide"),
    [
        ("--max-total-minutes", (90, 1), (91, 0)),
        ("--workers", (4, 1), (5,)),
        ("--min-success-rate", (0.5, 1.0), (0.4, 0.0)),
        ("--max-attempts", (3, 1), (4,)),
        ("--max-timeouts-per-run", (2, 1), (3, 0)),
        ("--max-repeats", (3, 1), (4, 0)),
    ],
)
def test_each_limit_can_be_narrowed_and_not_widened(flag: str, narrow: tuple[float, ...], wide: tuple[float, ...]) -> None:
    request = DrainRequest(kind=Kind.FAILED, filters=Filters(), settings=Settings.model_validate(OWN))
    for value in narrow:
        Narrowing(limits={flag: value}).apply(request)
    for value in wide:
        with pytest.raises(UsageError, match=f"{flag} .*the session's own is"):
            Narrowing(limits={flag: value}).apply(request)
    assert flag in NARROWED


@pytest.mark.parametrize("task", [["resume"], ["drain", "--resume"]])
def test_what_would_widen_a_session_is_refused_with_the_reason(sqlite_project: Workplace, task: list[str]) -> None:
    interrupted(sqlite_project, "--workers=1", "--max-total-minutes=90")

    for flag, own in (
        ("--workers=2", "--workers 2: the session's own is 1"),
        ("--max-total-minutes=91", "--max-total-minutes 91: the session's own is 90"),
        ("--min-success-rate=0.9", "the session's own is 1, as every phase is to succeed"),
    ):
        ran = sqlite_project.inv(*task, flag)
        assert (ran.code, own in ran.err, "never widens" in ran.err) == (2, True, True), ran
    assert sqlite_project.inv(*task, "--workers=1", "--max-total-minutes=60", "--min-success-rate=1").code == 0
    assert set(sqlite_project.states().values()) == {"COMPLETE"}


def test_a_session_goes_on_with_the_workers_that_it_was_begun_with(sqlite_project: Workplace) -> None:
    interrupted(sqlite_project, "--workers=2")
    assert sqlite_project.session()["settings"]["workers"] == 2
    ran = sqlite_project.inv("--dry", "resume", "--workers=3")
    assert (ran.code, "the session's own is 2" in ran.err) == (2, True)


def told_to_go_on(project: Workplace) -> tuple[str, bool, str | None]:
    """The last line of the summary's text, whether the page has the command, what JSON says."""
    page = project.inv("summary", "--format=markdown").lines
    return (
        project.inv("summary").lines[-1], "| Continue with | `inv resume` |" in page,
        project.inv("summary", "--format=json").json()["goes_on_with"],
    )  # fmt: skip


def test_minutes_of_this_time_alone_leave_the_session_to_be_resumed(sqlite_project: Workplace) -> None:
    """0.0001 minutes are over before anything can begin."""
    interrupted(sqlite_project)

    ran = sqlite_project.inv("resume", "--max-total-minutes=0.0001")

    assert (ran.code, sqlite_project.session()["status"], ran.lines[-1]) == (0, "interrupted", "inv resume")
    assert told_to_go_on(sqlite_project) == ("inv resume", True, "inv resume")
    assert sqlite_project.inv("resume").code == 0
    assert told_to_go_on(sqlite_project) == ("Exit code 0: every phase that was processed succeeded.", False, None)
    assert set(sqlite_project.states().values()) == {"COMPLETE"}


def test_the_minutes_of_a_session_go_on_after_an_interruption_and_begin_anew_after_a_stop(sqlite_project: Workplace) -> None:
    name = interrupted(sqlite_project, "--max-total-minutes=5")
    assert 0 < sqlite_project.session()["active_s"] < 300
    edit(sqlite_project, active_s=301)

    ran = sqlite_project.inv("resume")

    assert (sqlite_project.session()["status"], sqlite_project.states()["b/3"]) == ("stopped", "FAILED"), ran
    assert ran.lines[-1] == f"inv resume --session-id={name}"
    assert sqlite_project.inv("resume", f"--session-id={name}").code == 0
    assert set(sqlite_project.states().values()) == {"COMPLETE"}


@pytest.mark.parametrize("which", ["--run-id=nothing-there", "--run-id=b", "--category=transient", "--exclude-run=c"])
def test_a_resume_of_a_part_does_not_complete_the_session(sqlite_project: Workplace, which: str) -> None:
    interrupted(sqlite_project)

    ran = sqlite_project.inv("drain", "--resume", which)

    assert (ran.code, sqlite_project.session()["status"]) == (0, "interrupted"), ran
    assert sqlite_project.session()["completed_at"] is None
    assert ran.lines[-1] == "inv resume"
    assert sqlite_project.inv("resume").code == 0
    assert (set(sqlite_project.states().values()), sqlite_project.session()["status"]) == ({"COMPLETE"}, "complete")


def test_a_resume_of_a_part_that_is_all_that_is_left_completes_the_session(sqlite_project: Workplace) -> None:
    sqlite_project.fail("a/1", "b/2~while=stays")
    end_in(sqlite_project, "b/2", signal.SIGINT, "drain", "--policy=run-order")
    assert sqlite_project.inv("drain", "--resume", "--run-id=b").code == 0
    assert sqlite_project.session()["status"] == "complete"


def test_a_resume_of_a_part_leaves_the_retries_of_the_others_alone(sqlite_project: Workplace) -> None:
    sqlite_project.configure(retry={"initial_s": 3600, "max_s": 3600})
    sqlite_project.fail("a/1~transient", "b/2~while=stays", "b/3")
    end_in(sqlite_project, "b/2", signal.SIGTERM, "drain", "--policy=run-order")
    results = sqlite_project.session()["results"]
    edit(sqlite_project, results=[{**one, "retry_at": one["retry_at"] and "2001-01-01T00:00:00Z"} for one in results])
    sqlite_project.sql("UPDATE batchdrain_claim SET next_at_ms = 0 WHERE next_at_ms IS NOT NULL")

    assert sqlite_project.inv("drain", "--resume", "--run-id=b").code == 1
    assert (sqlite_project.states()["a/1~transient"], sqlite_project.session()["status"]) == ("FAILED", "interrupted")
    assert sqlite_project.inv("resume").code == 0
    assert set(sqlite_project.states().values()) == {"COMPLETE"}


def test_a_resume_says_which_session_it_takes_where_that_is_not_the_newest(sqlite_project: Workplace) -> None:
    name = interrupted(sqlite_project)
    sqlite_project.inv("drain", "--run-id=c")
    newest = str(sqlite_project.session()["session_id"])

    ran = sqlite_project.inv("resume")

    assert ran.lines[0].startswith(f"Continuing session {name}, begun "), ran
    assert ran.lines[0].endswith(f"the newest, {newest}, is complete.")
    assert ran.lines[0].count(".") == 1, "without microseconds"


def test_a_stopped_session_is_named_with_the_command_that_goes_on_with_it(sqlite_project: Workplace) -> None:
    sqlite_project.configure(stop={"max_consecutive_failures": 1})
    sqlite_project.fail("a/1~fail", "b/2")
    ended = sqlite_project.inv("drain", "--policy=run-order")
    command = f"inv resume --session-id={sqlite_project.session()['session_id']}"
    assert ended.lines[-1] == command

    ran = sqlite_project.inv("resume")

    assert (ran.code, ran.lines[-1]) == (0, command)
    assert "was stopped (stop.max_consecutive_failures" in ran.out
    assert sqlite_project.inv(*command.split()[1:]).code == 1
    assert sqlite_project.states()["b/2"] == "COMPLETE"


def test_of_several_stopped_sessions_the_newest_alone_is_named(sqlite_project: Workplace) -> None:
    sqlite_project.configure(stop={"max_consecutive_failures": 1})
    sqlite_project.fail("a/1~fail", "b/2~fail", "c/3")
    for _ in range(2):
        assert sqlite_project.inv("drain", "--policy=run-order").code == 1
    older, newest = (sqlite_project.session(number)["session_id"] for number in (0, 1))

    ran = sqlite_project.inv("resume")

    assert (ran.code, len(ran.lines), ran.lines[-1]) == (0, 3, f"inv resume --session-id={newest}"), ran
    assert f"Session {newest} was stopped (" in ran.lines[1]
    assert f"inv resume --session-id={older}" not in ran.lines


@pytest.mark.parametrize("mounted", [False, True])
def test_behind_the_summary_of_an_interrupted_drain_stands_the_command_that_goes_on(
    sqlite_project: Workplace, mounted: bool
) -> None:
    mount = ""
    if mounted:
        mount = "backlog."
        (sqlite_project.root / "tasks.py").write_text(
            "from invoke import Collection\nfrom batchdrain.collection import ns as ours\n"
            "ns = Collection()\nns.add_collection(ours, name='backlog')\n"
        )
    sqlite_project.fail("a/1~while=stays", "b/2")
    stays = sqlite_project.root / "stays"
    stays.touch()
    out = interrupt_and_read(sqlite_project, f"{mount}drain")
    stays.unlink()

    assert out.splitlines()[-2:] == ["Exit code 130: ended by SIGINT.", f"inv {mount}resume"]
    assert sqlite_project.inv(*out.splitlines()[-1].split()[1:]).code == 0
    assert set(sqlite_project.states().values()) == {"COMPLETE"}


def interrupt_and_read(project: Workplace, *argv: str) -> str:
    from tests.support.workplace import DEADLINE_S, wait_for

    drain = project.start(*argv)
    wait_for((project.root / "witness.txt").exists, "the phase to be executed")
    drain.send_signal(signal.SIGINT)
    out, _ = drain.communicate(timeout=DEADLINE_S)
    assert drain.wait() == 130
    return bytes(out).decode()


def test_the_command_names_the_session_where_a_newer_one_would_be_taken(sqlite_project: Workplace) -> None:
    name = interrupted(sqlite_project)
    sqlite_project.fail("d/1~while=stays", "d/2")
    end_in(sqlite_project, "d/1", signal.SIGINT, "drain", "--run-id=d")

    ran = sqlite_project.inv("resume", f"--session-id={name}", "--batch-size=1")

    assert ran.lines[-1] == f"inv resume --session-id={name}"


@pytest.mark.parametrize(
    ("own", "done", "asked", "is_of_chain", "most"),
    [
        (5, 2, None, False, 3), (5, 2, 3, False, 3), (5, 2, 1, False, 1), (5, 2, 5, False, 3), (5, 2, 6, False, None),
        (5, 2, 6, True, 3), (5, 7, None, False, 0), (5, 7, 1, False, 0), (5, 2, 1, True, 1),
    ],
)  # fmt: skip
def test_a_size_for_this_time_takes_no_more_than_is_left_and_that_of_a_chain_is_of_all_its_sessions(
    own: int, done: int, asked: int | None, is_of_chain: bool, most: int | None
) -> None:
    """`most`: None where it is refused."""
    settings = Settings.model_validate({"batch_size": own})
    request = DrainRequest(kind=Kind.FAILED, filters=Filters(), settings=settings)
    narrowing = Narrowing(batch_size=asked, is_of_chain=is_of_chain)
    if most is None:
        with pytest.raises(UsageError, match=f"the session's own is {own}, of which {own - done} are left"):
            narrowing.most(request, done)
    else:
        assert narrowing.most(request, done) == most


@pytest.mark.parametrize(
    ("size", "own", "is_refused"),
    [
        (None, (5, 3), False),
        (8, (5, 3), False),
        (9, (5, 3), True),
        (9, (5, None), False),
        (3, (5, 3), False),
    ],
)
def test_a_chain_takes_no_more_than_its_parts_together(
    size: int | None, own: tuple[int | None, ...], *, is_refused: bool
) -> None:
    """A part without a size of its own takes all that there is."""
    requests = [
        DrainRequest(
            kind=Kind.QUEUED if most is None else Kind.FAILED, filters=Filters(), settings=Settings(batch_size=most or 1)
        )
        for most in own
    ]
    assert [request.most for request in requests] == list(own)
    less = Narrowing(batch_size=size)
    if not is_refused:
        less.require_narrower(requests)
        return
    with pytest.raises(UsageError, match=r"^--batch-size 9: the session's own is 8; resume never widens a session"):
        less.require_narrower(requests)
