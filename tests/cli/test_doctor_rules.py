"""What doctor says of rules, notes and claims that do nothing or hold something, sentence by sentence and with its cure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from batchdrain.cli.commands.doctor.category_checks import check_categories, measure_rules
from batchdrain.cli.commands.doctor.claim_checks import check_claims, check_ledger_shape, check_source_kind, check_strays
from batchdrain.cli.commands.doctor.project_checks import Finding, check_command, check_machine
from batchdrain.cli.commands.doctor.rule_checks import check_notes, check_profile, check_runs
from batchdrain.config.load import load
from batchdrain.database.ledger.notes import NoteKind, Notes
from batchdrain.drain.project import Project
from batchdrain.execution import process_identity
from batchdrain.execution.process_identity import identify_self
from batchdrain.failures.categories import make_own_rule
from tests.cli.called import found_by
from tests.support.opened import hold, opened
from tests.support.two_tables import age_notes
from tests.support.workplace import Workplace

on = pytest.mark.parametrize
FIX = "fix it, or remove it"


@pytest.fixture
def place(sqlite_project: Workplace) -> Workplace:
    sqlite_project.fail("aa/p", "ab/p", reason="disk full")
    return sqlite_project


def found(check: Callable[[Project], Iterator[Finding]], project: Project) -> list[tuple[str, str, str, str]]:
    return [(one.check, one.verdict, one.message, one.cure) for one in check(project)]


@on(
    ("settings", "told"),
    [
        ({}, []),
        ({"depends_on": [{"run": "aa", "after": ["ab"]}]}, [("rules", "ok", "each glob of depends_on and run_types matches a run", "")]),
        ({"depends_on": [{"run": "aab", "after": ["ab", "z*"]}, {"run": "a?", "after": ["q"]}]},
         [("depends_on.0.run", "warn", "'aab': there is no such run (did you mean 'ab'?)", FIX),
          ("depends_on.0.after", "warn", "'z*': no run matches it; `inv list-run-counts` lists the runs", FIX),
          ("depends_on.1.after", "warn", "'q': there is no such run; `inv list-run-counts` lists the runs", FIX)]),
        ({"depends_on": [{"run": "aa", "after": ["ab"]}, {"run": "ab", "after": ["aa"]}]},
         [("depends_on", "fail", "batchdrain.depends_on: runs wait for each other: aa -> ab -> aa",
           "correct the globs so that no run waits for itself")]),
        ({"run_types": [{"match": "a*", "type": "x"}, {"match": "ab", "type": "y"}, {"match": "q", "type": "y"}]},
         [("run_types.2.match", "warn", "'q': there is no such run; `inv list-run-counts` lists the runs", FIX),
          ("run_types.1", "warn", "'ab': an earlier entry matches all of its runs, and the first match counts", FIX)]),
        ({"run_types": [{"match": "aa", "type": "x"}, {"match": "ab", "type": "y"}, {"match": "a?", "type": "y"}]},
         [("run_types.2", "warn", "'a?': an earlier entry matches all of its runs, and the first match counts", FIX),
          ("rules", "ok", "each glob of depends_on and run_types matches a run", "")]),
        ({"run_types": [{"match": "aa", "type": "x"}, {"match": "a?", "type": "y"}]},
         [("rules", "ok", "each glob of depends_on and run_types matches a run", "")]),
    ],
)  # fmt: skip
def test_a_rule_about_runs_that_matches_none_or_comes_too_late_is_told(
    place: Workplace, settings: dict[str, Any], told: list[tuple[str, str, str, str]]
) -> None:
    assert found_by(check_runs, place, **settings) == told
    place.sql("DELETE FROM phases")
    assert found_by(check_runs, place) == [], "without runs nothing can be told"


NO_RUN = "'zz-*': no run matches it; `inv list-run-counts` lists the runs"
TAKE_BACK = "name another run, or remove it (`--clear`)"


def test_notes_about_runs_that_are_not_there_are_told_with_the_way_to_take_them_back(place: Workplace) -> None:
    with opened(place, policy=["smart", {"name": "untried-first"}]) as project:
        assert found(check_notes, project) == []
        notes = Notes(project.store.database, project.store.ledger)
        for glob in ("a*", "zz-*"):
            notes.write(NoteKind.HINT, {glob: {"priority": 1}})
        subjects: list[dict[str, str]] = [
            {"run_id": "aa"}, {"run_id": "ax"}, {"run_id": "a*", "phase_id": "p"}, {"cluster": "0" * 12},
        ]  # fmt: skip
        for number, subject in enumerate(subjects):
            notes.write(NoteKind.ACCEPTED, {str(number): {**subject, "reason": "x"}})
        policy = "the configured policy (smart, untried-first) ignores hints, and the ledger has 2"
        near = "there is no such run (did you mean 'ab'?)"
        told = found(check_notes, project)
        assert told[:2] == [("hint", "warn", policy, FIX), ("hint", "warn", NO_RUN, TAKE_BACK)]
        assert [(check, message.partition(":")[0], cure) for check, _, message, cure in told[2:]] == [
            ("accept", "'ax'", TAKE_BACK), ("accept", "'a[*]'", TAKE_BACK),
        ], near  # fmt: skip
        place.sql("DELETE FROM phases")
        assert found(check_notes, project) == [("hint", "warn", policy, FIX)]
    with opened(place, policy=["hints"]) as project:
        assert found(check_notes, project) == []


def test_a_note_that_holds_for_every_table_has_a_cure_of_its_own(place: Workplace) -> None:
    with opened(place) as project:
        Notes(project.store.database, project.store.ledger).write(NoteKind.HINT, {"zz-*": {"priority": 1}})
    age_notes(place)
    assert found_by(check_notes, place) == [
        ("hint", "warn", NO_RUN, ("remove it (`--clear`), unless it is meant for another table: an earlier batchdrain made it, and it "
         "applies to every table of the ledger")),
    ]  # fmt: skip


def test_what_is_held_is_told_with_a_warning_where_it_is_to_be_given_back(place: Workplace) -> None:
    place.fail("b/p", "c/p")
    with opened(place) as project:
        assert found(check_claims, project) == []
        hold(project, "aa/p", by=identify_self())
        hold(project, "b/p")
        told = found(check_claims, project)
        assert [(check, verdict, message.partition(":")[0], cure) for check, verdict, message, cure in told] == [
            ("claims", "ok", "held now", ""), ("claims", "warn", "held now", ""),
        ]  # fmt: skip
        assert "aa / p" in told[0][2]
        assert "b / p" in told[1][2]


@on(
    ("counts", "told"),
    [
        ([2], ""),
        ([3], "1 phase was orphaned at least 3 times in a row and is skipped; `inv drain --include-quarantined` takes it"),
        ([3, 5, 1], "2 phases were orphaned at least 3 times in a row and are skipped; `inv drain --include-quarantined` takes them"),
    ],
)  # fmt: skip
def test_phases_in_quarantine_are_counted(place: Workplace, counts: list[int], told: str) -> None:
    place.fail("b/p")
    with opened(place) as project:
        for name, count in zip(("aa/p", "ab/p", "b/p"), counts, strict=False):
            hold(project, name, by=identify_self())
            place.sql("UPDATE batchdrain_claim SET orphan_count = :n, owner = NULL WHERE owner IS NOT NULL", [{"n": count}])
        answer = found(check_claims, project)
    cure = "`inv reopen` lists them, and lifts the quarantine"
    assert answer == ([("quarantine", "warn", told, cure)] if told else [])


def test_a_phase_that_nobody_holds_fails_where_it_is_ours_and_is_a_warning_where_it_is_not(place: Workplace) -> None:
    place.add(("s", "theirs", 0, "EXECUTING", None))
    with opened(place) as project:
        hold(project, "aa/p", by=identify_self())
        place.sql("DELETE FROM batchdrain_claim")
        told = {(message.split()[3], verdict) for _, verdict, message, _ in found(check_strays, project)}
        codes = {one.code for one in check_strays(project)}
    assert told == {("aa", "fail"), ("s", "warn")}
    assert codes == {65}


def test_a_table_or_a_column_of_ours_that_was_dropped_fails(place: Workplace) -> None:
    with opened(place, with_ledger=False) as project:
        assert found(check_ledger_shape, project) == [], "none is there before the first drain"
    with opened(place) as project:
        assert found(check_ledger_shape, project) == []
        place.sql("ALTER TABLE batchdrain_claim RENAME COLUMN owner TO odd")
        [(check, verdict, message, cure)] = found(check_ledger_shape, project)
        assert (check, verdict, message) == (
            "ledger",
            "fail",
            "batchdrain_claim has no column owner: it was dropped or renamed",
        )
        assert cure.startswith("restore it")
        place.sql("DROP TABLE batchdrain_claim")
        assert found(check_ledger_shape, project) == [
            ("ledger", "fail", "batchdrain_claim was dropped, but batchdrain's other tables exist",
             "restore it from a backup; or end all drains, and let `inv recover` settle what is held: the next drain creates it again, empty"),
        ]  # fmt: skip


def test_of_a_view_it_is_told_what_its_command_leaves_there(place: Workplace) -> None:
    place.sql("CREATE VIEW seen AS SELECT * FROM phases WHERE run_id <> 'hidden'")
    place.source = {"table": "seen", "gone_is": "complete"}
    told = found_by(check_source_kind, place)
    assert told == [
        ("source.gone_is", "warn", "the source is a view: a row that it does not show may still exist, and counts as failed",
         "map the table itself in batchdrain.source.table, or a view of it alone, without a condition"),
    ]  # fmt: skip
    place.source = {"table": "seen"}
    told = found_by(check_source_kind, place, command={"result_from": "database"})
    assert told[0] == ("view", "ok", "results are read from the source, and nothing is written to it", "")
    assert told[-1] == (
        "stuck_states", "ok",
        "after a crash of the command its phase is released from EXECUTING and QUEUED; name others in command.stuck_states", "",
    )  # fmt: skip
    place.source = {"gone_is": "complete"}
    assert found_by(check_source_kind, place, command={"result_from": "exit_code"}) == []


@on(
    ("categories", "told"),
    [
        ([], []),
        ([{"match": "disk", "category": "patch"}], []),
        ([{"match": "nope", "category": "patch"}],
         [("categories.0", "warn", "'nope' has no effect on any failed phase: it matches none, or an earlier rule matches them first", FIX)]),
        ([{"match": "disk", "category": "patch"}, {"match": "full", "category": "other"}],
         [("categories.1", "warn", "'full' has no effect on any failed phase: it matches none, or an earlier rule matches them first", FIX)]),
    ],
)  # fmt: skip
def test_a_rule_that_decides_for_no_failed_phase_is_told(
    place: Workplace, categories: list[dict[str, str]], told: list[tuple[str, str, str, str]]
) -> None:
    quick = ("categories", "ok", "a text of 64 kB takes each rule of yours less than 0.1 s", "")
    assert found_by(check_categories, place, categories=categories) == [*told, *([quick] if categories else [])]
    place.sql("UPDATE phases SET last_failure_reason = NULL")
    assert found_by(check_categories, place, categories=categories) == ([quick] if categories else [])


def test_only_the_rule_that_takes_long_is_told_with_its_cost() -> None:
    ticks = iter([0.0, 0.05] * 4 + [0.0, 0.1] * 3 + [0.0, 0.25] + [0.0, 0.1] * 4)
    rules = [make_own_rule("patch", name) for name in ("quick", "slow", "just")]
    answer = [*measure_rules(rules, ["disk full"], lambda: next(ticks))]
    assert [(one.check, one.verdict, one.message, one.cure) for one in answer] == [
        ("categories.1", "warn", "'slow' takes 0.2 s for a text of 64 kB: reading the backlog may take long",
         "shorten its repetitions: .* costs less than .{0,500}"),
    ]  # fmt: skip


def test_each_limit_of_a_profile_that_does_not_hold_is_told() -> None:
    own = load({"profile": "triage", "retry": {"max_attempts": 4}, "policy": ["smart"]}, {})
    assert [(one.check, one.verdict, one.message, one.cure) for one in check_profile(own)] == [
        ("retry.max_attempts", "warn", "is set to 4, so the 1 of profile triage does not apply", FIX),
        ("policy", "warn", "is set, so the order of profile triage does not apply", FIX),
    ]


@on(
    ("sees", "hides", "told"),
    [
        (True, False, None),
        (True, True, ("ok", "/proc hides other users' processes (hidepid): what their dead controllers held is released only when its lease expires", "")),
        (False, True, ("warn", ("there is no /proc of our own, so processes can't be seen: what a command leaves behind in a session of its "
                       "own outlives its time limit, its output is not capped, and what dead controllers held is released only when its lease expires"),
                       "mount /proc: mount -t proc proc /proc")),
    ],
)  # fmt: skip
def test_what_the_machine_hides_is_told(
    monkeypatch: pytest.MonkeyPatch, sees: bool, hides: bool, told: tuple[str, str, str] | None
) -> None:
    monkeypatch.setattr(process_identity, "sees_processes", lambda: sees)
    monkeypatch.setattr(process_identity, "hides_others", lambda: hides)
    assert [(one.verdict, one.message, one.cure) for one in check_machine()] == ([] if told is None else [told])


def test_the_program_of_the_command_is_named_with_what_another_shell_would_not_find(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)

    def told(**command: Any) -> list[tuple[str, str]]:
        return [(one.verdict, one.message) for one in check_command(load({"command": command}, {}), tmp_path)]

    program = next(message.split()[1].rstrip(",") for _, message in told(argv=["env"]))
    assert told(argv=["env"]) == [
        ("ok", f"executes {program}, judged by exit_code"),
        ("ok", f"env is looked for in this shell's PATH: where cron or CI has another one, name {program}"),
    ]
    assert told(argv=[program], result_from="database") == [("ok", f"executes {program}, judged by database")]
    [(verdict, message)] = told(argv=["no-such-program"])
    assert (verdict, "no-such-program" in message) == ("fail", True)
    monkeypatch.setenv("DATABASE_URL", "x")
    assert told(argv=[program])[1:] == [
        ("ok", "does not inherit DATABASE_URL (command.env_allow: [DATABASE_URL] passes it on)")
    ]
    assert told(argv=[program], env_allow=["DATABASE_URL"])[1:] == []
