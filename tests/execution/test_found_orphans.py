"""Which processes belong to an execution, and how they are ended. In memory: nobody is asked and nobody is killed."""

from __future__ import annotations

import errno
import os
import signal
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from batchdrain.execution import guardian_client, orphans, process_identity, spool_reader
from batchdrain.execution.guardian_report import GuardianReport, SpoolRecord
from batchdrain.execution.order import EndedBy
from batchdrain.execution.orphans import Abandoned, Orphans, Settled, _find_members, _Seen, settle, settle_order
from batchdrain.execution.process_identity import ProcessIdentity
from tests.execution.orders import Make

COMMAND = ProcessIdentity("here", 50, 500)
GUARDIAN = ProcessIdentity("here", 40, 400)
RECORD = SpoolRecord(
    report=GuardianReport.of({"by": "exit", "exit_code": 3, "duration_s": 1}), limit_s=1, limit_rule="x", ended_ms=5, log_name="",
)  # fmt: skip


def seen(pid: int, session: int, *, start: int = 1, token: bool = False) -> _Seen:
    return _Seen(pid, session=session, start=start, has_token=token)


OURS, TERMINAL = seen(50, 50, start=500, token=True), seen(9, 9)


@pytest.mark.parametrize(
    ("processes", "command", "sessions", "found", "kept"),
    [
        ([TERMINAL, OURS], COMMAND, set(), {50}, {50}),
        ([TERMINAL, OURS, seen(51, 50), seen(52, 9, token=True)], COMMAND, set(), {50, 51, 52}, {50}),
        ([TERMINAL, seen(51, 50)], COMMAND, set(), {51}, {50}),
        ([TERMINAL, seen(50, 50, start=500), seen(51, 50)], COMMAND, set(), {50, 51}, {50}),
        ([TERMINAL, seen(50, 50, start=501), seen(51, 50)], COMMAND, set(), set(), set()),
        ([TERMINAL, seen(52, 9, token=True), seen(53, 9)], None, set(), {52}, set()),
        ([TERMINAL, seen(60, 60, token=True), seen(61, 60)], None, set(), {60, 61}, {60}),
        ([TERMINAL, seen(61, 60, token=True), seen(62, 60)], None, set(), {61, 62}, {60}),
        ([TERMINAL, seen(61, 0, token=True), seen(62, 0)], None, set(), {61}, set()),
        ([TERMINAL, seen(62, 60)], None, {60}, {62}, {60}),
        ([TERMINAL, seen(62, 60)], None, set(), set(), set()),
        ([seen(99, 60), seen(62, 60)], None, {60}, {62}, {60}),
        ([], COMMAND, set(), set(), {50}),
    ],
    ids=["the command", "its session and its token", "it is gone", "it hides its token", "its number is another's", "by hand in a terminal", "a session that it began",
         "whose leader is gone", "in no session", "known from before", "another's", "ourselves", "nobody"],
)  # fmt: skip
def test_a_process_belongs_to_it_by_its_token_or_by_a_session_that_is_its_own(
    monkeypatch: pytest.MonkeyPatch,
    processes: list[_Seen],
    command: ProcessIdentity | None,
    sessions: set[int],
    found: set[int],
    kept: set[int],
) -> None:
    asked = list[bytes]()

    def listed(variable: bytes) -> Iterator[_Seen]:
        asked.append(variable)
        return iter(processes)

    monkeypatch.setattr(orphans, "_list_processes", listed)
    monkeypatch.setattr(os, "getpid", lambda: 99)
    assert (_find_members("t.3", command, sessions), sessions) == (found, kept)
    assert asked == [b"BATCHDRAIN_TOKEN=t.3"]


def test_a_process_is_seen_with_its_session_its_start_and_whether_it_has_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    stat = [b"S", b"1", b"2", b"33", *[b"4"] * 15, b"77"]
    contents = {10: b"A=1\0T=x\0", 11: b"A=T=x\0", 12: None}
    listed = [Path(f"/proc/{pid}") for pid in (13, *contents)]
    monkeypatch.setattr(process_identity, "stat_of", lambda pid: [] if pid == 13 else stat)
    monkeypatch.setattr(process_identity, "has_proc", lambda: True)
    monkeypatch.setattr(Path, "glob", lambda path, pattern: listed if (str(path), pattern) == ("/proc", "[0-9]*") else [])

    def read(path: Path) -> bytes:
        assert path.name == "environ"
        found = contents[int(path.parent.name)]
        if found is None:
            raise PermissionError
        return found

    monkeypatch.setattr(Path, "read_bytes", read)
    found = sorted((one.pid, one.session, one.start, one.has_token) for one in orphans._list_processes(b"T=x"))
    assert found == [(10, 33, 77, True), (11, 33, 77, False), (12, 33, 77, False)]
    monkeypatch.setattr(process_identity, "has_proc", lambda: False)
    assert list(orphans._list_processes(b"T=x")) == [], "each number would mean another process there"


class Handles:
    """The handles of processes that do not end by themselves."""

    told: list[tuple[Any, ...]]

    def __init__(self, pids: Iterable[int]) -> None:
        self.told.append(("held", *sorted(pids)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.told.append(("closed",))

    def send(self, number: signal.Signals) -> None:
        self.told.append((number,))

    def await_end(self, within_s: float) -> bool:
        self.told.append(("awaited", within_s))
        return False


@pytest.mark.parametrize(
    ("looks", "within_s", "expected"),
    [
        ([{5}, {5, 6}, set()], 10.0, Orphans(2, alive=False)),
        ([set()], 10.0, Orphans(0, alive=False)),
        ([{5}, {6}, {7}], 2.0, Orphans(3, alive=True)),
    ],
)
def test_they_are_killed_until_nobody_is_left_or_the_time_is_over(
    monkeypatch: pytest.MonkeyPatch, looks: list[set[int]], within_s: float, expected: Orphans
) -> None:
    now, told, given = [100.0], list[tuple[Any, ...]](), list[Any]()
    left = iter(looks)

    def find(token: str, command: object, sessions: set[int]) -> set[int]:
        given.append((token, command, id(sessions)))
        return next(left)

    def sleep(_: float) -> None:
        now[0] += 1.0

    monkeypatch.setattr(Handles, "told", told, raising=False)
    monkeypatch.setattr(orphans, "ProcessHandles", Handles)
    monkeypatch.setattr(orphans, "_find_members", find)
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time, "sleep", sleep)
    assert orphans.end("t.3", COMMAND, within_s=within_s) == expected
    assert len(set(given)) == 1, "what was found to be a session of its own stays one"
    if len(looks) > 1:
        assert told[:4] == [("held", 5), (signal.SIGKILL,), ("awaited", within_s), ("closed",)]
        assert ("awaited", within_s - 1.0) in told


class World:
    """A guardian and its command, as far as they are asked."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.alive: Iterator[bool | None] = iter([])
        self.ends: Iterator[bool] = iter([])
        self.records: Iterator[SpoolRecord | None] = iter([None, None])
        self.left = Orphans(0, alive=False)

    def end(self, token: str, command: object, *, within_s: float) -> Orphans:
        self.told.append(("end", token, command, within_s))
        return self.left

    def await_end(self, it: ProcessIdentity, within_s: float) -> bool:
        self.told.append(("await", it.pid, within_s))
        return next(self.ends)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    it = World()
    monkeypatch.setattr(orphans, "end", it.end)
    monkeypatch.setattr(
        spool_reader, "read", lambda folder, token: next(it.records) if (folder, token) == ("/s", "t") else 1 / 0
    )
    monkeypatch.setattr(spool_reader, "command_of", lambda *given: COMMAND if given == ("/s", "t") else None)
    monkeypatch.setattr(guardian_client, "is_guardian_alive", lambda _: next(it.alive))
    monkeypatch.setattr(process_identity, "await_end", it.await_end)
    monkeypatch.setattr(process_identity, "kill", lambda one: it.told.append(("kill", one.pid)))
    return it


ABANDONED = Abandoned(token="t", spool_dir="/s", guardian=GUARDIAN)
REST = ("end", "t", COMMAND, 5.0)


@pytest.mark.parametrize(
    ("alive", "ends", "told", "is_settled"),
    [
        ([False], [], [REST], True),
        ([True], [True], [("await", 40, 9.0), REST], True),
        ([True, True], [False, True], [("await", 40, 9.0), ("kill", 40), ("await", 40, 5.0), REST], True),
        ([True, True], [False, False], [("await", 40, 9.0), ("kill", 40), ("await", 40, 5.0)], False),
        ([True, False], [False, True], [("await", 40, 9.0), ("await", 40, 5.0), REST], True),
        ([None, None], [False, False], [("await", 40, 9.0), ("await", 40, 5.0)], False),
    ],
    ids=["dead", "ends by itself", "is killed", "lives on", "is no guardian", "nobody can tell"],
)
def test_only_what_is_known_to_be_a_guardian_is_killed_and_the_rest_after_it(
    world: World, alive: list[bool | None], ends: list[bool], told: list[tuple[Any, ...]], is_settled: bool
) -> None:
    world.alive, world.ends = iter(alive), iter(ends)
    found = settle(ABANDONED, guardian_ends_in_s=9.0, within_s=5.0)
    assert (found == Settled(met=0, record=None), found is not None, world.told) == (is_settled, is_settled, told)


def test_a_guardian_that_kept_nothing_has_no_time_of_its_own_where_none_is_given(world: World) -> None:
    world.alive, world.ends, world.records = iter([True, True]), iter([False, True]), iter([None, RECORD])
    world.left = Orphans(2, alive=False)
    assert settle(ABANDONED, guardian_ends_in_s=None, within_s=5.0) == Settled(met=2, record=RECORD)
    assert world.told == [("await", 40, 0.0), ("kill", 40), ("await", 40, 5.0), REST]


@pytest.mark.parametrize(
    ("ends_in_s", "told"),
    [(None, [REST]), (9.0, [("await", 40, 9.0), REST])],
    ids=["it may serve the next order", "recovery"],
)
def test_what_was_kept_before_stays_the_ending_whatever_is_there_later(
    world: World, ends_in_s: float | None, told: list[tuple[Any, ...]]
) -> None:
    world.alive, world.ends, world.records = iter([True]), iter([True]), iter([RECORD, None])
    assert settle(ABANDONED, guardian_ends_in_s=ends_in_s, within_s=5.0) == Settled(met=0, record=RECORD)
    assert world.told == told


def test_nothing_is_settled_as_long_as_anything_lives(world: World) -> None:
    world.alive, world.left = iter([False]), Orphans(1, alive=True)
    assert settle(ABANDONED, guardian_ends_in_s=None, within_s=5.0) is None


@pytest.mark.parametrize(("met", "record"), [(0, RECORD), (1, None)])
def test_without_a_guardian_an_ending_counts_that_we_did_not_make(world: World, met: int, record: SpoolRecord | None) -> None:
    world.records, world.left = iter([None, RECORD]), Orphans(met, alive=False)
    found = settle(Abandoned(token="t", spool_dir="/s", guardian=None), guardian_ends_in_s=None, within_s=5.0)
    assert found == Settled(met=met, record=record)


@pytest.mark.parametrize(
    ("settled", "error", "by", "number", "message"),
    [
        (None, OSError("x"), None, None, ""),
        (Settled(met=0, record=RECORD), OSError("x"), EndedBy.EXIT, None, ""),
        (Settled(met=2, record=None), KeyError("x"), EndedBy.LOST, None, "KeyError: 'x'"),
        (Settled(met=2, record=None), MemoryError(), EndedBy.INTERRUPT, errno.ENOMEM, "out of memory"),
    ],
    ids=["lives on", "kept", "lost", "no memory"],
)
def test_an_order_whose_engine_failed_ends_as_it_was_kept_or_is_given_back(
    order: Make,
    monkeypatch: pytest.MonkeyPatch,
    settled: Settled | None,
    error: Exception,
    by: EndedBy | None,
    number: int | None,
    message: str,
) -> None:
    asked = list[Any]()

    def settle_it(abandoned: Abandoned, **within: Any) -> Settled | None:
        asked.append((abandoned.guardian, within))
        return settled

    monkeypatch.setattr(orphans, "settle", settle_it)
    found = settle_order(order("pass"), GUARDIAN, error)
    assert asked == [(GUARDIAN, {"guardian_ends_in_s": None, "within_s": 5.0})]
    if found is None or settled is None:
        assert (found, by) == (None, None)
        return
    assert (found.by, found.errno, found.left_over) == (by, number, settled.met)
    assert found.message == message
