"""One phase that is explained: each fact is told by its own line, in the text and in JSON, and what is not known by none."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from batchdrain.cli.commands.explain_fields import to_fields
from batchdrain.cli.commands.explain_text import PhaseText
from batchdrain.database.ledger.notes import Note
from batchdrain.database.ledger.phase_history import PastAttempt, PhaseHistory
from batchdrain.drain.attempt_files import AttemptFile
from batchdrain.drain.preview.dry_plan import DryPlan
from batchdrain.drain.preview.explanation import Explanation
from batchdrain.drain.preview.next_drain import NextDrain
from batchdrain.failures.fingerprints import cluster_id_of
from batchdrain.model.claim import Choice, TimeLimit
from batchdrain.model.failure import NO_REASON, Failure
from batchdrain.model.phase import Phase, PhaseKey, Skip
from batchdrain.model.states import Outcome, PhaseState
from batchdrain.planning.disposition import Disposition, DispositionKind
from batchdrain.planning.given_back import GivenBack
from batchdrain.planning.plan import Plan, Planned
from batchdrain.planning.reading import Reasons
from batchdrain.planning.remainder import Remainder
from batchdrain.reports.beside import Beside
from batchdrain.sessions.session import Kind
from tests.support.hostile import obeyed

KEY = PhaseKey("r", "p")
BOOM = Failure.of("boom tok3n", lambda _: "disk")
UNTIL = datetime(2026, 3, 1, 12, tzinfo=UTC)
BESIDE = Beside(words=("inv",), mount="x.", redact=lambda text: text.replace("tok3n", "***"))
BARE = Explanation(
    key=KEY, state_word="BROKEN", state=PhaseState.FAILED, is_there=True, failure=NO_REASON, history=PhaseHistory(), disposition=None,
    phase_index=3, next_drain=None, recovery=None, reopenings=(),
)  # fmt: skip
PAST = PastAttempt(
    epoch=4, attempt=2, session_uid="u1", session_id="s1", started_ms=1_767_000_000_123, ended_ms=1_767_000_003_000, duration_ms=2_900,
    outcome="failed", final_state="FAILED", exit_code=3, signal=None, reason="no tok3n", category="disk", host="h", cpu_ms=1_500,
    max_rss_kb=2_048, stdout_path="o.txt", stderr_path="e.txt",
)  # fmt: skip
PLANNED = Planned(
    choice=Choice(phase=Phase(run_id="r", phase_id="p", phase_index=1, state=PhaseState.FAILED), reason="oldest first"),
    limit=TimeLimit(seconds=90.0, rule="timeout.default_s"),
)


def next_drain(
    taken: int = 1, *, skipped: Skip | None = None, may_end_by: tuple[str, ...] = (), problems: tuple[str, ...] = (), **fields: Any
) -> NextDrain:  # fmt: skip
    made = Plan(phases=(PLANNED,) * taken, remainder=Remainder(total=9))
    if skipped is not None:
        made = replace(
            made, remainder=replace(made.remainder, skipped=made.remainder.skipped + type(made.skipped)({skipped: 1}))
        )

    def no_reasons(_: str | None) -> Reasons:
        raise AssertionError("it is judged already")

    plan = DryPlan(
        made=made, may_end_before=lambda place: may_end_by[:place], reasons=no_reasons, recovery=(), problems=problems, limit=None,
        stopped=None, idle=(),
    )  # fmt: skip
    return NextDrain(kind=Kind.FAILED, plan=plan, **fields)


def find_file(_: PastAttempt, path: str) -> AttemptFile:
    return AttemptFile(path=path, is_there=True)


def told(**facts: Any) -> list[str]:
    return [*PhaseText(replace(BARE, **facts), BESIDE, find_file).render("db")]


def fields(**facts: Any) -> dict[str, Any]:
    return to_fields(replace(BARE, **facts), BESIDE.redact, find_file)


def test_of_a_phase_of_which_nothing_else_is_known_its_state_is_told_and_no_more() -> None:
    assert told() == ["Phase r / p is BROKEN: db", "Next drain: takes no phase that is BROKEN", "Attempts: none"]
    assert fields() == {
        "run_id": "r", "phase_id": "p", "phase_index": 3, "state": "BROKEN", "reason": None, "category": None, "cluster": None, "disposition": None,
        "next": None, "recovered_first": None, "is_held": False, "attempts_counted": 0, "attempts_removed": 0,
        "given_back_in_a_row": 0, "attempts": [], "reopened": [],
    }  # fmt: skip


def test_its_reason_is_told_with_category_and_cluster_and_without_secrets() -> None:
    cluster = cluster_id_of(BOOM.fingerprint)
    assert told(failure=BOOM)[1] == f"  boom *** (disk, cluster {cluster})"
    assert told(failure=BOOM.as_fingerprint(""))[1] == "  boom *** (disk)"
    found = fields(failure=BOOM)
    assert (found["category"], found["cluster"]) == ("disk", cluster)
    assert fields(failure=BOOM.as_fingerprint(""))["cluster"] is None


def test_who_holds_it_is_said_to_be_dead_or_at_work() -> None:
    cut, ended = replace(PAST, outcome=None), replace(PAST, outcome="orphaned")
    assert PhaseHistory(attempts=(cut, PAST, ended)).uncounted == ("unrecorded", "orphaned")
    held, back = PhaseHistory(is_held=True, orphanings=2), GivenBack(key=KEY, digest="d", stands="WAITING")
    assert told(history=held)[1] == "A controller holds it now: `inv status` shows who drains"
    dead = told(history=held, recovery=back)
    assert dead[1:3] == ["A dead controller holds it: the next drain, or `inv recover`, makes it WAITING", told()[1]]
    found = fields(history=held, recovery=back)
    assert (found["recovered_first"], found["is_held"], found["given_back_in_a_row"]) == ("WAITING", True, 2)


def test_long_texts_are_cut_at_500_and_what_is_to_be_typed_or_opened_never() -> None:
    long = Disposition(kind=DispositionKind.HOPELESS, reason="x" * 900)
    assert len(told(disposition=long)[1]) == 500 + len("Disposition: ")
    key = PhaseKey("r" * 900, "p")
    assert told(disposition=long, key=key)[2].count("r" * 900) == 1
    gone = PhaseText(
        replace(BARE, history=PhaseHistory(attempts=(replace(PAST, stdout_path="o" * 900, session_because="b" * 900),))), BESIDE,
        lambda _, path: AttemptFile(path=path, is_there=False, why_not="is gone\x1b"),
    )  # fmt: skip
    *_, stderr, stdout, session = gone.render("db")
    assert (stderr, stdout) == ("     stderr: e.txt (is gone\\x1b)", f"     stdout: {'o' * 900} (is gone\\x1b)")
    assert (session[:39], len(session)) == ("     session s1, which ended by " + "b" * 7, 500)


LIFTED = "--run-id=r --phase-id=p '--reason=…'"


@pytest.mark.parametrize(
    ("kind", "cure"),
    [
        (DispositionKind.OPEN, []), (DispositionKind.RETRIED, []), (DispositionKind.FIXED, []), (DispositionKind.PARKED, []),
        (DispositionKind.QUARANTINED, [f"  lifted by: inv x.reopen {LIFTED}"]),
        (DispositionKind.HOPELESS, [f"  lifted by: inv x.reopen {LIFTED}"]),
        (DispositionKind.WAITING, [f"  lifted by: inv x.reopen {LIFTED}"]),
        (DispositionKind.ACCEPTED, ["  `inv x.accept` lists what is accepted, and `--clear` removes an acceptance"]),
    ],
)  # fmt: skip
def test_a_disposition_is_told_with_what_lifts_it_and_its_end_once(kind: DispositionKind, cure: list[str]) -> None:
    found = Disposition(kind=kind, reason="so")
    assert told(disposition=found)[1:-2] == [f"Disposition: {kind.value}: so", *cure]
    ends = replace(found, until=UNTIL)
    assert told(disposition=ends)[1] == f"Disposition: {kind.value}: so, until 2026-03-01T12:00:00Z"
    again = "known until 2026-03-01T12:00:00Z"
    assert told(disposition=replace(ends, reason=again))[1] == f"Disposition: {kind.value}: {again}"
    assert fields(disposition=ends)["disposition"] == {"kind": kind.value, "reason": "so", "until": "2026-03-01T12:00:00Z"}
    assert fields(disposition=found)["disposition"]["until"] is None


WAITS = Skip("depends_on", "waits for run q", until=UNTIL)
NEXT: list[tuple[NextDrain, list[str], dict[str, Any]]] = [
    (
        next_drain(3, planned=PLANNED, place=2, may_end_by=("a", "b", "c"), problems=("no rights",)),
        ["Next drain of failed phases: takes it as 2 of 3: oldest first", "  Timeout: 90 s (timeout.default_s)",
         "  unless results make it end sooner: a, b", "  A drain would not start: no rights"],
        {"is_taken": True, "place": 2, "would_drain": 3, "why": "oldest first", "timeout_s": 90.0, "timeout_rule": "timeout.default_s",
         "may_end_by": ["a", "b"], "problems": ["no rights"]},
    ),
    (
        next_drain(2, skip=Skip("accepted", "known"), may_end_by=("a",)),
        ["Next drain of failed phases: skips it, by accepted: known"],
        {"would_drain": 2, "left_out_by": {"rule": "accepted", "value": "known", "until": None}},
    ),
    (
        next_drain(1, skip=WAITS, skipped=WAITS),
        ["Next drain of failed phases: skips it, by depends_on: waits for run q",
         "  unless its results complete the run that it waits for: then it may follow"],
        {"would_drain": 1, "may_follow": True,
         "left_out_by": {"rule": "depends_on", "value": "waits for run q", "until": "2026-03-01T12:00:00Z"}},
    ),
    (
        next_drain(2),
        ["Next drain of failed phases: may take it, but it does not fit into the batch: 2 phases come first"],
        {"would_drain": 2, "is_batch_full": True},
    ),
    (
        next_drain(1, skipped=WAITS),
        ["Next drain of failed phases: may take it, but it does not fit into the batch: 1 phase comes first"],
        {"would_drain": 1, "is_batch_full": True},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("found", "lines", "values"), NEXT)
def test_the_next_drain_takes_it_leaves_it_out_or_is_full(found: NextDrain, lines: list[str], values: dict[str, Any]) -> None:
    assert told(next_drain=found)[1:-1] == lines
    nothing = {
        "drain": "failed", "is_taken": False, "place": None, "why": None, "timeout_s": None, "timeout_rule": None, "left_out_by": None,
        "is_batch_full": False, "may_follow": False, "may_end_by": [], "problems": [],
    }  # fmt: skip
    assert fields(next_drain=found)["next"] == {**nothing, **values}


def test_a_phase_that_was_completed_by_another_run_s_wait_alone_follows_nothing() -> None:
    """Others may follow; this one is left out by another rule."""
    assert not next_drain(1, skip=Skip("accepted", "known"), skipped=WAITS).may_follow
    assert not next_drain(1, skip=WAITS).may_follow


ATTEMPTS: list[tuple[dict[str, Any], str, bool]] = [
    ({}, " on h: failed after 2.9 s, exit 3, 1.5 s of CPU, 2 MiB peak memory", True),
    ({"exit_code": 0, "outcome": "complete"}, " on h: complete after 2.9 s, exit 0, 1.5 s of CPU, 2 MiB peak memory", True),
    (
        {"host": None, "exit_code": None, "signal": 9, "cpu_ms": None, "max_rss_kb": None, "duration_ms": None},
        ": failed, signal 9",
        True,
    ),
    ({"outcome": None, "ended_ms": None}, " on h: has not ended", False),
    (
        {"outcome": "not_started", "exit_code": None, "cpu_ms": 0, "max_rss_kb": 0, "duration_ms": 0},
        " on h: not started after 0.0 s, 0.0 s of CPU, 0 MiB peak memory, not counted",
        False,
    ),
]


@pytest.mark.parametrize(("facts", "line", "is_counted"), ATTEMPTS)
def test_an_attempt_is_told_by_what_is_known_of_it(facts: dict[str, Any], line: str, is_counted: bool) -> None:
    one = replace(PAST, **facts)
    history = PhaseHistory(attempts=(one,), counted=int(is_counted))
    lines = told(history=history)
    assert lines[2:4] == [f"Attempts: 1 ({int(is_counted)} counted)", f"  1. 2025-12-29T09:20:00Z{line}"]
    assert lines[4:] == ["     no ***", "     stderr: e.txt", "     stdout: o.txt", "     session s1"]
    [found] = fields(history=history)["attempts"]
    assert found["is_counted"] is is_counted


def test_an_attempt_is_whole_in_json_and_without_secrets() -> None:
    [found] = fields(history=PhaseHistory(attempts=(PAST,), counted=1))["attempts"]
    assert found == {
        "epoch": 4, "attempt": 2, "session_id": "s1", "session_uid": "u1", "host": "h", "started_at": "2025-12-29T09:20:00.123000Z",
        "ended_at": "2025-12-29T09:20:03Z", "duration_s": 2.9, "outcome": "failed", "is_counted": True, "final_state": "FAILED",
        "exit_code": 3, "signal": None, "reason": "no ***", "category": "disk", "cpu_s": 1.5, "max_rss_kb": 2048,
        "stdout_path": "o.txt", "stderr_path": "e.txt",
        "stdout_is_there": True, "stderr_is_there": True, "session_because": None,
    }  # fmt: skip
    bare = replace(
        PAST, ended_ms=None, duration_ms=None, cpu_ms=None, reason=None, session_id=None, stdout_path=None, stderr_path=None
    )
    [found] = fields(history=PhaseHistory(attempts=(bare,)))["attempts"]
    assert [found[name] for name in ("ended_at", "duration_s", "cpu_s", "reason")] == [None] * 4
    assert told(history=PhaseHistory(attempts=(bare,)))[-1:] == ["     session u1"]
    assert len(told(history=PhaseHistory(attempts=(bare,)))) == 5


def test_attempts_that_were_removed_are_counted_apart_from_those_that_are_left() -> None:
    left = (PAST, replace(PAST, outcome=Outcome.RELEASED.value))
    lines = told(history=PhaseHistory(attempts=left, counted=3))
    assert lines[2:4] == ["Attempts: 2 (3 counted)", "  2 earlier ones removed by `inv prune`"]
    assert [line[:4] for line in lines if line.startswith(("  1.", "  2."))] == ["  1.", "  2."]
    assert told(history=PhaseHistory(counted=1))[2:] == [
        "Attempts: none (1 counted)",
        "  1 earlier one removed by `inv prune`",
    ]
    assert not any("removed" in line for line in told(history=PhaseHistory(attempts=left, counted=1)))
    found = fields(history=PhaseHistory(attempts=left, counted=3))
    assert (found["attempts_counted"], found["attempts_removed"], len(found["attempts"])) == (3, 2, 2)


def note(**content: Any) -> Note:
    return Note(subject="x", by="ann@h", at="2026-03-01T12:00:00.123456Z", content=content)


def test_what_was_lifted_is_told_with_who_and_why_whatever_stands_in_the_note() -> None:
    notes = [note(reason="more memory", lifted=["quarantined", "hopeless"]), note(lifted="all"), note(reason=7, lifted=[8])]
    assert told(reopenings=notes)[-3:] == [
        "Reopened 2026-03-01T12:00:00Z by ann@h: more memory (was quarantined; hopeless)",
        "Reopened 2026-03-01T12:00:00Z by ann@h (was )",
        "Reopened 2026-03-01T12:00:00Z by ann@h: 7 (was 8)",
    ]
    assert fields(reopenings=notes)["reopened"] == [
        {"at": notes[0].at, "by": "ann@h", "reason": "more memory", "lifted": ["quarantined", "hopeless"]},
        {"at": notes[0].at, "by": "ann@h", "reason": "", "lifted": []},
        {"at": notes[0].at, "by": "ann@h", "reason": "7", "lifted": ["8"]},
    ]


def test_whatever_ids_words_and_texts_are_a_line_is_a_line_and_nothing_in_it_is_obeyed() -> None:
    odd = "x\n\x1b[31m::error::y"
    hostile = replace(PAST, outcome=odd, reason=odd, host=odd, session_id=odd, stdout_path=odd, stderr_path=odd)
    planned = replace(PLANNED, choice=replace(PLANNED.choice, reason=odd), limit=TimeLimit(seconds=1.0, rule=odd))
    facts: dict[str, Any] = {
        "key": PhaseKey(odd, odd), "state_word": odd, "failure": Failure(odd, "disk", odd), "history": PhaseHistory(attempts=(hostile,)),
        "recovery": GivenBack(key=KEY, digest="d", stands=odd), "reopenings": [replace(note(reason=odd, lifted=[odd]), by=odd)],
        "disposition": Disposition(kind=DispositionKind.HOPELESS, reason=odd),
    }  # fmt: skip
    drains = (
        None, next_drain(planned=planned, place=1, may_end_by=(odd,), problems=(odd,)), next_drain(skip=Skip(odd, odd)),
    )  # fmt: skip
    for found in drains:
        lines = told(next_drain=found, **facts)
        assert ([line for line in lines if not line.isprintable()], obeyed("\n".join(lines))) == ([], [])
