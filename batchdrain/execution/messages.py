"""The messages between controller and workers: JSON in bytes, with a version. execution/worker/runner.py is the workers' side.

execute  {v, do, session, token, argv, env, …}   -> {v, kind: ended | twice | not_taken, where, …}
beat     {v, do, session, grants, heard, wants, starve, kill, say}   -> {v, kind: here, where, boot_ms, runs, over, ended}

A message of a version that a worker does not know is answered with `{v, kind: unknown, speaks: [1]}`. Answers are untrusted
input, as they may come from anybody, so they are checked field by field.
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from batchdrain.execution import left_files, spool_reader
from batchdrain.execution.guardian_report import GuardianReport, UnsoundReportError, object_of, text_of
from batchdrain.execution.order import EndedBy, Ending, Order
from batchdrain.runtime.json_text import to_json

VERSION: Final = 1
_OTHER: Final = {"twice": EndedBy.TWICE, "not_taken": EndedBy.NOT_TAKEN}
_MOST_TOKENS: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What all orders of a session have in common."""

    session: str  #: names one controller while it lives; a later one of the same session has another name
    tickets: str  #: the folder of tickets; '' if the engine has its own
    landmark: str  #: a file of ours: a worker that sees it sees the session's folder
    shares_files: bool | None  #: None: each delivery looks for the landmark
    back_bytes: int  #: how many bytes of each log come back if the worker does not see the folder
    lease_s: (
        float | None
    )  #: how long a delivery waits for a word of its controller; None: the lease is long, and no word comes


def to_message(order: Order, terms: Terms) -> bytes:
    """The order as a worker reads it."""
    return to_json(
        {
            "v": VERSION,
            "do": "execute",
            "session": terms.session,
            "token": order.token,
            "argv": list(order.argv),
            "python": order.python,
            "env": dict(order.env),
            "without": sorted(order.without),
            "cwd": order.cwd,
            "stdout_path": order.stdout_path,
            "stderr_path": order.stderr_path,
            "result_path": order.result_path,
            "timeout_s": order.timeout_s,
            "grace_s": order.grace_s,
            "spool_dir": order.spool_dir,
            "log_max_bytes": order.log_max_bytes,
            "limit_rule": order.limit_rule,
            "begin_by_ms": order.begin_by_ms,
            "tickets": terms.tickets,
            "landmark": terms.landmark,
            "shares_files": terms.shares_files,
            "back_bytes": terms.back_bytes,
            "lease_s": terms.lease_s,
        }
    )


def read_answer(found: object, order: Order) -> Ending:
    """How an order ended, by the answer to its message. The parts of its logs that came back are written to its files. Raises
    UnsoundReportError if it is no such answer, OSError if the logs can't be written."""
    fields = _fields_of(found)
    kind = text_of(fields, "kind")
    if kind in _OTHER:
        return Ending(by=_OTHER[kind], message=text_of(fields, "message", ""))
    if kind == "unknown":
        raise UnsoundReportError(f"its worker does not know this message: {text_of(fields, 'message', '')}")
    if kind != "ended" or fields.get("token") != order.token:
        raise UnsoundReportError(f"{kind!r:.80}: is no end of this order")
    report = GuardianReport.of(_object(fields, "ending"))
    if not report.gone:
        raise UnsoundReportError("processes of it can't be ended")
    host = text_of(_object(fields, "where"), "host", "")
    if fields.get("shared") is not True and report.by is not EndedBy.NOT_STARTED:
        _put_files(fields, order)
    return replace(spool_reader.ending_of(report, order.files), host=host)


def instance_of(found: object) -> str:
    """The process that answered; '' if it is no answer of ours."""
    try:
        return text_of(_object(_fields_of(found), "where"), "worker", "")
    except UnsoundReportError:
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """What a controller tells all workers of its session."""

    session: str
    heard: Collection[str] = ()  #: tokens whose endings the controller has
    wants: Collection[str] = ()  #: tokens whose endings it asks for, as their futures brought none
    starve: Collection[str] = ()  #: tokens whose leases are no longer renewed
    kill: Collection[str] = ()  #: tokens that are no longer ours
    say: str = ""  #: T: end everything; K: at once
    grants: Mapping[str, int]  #: for each process of a worker: by when its commands must be ending, in its own boot time

    def to_message(self) -> bytes:
        """The beat as a worker reads it."""
        return to_json(
            {
                "v": VERSION,
                "do": "beat",
                "session": self.session,
                "heard": sorted(self.heard),
                "wants": sorted(self.wants),
                "starve": sorted(self.starve),
                "kill": sorted(self.kill),
                "say": self.say,
                "grants": dict(self.grants),
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """What one process of a worker answers to a beat."""

    instance: str
    host: str
    boot_ms: int  #: its own boot time
    runs: frozenset[str]
    over: frozenset[str]  #: tokens that have ended, but were not heard of yet
    ended: Mapping[str, bytes]  #: the answers that were asked for, by token

    @classmethod
    def of(cls, found: object, session: str) -> Here:
        """Check an answer. Raises UnsoundReportError if it is none of this session."""
        fields = _fields_of(found)
        if fields.get("kind") != "here" or fields.get("session") != session:
            raise UnsoundReportError("is no answer to a beat of this session")
        where, boot_ms = _object(fields, "where"), fields.get("boot_ms")
        if type(boot_ms) is not int or not 0 <= boot_ms < 1 << 53:
            raise UnsoundReportError("boot_ms: is no time")
        ended = _object(fields, "ended")
        return cls(
            instance=text_of(where, "worker"),
            host=text_of(where, "host"),
            boot_ms=boot_ms,
            runs=_tokens(fields, "runs"),
            over=_tokens(fields, "over"),
            ended={token: to_json(answer) for token, answer in ended.items()},
        )


def _fields_of(found: object) -> dict[str, Any]:
    if not isinstance(found, bytes):
        raise UnsoundReportError(f"bytes were expected, {type(found).__name__} came")
    fields = object_of(found)
    if fields.get("v") != VERSION:
        raise UnsoundReportError(f"{fields.get('v')!r:.80}: is another version than {VERSION}")
    return fields


def _object(fields: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = fields.get(name)
    if not isinstance(found, dict):
        raise UnsoundReportError(f"{name}: is no object")
    return found


def _tokens(fields: Mapping[str, Any], name: str) -> frozenset[str]:
    found = fields.get(name)
    if not isinstance(found, list) or len(found) > _MOST_TOKENS or not all(isinstance(token, str) for token in found):
        raise UnsoundReportError(f"{name}: is no list of tokens")
    return frozenset(found)


def _put_files(fields: Mapping[str, Any], order: Order) -> None:
    """Write the logs and the result file. Raises OSError, UnsoundReportError."""
    logs = _object(fields, "logs")
    for name, path in (("stdout", order.stdout_path), ("stderr", order.stderr_path)):
        log = _object(logs, name)
        left_files.put(path, _join(log))
    if result := _bytes_of(fields, "result"):
        left_files.put(order.result_path, result)


def _join(log: Mapping[str, Any]) -> bytes:
    head, tail, left_out = _bytes_of(log, "head"), _bytes_of(log, "tail"), log.get("left_out")
    if not left_out:
        return head
    rest = text_of(log, "kept_at", "")
    return head + f"\n[batchdrain: {left_out!r:.20} bytes are left out here; the whole is {rest}]\n".encode() + tail


def _bytes_of(fields: Mapping[str, Any], name: str) -> bytes:
    found = fields.get(name, "")
    try:
        return b64decode(found, validate=True)
    except (TypeError, binascii.Error, ValueError):
        raise UnsoundReportError(f"{name}: is not in base64") from None
