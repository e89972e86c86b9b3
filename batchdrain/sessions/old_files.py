"""Finds what is in the folder of the sessions by name, tells how old it is by its own record, and removes it.

Only names of our own form are looked at, and links are never followed. A session is removed file by file, its JSON last: if
we are killed on the way, the next look still finds what is left.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from batchdrain.runtime import trees
from batchdrain.runtime.trees import TreeSize

_SESSION: Final = re.compile(r"batch-drain-(\d{8}-\d{6})(-\d{1,6})?", re.ASCII)
_TRIAGE: Final = re.compile(r"triage-(\d{8}-\d{6})(-\d{1,6})?", re.ASCII)
_FILE: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,99}?)\.(json|events\.jsonl|json\.corrupt-\d{1,9})", re.ASCII)
_TAIL_BYTES: Final = 65_536
LOCK: Final = "lock"
_TRIES: Final = 8


@dataclass(slots=True)
class SessionFiles:
    """The files of one session in the folder, as names of entries."""

    session_id: str
    json: str = ""
    events: str = ""
    folder: str = ""
    aside: list[str] = field(default_factory=list)  #: files that were kept aside because they could not be read

    @property
    def has_form(self) -> bool:
        """Whether the id has the form of those that we make."""
        return _SESSION.fullmatch(self.session_id) is not None


def find_sessions(fd: int) -> dict[str, SessionFiles]:
    """The files by session id. Only regular files and folders of ours are included."""
    found: dict[str, SessionFiles] = {}
    for name in sorted(os.listdir(fd)):
        kind = _kind_of(fd, name)
        if kind == stat.S_IFDIR and _TRIAGE.fullmatch(name) is None:
            found.setdefault(name, SessionFiles(name)).folder = name
        elif kind == stat.S_IFREG and (match := _FILE.fullmatch(name)) is not None:
            one = found.setdefault(match[1], SessionFiles(match[1]))
            if match[2] == "json":
                one.json = name
            elif match[2] == "events.jsonl":
                one.events = name
            else:
                one.aside.append(name)
    return {name: one for name, one in found.items() if one.has_form or one.json or one.events or one.aside}


def find_triages(fd: int) -> Iterator[tuple[str, datetime]]:
    """The folders of `inv triage`, and when each began."""
    for name in sorted(os.listdir(fd)):
        match = _TRIAGE.fullmatch(name)
        if match is not None and _kind_of(fd, name) == stat.S_IFDIR and (began := _to_time(match[1])) is not None:
            yield name, began


def last_seen(fd: int, files: SessionFiles) -> datetime:
    """When a session without a readable file was last active: by its last event, else by its name, else by its last
    change."""
    if (by_event := _last_event(fd, files.events)) is not None:
        return by_event
    match = _SESSION.fullmatch(files.session_id)
    if match is not None and (began := _to_time(match[1])) is not None:
        return began
    names = [name for name in (files.json, files.events, files.folder, *files.aside) if name]
    changed = max((_measure(fd, name).changed_at for name in names), default=0.0)
    return datetime.fromtimestamp(changed, UTC)


def has_spooled(fd: int, files: SessionFiles) -> bool:
    """Whether its spool holds results that the ledger may lack."""
    if not files.folder:
        return False
    try:
        spool = os.open(f"{files.folder}/spool", os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=fd)
    except OSError:
        return False
    try:
        return bool(os.listdir(spool))  # noqa: PTH208 - of a descriptor
    finally:
        os.close(spool)


def measure_all(fd: int, files: SessionFiles) -> dict[str, TreeSize]:
    """The sizes by kind: 'session files', 'event logs', 'session folders', 'files kept aside'."""
    sizes: dict[str, TreeSize] = {}
    for kind, names in (
        ("session files", [files.json]),
        ("event logs", [files.events]),
        ("session folders", [files.folder]),
        ("files kept aside", files.aside),
    ):
        for size in [_measure(fd, name) for name in names if name]:
            known = sizes.setdefault(kind, TreeSize())
            known.files += 1
            known.size += size.size
    return sizes


def remove_session(fd: int, files: SessionFiles) -> None:
    """Remove all files of a session. `fd`: of the folder; we hold the session's lock. Raises OSError that names what could
    not be removed."""
    with contextlib.suppress(FileNotFoundError):
        trees.empty(fd, files.session_id, but={LOCK})
    for name in (files.events, *files.aside, files.json):
        if name:
            _unlink(fd, name)
    _unlink(fd, f"{files.session_id}/{LOCK}")
    _remove_own(fd, files.session_id)


def _remove_own(fd: int, name: str) -> None:
    """Remove the session's own folder. Another process that wants the lock recreates what is missing of it. Once it has made
    its own lock there, the folder is that process's, and another prune will remove it."""
    for _ in range(_TRIES):
        try:
            os.rmdir(name, dir_fd=fd)
        except FileNotFoundError:
            return
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
        else:
            return
        if _kind_of(fd, f"{name}/{LOCK}") is not None:
            return
        with contextlib.suppress(FileNotFoundError):
            trees.empty(fd, name, but={LOCK})
    os.rmdir(name, dir_fd=fd)


def remove_folder(fd: int, name: str) -> None:
    """Remove a folder. Raises OSError that names what could not be removed."""
    trees.remove(fd, name)


def _unlink(fd: int, name: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name, dir_fd=fd)


def _kind_of(fd: int, name: str) -> int | None:
    """The file type, from `st_mode`; None if the entry is not ours or missing."""
    try:
        found = os.stat(name, dir_fd=fd, follow_symlinks=False)
    except OSError:
        return None
    return stat.S_IFMT(found.st_mode) if found.st_uid == os.geteuid() else None


def _measure(fd: int, name: str) -> TreeSize:
    try:
        return trees.measure(fd, name)
    except OSError:
        return TreeSize()


def _last_event(fd: int, name: str) -> datetime | None:
    """The time of the last whole line that has one."""
    if not name:
        return None
    try:
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=fd)
    except OSError:
        return None
    try:
        size = os.fstat(file).st_size
        lines = os.pread(file, _TAIL_BYTES, max(0, size - _TAIL_BYTES)).splitlines()
    except OSError:
        return None
    finally:
        os.close(file)
    return next((time for line in reversed(lines) if (time := _time_in(line)) is not None), None)


def _time_in(line: bytes) -> datetime | None:
    try:
        found = datetime.fromisoformat(json.loads(line)["timestamp"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return found if found.tzinfo is not None else None


def _to_time(digits: str) -> datetime | None:
    try:
        return datetime.strptime(digits + "+0000", "%Y%m%d-%H%M%S%z")
    except ValueError:
        return None
