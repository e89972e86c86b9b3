"""What a guardian tells is checked field by field: each bound, and what counts where a field is not there."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from batchdrain.execution import spool_reader
from batchdrain.execution.engine_result import to_ending
from batchdrain.execution.guardian.hire import to_process
from batchdrain.execution.guardian_pool import GuardianPool, _ending_without_report, withdraw
from batchdrain.execution.guardian_report import (
    GuardianReport,
    SpoolRecord,
    UnsoundReportError,
    object_of,
    process_of,
)
from batchdrain.execution.order import RESULT_BYTES, TAIL_BYTES, EndedBy, Ending, ExecutionFiles, token_of
from batchdrain.execution.orphans import Orphans
from batchdrain.execution.process_identity import ProcessIdentity, read_host_id
from tests.execution.orders import Make

SOUND: dict[str, Any] = {"by": "exit", "exit_code": 0, "duration_s": 1.5}
KEPT: dict[str, Any] = {
    **SOUND,
    "limit_s": 60,
    "limit_rule": "rule",
    "ended_ms": 5,
    "stderr_path": "/logs/run/p.1.stderr.txt",
}


def test_what_a_report_does_not_say_is_nothing() -> None:
    assert GuardianReport.of(SOUND) == GuardianReport(
        by=EndedBy.EXIT, exit_code=0, signal=None, duration_s=1.5, message="", errno=None, left_over=0, unspooled="",
        cpu_s=None, max_rss_kb=None, gone=True, stays=False,
    )  # fmt: skip


def test_each_field_of_a_report_is_its_own() -> None:
    said = {"by": "timeout", "exit_code": None, "signal": 9, "duration_s": 2, "message": "m", "errno": 3, "left_over": 4,
            "spool_error": "u", "cpu_s": 6, "max_rss_kb": 7, "gone": False, "stays": True}  # fmt: skip
    assert GuardianReport.of(said) == GuardianReport(
        by=EndedBy.TIMEOUT, exit_code=None, signal=9, duration_s=2.0, message="m", errno=3, left_over=4, unspooled="u",
        cpu_s=6.0, max_rss_kb=7, gone=False, stays=True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "sound"),
    [
        ({"exit_code": 255}, True), ({"exit_code": 256}, False), ({"exit_code": -1}, False), ({"exit_code": True}, False),
        ({"exit_code": None, "signal": 64}, True), ({"exit_code": None, "signal": 65}, False),
        ({"exit_code": 0, "signal": 9}, False), ({"exit_code": None}, False),
        ({"by": "lost", "exit_code": None}, True), ({"by": "timeout", "exit_code": None}, True), ({"by": "else"}, False),
        ({"duration_s": 0}, True), ({"duration_s": -0.1}, False), ({"duration_s": True}, False), ({"duration_s": None}, False),
        ({"duration_s": 315_360_000}, True), ({"duration_s": 315_360_001}, False), ({"duration_s": "1"}, False),
        ({"errno": 4095}, True), ({"errno": 4096}, False), ({"left_over": 1 << 22}, True), ({"left_over": (1 << 22) + 1}, False),
        ({"max_rss_kb": 1 << 50}, True), ({"max_rss_kb": (1 << 50) + 1}, False), ({"cpu_s": None}, True), ({"cpu_s": -1}, False),
        ({"message": None}, False), ({"spool_error": 5}, False),
    ],
    ids=str,
)  # fmt: skip
def test_a_report_holds_what_a_ledger_and_a_clock_can_hold_and_no_more(fields: dict[str, Any], sound: bool) -> None:
    try:
        GuardianReport.of({**SOUND, **fields})
    except UnsoundReportError:
        assert not sound
    else:
        assert sound


@pytest.mark.parametrize(
    ("fields", "sound"),
    [
        ({}, True), ({"by": "timeout", "exit_code": None}, True), ({"by": "not_started", "exit_code": None}, True),
        ({"by": "lost", "exit_code": None}, False), ({"by": "interrupt"}, False), ({"by": "lease"}, False),
        ({"ended_ms": None}, False), ({"ended_ms": -1}, False), ({"ended_ms": 221_845_392_000_000}, True),
        ({"ended_ms": 221_845_392_000_001}, False), ({"limit_s": None}, False), ({"limit_rule": None}, False),
        ({"stderr_path": 5}, False),
    ],
    ids=str,
)  # fmt: skip
def test_only_the_end_of_a_command_with_its_time_and_its_limit_is_a_record(fields: dict[str, Any], sound: bool) -> None:
    try:
        found = SpoolRecord.of({**KEPT, **fields})
    except UnsoundReportError:
        assert not sound
    else:
        assert sound
        assert (found.limit_s, found.limit_rule, found.log_name) == (60.0, "rule", "run/p.1.stderr.txt")


@pytest.mark.parametrize(
    ("named", "sound"),
    [([1, 0], True), ([1 << 22, 0], True), ([(1 << 22) + 1, 0], False), ([0, 0], False), ([-1, 5], False), ([1, -1], False),
     ([1, (1 << 63) - 1], True), ([1, 1 << 63], False), ([1], False), ([1, 2, 3], False), ((1, 2), False), ([1, 2.0], False),
     ([True, 2], False), (None, False)],
    ids=str,
)  # fmt: skip
def test_a_process_has_a_number_and_a_start_of_its_machine(named: object, sound: bool) -> None:
    if not sound:
        with pytest.raises(UnsoundReportError):
            process_of(named)
        return
    assert isinstance(named, list)
    assert process_of(named) == tuple(named) == to_process(b"%d %d" % tuple(named))


@pytest.mark.parametrize("raw", [b"", b"[]", b"5", b"{", b'{"a": NaN}', b'{"a": Infinity}', b"\xff"])
def test_what_is_no_json_object_is_none(raw: bytes) -> None:
    with pytest.raises(UnsoundReportError):
        object_of(raw)


def test_an_ending_of_an_engine_keeps_what_is_sound_of_it() -> None:
    sound = Ending(
        by=EndedBy.EXIT, exit_code=3, duration_s=1.0, log_sha256="a" * 64, guardian_stops=2, left_over=1, cpu_s=0.5
    )
    assert to_ending(sound) == sound
    digests: list[Any] = ["A" * 64, 5, None]
    for digest in digests:
        odd: Any = replace(sound, guardian_stops=True, log_sha256=digest)
        assert to_ending(odd) == replace(sound, guardian_stops=0, log_sha256=None)
    tail = b"x" * TAIL_BYTES
    long = to_ending(replace(sound, result=b"x" * (RESULT_BYTES + 5), stdout_tail=b"a" + tail, stderr_tail=b"b" + tail))
    assert (len(long.result), long.stdout_tail, long.stderr_tail) == (RESULT_BYTES + 1, tail, tail)


def test_an_ending_is_what_a_guardian_tells_with_what_the_command_left_in_its_files(tmp_path: Path) -> None:
    places = {name: str(tmp_path / name) for name in ("stdout", "stderr", "result")}
    for name, place in places.items():
        Path(place).write_text(f"of {name}\n")
    said = {"by": "exit", "exit_code": 3, "duration_s": 2, "message": "m", "errno": 3, "left_over": 4, "spool_error": "u",
            "cpu_s": 6, "max_rss_kb": 7}  # fmt: skip
    assert spool_reader.ending_of(GuardianReport.of(said), ExecutionFiles(**places)) == Ending(
        by=EndedBy.EXIT, exit_code=3, signal=None, duration_s=2.0, message="m", errno=3, left_over=4, unspooled="u", cpu_s=6.0,
        max_rss_kb=7, result=b"of result\n", stdout_tail=b"of stdout\n", stderr_tail=b"of stderr\n",
        log_sha256=hashlib.sha256(b"of stderr\n").hexdigest(),
    )  # fmt: skip


def test_where_there_is_no_spool_nothing_is_read_of_the_folder_that_we_stand_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.json").write_text(json.dumps({**KEPT, "token": "t"}))
    assert spool_reader.read(str(tmp_path), "t") == SpoolRecord.of(KEPT)
    assert spool_reader.read("", "t") is None


def test_an_execution_is_named_by_its_session_its_phase_and_its_epoch() -> None:
    assert token_of("s", "0123456789abcdef0123", 7) == "s.0123456789abcdef.7"


def test_the_session_of_a_record_is_found_by_the_end_of_its_name_where_there_is_one(tmp_path: Path) -> None:
    suffix = ".0123456789abcdef.7.json"
    (tmp_path / f"abc{suffix}").touch()
    (tmp_path / "abc.0123456789abcdef.8.json").touch()
    assert spool_reader.find_session(str(tmp_path), suffix) == "abc"
    (tmp_path / f"../x{suffix}".replace("/", "_")).touch()
    assert spool_reader.find_session(str(tmp_path), suffix) == "", "two sessions"
    (tmp_path / f"abc{suffix}").unlink()
    assert spool_reader.find_session(str(tmp_path), suffix) == "", "no session has such a name"
    assert spool_reader.find_session("", suffix) == spool_reader.find_session(str(tmp_path / "absent"), suffix) == ""


@pytest.mark.parametrize("command", [[7_000, 70], [7_000, 0], [7_000, 1], ["ours", 70], None], ids=str)
def test_the_command_that_a_guardian_noted_is_one_with_a_start_and_in_no_session_of_ours(
    tmp_path: Path, command: list[Any] | None
) -> None:
    noted = [os.getsid(0), 70] if command == ["ours", 70] else command
    (tmp_path / "t.json").write_text(json.dumps({"token": "t", "command": noted}))
    found = spool_reader.command_of(str(tmp_path), "t")
    is_one = command is not None and command[0] == 7_000 and command[1] > 0
    assert found == (ProcessIdentity(read_host_id(), *(command or [])) if is_one else None)


def test_a_phase_that_is_withdrawn_is_begun_by_nobody_and_one_that_began_is_not_withdrawn(order: Make) -> None:
    one = order("pass")
    assert [withdraw(one), withdraw(one)] == [True, False]
    ending = GuardianPool().execute(one)
    assert (ending.by, ending.errno) == (EndedBy.NOT_STARTED, None)


@pytest.mark.parametrize(
    ("stops", "killed", "asked", "by", "says"),
    [
        (4, True, False, EndedBy.UNGUARDED, "its guardian was stopped 4 times, by it or by hand, so both were killed"),
        (3, True, False, EndedBy.LOST, "the guardian of the command did not answer and was killed"),
        (0, True, True, EndedBy.INTERRUPT, "the guardian of the command did not answer and was killed"),
        (0, True, False, EndedBy.LOST, "the guardian of the command did not answer and was killed"),
        (0, False, True, EndedBy.LOST, "the guardian of the command died"),
    ],
)
def test_what_ended_without_a_report_is_told_by_what_became_of_its_guardian(
    order: Make, monkeypatch: pytest.MonkeyPatch, stops: int, killed: bool, asked: bool, by: EndedBy, says: str
) -> None:
    monkeypatch.setattr("batchdrain.execution.guardian_pool._end_rest", lambda *_: Orphans(2, alive=False))
    watched: Any = type("Watched", (), {"stops": stops, "killed": killed, "was_asked": asked, "is_unguarded": stops > 3})()
    found = _ending_without_report(order("pass"), watched)
    assert (found.by, found.left_over, found.guardian_stops, found.message) == (by, 2, stops, says)


class Guard:
    def __init__(self, *, there: bool = True) -> None:
        self.there, self.greeted, self.closed = there, 0, 0

    def is_there(self) -> bool:
        return self.there

    def greet(self) -> None:
        self.greeted += 1

    def close(self) -> None:
        self.closed += 1


def test_a_spare_guardian_is_hired_before_a_new_one_and_one_that_is_gone_never() -> None:
    pool, spare, gone, fresh = GuardianPool(), Guard(), Guard(there=False), Guard()
    calls: list[bool] = []

    def hire(_: object, anew: bool = False) -> Guard:
        calls.append(anew)
        return fresh

    server: Any = type("Server", (), {"hire": hire, "close": lambda _: None})()
    pool._server = server
    for guard in (spare, gone):
        client: Any = guard
        pool.keep(client)
    hired: list[Any] = [pool.hire(), pool.hire()]
    assert (hired, gone.closed, spare.closed, calls) == ([spare, fresh], 1, 0, [False])
    pool.prepare()
    pool.prepare()
    assert len(calls) == 2, "one is called for in advance, and no second one"
    pool.close()
    assert fresh.closed == 1
