"""A plan file: exactly what it names, on the database that it was made for, by the rules that skip any other phase."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from tests.support.workplace import Workplace

PLAN = "plan.json"


def suspect(place: Workplace, run_id: str) -> None:
    """As if whoever ran the phases of this run had died three times in a row."""
    place.sql(
        "UPDATE batchdrain_claim SET orphan_count = 3 WHERE key IN (SELECT key FROM batchdrain_attempt WHERE run_id = :run)",
        [{"run": run_id}],
    )


def planned_and_tried(place: Workplace, *flags: str) -> None:
    """Two phases that have failed once, and a plan of both."""
    place.fail("a/p~fail", "b/q~fail")
    assert place.inv("drain").code == 1
    assert place.inv("dry-run", f"--output={PLAN}", *flags).code == 0


def test_a_planned_phase_is_skipped_by_the_rule_that_would_skip_it_without_a_plan(sqlite_project: Workplace) -> None:
    planned_and_tried(sqlite_project)
    suspect(sqlite_project, "a")

    ran = sqlite_project.inv("drain", f"--plan={PLAN}")

    assert sqlite_project.taken() == ["b/q~fail"]
    assert "1 skipped by quarantined: a / p~fail: orphaned 3 times in a row" in ran.out


def test_a_plan_that_was_made_with_quarantined_phases_takes_them(sqlite_project: Workplace) -> None:
    planned_and_tried(sqlite_project)
    suspect(sqlite_project, "a")
    sqlite_project.inv("dry-run", "--include-quarantined", f"--output={PLAN}")

    sqlite_project.inv("drain", f"--plan={PLAN}")

    assert sorted(sqlite_project.taken()) == ["a/p~fail", "b/q~fail"]


@pytest.mark.parametrize("rule", ["stop.max_attempts_per_phase", "depends_on"])
def test_a_plan_heeds_what_was_configured_since(sqlite_project: Workplace, rule: str) -> None:
    planned_and_tried(sqlite_project)
    since: dict[str, object] = {"stop": {"max_attempts_per_phase": 1}} if rule.startswith("stop") else {}
    sqlite_project.configure(**since, **({} if since else {"depends_on": [{"run": "b", "after": ["a"]}]}))

    ran = sqlite_project.inv("dry-run", f"--plan={PLAN}")

    assert f" by {rule}: " in ran.out, ran


def test_a_plan_of_another_database_is_refused_though_neither_was_drained_before(sqlite_project: Workplace) -> None:
    """The name of a database stands in its ledger, which the first drain makes: until then its place tells."""
    sqlite_project.fail("a/p~ok")
    sqlite_project.inv("dry-run", f"--output={PLAN}")
    assert json.loads((sqlite_project.root / PLAN).read_text())["database"]["uid"] is None
    other = sa.create_engine("sqlite:///" + str(sqlite_project.root / "other.db"), poolclass=sa.pool.NullPool)
    with sqlite_project.engine.connect() as source, other.connect() as target:
        source.connection.driver_connection.backup(target.connection.driver_connection)  # type: ignore[union-attr]
    sqlite_project.configure(database_url=str(other.url))

    ran = sqlite_project.inv("drain", f"--plan={PLAN}")

    assert (ran.code, "was made for another database" in ran.err) == (65, True), ran


def test_what_a_drain_by_a_plan_left_is_told_as_not_planned_and_by_no_batch_or_filter(sqlite_project: Workplace) -> None:
    planned_and_tried(sqlite_project)
    sqlite_project.fail("c/r~fail")
    sqlite_project.sql("UPDATE phases SET state = 'COMPLETE' WHERE run_id = 'a'")

    drained = sqlite_project.inv("drain", f"--plan={PLAN}")
    again = sqlite_project.inv("resume", f"--session-id={sqlite_project.session()['session_id']}")

    assert ("Not reached: 1 not in the plan" in drained.out, "your filters" in drained.out) == (True, False), drained
    assert "\nEvery phase of the plan is skipped:\n" in again.out, again
    assert ("\nThe rest of the 2 failed phases is not in the plan.\n" in again.out, "into the batch" in again.out) == (
        True,
        False,
    ), again
