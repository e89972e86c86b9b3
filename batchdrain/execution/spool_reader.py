"""Reads what a guardian left in the spool: which process became the command, and its end, which the ledger may not have yet."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any, Final

from batchdrain.execution.file_names import find_files
from batchdrain.execution.guardian_report import GuardianReport, SpoolRecord, UnsoundReportError, object_of, process_of
from batchdrain.execution.left_files import read_left, read_small
from batchdrain.execution.order import Ending, ExecutionFiles
from batchdrain.execution.process_identity import ProcessIdentity, read_host_id
from batchdrain.model.phase import PhaseKey
from batchdrain.runtime import folders

_LARGEST: Final = 1_000_000


def read(folder: str, token: str) -> SpoolRecord | None:
    """The record of how one execution ended; None if there is none, or if something else is in its place."""
    try:
        return SpoolRecord.of(_read_fields(folder, token))
    except (OSError, ValueError):
        return None


def command_of(folder: str, token: str) -> ProcessIdentity | None:
    """The process that became the command, as its guardian noted it; None if it noted none, or if nothing of it was left.

    A process in our own session can't be the command: whoever noted it wants us to end ourselves.
    """
    try:
        pid, start = process_of(_read_fields(folder, token).get("command"))
    except (OSError, ValueError):
        return None
    return None if pid == os.getsid(0) or start == 0 else ProcessIdentity(read_host_id(), pid, start)


def find_session(folder: str, suffix: str) -> str:
    """The session of the execution whose record has a name that ends with `suffix`; '' if there is none, or more than one."""
    try:
        names = [path.name for path in Path(folder).iterdir()] if folder else []
    except OSError:
        return ""
    found = [name.removesuffix(suffix) for name in names if name.endswith(suffix)]
    return found[0] if len(found) == 1 and found[0].isalnum() else ""


def discard(folder: str, token: str) -> None:
    """Remove a record that the ledger has now."""
    with contextlib.suppress(OSError, ValueError):
        name = _name_of(folder, token)
        with folders.hold(folder) as fd:
            os.unlink(name, dir_fd=fd)


def _name_of(folder: str, token: str) -> str:
    """The name of a record. Raises ValueError if there is no spool, or if the token, which comes from the ledger, leads out of
    it."""
    if not folder or os.sep in token:
        raise ValueError(f"{token!r} is in no spool")
    return f"{token}.json"


def _read_fields(folder: str, token: str) -> dict[str, Any]:
    """Read a record. Raises OSError, ValueError."""
    fields = object_of(read_small(Path(folder, _name_of(folder, token)), _LARGEST))
    if fields.get("token") != token:
        raise UnsoundReportError("token: is another execution's")
    return fields


def files_of(record: SpoolRecord, folder: str, key: PhaseKey, *, attempt: int, epoch: int) -> ExecutionFiles:
    """The files of the execution that a claim names; they are beside its spool."""
    return find_files(Path(folder).with_name("logs"), key, attempt, epoch, record.log_name)


def ending_of(report: GuardianReport, files: ExecutionFiles) -> Ending:
    """The ending that a guardian reports, with what the command left in its files."""
    left = read_left(files)
    return Ending(
        by=report.by,
        exit_code=report.exit_code,
        signal=report.signal,
        duration_s=report.duration_s,
        message=report.message,
        errno=report.errno,
        left_over=report.left_over,
        unspooled=report.unspooled,
        cpu_s=report.cpu_s,
        max_rss_kb=report.max_rss_kb,
        result=left.result,
        stdout_tail=left.stdout_tail,
        stderr_tail=left.stderr_tail,
        log_sha256=left.log_sha256,
    )
