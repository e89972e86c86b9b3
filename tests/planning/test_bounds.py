"""Bounds of what is told and remembered: at them things are as before, and one further they are not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from batchdrain.database.phases.pages import Page, Row
from batchdrain.model.id_order import TEXTS
from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.planning import plan as plan_module
from batchdrain.planning.plan import ExplainedPage, explain_in_order, explain_pages
from batchdrain.planning.transient_outage import TransientOutage
from batchdrain.planning.usable_ids import LONGEST, UsableIds
from tests.planning.test_transient_outage import key, retry


@pytest.mark.parametrize(("most", "shown"), [(3, "abc"), (4, "abc"), (2, "cab")])
def test_so_many_phases_are_explained_by_their_ids_and_more_as_they_come(
    most: int, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan_module, "ORDERED", most)
    rows = [Row(run_id="r", phase_id=name, phase_index=0, reason=None) for name in "cab"]
    pages = [ExplainedPage(Page.of(part), {}, [Skip("x", "")] * len(part)) for part in (rows[:2], rows[2:])]
    found = list(explain_in_order(pages, TEXTS))
    assert "".join(phase for one in found for phase in one.page.phases) == shown
    assert sum(len(one.skips) for one in found) == 3


class Counted(str):
    """A name that counts how often it is looked for."""

    __slots__ = ()
    looks: ClassVar = [0]

    def __hash__(self) -> int:
        self.looks[0] += 1
        return super().__hash__()


@pytest.mark.parametrize("size", [200, 2_000])
def test_explaining_a_plan_of_all_rows_costs_so_much_for_each_row_however_many_there_are(size: int) -> None:
    ids = [("r", Counted(f"p{number}")) for number in range(size)]
    pages = [(Page.of([Row(*one, 0, None) for one in ids[at : at + 10]]), [None] * 10) for at in range(0, size, 10)]
    chosen = [
        SimpleNamespace(choice=SimpleNamespace(reason="oldest", phase=SimpleNamespace(key=PhaseKey(*one)))) for one in ids
    ]
    plan: Any = SimpleNamespace(all=chosen)
    Counted.looks[0] = 0
    found = list(explain_pages(iter(pages), plan))
    assert sum(len(one.reasons) for one in found) == size
    assert Counted.looks[0] < 10 * size


def test_of_very_many_ids_that_are_too_long_the_first_are_told_by_name_whenever_they_come() -> None:
    usable = UsableIds(())
    ids = [f"{number:03}" + "x" * LONGEST for number in range(25)]
    first = [usable.problem_of("r", one) for one in ids]
    again = [usable.problem_of("r", one) for one in ids]
    assert first == again
    named = [skip.value for skip in first if skip is not None]
    assert len(set(named)) == 21
    assert all(name.startswith(f"{place:03}xxx") for place, name in enumerate(named[:20]))
    assert set(named[20:]) == {"more ids that are too long for an argument"}


@pytest.mark.parametrize(("length", "is_usable"), [(LONGEST, True), (LONGEST + 1, False)])
def test_an_id_is_too_long_for_an_argument_beyond_its_bytes(length: int, *, is_usable: bool) -> None:
    for ids in (("r", "x" * length), ("x" * length, "p")):
        found = UsableIds(()).problem_of(*ids)
        assert (found is None) is is_usable
        assert found is None or f"{length} bytes are too long" in found.value
    assert UsableIds(()).problem_of("r", "é" * (LONGEST // 2)) is None
    assert UsableIds(()).problem_of("r", "é" * (LONGEST // 2 + 1)) is not None


def test_an_outage_that_a_result_has_ended_keeps_no_pause_of_the_next_one_away() -> None:
    outage = TransientOutage(retry())
    outage.note(key(0), 10.0, is_transient=True)
    assert outage.note(key(1), 10.0, is_transient=True) == 1.0
    outage.note(key(2), 10.2, is_transient=False)
    outage.note(key(3), 10.3, is_transient=True)
    assert outage.note(key(4), 10.4, is_transient=True) == 1.0, "before the first pause would have been over"
    assert (outage.is_open, outage.due_s, outage.pauses) == (True, 11.4, 1)
