"""Plain lines: what is said of each phase, of a retry, of several side by side, and of a diagnosis, line by line."""

from __future__ import annotations

import io
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from batchdrain.cli.screens.annotations import _DATA, _PROPERTY, _escape, annotate
from batchdrain.cli.screens.plain import PlainScreen
from batchdrain.cli.screens.triage import TriageScreen
from batchdrain.cli.screens.writer import Output
from batchdrain.drain.screen import Opening
from batchdrain.drain.triage.diagnosis import Diagnosis
from batchdrain.model.attempt import Attempt
from batchdrain.model.claim import Choice, ScheduledAttempt, TimeLimit
from batchdrain.model.failure import NO_REASON
from batchdrain.model.phase import Phase, PhaseKey
from batchdrain.model.states import Outcome, PhaseState
from batchdrain.planning.forecast import Forecast
from batchdrain.planning.verdicts import Verdict, VerdictKind
from batchdrain.reports.worst import WorstFailure
from tests.sessions.files import result

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LIMIT = TimeLimit(seconds=60, rule="timeout.default_s")
PHASE = Phase(run_id="r", phase_id="p", phase_index=0, state=PhaseState.FAILED)


def scheduled(number: int = 1, executions: int = 0) -> ScheduledAttempt:
    return ScheduledAttempt(0.0, number, Choice(phase=PHASE, reason="first"), executions)


def attempt(outcome: Outcome, state: str, **more: Any) -> Attempt:
    facts: dict[str, Any] = {
        "reason": None, "exit_code": 0, "signal": None, "stdout_path": "o", "stderr_path": "e", **more,
    }  # fmt: skip
    return Attempt(phase=PHASE, epoch=1, attempt=1, outcome=outcome, final_state=state, failure=NO_REASON, started_at=NOW, ended_at=NOW,
                   duration_s=1.0, limit=LIMIT, **facts)  # fmt: skip


class Terminal(io.StringIO):
    encoding = "utf-8"


class Lines:
    def __init__(self, **opening: Any) -> None:
        self.stream = Terminal()
        self.screen = PlainScreen(Output(self.stream))
        facts: dict[str, Any] = {"state": "failed", "target": 2, "done": 0, "workers": 1, **opening}
        self.screen.begin(Opening(session_id="s", database="db", **facts))
        self.head = self.taken()

    def taken(self) -> list[str]:
        found = self.stream.getvalue().splitlines()
        self.stream.seek(0)
        self.stream.truncate()
        return found


HEAD = ["Batch Drain Controller", "Session ID: s", "Database: db"]


def test_the_header_says_what_is_about_to_be_done_and_what_was_done_before() -> None:
    assert Lines().head == [*HEAD, "Target: Process 2 failed phases"]
    assert Lines(target=None, state="queued", run_id="r\x1b", done=1).head == [
        *HEAD, "Target: Process all queued phases", "Run: r\\x1b", "Resuming: 1 phase is done already",
    ]  # fmt: skip
    assert Lines(done=2, group="g").head[3:] == [
        "Target: Process up to 2 failed phases, together with all drains of g", "Resuming: 2 phases are done already",
    ]  # fmt: skip


def test_one_after_the_other_each_phase_is_told_as_it_begins_and_as_it_ends_and_a_gap_stands_between() -> None:
    lines = Lines(root=Path("/srv"))
    lines.screen.selected(scheduled())
    lines.screen.started(scheduled(), LIMIT)
    assert lines.taken() == ["", "[1/2] Selecting next phase...", "  Draining: r / p"]
    lines.screen.finished(scheduled(), attempt(Outcome.FAILED, "FAILED", reason="no\x1b", exit_code=3, log_path="logs/x.txt"))
    lines.screen.retry_scheduled(scheduled(), 2.04, "503")
    lines.screen.notice("odd\x1b")
    assert lines.taken() == [
        "  ✗ Failed: FAILED", "    Error: no\\x1b", "    Log: /srv/logs/x.txt", "    Trying again in 2.0 s: 503", "  ! odd\\x1b",
    ]  # fmt: skip
    lines.screen.selected(scheduled(3, executions=1))
    assert lines.taken() == ["", "[3/3] Trying again...", "  Draining: r / p"]
    lines.screen.finished(scheduled(), attempt(Outcome.COMPLETE, "DONE", exit_code=3))
    lines.screen.end()
    assert lines.taken() == ["  ✓ Success: DONE, exit 3", ""]


def test_a_forecast_stands_in_the_header() -> None:
    facts = {
        "planned": 6,
        "fixed": 6,
        "fixed_low": 6,
        "fixed_high": 6,
        "minutes": 9.0,
        "minutes_low": 9.0,
        "minutes_high": 9.0,
    }
    assert Lines(forecast=Forecast(**facts)).head[4:] == ["Forecast: 6 of 6 fixed in 9 min"]  # type: ignore[arg-type]


def test_a_long_reason_is_cut_before_its_ending_a_name_at_200_and_a_path_never() -> None:
    lines = Lines()
    long = Phase(run_id="r" * 300, phase_id="p" * 300, phase_index=0, state=PhaseState.FAILED)
    lines.screen.selected(ScheduledAttempt(0.0, 1, Choice(phase=long, reason=""), 0))
    assert lines.taken()[-1] == f"  Draining: {'r' * 199}… / {'p' * 199}…"
    reason = f"{'x' * 5000} [exit 4]"
    lines.screen.finished(scheduled(), attempt(Outcome.FAILED, "FAILED", reason=reason, exit_code=4, log_path="l" * 3000))
    _, error, log = lines.taken()
    assert (error[:12], error[-10:], len(error)) == ("    Error: x", "x [exit 4]", 2000 + len("    Error: "))
    assert log == f"    Log: {'l' * 3000}", "relative to where it is read, as no root is known"


def test_what_was_lost_given_back_or_moved_is_no_success() -> None:
    lines = Lines(target=None)
    lines.screen.lost(scheduled(4), "claimed by another controller")
    lines.screen.released(scheduled(4), attempt(Outcome.RELEASED, "FAILED"))
    lines.screen.finished(scheduled(4), attempt(Outcome.MOVED, "GONE"))
    assert lines.taken() == [
        "  - Skipped: claimed by another controller", "  - Released: FAILED", "  ✗ Failed: GONE",
        "    Error: moved by its command, or by somebody else",
    ]  # fmt: skip
    lines.screen.selected(scheduled(4))
    assert lines.taken()[1] == "[4] Selecting next phase..."


def test_side_by_side_each_result_names_its_phase() -> None:
    lines = Lines(workers=2)
    lines.screen.selected(scheduled(1))
    lines.screen.selected(scheduled(2))
    assert lines.taken() == [
        "",
        *["[1/2] Selecting next phase...", "  Draining: r / p"],
        "[2/2] Selecting next phase...",
        "  Draining: r / p",
    ]
    lines.screen.finished(scheduled(2), attempt(Outcome.COMPLETE, "DONE"))
    lines.screen.lost(scheduled(1), "gone")
    assert lines.taken() == ["[2/2] r / p", "  ✓ Success: DONE", "", "[1/2] r / p", "  - Skipped: gone"]


def verdict(kind: VerdictKind) -> Verdict:
    return Verdict(key=PhaseKey("r", "p"), kind=kind, reason="so", until=NOW + timedelta(days=1), fingerprint="x", attempts=0)


FOUND = [
    Diagnosis(phase=PHASE, verdict=verdict(VerdictKind.PROMISING), duration_s=1.23456),
    Diagnosis(phase=PHASE, verdict=verdict(VerdictKind.HOPELESS)),
    Diagnosis(phase=PHASE, verdict=verdict(VerdictKind.WAIT)),
    Diagnosis(phase=PHASE, problem="it died\x1b", log_path="x.txt"),
    Diagnosis(phase=PHASE, problem="it said nothing"),
    Diagnosis(phase=PHASE, problem="it was ended", was_ended=True),
]


def test_each_diagnosis_is_told_as_it_comes_and_all_of_them_are_counted_by_what_they_say(
    capsys: pytest.CaptureFixture[str],
) -> None:
    screen = TriageScreen(as_json=False)
    for one in FOUND:
        screen.show(one)
    screen.notice("odd\n")
    told = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in told[:3]] == ["  + r / p", "  - r / p", "  - r / p"]
    assert told[3:] == [
        "  ? r / p: no verdict: it died\\x1b", "    Log: x.txt", "  ? r / p: no verdict: it said nothing", "  ! odd\\x0a",
    ]  # fmt: skip
    screen.end(Path("/x/y"))
    assert capsys.readouterr().out.splitlines() == [
        "Diagnosed 6: 1 promising, 1 hopeless, 1 wait, 2 no verdict, 1 ended", "Output of the diagnoses: /x/y",
    ]  # fmt: skip


def test_what_no_diagnosis_said_is_not_counted(capsys: pytest.CaptureFixture[str]) -> None:
    screen = TriageScreen(as_json=False)
    screen.show(FOUND[2])
    screen.end(Path("/x/y"))
    assert capsys.readouterr().out.splitlines()[1] == "Diagnosed 1: 1 wait"


def test_programs_read_each_diagnosis_with_its_end_and_the_same_counts(capsys: pytest.CaptureFixture[str]) -> None:
    screen = TriageScreen(as_json=True)
    for one in FOUND:
        screen.show(one)
    screen.notice("odd")
    screen.end(Path("/x/y"))
    found = json.loads(capsys.readouterr().out)
    assert (found["counts"], found["logs"]) == (
        {"promising": 1, "hopeless": 1, "wait": 1, "no verdict": 2, "ended": 1},
        "/x/y",
    )
    first, *_, died, _, _ = found["diagnosed"]
    assert first == {
        "run_id": "r", "phase_id": "p", "verdict": "promising", "reason": "so", "until": "2026-03-02T12:00:00Z", "log_path": None,
        "duration_s": 1.235,
    }  # fmt: skip
    assert (died["verdict"], died["reason"], died["until"], died["log_path"]) == (None, "it died\x1b", None, "x.txt")


@pytest.mark.parametrize(("passes", "level"), [(True, "warning"), (False, "error")])
def test_ten_annotations_at_most_each_of_one_line_that_the_runner_takes_apart_again(
    passes: bool, level: str, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = WorstFailure(
        result=result(1, success=False, run_id="a,b", phase_id="c:d", error_message="50 % of x"), cluster="", log="x:y"
    )
    bare = WorstFailure(result=result(2, success=False, error_message="no"), cluster="", log=None)
    annotate([odd, *[bare] * 11], passes=passes)
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert (out, len(lines), lines[0]) == ("", 10, f"::{level} title=a%2Cb / c%3Ad::50 %25 of x (log: x:y)")
    assert set(lines[1:]) == {f"::{level} title=r / p2::no"}


def test_no_text_of_a_failure_makes_a_line_or_a_command_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    odd = WorstFailure(
        result=result(1, success=False, run_id="r\n" + "x" * 300, phase_id="p", error_message="no\n::error::\x1b é"),
        cluster="",
        log="l\n" + "y" * 9000,
    )
    for encoding, shown, rest in (("ascii", "\\xe9", "..."), ("utf-8", "é", "…")):
        below = io.BytesIO()
        stream = io.TextIOWrapper(below, encoding=encoding)
        monkeypatch.setattr(sys, "stderr", stream)
        annotate([odd], passes=False)
        [line] = below.getvalue().decode().splitlines()
        title, _, message = line.removeprefix("::error title=").partition("::")
        assert title == "r\\x0a" + "x" * 197 + rest
        assert message == f"no\\x0a::error::\\x1b {shown} (log: l\\x0a" + "y" * 9000 + ")"
        stream.detach()


def test_each_sign_that_ends_a_part_of_a_command_is_written_as_the_runner_reads_it() -> None:
    assert (_escape("%\r\n:,x", _DATA), _escape("%\r\n:,x", _PROPERTY)) == ("%25%0D%0A:,x", "%25%0D%0A%3A%2Cx")


def test_where_there_is_no_stderr_or_nobody_reads_it_nothing_is_annotated(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = WorstFailure(result=result(2, success=False, error_message="no"), cluster="", log=None)
    closed = io.StringIO()
    closed.close()
    for stream in (None, closed):
        monkeypatch.setattr(sys, "stderr", stream)
        annotate([bare], passes=False)
