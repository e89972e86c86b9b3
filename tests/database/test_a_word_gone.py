"""A table may have 'gone' as a word of its own: it is a state then, and no row that is not there is taken for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from batchdrain.config.settings import Command
from batchdrain.drain.preview.recovery import foresee_recovery
from batchdrain.model.phase import Phase
from batchdrain.model.states import Outcome, PhaseState
from tests.database.bench import Bench, attempt_of, taken
from tests.database.bench import opened as opened_bench
from tests.support.opened import hold, opened
from tests.support.workplace import Workplace

pytestmark = pytest.mark.everyday("sqlite")
COMPLETE_IS_GONE = {"states": {"complete": ["gone", "COMPLETE"]}}


@pytest.fixture
def deletes_on_success(project: Workplace) -> Iterator[Bench]:
    yield from opened_bench(project, Command(argv=["true"], result_from="database"))


@pytest.mark.parametrize("stands", ["gone", "FAILED"])
def test_what_was_judged_by_a_row_that_was_not_there_is_moved_once_one_is_there(
    deletes_on_success: Bench, stands: str
) -> None:
    bench = deletes_on_success
    bench.work.fail("r/p")
    claims = bench.controller()
    claim = taken(bench.claim(claims, "r/p"))
    judged = replace(attempt_of(claim, Outcome.COMPLETE), final_state="gone", is_of_gone_row=True)
    bench.work.sql("UPDATE phases SET state = :state", [{"state": stands}])
    found = claims.finish(claim, judged)
    assert (found.outcome, found.final_state) == (Outcome.MOVED, stands)


@pytest.mark.parametrize("stands", ["gone", "archived", None])
def test_what_was_judged_by_its_word_is_complete_whatever_becomes_of_the_row(
    deletes_on_success: Bench, stands: str | None
) -> None:
    bench = deletes_on_success
    bench.work.fail("r/p")
    claims = bench.controller()
    claim = taken(bench.claim(claims, "r/p"))
    bench.work.sql("DELETE FROM phases" if stands is None else f"UPDATE phases SET state = '{stands}'")
    found = claims.finish(claim, replace(attempt_of(claim, Outcome.COMPLETE), final_state="gone"))
    assert (found.outcome, found.final_state) == (Outcome.COMPLETE, stands or "gone")


def test_a_row_that_is_not_there_is_told_from_one_that_bears_the_word(project: Workplace) -> None:
    project.add(("r", "word", 0, "gone", None))
    project.sql("CREATE VIEW whole AS SELECT * FROM phases")
    project.sql("CREATE VIEW shown AS SELECT * FROM phases WHERE phase_index = 0")
    found = {}
    for table in ("phases", "whole", "shown"):
        project.source = {"table": table}
        with opened(project, command={"argv": ["true"], "result_from": "database"}) as opened_project:
            for name in ("word", "none"):
                phase = Phase(run_id="r", phase_id=name, phase_index=0, state=PhaseState.FAILED)
                row = opened_project.store.read_row_state(phase)
                found[table, name] = (row.state, row.is_there, row.is_deleted)
    assert found == {
        ("phases", "word"): ("gone", True, False), ("phases", "none"): ("gone", False, True),
        ("whole", "word"): ("gone", True, False), ("whole", "none"): ("gone", False, True),
        ("shown", "word"): ("gone", True, False), ("shown", "none"): ("gone", False, False),
    }  # fmt: skip


def test_a_phase_whose_row_is_gone_is_fixed_by_no_word_that_is_spelt_so(project: Workplace) -> None:
    project.source = COMPLETE_IS_GONE
    project.configure()
    project.fail("r/p", "r/q")
    assert project.inv("drain").code == 0
    assert project.states() == {"r/p": "gone", "r/q": "gone"}
    project.sql("DELETE FROM phases WHERE phase_id = 'q'")
    found = [project.inv("explain", "--run-id=r", f"--phase-id={name}", "--format=json").json() for name in ("p", "q")]
    assert [one["state"] for one in found] == ["gone", "gone"]
    assert [one["disposition"] and one["disposition"]["kind"] for one in found] == ["fixed", None]


def test_a_held_phase_whose_row_is_gone_is_foreseen_in_no_state(project: Workplace) -> None:
    project.source = COMPLETE_IS_GONE
    project.fail("r/p", "r/q")
    with opened(project) as found:
        hold(found, "r/p")
        hold(found, "r/q")
        project.sql("UPDATE phases SET state = 'gone' WHERE phase_id = 'p'")
        project.sql("DELETE FROM phases WHERE phase_id = 'q'")
        foreseen = {back.key.phase_id: (back.stands, back.state) for back in foresee_recovery(found)}
    assert foreseen == {"p": ("gone", PhaseState.COMPLETE), "q": ("gone", None)}
