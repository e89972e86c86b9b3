"""What stands in a reason, who is named as the cause of a time limit, and what is told of a result file."""

from __future__ import annotations

import json
import sys

import pytest

from batchdrain.config.load import Override, load
from batchdrain.drain.request import DrainRequest, request_of
from batchdrain.planning.filters import Filters
from batchdrain.sessions.parse import parse
from batchdrain.sessions.session import Kind, Session
from tests.sessions.files import HEAD
from tests.support.workplace import Workplace

pytestmark = pytest.mark.everyday("sqlite")


def says(project: Workplace, content: object, *, code: int, out: str = "", err: str = "") -> None:
    """Its command writes this to its result file, prints this and ends so."""
    body = (
        f"import os, sys; open(os.environ['BATCHDRAIN_RESULT_FILE'], 'w').write({json.dumps(content)!r});"
        f"sys.stdout.write({out!r}); sys.stderr.write({err!r}); sys.exit({code})"
    )
    project.configure(command={"argv": [sys.executable, "-c", body.replace("{", "{{").replace("}", "}}")]})


@pytest.mark.parametrize(
    ("out", "err", "log"),
    [
        ("it broke\n", "", "stdout"),
        ("noise\n", "it broke\n", "stderr"),
        ("it broke\n", "====\n\n", "stdout"),
        ("", "---\n", "stderr"),
    ],
)
def test_the_log_that_is_shown_is_the_one_whose_words_were_taken(
    sqlite_project: Workplace, out: str, err: str, log: str
) -> None:
    says(sqlite_project, {}, code=4, out=out, err=err)
    sqlite_project.fail("a run/p")

    ran = sqlite_project.inv("drain")

    [result] = sqlite_project.session()["results"]
    assert f"    Log: {result[f'{log}_path']}" in ran.lines
    assert result["log_path"] == result[f"{log}_path"]
    assert result["log_path"].endswith(f"/logs/a-run/p.1.{log}.txt")


def test_where_a_command_printed_nothing_no_log_is_shown(sqlite_project: Workplace) -> None:
    says(sqlite_project, {"reason": "own words"}, code=4)
    sqlite_project.fail("r/p")

    ran = sqlite_project.inv("drain")

    assert "    Error: own words [exit 4]" in ran.lines
    assert "Log: " not in ran.out
    assert sqlite_project.session()["results"][0]["log_path"] is None


def test_a_reason_that_is_too_long_to_be_kept_keeps_how_the_command_ended(sqlite_project: Workplace) -> None:
    says(sqlite_project, {"reason": "long words " * 5_000}, code=4)
    sqlite_project.fail("r/p")

    ran = sqlite_project.inv("drain")

    reason = sqlite_project.phases()["r/p"][1] or ""
    assert (len(reason), reason.endswith(" [exit 4]")) == (16_000, True)
    shown = [line for line in ran.lines if line.startswith("    Error: ")]
    assert all(line.endswith(" [exit 4]") for line in shown), shown
    assert shown


def test_what_a_succeeding_command_wrote_in_vain_is_told_once_on_the_screen_and_in_each_event(
    sqlite_project: Workplace,
) -> None:
    says(sqlite_project, {"metrics": {"tokens": "many", "files": 2}}, code=0)
    sqlite_project.fail("r/a", "r/b")

    ran = sqlite_project.inv("drain")

    told = 'result file: metric tokens is a text, not a number: "many"'
    assert [line for line in ran.lines if told in line] == [f"  ! r / a: {told} (the events name each phase with that)"]
    ends = [event["result_problem"] for event in sqlite_project.events() if event["event"] == "phase.finished"]
    assert ends == [told, told]
    assert sqlite_project.session()["metrics"] == {"files": 4.0}


def test_a_wish_for_time_that_is_not_heeded_is_told(sqlite_project: Workplace) -> None:
    says(sqlite_project, {"needs": "time"}, code=4, err="too slow\n")
    sqlite_project.fail("r/p")
    sqlite_project.inv("drain")
    reason = "too slow [exit 4; result file: needs: 'time' counts only with exit code 75]"
    assert sqlite_project.phases()["r/p"][1] == reason


def session_with(**settings: object) -> Session:
    given = load({}, {}, [Override("--phase-timeout", ("timeout", "default_s"), "3")])
    fields = DrainRequest(kind=Kind.FAILED, filters=Filters(), settings=given).as_fields()
    fields["settings"] |= settings
    return parse(json.dumps({**HEAD, **fields}).encode(), "s")


def test_a_session_that_goes_on_says_who_set_its_time_limit() -> None:
    timeout = request_of(session_with(), load({"profile": "throughput"}, {})).settings.timeout
    assert (timeout.default_s, timeout.source_of("default_s"), timeout.source_of("max_s")) == (
        3,
        "--phase-timeout",
        "timeout.max_s",
    )


@pytest.mark.parametrize(
    "sources", [{"default_s": "\x1b[2J) [exit 0]\n"}, {"default_s": 5}, {"default_s": "x" * 101}, [], "x"]
)
def test_a_file_that_was_meddled_with_names_no_source_that_is_believed(sources: object) -> None:
    timeout = request_of(session_with(timeout_sources=sources), load({}, {})).settings.timeout
    assert timeout.source_of("default_s") == "timeout.default_s"
