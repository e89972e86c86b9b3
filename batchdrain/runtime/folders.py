"""Opens folders step by step from the root, so that every part of a path is checked and nobody can change it behind our back.

A file that is opened relative to the descriptor of its folder is in the folder that was checked, wherever its path leads by
then.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import grp
import os
import pwd
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from batchdrain.runtime.held_folders import READ, HeldFolders

_LOOK: Final = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_MOST_LINKS: Final = 40
_OWNERS: Final[set[int]] = set()
_ACL: Final = "system.posix_acl_access"
_HELD: Final = HeldFolders()


class MovableError(PermissionError):
    """Other users could put something else in the place of a folder or a link. `cure`: what to do about it."""

    def __init__(self, path: str, what: str, cure: str) -> None:
        super().__init__(errno.EPERM, what, path)
        self.cure = cure


def open_folder(path: str | Path, *, guarded: bool = False, mode: int | None = None) -> int:
    """A descriptor of the folder; the caller closes it.

    A link on the way that other users could redirect is refused. If `guarded`, so is a folder that others could replace.
    `mode`: create missing folders with this mode. Raises MovableError, OSError.
    """
    absolute = str(path) if str(path).startswith("/") else str(Path(path).absolute())
    # If folders may be created, walk from the root: this happens at the start of a session.
    if mode is not None or (fd := _HELD.open((absolute, guarded))) is None:
        fd = _walk(absolute, guarded, mode)
        _HELD.hold((absolute, guarded), fd)
    return fd


def _walk(path: str, guarded: bool, mode: int | None) -> int:
    """Walk to the folder from the nearest held folder above it, or from the root."""
    (fd, place), links = (_nearest(path, guarded) if mode is None else None) or (os.open("/", _LOOK), ""), 0
    names = _names_of(path[len(place) :])
    try:
        while names:
            name = names.pop()
            below = os.path.dirname(place) if name == ".." else f"{place}/{name}"  # noqa: PTH120
            found = _look(fd, name, below, mode)
            if stat.S_ISLNK(found.st_mode):
                links = _count_link(links)
                _require_fixed(fd, found, below)
                target = os.readlink(name, dir_fd=fd)
                names += _names_of(target)
                if target.startswith("/"):
                    fd, place = _step(fd, "/"), ""
                continue
            if guarded and name != "..":
                _require_fixed(fd, found, below)
            fd, place = _step(fd, name), below
        return os.open(".", READ, dir_fd=fd)  # open for reading only here: we may lack that right on the folders above
    except OSError as error:
        error.filename = error.filename if isinstance(error, MovableError) else path
        raise
    finally:
        os.close(fd)


@contextlib.contextmanager
def hold(path: str | Path, *, guarded: bool = False) -> Iterator[int]:
    """Open a folder as `open_folder` does, and close it at the end of the context."""
    fd = open_folder(path, guarded=guarded)
    try:
        yield fd
    finally:
        os.close(fd)


def open_file(path: str | Path, flags: int, mode: int = 0o600, *, guarded: bool = False) -> int:
    """A descriptor of a file in its folder. A link in the file's place is refused. Raises MovableError, OSError."""
    folder, name = os.path.split(path)
    with hold(folder, guarded=guarded) as fd:
        try:
            return os.open(name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, mode, dir_fd=fd)
        except OSError as error:
            error.filename = str(path)
            raise


def follow(path: Path, *, guarded: bool = False) -> tuple[int, str]:
    """Follow links to the end. Returns a descriptor of the final folder, which the caller closes, and the name in it, whether
    the file exists or not. Raises OSError, and MovableError for a link that others could redirect and, if `guarded`, for
    anything on the way that they could replace."""
    for _ in range(_MOST_LINKS):
        fd = open_folder(path.parent, guarded=guarded)
        try:
            try:
                found = os.stat(path.name, dir_fd=fd, follow_symlinks=False)
            except FileNotFoundError:
                return os.dup(fd), path.name
            if guarded or stat.S_ISLNK(found.st_mode):
                _require_fixed(fd, found, str(path.absolute()))
            if not stat.S_ISLNK(found.st_mode):
                return os.dup(fd), path.name
            path = path.parent / os.readlink(path.name, dir_fd=fd)
        finally:
            os.close(fd)
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))


def others_may_write(found: os.stat_result, fd: int | None = None) -> bool:
    """Whether anybody besides us and root may write to it. A group with us as its only member, as many systems give each user
    one, is nobody else. `fd`: its descriptor; if given, its access control list is checked too."""
    if found.st_uid not in _trusted() or found.st_mode & stat.S_IWOTH:
        return True
    return bool(found.st_mode & stat.S_IWGRP) and (not _is_own_group(found.st_gid, os.geteuid()) or _has_acl(fd))


def cure_of_shared(found: os.stat_result, path: str | Path) -> str:
    """How to make a folder ours alone, as far as we may change it. A mounted volume may refuse to change owner and mode."""
    us = os.geteuid()
    if not _may_change(found):
        return f"name a folder of your own, or have {_name_of(found.st_uid)} chown it to uid {us} and chmod 700 it"
    chown = "" if found.st_uid == us else f"chown {us} {path} and "
    return f"{chown}chmod 700 {path}; if a volume does not allow that, name a folder outside of it"


def _may_change(found: os.stat_result) -> bool:
    """Whether we may change its owner and mode."""
    return os.geteuid() in {0, found.st_uid}


def _nearest(path: str, guarded: bool) -> tuple[int, str] | None:
    """A descriptor and the path of the nearest held folder above."""
    place = path
    while place := place.rpartition("/")[0]:
        if (fd := _HELD.open((place, guarded))) is not None:
            return fd, place
    return None


def _names_of(path: str | Path) -> list[str]:
    """The parts of a path, the last one first."""
    return [name for name in reversed(str(path).split("/")) if name not in {"", "."}]


def _look(fd: int, name: str, place: str, mode: int | None) -> os.stat_result:
    """Look at an entry. If it is missing and `mode` is given, create it as a folder."""
    try:
        found = os.stat(name, dir_fd=fd, follow_symlinks=False)
    except FileNotFoundError:
        if mode is None:
            raise
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, mode, dir_fd=fd)
        found = os.stat(name, dir_fd=fd, follow_symlinks=False)
    if not stat.S_ISDIR(found.st_mode) and not stat.S_ISLNK(found.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), place)
    return found


def _count_link(links: int) -> int:
    if links >= _MOST_LINKS:
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    return links + 1


def _step(fd: int, name: str) -> int:
    below = os.open(name, _LOOK, dir_fd=fd)
    os.close(fd)
    return below


def _require_fixed(fd: int, found: os.stat_result, place: str) -> None:
    """Raises MovableError if others could replace the entry `found` in the folder `fd`."""
    folder, above = os.fstat(fd), os.path.dirname(place) or "/"  # noqa: PTH120
    what = "is a link, and other users may redirect it" if stat.S_ISLNK(found.st_mode) else "may be replaced by others"
    if folder.st_uid not in _trusted():
        raise MovableError(
            place, f"{what}: {above} belongs to {_name_of(folder.st_uid)}", "name a folder below one of your own"
        )
    is_sticky = folder.st_mode & stat.S_ISVTX
    if is_sticky and found.st_uid not in _trusted():
        raise MovableError(place, f"{what}: it belongs to {_name_of(found.st_uid)}", "name a folder below one of your own")
    if not is_sticky and others_may_write(folder, fd):
        way = f"chmod go-w {above}, or name another folder"
        cure = way if _may_change(folder) else f"name another folder, or have {_name_of(folder.st_uid)} chmod go-w {above}"
        raise MovableError(place, f"{what}: they may write to {above}", cure)


def trust_owner(path: str | Path) -> None:
    """If we are root, trust the owner of the project's folder for the rest of the process. The owner also owns `tasks.py`,
    whose code already runs as root. This is the case in a container with a mounted folder of its user. Nobody else is
    trusted."""
    if os.geteuid() == 0:
        with contextlib.suppress(OSError):
            _OWNERS.add(os.stat(path).st_uid)  # noqa: PTH116


def _trusted() -> frozenset[int]:
    """The trusted users: we, root, and the owner of the root folder, since in some containers root has another number."""
    return frozenset({0, os.geteuid(), os.stat("/").st_uid, *_OWNERS})  # noqa: PTH116


@functools.lru_cache(maxsize=64)
def _is_own_group(gid: int, uid: int) -> bool:
    """Whether the group is named like the user, or is root's, and has no other member."""
    try:
        group, users = grp.getgrgid(gid), pwd.getpwall()
    except (KeyError, OSError):
        return False
    numbers = {user.pw_name: user.pw_uid for user in users}
    members = {user.pw_uid for user in users if user.pw_gid == gid} | {numbers.get(name, -1) for name in group.gr_mem}
    return members <= {0, uid} and (gid == 0 or numbers.get(group.gr_name) == uid)


def _has_acl(fd: int | None) -> bool:
    """Whether it has an access control list. Then the group's permission bits apply to the listed users too."""
    if fd is None or not hasattr(os, "getxattr"):
        return False
    try:
        return bool(os.getxattr(f"/proc/self/fd/{fd}", _ACL))
    except OSError:
        return False


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


os.register_at_fork(after_in_child=_HELD.forget)
