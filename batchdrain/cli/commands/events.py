"""inv events: shows the event log of a session, up to its end or while it grows. Reads only files, and only reads."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from time import monotonic
from typing import Any, Final, NoReturn

from batchdrain.cli.commands.open import settings_of
from batchdrain.cli.commands.report_facts import is_of_this_database
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.stream import wait_while_read
from batchdrain.cli.screens.writer import Output
from batchdrain.model.errors import UsageError
from batchdrain.reports.event_text import to_line
from batchdrain.runtime.json_text import to_json_line
from batchdrain.runtime.text import agree, count_of, safe_text, to_shown_path
from batchdrain.sessions.event_reader import EventReader
from batchdrain.sessions.events import Event
from batchdrain.sessions.folder import SessionFolder, require_id
from batchdrain.sessions.session import Session

_ENDS: Final = frozenset({Event.SESSION_STOPPED.value, Event.SESSION_COMPLETED.value})
_LOOK_S: Final = 0.25
_GOES_ON_S: Final = 2.0
"""Seconds. A session that ended but is still held by a process may be about to go on."""


def show_events(invocation: Invocation, *, session_id: str | None, format_name: str, follow: bool) -> None:
    """`inv events`. Raises UsageError if there is no such log, and BadData."""
    folder = SessionFolder(invocation.root / settings_of(invocation).session_dir)
    name = _choose(invocation, folder) if session_id is None else session_id
    require_id(name)
    try:
        reader = EventReader(folder.events_path(name))
    except FileNotFoundError:
        folder.load(name)  # raises the right error if the whole session does not exist
        raise UsageError(
            f"session {name}: there is no event log of it", remedy=f"`inv summary --session-id={name}` shows the rest"
        ) from None
    with closing(reader):
        listing = _Listing(as_json=format_name == "json")
        if follow:
            _follow(folder, name, reader, listing)
        else:
            listing.show(reader)
        listing.end(has_part=reader.has_part and not folder.is_held(name))


def _choose(invocation: Invocation, folder: SessionFolder) -> str:
    """The newest session of this database that has a log."""
    for name, found in folder.all():
        if folder.events_path(name).is_file() and (not isinstance(found, Session) or is_of_this_database(invocation, found)):
            return name
    raise UsageError(f"there is no session with events in {to_shown_path(folder.folder)}", remedy="`inv drain` begins one")


def _follow(folder: SessionFolder, name: str, reader: EventReader, listing: _Listing) -> None:
    """Show events until the session ends, its process is dead, or nobody reads."""
    last = monotonic()
    while True:
        is_held = folder.is_held(name)  # asked first, so that whatever was written before the process ended is read
        if listing.show(reader):
            last = monotonic()
        if not listing.has_reader:
            return
        if listing.has_ended and (not is_held or monotonic() - last > _GOES_ON_S):
            return
        if not is_held:
            listing.tell(f"session {name}: its process is dead; `inv resume` continues it")
            return
        if not wait_while_read(sys.stdout, _LOOK_S):  # no event tells of a new line, so the file is read again
            return


class _Listing:
    """Prints the events of one log."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._out = Output()
        self._unreadable = 0
        self.has_ended = False  #: whether the last line says that the session ended

    @property
    def has_reader(self) -> bool:
        """Whether the reader is not known to have left."""
        return self._out.is_open

    def show(self, reader: EventReader) -> bool:
        """Print the lines that were not read yet. Returns whether there were any."""
        found = False
        for raw in reader.read():
            found = True
            self._show(raw)
            if not self.has_reader:
                break
        return found

    def tell(self, text: str) -> None:
        """Print a line that is no event, on stderr."""
        Output(sys.stderr).line(f"batchdrain: {safe_text(text)}")

    def end(self, *, has_part: bool) -> None:
        """End the listing. `has_part`: an incomplete line is there that nobody will complete."""
        broken = self._unreadable + has_part
        if broken and self.has_reader:
            self.tell(f"{count_of(broken, 'line')} of the log {agree(broken, 'is', 'are')} no event, as after a crash")

    def _show(self, raw: bytes) -> None:
        event = _read_event(raw)
        try:
            line = None if event is None else to_json_line(event) if self._as_json else to_line(event)
        except (RecursionError, ValueError):  # it could just be read; JSON has no number for 1e999
            line = None
        if event is None or line is None:
            self._unreadable += 1
            return
        self.has_ended = event["event"] in _ENDS
        if self._as_json:
            self._out.json(line)
        else:
            self._out.line(line)


def _read_event(raw: bytes) -> dict[str, Any] | None:
    """The event of a line; None if it is no event."""
    try:
        found = json.loads(raw, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and isinstance(found.get("event"), str) else None


def _refuse(name: str) -> NoReturn:
    """Refuse NaN and the like, which Python reads but JSON does not have."""
    raise ValueError(name)
