"""What a pool makes of its guardians: which one gets an order, what becomes of it then, and what is told of the end."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.execution import guardian_pool, orphans, spool_reader
from batchdrain.execution.guardian_client import GuardianOrder, NotEndedError
from batchdrain.execution.guardian_pool import POOL, GuardianPool, execute, own_pool, withdraw
from batchdrain.execution.guardian_report import GuardianReport
from batchdrain.execution.order import EndedBy, Order
from batchdrain.execution.orphans import Orphans
from batchdrain.execution.process_identity import ProcessIdentity, read_host_id
from tests.execution.orders import Make


class Guard:
    """A guardian that is there."""

    def __init__(self, *, refuses: bool = False, there: bool = True) -> None:
        self.refuses, self.there, self.closed, self.orders = refuses, there, False, 0

    def is_there(self) -> bool:
        return self.there

    def greet(self) -> None:
        if self.refuses:
            raise OSError("the guardian did not start")

    def close(self) -> None:
        self.closed = True


class Server:
    """Gives these guardians; raises what is none."""

    def __init__(self, *guards: Guard | OSError) -> None:
        self.guards, self.asked, self.closed = list(guards), list[bool](), False

    def hire(self, *, anew: bool = False) -> Guard:
        self.asked.append(anew)
        found = self.guards.pop(0)
        if isinstance(found, OSError):
            raise found
        return found

    def close(self) -> None:
        self.closed = True


def pool_of(*guards: Guard | OSError) -> tuple[GuardianPool, Server]:
    pool, server = GuardianPool(), Server(*guards)
    pool._server = server  # type: ignore[assignment]
    return pool, server


def report(**fields: Any) -> GuardianReport:
    return GuardianReport.of({"by": "exit", "exit_code": 3, "duration_s": 1.0, **fields})


def executed(
    wanted: Order, monkeypatch: pytest.MonkeyPatch, told: GuardianReport | None, left: Orphans, stops: int = 0
) -> tuple[Any, GuardianPool, Guard]:
    guard = Guard()
    pool, _ = pool_of(guard)

    def tell(watched: GuardianOrder, *_: object) -> GuardianReport | None:
        watched.stops = stops
        return told

    monkeypatch.setattr(GuardianOrder, "execute", tell)
    monkeypatch.setattr(orphans, "end", lambda *_, within_s: left)
    try:
        return pool.execute(wanted), pool, guard
    except NotEndedError as error:
        return str(error), pool, guard


@pytest.mark.parametrize("told", [report(gone=False), report(by="interrupt", exit_code=None, gone=False), None])
def test_as_long_as_anything_of_a_command_lives_it_has_no_end(
    order: Make, monkeypatch: pytest.MonkeyPatch, told: GuardianReport | None
) -> None:
    """Nobody may execute its phase then."""
    found, pool, guard = executed(order("pass"), monkeypatch, told, Orphans(1, alive=True))
    assert (found, guard.closed) == ("what the command left behind can't be killed", True)
    assert pool._orders == {}


@pytest.mark.parametrize("gone", [True, False])
@pytest.mark.parametrize("stays", [True, False])
def test_an_end_is_as_it_was_told_and_the_guardian_is_kept_if_it_stays(
    order: Make, monkeypatch: pytest.MonkeyPatch, gone: bool, stays: bool
) -> None:
    left = Orphans(0, alive=gone)  # what is told to be gone is not looked for
    found, pool, guard = executed(order("pass"), monkeypatch, report(gone=gone, stays=stays), left, stops=2)
    assert (found.by, found.exit_code, found.guardian_stops) == (EndedBy.EXIT, 3, 2)
    assert (len(pool._spare), guard.closed) == (int(stays), not stays)
    assert pool._orders == {}


@pytest.mark.parametrize("process", [(7, 70), None])
def test_what_is_left_is_found_by_the_command_that_was_told_or_else_noted(
    order: Make, monkeypatch: pytest.MonkeyPatch, process: tuple[int, int] | None
) -> None:
    asked, noted = list[Any](), ProcessIdentity(read_host_id(), 8, 80)
    monkeypatch.setattr(spool_reader, "command_of", lambda *given: noted if given == ("/spool", "t") else None)

    def end(*given: Any, within_s: float) -> Orphans:
        asked.append((*given, within_s))
        return Orphans(0, alive=False)

    monkeypatch.setattr(orphans, "end", end)
    watched: Any = GuardianOrder(Guard())  # type: ignore[arg-type]
    watched.process = process
    guardian_pool._end_rest(replace(order("pass"), token="t", spool_dir="/spool"), watched)
    assert asked == [("t", noted if process is None else ProcessIdentity(read_host_id(), 7, 70), 5.0)]


def test_a_file_that_is_there_already_begins_nothing_and_is_no_fault_of_the_program(order: Make) -> None:
    wanted = order("pass")
    Path(wanted.stderr_path).touch()
    pool, server = pool_of()
    ending = pool.execute(wanted)
    assert (ending.by, ending.message, ending.errno) == (EndedBy.NOT_STARTED, f"File exists: {wanted.stderr_path}", None)
    assert server.asked == []


@pytest.mark.parametrize(
    ("error", "message", "number"),
    [(OSError(errno.EMFILE, "Too many open files"), "Too many open files", errno.EMFILE), (OSError("odd"), "odd", None)],
)
def test_why_there_is_no_guardian_is_told_and_nothing_stays_open(
    order: Make, error: OSError, message: str, number: int | None
) -> None:
    pool, _ = pool_of(error)
    wanted = order("pass")
    ending = pool.execute(wanted)
    assert (ending.by, ending.message, ending.errno) == (EndedBy.NOT_STARTED, message, number)
    held = {os.path.realpath(f"/proc/self/fd/{descriptor}") for descriptor in os.listdir("/proc/self/fd")}
    assert held.isdisjoint({wanted.stdout_path, wanted.stderr_path})


def test_a_guardian_that_does_not_greet_is_sent_away_and_one_of_another_server_hired() -> None:
    mute, silent, last = Guard(refuses=True), Guard(refuses=True), Guard()
    pool, server = pool_of(silent, last)
    pool.keep(mute)  # type: ignore[arg-type]
    hired: Any = pool.hire()
    assert (hired, mute.closed, silent.closed, last.closed, server.asked) == (last, True, True, False, [False, True])
    with pytest.raises(OSError, match="did not start"):
        pool_of(Guard(refuses=True), Guard(refuses=True))[0].hire()


def test_a_guardian_that_can_not_be_called_for_in_advance_is_nobody_s_trouble_yet() -> None:
    pool, _ = pool_of(OSError("no room"))
    pool.prepare()
    assert pool._spare == []


def test_with_a_pool_go_those_that_wait_for_an_order_and_its_server() -> None:
    (pool, server), spare, assigned = pool_of(), Guard(), Guard()
    pool.keep(spare)  # type: ignore[arg-type]
    pool.assign(assigned, "t")  # type: ignore[arg-type]
    pool.close()
    assert (spare.closed, assigned.closed, server.closed) == (True, True, True)


def test_an_assigned_guardian_gets_its_own_order_alone(order: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GuardianOrder, "execute", lambda watched, *_: report(message=str(id(watched._guard))))
    ours, other = Guard(), Guard()
    pool, _ = pool_of(other)
    wanted = order("pass")
    pool.assign(ours, wanted.token)  # type: ignore[arg-type]
    second = replace(wanted, token="t.2", stdout_path=f"{wanted.cwd}/o2", stderr_path=f"{wanted.cwd}/e2")
    assert [pool.execute(one).message for one in (second, wanted)] == [str(id(other)), str(id(ours))]
    assert pool._assigned == {}


def test_each_field_of_an_order_reaches_its_guardian_by_its_own_name(order: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environb", {b"THEIRS": b"\xff", b"OURS": b"theirs", b"HIDDEN": b"x"})
    wanted = replace(
        order("pass"), argv=("é",), env={"OURS": "é"}, cwd="/é", timeout_s=2.0, grace_s=3.0, deadline_ms=4, spool_dir="/spool",
        log_max_bytes=5, limit_rule="rule", stdin_path="/in", stdout_path="/o", stderr_path="/e", result_path="/r", token="t",
    )  # fmt: skip
    assert guardian_pool._to_message(wanted) == {
        "token": "t", "argv": ["\xc3\xa9"], "env": {"THEIRS": "\xff", "OURS": "\xc3\xa9"}, "cwd": "/\xc3\xa9", "timeout_s": 2.0,
        "grace_s": 3.0, "deadline_ms": 4, "spool_dir": "/spool", "log_max_bytes": 5, "has_stdin": True,
        "kept": {"limit_s": 2.0, "limit_rule": "rule", "stdout_path": "/o", "stderr_path": "/e", "result_path": "/r"},
    }  # fmt: skip
    assert guardian_pool._to_message(replace(wanted, stdin_path=""))["has_stdin"] is False


def test_a_thread_executes_under_the_guardians_of_its_engine_or_else_of_its_process(
    order: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[GuardianPool]()
    monkeypatch.setattr(GuardianPool, "execute", lambda pool, _: asked.append(pool))
    engines = GuardianPool()
    before = POOL.set(engines)
    execute(order("pass"))
    POOL.reset(before)
    execute(order("pass"))
    assert asked == [engines, own_pool()]
    with monkeypatch.context() as patched:
        patched.setattr(os, "getpid", lambda: -1)
        assert own_pool() is not asked[1], "a forked child has guardians of its own"
        assert own_pool() is own_pool()
    guardian_pool._own.pop(-1)


def test_a_guardian_that_is_gone_before_its_order_is_told_so_and_let_go(order: Make) -> None:
    gone = Guard(there=False)
    pool, server = pool_of()
    wanted = order("pass")
    pool.assign(gone, wanted.token)  # type: ignore[arg-type]
    ending = pool.execute(wanted)
    assert (ending.by, ending.message) == (EndedBy.LOST, "the guardian of the command was gone before it began")
    assert (gone.closed, server.asked) == (True, []), "the claim names this one, and recovery looks for no other"


def test_one_guardian_is_called_for_in_advance_and_a_spare_one_that_is_gone_is_passed_over() -> None:
    first, fresh = Guard(), Guard()
    pool, server = pool_of(first, fresh)
    pool.prepare()
    pool.prepare()
    assert (len(pool._spare), server.asked) == (1, [False])
    first.there = False
    hired: Any = pool.hire()
    assert (hired, first.closed, server.asked) == (fresh, True, [False, False])
    pool.keep(fresh)  # type: ignore[arg-type]
    hired = pool.hire()
    assert (hired, len(server.asked)) == (fresh, 2)


def test_a_lease_is_extended_of_the_order_that_it_is_of() -> None:
    pool, told = pool_of()[0], list[tuple[str, int]]()
    for name in ("a", "b"):
        extended: Any = SimpleNamespace(extend=lambda at, name=name: told.append((name, at)))
        pool._orders[name] = extended
    pool.extend("a", 5)
    pool.extend("unknown", 6)
    assert told == [("a", 5)]


def test_what_is_withdrawn_leaves_its_file_and_nothing_open(order: Make) -> None:
    wanted = order("pass")
    withdraw(replace(wanted, stdout_path=f"{wanted.cwd}/other"))  # the folder may stay open
    before = os.listdir("/proc/self/fd")
    assert [withdraw(wanted), withdraw(wanted)] == [True, False]
    assert (os.listdir("/proc/self/fd"), Path(wanted.stdout_path).exists()) == (before, True)


def test_bytes_that_are_no_text_stay_as_they_are(order: Make) -> None:
    found = guardian_pool._to_message(replace(order("pass"), argv=(os.fsdecode(b"\xff"),), without=frozenset({"\udcfe"})))
    assert found["argv"] == ["\xff"]
