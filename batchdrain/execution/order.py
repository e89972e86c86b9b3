"""What an engine is given and what it returns: plain values, so that they can travel to any worker."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

TOKEN: Final = "BATCHDRAIN_TOKEN"  # noqa: S105 - the name of a variable, no secret
"""The environment variable by which every process of an execution is known."""


def token_of(session_uid: str, key: str, epoch: int) -> str:
    """The token of one execution. It contains the session, as two databases on one machine may hold equal ids and epochs."""
    return f"{session_uid}.{key[:16]}.{epoch}"


class EndedBy(StrEnum):
    """What ended an execution, as its guardian or engine reports it. Judging makes an Outcome of it."""

    EXIT = "exit"  #: it exited by itself, or by somebody else's signal
    TIMEOUT = "timeout"
    INTERRUPT = "interrupt"  #: we were asked to stop
    LEASE = "lease"  #: our lease had ended, or was about to
    LOST = "lost"  #: its guardian died; what became of it is not known
    NOT_STARTED = "not_started"  #: the program could not be executed
    UNGUARDED = "unguarded"  #: its guardian was stopped again and again
    NOT_TAKEN = "not_taken"  #: the engine refused it; if it comes to it later, it finds it withdrawn
    TWICE = "twice"  #: this delivery did not draw the order's ticket: the ending of another one counts


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
    env: Mapping[str, str]  #: on top of the worker's own environment
    without: frozenset[str]  #: names that the command must not inherit
    cwd: str  #: absolute
    stdout_path: str  #: absolute; must not exist
    stderr_path: str
    result_path: str
    timeout_s: float
    grace_s: float  #: between TERM and KILL
    spool_dir: str = ""  #: where the guardian keeps the result until the ledger has it; '': nowhere
    deadline_ms: int | None = None  #: boot time at which the lease ends; heartbeats move it
    log_max_bytes: int = 50_000_000  #: on disk, for stdout and stderr each
    limit_rule: str = ""  #: kept with the result
    python: str = ""  #: stands in argv for the interpreter of the executing machine; '': it is filled in already
    stdin_path: str = ""  #: absolute; the file for its standard input; '': none
    begin_by_ms: int | None = None  #: since 1970, by the worker's clock: a later delivery begins nothing

    @property
    def files(self) -> ExecutionFiles:
        """The files that the command fills."""
        return ExecutionFiles(stdout=self.stdout_path, stderr=self.stderr_path, result=self.result_path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How the command ended. A failing command is an Ending, never an exception."""

    by: EndedBy
    exit_code: int | None = None
    signal: int | None = None
    duration_s: float = 0.0  #: from spawn to the end of the command itself, monotonic
    message: str = ""  #: why it could not be started
    errno: int | None = None  #: the errno of that
    left_over: int = 0  #: processes that it left behind, including daemons; they were ended
    host: str = ""  #: where it was executed, by its own word; '': here
    unspooled: str = ""  #: why its guardian could not keep the result on disk; '' if it did, or did not have to
    result: bytes = b""  #: the result file, at most RESULT_BYTES and one more
    stdout_tail: bytes = b""  #: at most TAIL_BYTES
    stderr_tail: bytes = b""
    cpu_s: float | None = None  #: user and system, of the command and what it waited for; None: not measured
    max_rss_kb: int | None = None  #: the most memory that one of these processes held at a time
    log_sha256: str | None = None  #: of stderr, see left_files.hash_log: shows later whether it is unchanged
    guardian_stops: int = 0  #: how often its guardian was stopped and had to be woken


CONFIG_ERRNOS: Final = frozenset(
    {errno.ENOENT, errno.EACCES, errno.EPERM, errno.ENOEXEC, errno.ENOTDIR, errno.EISDIR, errno.ELOOP}
)
"""The errnos of a program that can't be executed, whatever the phase: the configuration is wrong."""
RESULT_BYTES: Final = 16 * 1024 * 1024  #: a larger result file is not read at all
TAIL_BYTES: Final = 65_536
