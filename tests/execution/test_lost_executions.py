"""What proves that a command is over of which its engine knows nothing any more."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from batchdrain.execution import guardian_client, orphans, spool_reader, tickets
from batchdrain.execution.guardian_report import GuardianReport, SpoolRecord
from batchdrain.execution.lost_executions import find_end, is_over, settle_lost
from batchdrain.execution.order import EndedBy
from batchdrain.execution.orphans import Abandoned, Settled
from batchdrain.execution.process_identity import ProcessIdentity, read_host_id
from batchdrain.execution.tickets import Ticket
from tests.execution.orders import Make

HERE = ProcessIdentity(read_host_id(), 7, 70)
RECORD = SpoolRecord(
    report=GuardianReport.of({"by": "exit", "exit_code": 3, "duration_s": 1}), limit_s=1, limit_rule="x", ended_ms=5, log_name="",
)  # fmt: skip


@dataclass
class Left:
    """What is to be found of an execution."""

    record: SpoolRecord | None = None
    survivor: ProcessIdentity | None = None  #: that its record names
    guardian_alive: bool | None = False
    ticket: Ticket | None = None
    settled: Settled | None = None
    asked: list[Abandoned] = field(default_factory=list)

    def settle(self, abandoned: Abandoned, **_: Any) -> Settled | None:
        self.asked.append(abandoned)
        return self.settled


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> Left:
    found = Left(settled=Settled(met=2, record=None))
    monkeypatch.setattr(spool_reader, "read", lambda *_: found.record)
    monkeypatch.setattr(spool_reader, "command_of", lambda *_: found.survivor)
    monkeypatch.setattr(guardian_client, "is_guardian_alive", lambda _: found.guardian_alive)
    monkeypatch.setattr(orphans, "settle", found.settle)
    monkeypatch.setattr(tickets, "read", lambda *_: found.ticket)
    return found


def ticket(guardian: ProcessIdentity | None) -> Ticket:
    return Ticket(host="h", drawer=guardian or HERE, guardian=guardian)


def settled(left: Left, by: Ticket | None) -> Settled | None:
    return settle_lost(by, "t", "spool")


def test_where_its_guardian_is_not_to_be_seen_a_whole_ending_alone_proves_it(left: Left) -> None:
    elsewhere = ticket(ProcessIdentity("another-boot:1", 7, 70))
    for by in (None, elsewhere):
        left.record = None
        assert (settled(left, by), is_over(by, "t", "spool")) == (None, False)
        left.record = RECORD
        assert (settled(left, by), is_over(by, "t", "spool")) == (Settled(met=0, record=RECORD), True)
        left.survivor = HERE
        assert (settled(left, by), is_over(by, "t", "spool")) == (None, False), "some of its processes may live on there"
        left.survivor = None
    assert left.asked == []


def test_where_its_guardian_is_of_here_and_lives_nothing_is_known_until_it_kept_the_ending(left: Left) -> None:
    by = ticket(HERE)
    for alive in (True, None):
        left.guardian_alive, left.record = alive, None
        assert (settled(left, by), is_over(by, "t", "spool"), left.asked) == (None, False, [])
    left.record = RECORD
    assert (settled(left, by), is_over(by, "t", "spool")) == (left.settled, True)
    assert left.asked == [Abandoned(token="t", spool_dir="spool", guardian=HERE)]


def test_where_its_guardian_is_dead_the_rest_is_ended(left: Left) -> None:
    assert (settled(left, ticket(HERE)), is_over(ticket(HERE), "t", "spool")) == (left.settled, True)


def test_an_order_that_nobody_began_was_not_taken_and_one_that_left_no_ending_is_lost(left: Left, order: Make) -> None:
    wanted = order("pass")
    left.ticket = ticket(None)
    found = find_end("tickets", wanted, "the engine says no")
    assert found is not None
    assert (found.by, found.message) == (EndedBy.NOT_TAKEN, "the engine says no")
    left.ticket = ticket(HERE)
    found = find_end("tickets", wanted, "the engine forgot it")
    assert found is not None
    assert (found.by, found.left_over, found.message) == (EndedBy.LOST, 2, "the engine forgot it")
    left.settled = Settled(met=0, record=RECORD)
    found = find_end("tickets", wanted, "x")
    assert found is not None
    assert (found.by, found.exit_code) == (EndedBy.EXIT, 3)
    left.settled = None
    assert find_end("tickets", wanted, "x") is None
