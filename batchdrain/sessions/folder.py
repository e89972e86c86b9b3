"""The folder of the sessions: names, locks, and reading files with any content.

One controller holds a session, by a lock that the system releases when the controller dies. A file is read only if it is a
regular file of ours and not too large. A file that cannot be read is kept aside, never overwritten.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from batchdrain.model.errors import BadData, FilesUnavailable, SessionInUse, UsageError
from batchdrain.runtime import files, folders
from batchdrain.sessions import lock
from batchdrain.sessions.guarded_folder import open_guarded
from batchdrain.sessions.parse import CorruptSession, parse
from batchdrain.sessions.session import Session

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)
_SHOWN: Final = 5


class LostSession(CorruptSession):
    """The folder of a session is there but its file is gone; the ledger may still have the session."""


class SessionFolder:
    """The folder `session_dir`. Only `prepare` and methods that write create it."""

    def __init__(self, folder: Path, root: Path | None = None) -> None:
        """`root`: the project's folder; stored paths are relative to it if possible."""
        self.folder = folder
        self._root = root

    def shorten(self, path: Path) -> str:
        """A path as sessions and the ledger store it: the same wherever a task was run from."""
        path = path.absolute()
        if self._root is not None and path.is_relative_to(self._root.absolute()):
            path = path.relative_to(self._root.absolute())
        return str(path)

    def prepare(self) -> None:
        """Create the folder with access for us alone. Raises FilesUnavailable if others may write to it."""
        fd = open_guarded(self.folder, mode=0o700)  # whatever the umask
        try:
            files.sweep(fd)
        finally:
            os.close(fd)

    def make(self, name: str) -> None:
        """Create a folder in it with access for us alone. Raises FileExistsError if the name exists."""
        with folders.hold(self.folder, guarded=True) as fd:
            os.mkdir(name, 0o700, dir_fd=fd)

    def new_id(self, started_at: datetime) -> str:
        """A new session id. Its folder is created exclusively, so two sessions of one second get different ids."""
        stem = f"batch-drain-{started_at:%Y%m%d-%H%M%S}"
        number = 1
        while True:
            name = stem if number == 1 else f"{stem}-{number}"
            try:
                with folders.hold(self.folder, guarded=True) as fd:
                    if not _is_there(f"{name}.json", fd):
                        os.mkdir(name, 0o700, dir_fd=fd)
                        os.mkdir(f"{name}/logs", 0o700, dir_fd=fd)
                        return name
            except FileExistsError:
                pass
            except OSError as error:
                raise FilesUnavailable(
                    f"{self.folder / name}: {error.strerror}", remedy="free disk space, or name another session_dir"
                ) from error
            number += 1

    def path(self, session_id: str) -> Path:
        """The path of the session's JSON, whether it exists or not. The id is not checked."""
        return self.folder / f"{session_id}.json"

    def events_path(self, session_id: str) -> Path:
        """The path of the session's event log."""
        return self.folder / f"{session_id}.events.jsonl"

    def logs(self, session_id: str) -> Path:
        """The folder of the output of its commands."""
        return self.folder / session_id / "logs"

    def spool(self, session_id: str) -> Path:
        """The folder where guardians leave results until the ledger has them."""
        return self.folder / session_id / "spool"

    def lock(self, session_id: str) -> int:
        """Hold the session until the descriptor is closed or we die. Raises SessionInUse that names the holder, and
        FilesUnavailable if something else is in the place of its folders."""
        path = self.folder / session_id / "lock"
        try:
            fd = lock.open_in(self.folder, session_id)
        except OSError as error:
            place = error.filename or path
            raise FilesUnavailable(f"{place}: {error.strerror}", remedy="remove what is there") from error
        try:
            lock.take(fd)
        except BlockingIOError:
            holder = os.pread(fd, 20, 0).decode(errors="replace").strip() or "unknown"
            os.close(fd)
            raise SessionInUse(
                f"session {session_id}: process {holder} is draining it", remedy="wait for it, or stop it with Ctrl-C"
            ) from None
        if not lock.is_in_place(fd, path):
            os.close(fd)
            raise SessionInUse(
                f"session {session_id}: was pruned in this moment", remedy="`inv sessions` lists what is there"
            )
        try:
            os.ftruncate(fd, 0)
            os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        except OSError as error:
            os.close(fd)
            raise FilesUnavailable(f"{path}: {error.strerror}", remedy="free disk space; nothing was claimed") from error
        return fd

    def load(self, session_id: str) -> Session:
        """Read a session. Raises UsageError for an impossible or unknown id, LostSession if only its folder is there,
        CorruptSession, and BadData for a newer schema."""
        require_id(session_id)
        session = parse(self._read(session_id), str(self.path(session_id)))
        if session.session_id != session_id:  # the id names folders and locks
            raise CorruptSession(
                f"{self.path(session_id)}: is of another session, {session.session_id[:100]!r}",
                remedy="name the file as the session is named",
            )
        return session

    def put_aside(self, session_id: str) -> Path:
        """Rename a corrupt file so that it is never overwritten."""
        number, name = 1, f"{session_id}.json"
        with folders.hold(self.folder, guarded=True) as fd:
            while _is_there(f"{name}.corrupt-{number}", fd):
                number += 1
            os.rename(name, f"{name}.corrupt-{number}", src_dir_fd=fd, dst_dir_fd=fd)
        return self.folder / f"{name}.corrupt-{number}"

    def is_held(self, session_id: str) -> bool:
        """Whether some process is draining the session now."""
        try:
            fd = folders.open_file(self.folder / session_id / "lock", os.O_RDONLY | os.O_NONBLOCK)
        except OSError:
            return False
        try:
            return lock.is_taken(fd)
        finally:
            os.close(fd)

    def ids(self) -> list[str]:
        """The ids of all sessions that have or had a file, oldest first by name."""
        try:
            with folders.hold(self.folder) as fd:
                names = os.listdir(fd)  # noqa: PTH208 - of a descriptor
                found = {name for name in names if _is_there(f"{name}/logs", fd)}
        except (FileNotFoundError, NotADirectoryError):
            return []
        found |= {name.removesuffix(".json") for name in names if name.endswith(".json")}
        return sorted(name for name in found if _ID.fullmatch(name) and ".." not in name)

    def all(self) -> Iterator[tuple[str, Session | BadData]]:
        """All sessions, the latest start first. For one that cannot be read, the error instead."""
        found: list[tuple[str, Session | BadData]] = []
        for name in self.ids():
            try:
                found.append((name, self.load(name)))
            except BadData as error:
                found.append((name, error))
        yield from sorted(found, key=self._start, reverse=True)

    def newest_first(self, *, incomplete: bool = False) -> Iterator[str]:
        """The ids of all sessions, or only of those that have to be resumed. One that cannot be read is included: its content
        must not be skipped silently."""
        for name, session in self.all():
            if isinstance(session, BadData) or session.is_incomplete or not incomplete:
                yield name

    def _start(self, entry: tuple[str, Session | BadData]) -> tuple[float, str]:
        name, session = entry
        if isinstance(session, Session):
            return session.started_at.timestamp(), name
        with contextlib.suppress(ValueError):
            return datetime.strptime(name[:27] + "+0000", "batch-drain-%Y%m%d-%H%M%S%z").timestamp(), name
        with contextlib.suppress(OSError):
            return self.path(name).lstat().st_mtime, name
        return 0.0, name

    def newest(self) -> str:
        """The ids of the newest sessions, newest first, for people."""
        return ", ".join(reversed(self.ids()[-_SHOWN:])) or "none"

    def _read(self, session_id: str) -> bytes:
        path = self.path(session_id)
        try:
            fd = folders.open_file(path, os.O_RDONLY | os.O_NONBLOCK)
        except FileNotFoundError:
            if (self.folder / session_id / "logs").is_dir():
                raise LostSession(
                    f"{path}: the file is gone",
                    remedy=f"`inv resume --session-id={session_id}` rebuilds it from the ledger",
                ) from None
            raise UsageError(
                f"--session-id: there is no session {session_id} in {self.folder} (newest: {self.newest()})",
                remedy="`inv sessions` lists them",
            ) from None
        except OSError as error:
            raise BadData(f"{path}: {error.strerror}", remedy="it must be a regular file of batchdrain") from error
        try:
            found = os.fstat(fd)
            if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
                raise BadData(f"{path}: is not a regular file of batchdrain", remedy="put the session's own file there")
            if folders.others_may_write(found, fd):
                raise BadData(f"{path}: others may write it", remedy=f"check what it says, then chmod 600 {path}")
            if found.st_size > files.LARGEST:
                raise BadData(f"{path}: {found.st_size} bytes are too many", remedy="put the session's own file there")
            with os.fdopen(os.dup(fd), "rb") as file:
                return file.read()
        finally:
            os.close(fd)


def require_id(session_id: str) -> None:
    """Raises UsageError if the text cannot be a session id."""
    if not _ID.fullmatch(session_id) or ".." in session_id:
        raise UsageError(f"--session-id: {session_id[:120]!r} is no session id", remedy="`inv sessions` lists them")


def _is_there(name: str, folder: int) -> bool:
    try:
        os.stat(name, dir_fd=folder)
    except OSError:
        return False
    return True
