"""A cluster that has enough of its phases under way lets others go first, and loses none of its own."""

from __future__ import annotations

from dataclasses import replace

from batchdrain.config.settings import Settings
from batchdrain.database.ledger.history import Past
from batchdrain.database.phases.pages import Row
from batchdrain.failures.fingerprints import fingerprint
from batchdrain.planning.filters import Filters
from batchdrain.planning.lane_backlog import LaneBacklog
from batchdrain.planning.skip_rules import SkipRules
from tests.planning.backlogs import NOW, backlog_of

BOOM, OTHER = "the pump is dry", "no route to host"
CANARIES = SkipRules(filters=Filters(), settings=Settings.model_validate({"stop": {"canary": True}}), past=Past())


def rows(*texts: str) -> list[Row]:
    return [Row(run_id=f"r{place}", phase_id="p", phase_index=0, reason=text) for place, text in enumerate(texts)]


def take(backlog: LaneBacklog, *full: str, busy: frozenset[str] = frozenset()) -> str | None:
    choice = backlog.next(NOW, busy, frozenset(map(fingerprint, full)))
    return None if choice is None else choice.phase.run_id


def test_what_is_full_waits_and_comes_once_there_is_room() -> None:
    backlog = backlog_of(rows(BOOM, BOOM, OTHER, BOOM), ["run-order"], CANARIES)
    backlog.refresh(NOW)
    assert take(backlog, BOOM) == "r2"
    assert (take(backlog, BOOM), backlog.waiting) == (None, 3)
    assert [take(backlog) for _ in range(4)] == ["r0", "r1", "r3", None]


def test_a_run_that_is_busy_and_a_cluster_that_is_full_are_both_let_wait() -> None:
    backlog = backlog_of(rows(BOOM, OTHER, OTHER), ["run-order"], CANARIES)
    backlog.refresh(NOW)
    assert take(backlog, BOOM, busy=frozenset({"r1"})) == "r2"
    assert [take(backlog), take(backlog)] == ["r0", "r1"]


def test_the_size_of_a_cluster_is_the_most_that_one_reading_counted_and_none_where_no_canaries_are_sent() -> None:
    found = rows(BOOM, BOOM, BOOM, OTHER)
    backlog = backlog_of(found, None, CANARIES)
    backlog.refresh(NOW)
    assert [backlog.size_of(fingerprint(text)) for text in (BOOM, OTHER, "quite else")] == [3, 1, 0]
    smaller = backlog_of(found[2:], None, CANARIES)
    backlog._read = smaller._read
    backlog.refresh(NOW)
    assert [backlog.size_of(fingerprint(text)) for text in (BOOM, OTHER)] == [3, 1]
    plain = backlog_of(found, None, replace(CANARIES, settings=Settings.model_validate({"stop": {"canary": False}})))
    plain.refresh(NOW)
    assert plain.size_of(fingerprint(BOOM)) == 0
