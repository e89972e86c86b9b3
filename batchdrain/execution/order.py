"""What an engine is given and what it gives back: plain values, so that they travel to any worker."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

TOKEN: Final = "BATCHDRAIN_TOKEN"  # noqa: S105 - the name of a variable, no secret
"""The environment variable that names every process of an execution."""


def token_of(session_uid: str, key: str, epoch: int) -> str:
    """The name of one execution. The session is in it: two databases on one machine may hold equal ids and epochs."""
    return f"{session_uid}.{key[:16]}.{epoch}"


class EndedBy(StrEnum):
    """What ended an execution, as its guardian or engine tells it; judging makes an Outcome of it."""

    EXIT = "exit"  #: of its own, or by a signal of somebody else
    TIMEOUT = "timeout"
    INTERRUPT = "interrupt"  #: we were asked to stop
    LEASE = "lease"  #: our right to it was over, or about to be
    LOST = "lost"  #: its guardian died; what became of it is not known
    NOT_STARTED = "not_started"  #: the program could not be executed
    UNGUARDED = "unguarded"  #: its guardian was stopped again and again
    NOT_TAKEN = "not_taken"  #: the engine refused it, and finds it withdrawn if it comes to it later
    TWICE = "twice"  #: it was not this delivery that drew the order's ticket: the ending of another one counts


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionFiles:
    """The files of one execution, absolute."""

    stdout: str
    stderr: str
    result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One command to execute."""

    token: str  #: names this execution among all processes
    argv: tuple[str, ...]
    env: Mapping[str, str]  #: over the worker's own environment
    without: frozenset[str]  #: names that the command must not inherit
    cwd: str  #: absolute
    stdout_path: str  #: absolute; must not exist
    stderr_path: str
    result_path: str
    timeout_s: float
    grace_s: float  #: between TERM and KILL
    spool_dir: str = ""  #: where the guardian keeps the result until the ledger has it; '' for nowhere
    deadline_ms: int | None = None  #: boot time at which the lease is over; moved by heartbeats
    log_max_bytes: int = 50_000_000  #: of stdout and of stderr, on disk
    limit_rule: str = ""  #: kept beside the result
    python: str = ""  #: stands in argv for the interpreter of the machine where it executes; '' where it is filled in
    stdin_path: str = ""  #: absolute; what it reads on its standard input; '' for nothing
    begin_by_ms: int | None = None  #: since 1970, by the worker's clock: a delivery that comes later begins nothing

    @property
    def files(self) -> ExecutionFiles:
        """Those that its command fills."""
        return ExecutionFiles(stdout=self.stdout_path, stderr=self.stderr_path, result=self.result_path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How the command ended. A failing command is an Ending, never an exception."""

    by: EndedBy
    exit_code: int | None = None
    signal: int | None = None
    duration_s: float = 0.0  #: from spawn to the end of the command itself, monotonic
    message: str = ""  #: why it could not be started
    errno: int | None = None  #: of that
    left_over: int = 0  #: processes that it left behind, daemons included; they were ended
    host: str = ""  #: where it was executed, by its own word; '' for here
    unspooled: str = ""  #: why its guardian could not keep the result on disk; '' where it did, or did not have to
    result: bytes = b""  #: of the result file, at most RESULT_BYTES
    stdout_tail: bytes = b""  #: at most TAIL_BYTES
    stderr_tail: bytes = b""
    cpu_s: float | None = None  #: user and system, of the command and what it waited for; None where nobody measured it
    max_rss_kb: int | None = None  #: the most memory that one of these held at a time
    log_sha256: str | None = None  #: of stderr, as left_files.hash_log has it: to see later whether it is still what it was
    guardian_stops: int = 0  #: how often its guardian was stopped and had to be woken


CONFIG_ERRNOS: Final = frozenset(
    {errno.ENOENT, errno.EACCES, errno.EPERM, errno.ENOEXEC, errno.ENOTDIR, errno.EISDIR, errno.ELOOP}
)
"""Why a program can't be executed whatever the phase: the configuration is wrong."""
RESULT_BYTES: Final = 16 * 1024 * 1024  #: a larger result file is not read at all
TAIL_BYTES: Final = 65_536
