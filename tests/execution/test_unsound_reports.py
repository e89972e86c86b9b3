"""What is wrong with a report or a record is told by the name of its field."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from batchdrain.execution import guardian_client, lost_executions, orphans, spool_reader
from batchdrain.execution.engines.dask.by_source import BySource
from batchdrain.execution.guardian_report import GuardianReport, SpoolRecord, UnsoundReportError, object_of, process_of
from batchdrain.execution.order import ExecutionFiles
from batchdrain.execution.process_identity import ProcessIdentity, read_host_id
from batchdrain.execution.tickets import Ticket
from batchdrain.model.phase import PhaseKey

SOUND: dict[str, Any] = {
    "by": "exit", "exit_code": 0, "duration_s": 1.5, "limit_s": 60, "limit_rule": "rule", "ended_ms": 5, "stderr_path": "/logs/run/p.1.stderr.txt",
}  # fmt: skip


@pytest.mark.parametrize(
    ("read", "says"),
    [
        (lambda: GuardianReport.of({**SOUND, "signal": 9}), "exit_code and signal: one ending has one of them"),
        (lambda: GuardianReport.of({**SOUND, "exit_code": None}), "exit_code: is missing"),
        (lambda: GuardianReport.of({**SOUND, "by": "else"}), "by: is no way to end"),
        (lambda: GuardianReport.of({**SOUND, "by": None}), "by: is no text"),
        (lambda: GuardianReport.of({**SOUND, "duration_s": -1}), "duration_s: is no time of an execution"),
        (lambda: GuardianReport.of({**SOUND, "errno": 5000}), "errno: is no whole number up to 4095"),
        (lambda: GuardianReport.of({**SOUND, "message": 5}), "message: is no text"),
        (lambda: SpoolRecord.of({**SOUND, "by": "lease"}), "by: lease is not kept"),
        (lambda: SpoolRecord.of({**SOUND, "ended_ms": None}), "ended_ms: is missing"),
        (lambda: object_of(b"{"), "is no JSON"),
        (lambda: object_of(b"[]"), "is no JSON object"),
        (lambda: object_of(b'{"a": NaN}'), "is no JSON"),
        (lambda: process_of([1]), "a process has a number and a start"),
        (lambda: process_of([0, 1]), "[0, 1]: names no process"),
    ],
)
def test_an_unsound_field_is_told_by_its_name(read: Callable[[], object], says: str) -> None:
    with pytest.raises(UnsoundReportError) as raised:
        read()
    assert str(raised.value) == says


def test_the_files_of_a_record_lie_beside_its_spool_and_are_named_by_its_own_phase() -> None:
    record = SpoolRecord.of({**SOUND, "stderr_path": "/any/logs/r/p.2-7.stderr.txt"})
    found = spool_reader.files_of(record, "/sessions/s/spool", PhaseKey("r", "p"), attempt=2, epoch=7)
    assert found == ExecutionFiles(**{name: f"/sessions/s/logs/r/p.2-7.{rest}" for name, rest in (
        ("stdout", "stdout.txt"), ("stderr", "stderr.txt"), ("result", "result.json"),
    )})  # fmt: skip


@pytest.mark.parametrize(
    ("folder", "token", "says"),
    [
        ("", "t", "'t' is in no spool"),
        ("/s", "../t", "'../t' is in no spool"),
        ("PLACE", "t", "token: is another execution's"),
    ],
)
def test_a_record_that_is_none_is_told_with_why(tmp_path: Path, folder: str, token: str, says: str) -> None:
    (tmp_path / "t.json").write_text('{"token": "u"}')
    with pytest.raises(ValueError, match=r".") as raised:
        spool_reader._read_fields(folder.replace("PLACE", str(tmp_path)), token)
    assert str(raised.value) == says
    spool_reader.discard(folder.replace("PLACE", str(tmp_path)), token)
    assert (tmp_path / "t.json").exists() is (folder != "PLACE"), "a record goes by its name"


def test_what_is_lost_has_five_seconds_and_a_guardian_no_time_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    within = list[dict[str, Any]]()
    us = ProcessIdentity(read_host_id(), 7, 70)
    monkeypatch.setattr(spool_reader, "read", lambda *_: None)
    monkeypatch.setattr(guardian_client, "is_guardian_alive", lambda _: False)
    monkeypatch.setattr(orphans, "settle", lambda _, **more: within.append(more))
    lost_executions.settle_lost(Ticket(host="h", drawer=us, guardian=us), "t", "/s")
    assert within == [{"guardian_ends_in_s": None, "within_s": 5.0}]


def test_a_withdrawn_ticket_settles_nothing_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool_reader, "read", lambda *_: None)
    us = ProcessIdentity(read_host_id(), 7, 70)
    withdrawn = Ticket(host="h", drawer=us, guardian=None)
    assert lost_executions.settle_lost(withdrawn, "t", "/s") is None
    assert lost_executions.is_over(withdrawn, "t", "/s") is False


def test_a_function_by_its_source_is_loaded_once_from_its_pickle_and_here_alike(tmp_path: Path) -> None:
    text = "LOADED = []\ndef call(number, *, more=0):\n    LOADED.append(number)\n    return number + more, len(LOADED), 'é{x}'\n"
    (tmp_path / "one.py").write_text(text, encoding="utf-8")
    (tmp_path / "two.py").write_text(f"{text}# other\n", encoding="utf-8")
    one, two = BySource(tmp_path / "one.py", "call"), BySource(tmp_path / "two.py", "call")
    assert one(1, more=4) == (5, 1, "é{x}")
    assert pickle.loads(pickle.dumps(one))(2) == (2, 2, "é{x}")
    assert two(1) == (1, 1, "é{x}"), "another text is another module"
