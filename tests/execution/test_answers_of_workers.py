"""What a worker answers is input: it counts for its own order alone, and what comes back of its logs stands in their places."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from batchdrain.execution import messages
from batchdrain.execution.guardian_report import UnsoundReportError
from batchdrain.execution.messages import Beat, Here, Terms, instance_of, read_answer, to_message
from batchdrain.execution.order import EndedBy, Order
from batchdrain.runtime.json_text import to_json

EXIT = {"by": "exit", "exit_code": 3, "duration_s": 1.5}


@pytest.fixture
def order(tmp_path: Path) -> Order:
    return Order(
        token="s.key.1", argv=("true",), env={}, without=frozenset(), cwd=str(tmp_path), stdout_path=str(tmp_path / "out"),
        stderr_path=str(tmp_path / "err"), result_path=str(tmp_path / "result"), timeout_s=1.0, grace_s=1.0,
    )  # fmt: skip


def log(head: bytes = b"", tail: bytes = b"", left_out: int = 0) -> dict[str, Any]:
    return {"head": b64encode(head).decode(), "tail": b64encode(tail).decode(), "left_out": left_out, "kept_at": "host:/x"}


def answer(**given: Any) -> bytes:
    fields = {"v": 1, "kind": "ended", "token": "s.key.1", "where": {"host": "there", "worker": "w"}, "ending": EXIT,
              "shared": False, "logs": {"stdout": log(b"said"), "stderr": log(b"wrong")}, "result": "", **given}  # fmt: skip
    return json.dumps(fields).encode()


def test_an_ending_is_that_of_its_order_with_its_host_and_its_logs_in_their_places(order: Order) -> None:
    result = b64encode(b'{"reason": "x"}').decode()
    logs = {"stdout": log(b"said"), "stderr": log(b"first\n", b"last\n", 7)}
    found = read_answer(answer(logs=logs, result=result), order)
    assert (found.by, found.exit_code, found.host, found.result) == (EndedBy.EXIT, 3, "there", b'{"reason": "x"}')
    assert (Path(order.stdout_path).read_bytes(), found.stdout_tail) == (b"said", b"said")
    assert (
        Path(order.stderr_path).read_bytes()
        == b"first\n\n[batchdrain: 7 bytes are left out here; the whole is host:/x]\nlast\n"
    )


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"token": "s.other.1"}, "'ended': is no end of this order"),
        ({"token": None}, "'ended': is no end of this order"),
        ({"kind": "here"}, "'here': is no end of this order"),
        ({"kind": "unknown", "message": "is of another"}, "its worker does not know this message: is of another"),
        ({"v": 2}, "2: is another version than 1"),
        ({"v": None}, "None: is another version than 1"),
        ({"ending": {**EXIT, "gone": False}}, "processes of it can't be ended"),
        ({"ending": {"by": "exit", "duration_s": 1}}, "exit_code: is missing"),
        ({"logs": {"stdout": log()}}, "stderr: is no object"),
        ({"logs": {"stdout": log(), "stderr": {"head": 5}}}, "head: is not in base64"),
        ({"result": "no base 64"}, "result: is not in base64"),
        ({"shared": 1, "logs": None}, "logs: is no object"),
        ({"where": []}, "where: is no object"),
    ],
)
def test_what_is_no_end_of_this_order_is_none(order: Order, given: dict[str, Any], says: str) -> None:
    with pytest.raises(UnsoundReportError) as raised:
        read_answer(answer(**given), order)
    assert str(raised.value) == says


def test_what_is_no_answer_at_all_is_told_by_its_kind(order: Order) -> None:
    for found, says in (("text", "bytes were expected, str came"), (None, "bytes were expected, NoneType came")):
        with pytest.raises(UnsoundReportError) as raised:
            read_answer(found, order)
        assert str(raised.value) == says


def test_what_was_never_started_left_no_logs(order: Order) -> None:
    ending = {"by": "not_started", "duration_s": 0, "message": "no folder"}
    found = read_answer(answer(ending=ending, logs=None), order)
    assert (found.by, found.message, found.host) == (EndedBy.NOT_STARTED, "no folder", "there")
    assert read_answer(answer(ending=ending, shared=True, logs=None, where={}), order).host == ""


@pytest.mark.parametrize("kind", ["twice", "not_taken"])
def test_a_delivery_that_did_not_execute_it_says_so(order: Order, kind: str) -> None:
    found = read_answer(answer(kind=kind, message="why"), order)
    assert (found.by, found.message, Path(order.stdout_path).exists()) == (EndedBy(kind), "why", False)


def test_what_stands_in_shared_folders_is_not_written_over(order: Order) -> None:
    Path(order.stdout_path).write_bytes(b"as the command wrote it")
    found = read_answer(answer(shared=True, logs=None), order)
    assert (found.by, found.stdout_tail) == (EndedBy.EXIT, b"as the command wrote it")


SOUND: dict[str, Any] = {
    "kind": "here",
    "session": "s",
    "boot_ms": 5,
    "runs": ["a"],
    "over": ["b"],
    "ended": {"b": {"kind": "twice"}},
}
NONE = "is no answer to a beat of this session"


def test_an_answer_to_a_beat_tells_what_runs_what_is_over_and_what_was_asked_for() -> None:
    assert Here.of(answer(**SOUND), "s") == Here(
        instance="w",
        host="there",
        boot_ms=5,
        runs=frozenset("a"),
        over=frozenset("b"),
        ended={"b": to_json({"kind": "twice"})},
    )
    assert [Here.of(answer(**{**SOUND, "boot_ms": at}), "s").boot_ms for at in (0, (1 << 53) - 1)] == [0, (1 << 53) - 1]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"session": "another"}, NONE), ({"kind": "ended"}, NONE), ({"boot_ms": -1}, "boot_ms: is no time"), ({"boot_ms": True}, "boot_ms: is no time"),
        ({"boot_ms": 1 << 53}, "boot_ms: is no time"), ({"boot_ms": None}, "boot_ms: is no time"), ({"runs": "a"}, "runs: is no list of tokens"),
        ({"over": ["a", 1]}, "over: is no list of tokens"), ({"over": ["a", "b", "c", "d"]}, "over: is no list of tokens"), ({"ended": []}, "ended: is no object"),
        ({"where": {"host": "h"}}, "worker: is no text"), ({"where": {"worker": "w"}}, "host: is no text"),
    ],
)  # fmt: skip
def test_what_is_no_answer_to_a_beat_of_this_session_is_none(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], says: str
) -> None:
    assert messages._MOST_TOKENS == 100_000
    monkeypatch.setattr(messages, "_MOST_TOKENS", 3)
    Here.of(answer(**{**SOUND, "over": ["a", "b", "c"]}), "s")
    with pytest.raises(UnsoundReportError) as raised:
        Here.of(answer(**{**SOUND, **given}), "s")
    assert str(raised.value) == says


def test_the_process_that_answered_is_known_by_its_own_word() -> None:
    assert [instance_of(one) for one in (answer(), answer(where={}), b"no", None)] == ["w", "", "", ""]


def test_each_field_of_an_order_and_its_terms_travels_by_its_own_name(order: Order) -> None:
    given = replace(
        order, env={"A": "1"}, without=frozenset({"z", "b"}), timeout_s=2.0, grace_s=3.0, spool_dir="spool", log_max_bytes=4,
        limit_rule="rule", python="PY", begin_by_ms=5,
    )  # fmt: skip
    terms = Terms(session="s", tickets="tickets", landmark="mark", shares_files=True, back_bytes=6, lease_s=7.0)
    assert json.loads(to_message(given, terms)) == {
        "v": 1, "do": "execute", "session": "s", "token": "s.key.1", "argv": ["true"], "python": "PY", "env": {"A": "1"},
        "without": ["b", "z"], "cwd": order.cwd, "stdout_path": order.stdout_path, "stderr_path": order.stderr_path,
        "result_path": order.result_path, "timeout_s": 2.0, "grace_s": 3.0, "spool_dir": "spool", "log_max_bytes": 4,
        "limit_rule": "rule", "begin_by_ms": 5, "tickets": "tickets", "landmark": "mark", "shares_files": True, "back_bytes": 6,
        "lease_s": 7.0,
    }  # fmt: skip


def test_each_word_of_a_beat_travels_by_its_own_name() -> None:
    told = Beat(session="s", heard={"b", "a"}, wants={"c"}, starve={"d"}, kill={"e"}, say="T", grants={"w": 5})
    assert json.loads(told.to_message()) == {
        "v": 1, "do": "beat", "session": "s", "heard": ["a", "b"], "wants": ["c"], "starve": ["d"], "kill": ["e"], "say": "T",
        "grants": {"w": 5},
    }  # fmt: skip
