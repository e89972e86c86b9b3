"""Folders, opened one step after another from the root: what stands in a path is looked at on the way, and nobody can
change it behind our back.

A file that is opened relative to the descriptor of its folder lies in the folder that we have looked at, whatever its path
leads to by then.
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
    """Others may put something else in the place of a folder or a link. `cure`: what to do about it."""

    def __init__(self, path: str, what: str, cure: str) -> None:
        super().__init__(errno.EPERM, what, path)
        self.cure = cure


def open_folder(path: str | Path, *, guarded: bool = False, mode: int | None = None) -> int:
    """A descriptor of the folder. Whoever opens it closes it.

    A link on the way that others may turn elsewhere is refused; if `guarded`, so is a folder in whose place others may put
    another one. `mode`: of the folders that are made where there are none. Raises MovableError, OSError.
    """
    absolute = str(path) if str(path).startswith("/") else str(Path(path).absolute())
    # What is made is looked at from the root: a session begins with it.
    if mode is not None or (fd := _HELD.open((absolute, guarded))) is None:
        fd = _walk(absolute, guarded, mode)
        _HELD.hold((absolute, guarded), fd)
    return fd


def _walk(path: str, guarded: bool, mode: int | None) -> int:
    """From the nearest folder above that is held; else from the root."""
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
        return os.open(".", READ, dir_fd=fd)  # only now to be read: of the folders above we may have no right to that
    except OSError as error:
        error.filename = error.filename if isinstance(error, MovableError) else path
        raise
    finally:
        os.close(fd)


@contextlib.contextmanager
def hold(path: str | Path, *, guarded: bool = False) -> Iterator[int]:
    """The same, closed at the end."""
    fd = open_folder(path, guarded=guarded)
    try:
        yield fd
    finally:
        os.close(fd)


def open_file(path: str | Path, flags: int, mode: int = 0o600, *, guarded: bool = False) -> int:
    """A descriptor of a file in its folder; a link in its place is refused. Raises MovableError, OSError."""
    folder, name = os.path.split(path)
    with hold(folder, guarded=guarded) as fd:
        try:
            return os.open(name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, mode, dir_fd=fd)
        except OSError as error:
            error.filename = str(path)
            raise


def follow(path: Path, *, guarded: bool = False) -> tuple[int, str]:
    """The folder, as a descriptor, and the name of what the path leads to in the end, whether it is there or not. Whoever
    calls it closes the descriptor. Raises MovableError for a link that others may turn elsewhere and, if `guarded`, for
    whatever on the way they may replace; OSError."""
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
    """Whether somebody beside us and root may write to what was found. A group that is ours alone, as many systems give each
    user one, is nobody else. `fd`: of it; its list of access rights is looked at then."""
    if found.st_uid not in _trusted() or found.st_mode & stat.S_IWOTH:
        return True
    return bool(found.st_mode & stat.S_IWGRP) and (not _is_own_group(found.st_gid, os.geteuid()) or _has_acl(fd))


def cure_of_shared(found: os.stat_result, path: str | Path) -> str:
    """How a folder becomes ours alone, as far as we may change it. A mounted volume may keep owner and mode."""
    us = os.geteuid()
    if not _may_change(found):
        return f"name a folder of your own, or have {_name_of(found.st_uid)} chown it to uid {us} and chmod 700 it"
    chown = "" if found.st_uid == us else f"chown {us} {path} and "
    return f"{chown}chmod 700 {path}; where a volume keeps its mode all the same, name a folder outside of it"


def _may_change(found: os.stat_result) -> bool:
    """Whether its owner and its mode are ours to set."""
    return os.geteuid() in {0, found.st_uid}


def _nearest(path: str, guarded: bool) -> tuple[int, str] | None:
    """A descriptor of the nearest folder above that is held, and its path."""
    place = path
    while place := place.rpartition("/")[0]:
        if (fd := _HELD.open((place, guarded))) is not None:
            return fd, place
    return None


def _names_of(path: str | Path) -> list[str]:
    """The last one first."""
    return [name for name in reversed(str(path).split("/")) if name not in {"", "."}]


def _look(fd: int, name: str, place: str, mode: int | None) -> os.stat_result:
    """What stands there; a folder, made now, where nothing does and a `mode` is given."""
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
    """Raises MovableError where others may replace the entry `found` of the folder `fd`."""
    folder, above = os.fstat(fd), os.path.dirname(place) or "/"  # noqa: PTH120
    what = "is a link, and others may turn it elsewhere" if stat.S_ISLNK(found.st_mode) else "may be replaced by others"
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
    """For the rest of the process, where we are root: whoever owns the project's folder owns `tasks.py` too, and that code runs as
    root already. So it is in a container on a folder of its user's that is mounted. Others are trusted no more than before."""
    if os.geteuid() == 0:
        with contextlib.suppress(OSError):
            _OWNERS.add(os.stat(path).st_uid)  # noqa: PTH116


def _trusted() -> frozenset[int]:
    """We, root, and whoever has the root of all folders: in some containers root has another number."""
    return frozenset({0, os.geteuid(), os.stat("/").st_uid, *_OWNERS})  # noqa: PTH116


@functools.lru_cache(maxsize=64)
def _is_own_group(gid: int, uid: int) -> bool:
    """Whether it is named as the user is, or as root, and nobody else is in it."""
    try:
        group, users = grp.getgrgid(gid), pwd.getpwall()
    except (KeyError, OSError):
        return False
    numbers = {user.pw_name: user.pw_uid for user in users}
    members = {user.pw_uid for user in users if user.pw_gid == gid} | {numbers.get(name, -1) for name in group.gr_mem}
    return members <= {0, uid} and (gid == 0 or numbers.get(group.gr_name) == uid)


def _has_acl(fd: int | None) -> bool:
    """Whether further users are listed for it; the bits of the group are theirs too then."""
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
