"""Looking ahead changes nothing of what a backlog gives; a verdict that comes meanwhile does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchdrain.config.plugins import POLICIES, list_names
from batchdrain.config.settings import Settings
from batchdrain.config.stop_settings import Stop
from batchdrain.database.ledger.history import Past
from batchdrain.database.phases.pages import Row
from batchdrain.failures.fingerprints import fingerprint
from batchdrain.model.phase import PhaseKey
from batchdrain.model.states import Outcome
from batchdrain.planning.filters import Filters
from batchdrain.planning.skip_rules import SkipRules
from batchdrain.planning.stop import Progress
from batchdrain.planning.verdicts import Verdict, VerdictKind
from tests.planning.backlogs import NOW, ROWS, all_of, backlog_of, names
from tests.policies.test_learning import attempt_of


def verdict(row: Row, word: str, **facts: Any) -> Verdict:
    base: dict[str, Any] = {
        "key": PhaseKey(row.run_id, row.phase_id), "kind": VerdictKind(word), "reason": "so it is said",
        "until": NOW + timedelta(days=1), "fingerprint": fingerprint(row.reason), "attempts": 0,
    }  # fmt: skip
    return Verdict(**{**base, **facts})


def rules(*verdicts: Verdict) -> SkipRules:
    found = {one.key: one for one in verdicts}
    return SkipRules(filters=Filters(), settings=Settings(), past=Past(), verdicts=found)


@pytest.mark.parametrize("policy", [*list_names(POLICIES)])
@given(rows=ROWS, before=st.integers(0, 5), most=st.integers(0, 50))
def test_what_is_upcoming_is_what_comes_and_looking_changes_nothing(
    policy: str, rows: list[Row], before: int, most: int
) -> None:
    planned = names(all_of(backlog_of(rows, [policy])))
    backlog = backlog_of(rows, [policy])
    backlog.refresh(NOW)
    taken = [choice for _ in range(before) if (choice := backlog.next(NOW)) is not None]

    seen = [f"{phase.run_id}/{phase.phase_id}" for phase in backlog.upcoming(most, NOW)]

    assert seen == planned[before:][:most]
    assert backlog.waiting == len(planned) - len(taken)
    while (choice := backlog.next(NOW)) is not None:
        taken.append(choice)
    assert names(taken) == planned
    assert (backlog.waiting, backlog.stale, backlog.skipped.total()) == (0, False, 0)


@pytest.mark.parametrize("policy", ["best-yield", "sample-first", "smart"])
@given(rows=ROWS, results=st.lists(st.booleans(), min_size=50), most=st.integers(1, 20))
def test_looking_changes_nothing_of_what_results_teach(policy: str, rows: list[Row], results: list[bool], most: int) -> None:
    looking, blind = backlog_of(rows, [policy, "smart"]), backlog_of(rows, [policy, "smart"])
    looking.refresh(NOW)
    blind.refresh(NOW)
    for is_fixed in results:
        looking.upcoming(most, NOW)
        choice = looking.next(NOW)
        assert choice == blind.next(NOW)
        if choice is None:
            break
        result = attempt_of(choice, Outcome.COMPLETE if is_fixed else Outcome.FAILED)
        for backlog in (looking, blind):
            backlog.touch(choice.phase.run_id, NOW, result)
    assert looking.skipped == blind.skipped


def test_looking_goes_past_a_lane_whose_rest_is_not_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("batchdrain.planning.lane_builder.KEPT", 8)
    rows = [Row(run_id=run, phase_id=str(n), phase_index=n, reason=None) for run in "ab" for n in range(9)]
    backlog = backlog_of(rows, ["run-order"])
    backlog.refresh(NOW)

    seen = [f"{phase.run_id}{phase.phase_id}" for phase in backlog.upcoming(99, NOW)]

    assert seen == [f"{run}{n}" for run in "ab" for n in range(4)]
    first = backlog.next(NOW)
    assert (backlog.stale, first and first.phase.phase_id) == (False, "0")


def test_what_has_a_verdict_or_is_parked_is_passed_over() -> None:
    rows = [Row(run_id="r", phase_id=str(n), phase_index=n, reason=f"boom {n}" if n == 2 else None) for n in range(4)]
    seen = SkipRules(
        filters=Filters(), settings=Settings(stop=Stop(max_repeats=1)), past=Past(),
        verdicts={one.key: one for one in (verdict(rows[0], "promising"),)}, progress=lambda: Progress(repeats=repeats),
    )  # fmt: skip
    repeats: dict[str, int] = {}
    backlog = backlog_of(rows, rules=seen)
    backlog.refresh(NOW)
    repeats[fingerprint("boom 2")] = 1

    assert [phase.phase_id for phase in backlog.upcoming(9, NOW)] == ["1", "3"]


@given(ROWS, st.data())
def test_verdicts_that_come_later_give_the_order_that_they_would_have_given_from_the_start(
    rows: list[Row], data: st.DataObject
) -> None:
    policy, words = ["promising-first", "smart"], st.sampled_from([None, *VerdictKind])
    said = [verdict(row, word) for row in rows if (word := data.draw(words)) is not None]
    at_once = backlog_of(rows, policy, rules(*said))
    later = backlog_of(rows, policy, rules())
    later.refresh(NOW)
    for one in said:
        later.apply(one, NOW)

    planned = all_of(at_once)
    assert (later.waiting, later.skipped) == (len(planned), at_once.skipped)
    assert [later.next(NOW) for _ in planned] == planned
    assert later.next(NOW) is None


def test_a_verdict_on_another_failure_or_of_a_phase_that_is_gone_changes_nothing() -> None:
    rows = [Row(run_id="r", phase_id=str(n), phase_index=n, reason="boom") for n in range(2)]
    backlog = backlog_of(rows, rules=rules())
    backlog.refresh(NOW)
    backlog.next(NOW)

    backlog.apply(verdict(rows[0], "hopeless"), NOW)
    backlog.apply(verdict(rows[1], "hopeless", fingerprint="another"), NOW)

    assert (backlog.waiting, backlog.skipped.total()) == (1, 0)
    assert backlog.next(NOW) is not None


def test_a_look_ahead_counts_what_it_takes_of_each_run_and_forgets_it_after_that() -> None:
    """A policy that tries one of each run first asks for it."""
    rows = [
        Row(run_id=run, phase_id=phase, phase_index=int(phase), reason="boom")
        for run, phase in ("r1", "r2", "s3", "s4", "t5")
    ]
    backlog = backlog_of(rows, ["sample-first", "run-order"])
    backlog.refresh(NOW)
    for _ in range(2):
        assert [phase.phase_id for phase in backlog.upcoming(99, NOW)] == ["1", "3", "5", "2", "4"]
        assert [phase.phase_id for phase in backlog.upcoming(2, NOW)] == ["1", "3"]
