"""Every number that is shown of a drain is one sum, whatever the backlog, the limits, and what others do meanwhile."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchdrain.cli.commands.accept import AcceptFlags, accept
from batchdrain.cli.commands.drain import drain_failed
from batchdrain.cli.commands.drain_flags import DrainFlags
from batchdrain.cli.commands.resume import resume_session
from batchdrain.cli.commands.resume_flags import ResumeFlags
from batchdrain.cli.commands.summary import show_summary
from batchdrain.model.phase import Skip
from batchdrain.reports.skip_list import skips_of
from batchdrain.runtime.text import agree, count_of
from batchdrain.sessions.session import NOTED, Session
from tests.support.scripted_project import ScriptedProject, scripted_project
from tests.support.soaking import share, soak

Row = tuple[str, str, int | None, str | None, str | None]
DURING = ("complete", "delete", "insert", "fail again", "cancel")
"""What somebody else does to a row while a phase runs."""
PARTS = {
    "skipped by your filters": "filtered",
    "skipped by a rule": "skipped",
    "left for another drain": "waiting",
    "left for a resume or another drain": "waiting",
    "left for its resume": "waiting",
    "still to come": "waiting",
    "moved or deleted": "taken_elsewhere",
}
BALANCE = r"Balance[:|] *(?P<before>\d+) (?:failed )?before \+ (?P<new>\d+) new = (?P<fixed>\d+) fixed \+ (?P<failing>\d+) still failing"
BALANCE += r" \+ (?P<accepted>\d+) accepted \+ (?P<not_reached>\d+) not reached"

ACTS = ("ok", "ok", "alike", "alike", "fail", "slow", "flaky", "moves", "deletes")
ROWS = st.lists(
    st.tuples(
        st.sampled_from("rst"),
        st.builds(lambda name, act: f"{name}~{act}", st.sampled_from("abcdef"), st.sampled_from(ACTS)),
        st.none() | st.integers(0, 3),
        st.sampled_from(["FAILED"] * 8 + ["QUEUED", "COMPLETE"]),
        st.sampled_from([None, "boom", "RuntimeError: the shared service is broken", "connection reset by peer"]),
    ),
    max_size=14,
)
SECTIONS = st.fixed_dictionaries(
    {
        "batch_size": st.integers(1, 12),
        "workers": st.integers(1, 3),
        "retry": st.fixed_dictionaries(
            {"max_attempts": st.integers(1, 2), "initial_s": st.just(0.001), "max_s": st.just(0.001)}
        ),
        "stop": st.fixed_dictionaries(
            {
                "max_timeouts_per_run": st.integers(0, 2),
                "max_repeats": st.integers(0, 3),
                "max_consecutive_failures": st.sampled_from([0, 0, 3]),
                "max_attempts_per_phase": st.sampled_from([0, 0, 1]),
                "skip_runs_with_queued": st.booleans(),
            }
        ),
        "depends_on": st.sampled_from([[], [], [{"run": "s", "after": ["r"]}]]),
    }
)
FLAGS = st.builds(
    DrainFlags,
    run_id=st.none() | st.none() | st.sampled_from("rst"),
    exclude_run=st.sampled_from([(), (), ("t",)]),
    category=st.sampled_from([(), (), ("other",), ("unknown", "transient")]),
)
HAPPENS = st.dictionaries(st.integers(0, 8), st.sampled_from([*DURING, "interrupt"]), max_size=3)


def check_dry_run(found: ScriptedProject, flags: DrainFlags) -> dict[str, Any]:
    """Its sums, as JSON and as text; it writes nothing."""
    before = found.dump(), sorted(path.name for path in found.root.iterdir())
    view = replace(flags, dry_run=True, explain=True)
    plan: dict[str, Any] = json.loads(found.call(drain_failed, replace(view, format="json")))
    text = found.call(drain_failed, view)
    quiet = found.call(drain_failed, replace(view, explain=False, quiet=True))
    assert (found.dump(), sorted(p.name for p in found.root.iterdir() if p.name != "out")) == (
        before[0], [name for name in before[1] if name != "out"],
    )  # fmt: skip
    taken = plan["would_drain"]
    skipped = sum(one["count"] for one in plan["skipped"])
    assert plan["total"] == taken + skipped + plan["batch_full"] == len(found.failed()) == len(plan["explanation"])
    assert taken == len(plan["phases"]) == sum(one["chosen"] for one in plan["explanation"])
    rules = Counter(one["rule"] for one in plan["explanation"] if not one["chosen"])
    assert rules.pop("batch is full", 0) == plan["batch_full"]
    assert rules == sum((Counter({one["rule"]: one["count"]}) for one in plan["skipped"]), Counter())
    if taken:
        upper = "up to " if plan["is_upper_bound"] or plan["may_follow"] else ""
        most = taken + plan["may_follow"]
        said = (
            f"Would drain {upper}{most} of {plan['total']}: {skipped} {agree(skipped, 'is', 'are')} skipped, "
            f"{plan['batch_full']} {agree(plan['batch_full'], 'does', 'do')} not fit into the batch"
        )
        assert said in text
        assert said in quiet
        assert f"Target: Process {upper}{count_of(most, 'failed phase')}" in text
        assert "Why:" not in quiet
    else:
        assert "Nothing to drain" in text
        assert "Nothing to drain" in plan["nothing_selected"][0]
        assert plan["may_follow"] == 0
    return plan


def check_session(found: ScriptedProject, said: str, before: int) -> None:
    """The session's file, the report, and the table tell of the same numbers."""
    session = found.session()
    assert session is not None
    results, balance, left = session["results"], session["balance"], Counter(found.failed())
    succeeded = sum(result["success"] for result in results)
    assert (session["total_processed"], session["total_success"]) == (len(results), succeeded)
    assert session["total_failed"] == len(results) - succeeded
    assert len({(result["run_id"], result["phase_id"]) for result in results}) == len(results)
    assert balance["failed_before"] == before
    untouched = left.total() - len({(one["run_id"], one["phase_id"]) for one in results} & left.keys())
    parts = {name: balance[name] for name in PARTS.values()}  # each once
    assert balance["not_reached"] == sum(parts.values())
    assert untouched == balance["accepted"] + sum(parts.values()) - balance["taken_elsewhere"]
    failing = [one for one in results if not one["success"]]
    assert balance["fixed"] == succeeded
    assert balance["still_failing"] == sum(
        (one["run_id"], one["phase_id"]) in left
        for one in failing
        if one["final_state"] in {str(word or "NULL") for word in found.failed_words}
    )
    assert before + balance["new"] == succeeded + balance["still_failing"] + balance["accepted"] + balance["not_reached"]
    counts = Counter[str]()
    for one in session["skipped"]:
        assert one["count"]
        counts[one["rule"]] += one["count"]
    assert counts.total() == balance["accepted"] + balance["skipped"]
    check_report(said, session, counts)
    check_report(found.call(show_summary, session_id=None, format_name="text", output=None), session, counts)
    check_markdown(found.call(show_summary, session_id=None, format_name="markdown", output=None), session, counts)
    shown = json.loads(found.call(show_summary, session_id=None, format_name="json", output=None))
    assert (shown["balance"], shown["skipped"]) == (balance, session["skipped"])


def check_report(text: str, session: dict[str, Any], counts: Counter[str]) -> None:
    assert f"Total Processed: {session['total_processed']}\n" in text
    assert f"Succeeded: {session['total_success']}\n" in text
    assert f"Failed: {session['total_failed']}\n" in text
    _, _, summary = text.rpartition("BATCH DRAIN SUMMARY")
    shown = Counter({rule: int(count) for count, rule in re.findall(r"^  (\d+) by ([\w .-]+?): ", summary, re.MULTILINE)})
    assert shown == counts, text
    check_balance(summary, session["balance"])


def check_markdown(page: str, session: dict[str, Any], counts: Counter[str]) -> None:
    shown = {
        name: int(value) for name, value in re.findall(r"^\| (Processed|Succeeded|Failed) \| (\d+) \|", page, re.MULTILINE)
    }
    assert shown == {f"{name}".capitalize(): session[f"total_{key}"] for name, key in
                     (("processed", "processed"), ("succeeded", "success"), ("failed", "failed"))}  # fmt: skip
    table = page.partition("## Skipped")[2].partition("##")[0]
    assert sum(map(int, re.findall(r"^\| (\d+) \|", table, re.MULTILINE))) == counts.total()
    check_balance(page, session["balance"])


def check_balance(text: str, balance: dict[str, int]) -> None:
    found = re.search(BALANCE, text.replace("Balance |", "Balance|"))
    assert found is not None, text
    names = {"before": "failed_before", "failing": "still_failing"}
    assert {names.get(name, name): int(value) for name, value in found.groupdict().items()} == {
        name: balance[name] for name in ("failed_before", "new", "fixed", "still_failing", "accepted", "not_reached")
    }
    parts = re.search(r"Not reached[:| ]+(\d+ = )?(\d[^\n|]*)", text)
    told = Counter[str]()
    for count, name in [] if parts is None else re.findall(r"(\d+) ([a-z ]+?)(?: \+|$)", parts[2].strip()):
        told[PARTS[name]] += int(count)
    assert told == Counter({key: balance[key] for key in PARTS.values() if balance[key]})


def drain_and_check(
    rows: list[Row],
    section: dict[str, Any],
    flags: DrainFlags,
    happens: dict[int, str],
    accepted: bool,
    words: tuple[str | None, ...] = ("FAILED",),
    several: bool = False,
    url: str | None = None,
) -> None:
    """`url`: of a server's database; None: of SQLite."""
    with scripted_project(rows, section, happens, words, several=several, url=url) as found:
        if accepted:
            found.call(accept, AcceptFlags(run_id="*/t" if several else "[t]", reason="known"))
        plan = check_dry_run(found, flags)
        before, session = len(found.failed()), None
        said = found.call(drain_failed, flags)
        session = found.session()
        if session is None:
            assert plan["would_drain"] == 0
            assert "Nothing to drain" in said
            return
        header = re.search(r": (\d+) failed, \d+ queued, \d+ complete, \d+ other in", said)
        target = re.search(r"Target: Process (\d+) failed phases?", said)
        assert header is not None
        assert target is not None
        assert (int(header[1]), int(target[1])) == (before, plan["would_drain"])
        check_session(found, said, before)
        if not happens and not plan["may_follow"]:
            taken = session["total_processed"]
            assert taken == plan["would_drain"] or (plan["is_upper_bound"] and taken < plan["would_drain"]), (plan, session)
        while found.session()["status"] == "interrupted" and "interrupt" in happens.values():  # type: ignore[index]
            found.happens = {}
            said = found.call(resume_session, ResumeFlags())
            check_session(found, said, before)
            break


INPUTS = (ROWS, SECTIONS, FLAGS, HAPPENS, st.booleans())


@hypothesis.settings(max_examples=25, deadline=None)
@given(*INPUTS)
def test_header_skips_results_and_balance_are_one_sum(
    rows: list[Row], section: dict[str, Any], flags: DrainFlags, happens: dict[int, str], accepted: bool
) -> None:
    drain_and_check(rows, section, flags, happens, accepted)


@soak
@pytest.mark.timeout(7_200)  # each example is a drain and its dry run
@hypothesis.settings(max_examples=share(500), deadline=None)
@given(*INPUTS)
def test_header_skips_results_and_balance_are_one_sum_in_hundreds_of_drains(
    rows: list[Row], section: dict[str, Any], flags: DrainFlags, happens: dict[int, str], accepted: bool
) -> None:
    drain_and_check(rows, section, flags, happens, accepted)


def failed(*names: str, reason: str | None = None) -> list[Row]:
    return [(run, phase, index, "FAILED", reason) for index, (run, phase) in enumerate(name.split("/") for name in names)]


def drained(rows: list[Row], section: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The session and what was printed."""
    with scripted_project(rows, section) as project:
        said = project.call(drain_failed, DrainFlags())
        session = project.session()
        assert session is not None
        return session, said


def test_a_run_that_timed_out_too_often_skips_those_that_are_left_and_no_others() -> None:
    session, said = drained(failed("r/a~slow", "r/b~slow", "r/c", "r/d"), {"stop": {"max_timeouts_per_run": 2}})
    assert [(one["rule"], one["count"]) for one in session["skipped"]] == [("stop.max_timeouts_per_run", 2)]
    assert said.count("Skipping the rest of run r: stop.max_timeouts_per_run: run r timed out 2 times") == 1
    assert "  2 by stop.max_timeouts_per_run: run r timed out 2 times\n" in said
    assert "Not reached: 2 skipped by a rule\n" in said


def test_a_cluster_that_is_parked_when_none_of_it_is_left_skips_nothing() -> None:
    session, said = drained(failed(*(f"r{number}/a~alike" for number in range(5))), {"stop": {"max_repeats": 5}})
    assert (session["total_processed"], session["skipped"], session["balance"]["not_reached"]) == (5, [], 0)
    assert "Skipped:" not in said


def test_rows_of_one_name_are_never_chosen_and_counted_as_the_rows_that_they_are() -> None:
    session, said = drained(failed("r/a", "r/a", "s/b", "s/c", "s/d", reason="boom"), {})
    assert [(one["rule"], one["count"]) for one in session["skipped"]] == [("bad data", 2)]
    assert "Draining: r / a" not in said
    assert "somebody else" not in said
    assert "Balance: 5 failed before + 0 new = 3 fixed + 0 still failing + 0 accepted + 2 not reached\n" in said


def test_what_a_command_moved_or_deleted_itself_is_not_said_to_be_taken_by_somebody_else() -> None:
    session, said = drained(failed("r/a~moves", "r/b~deletes", "r/c"), {})
    assert (session["balance"]["not_reached"], session["balance"]["taken_elsewhere"]) == (2, 2)
    assert "2 not reached (2 of them were moved or deleted, by a command, another drain or somebody else)\n" in said


def test_what_is_skipped_no_more_is_not_said_to_be() -> None:
    section = {"depends_on": [{"run": "late", "after": ["early"]}]}
    session, said = drained(failed("early/a", "late/a", "late/b"), section)
    assert (session["total_success"], session["skipped"]) == (3, [])
    assert "2 skipped by depends_on" in said
    assert "Skipped:" not in said


def test_more_skips_than_are_named_are_counted_all_the_same() -> None:
    session = Session(session_id="s", started_at=datetime(2026, 3, 1, tzinfo=UTC))
    session.take_skips({Skip("rule", str(number)): 2 for number in range(NOTED + 10)} | {Skip("other", ""): 1})
    assert (len(session.skipped), sum(one.count or 0 for one in session.skipped)) == (NOTED + 2, 2 * (NOTED + 10) + 1)
    assert next(iter(skips_of(session)))[:2] == (str(2 * (NOTED + 10)), "rule")
