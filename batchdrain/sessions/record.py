"""What is written after a commit: the event line, then the session's file.

The session's JSON is replaced after each phase, but that may take a twentieth of the time at most: it takes longer than many a
command. So it may lag, by a second at most; ledger and event hold the result. At every end and stop the file is exact.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from batchdrain.model.errors import FilesUnavailable
from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.planning.remainder import Remainder
from batchdrain.planning.stop import Progress
from batchdrain.runtime import files
from batchdrain.runtime.json_text import to_json
from batchdrain.runtime.text import cut_text
from batchdrain.sessions.balance import BalanceCount
from batchdrain.sessions.events import Event, EventLog
from batchdrain.sessions.folder import SessionFolder
from batchdrain.sessions.late_saver import LateSaver
from batchdrain.sessions.progress import ResultCounts, counts_of
from batchdrain.sessions.render import render_result
from batchdrain.sessions.result import Result
from batchdrain.sessions.session import NOTED, AskedOf, Kind, Session, Status

_SMALL_BYTES: Final = 4_000_000
"""A larger file is always replaced by the saver thread, while phases go on."""
FULL_BYTES: Final = files.LARGEST // 4 * 3
"""Nothing more begins for a session of this size, as a file larger than LARGEST could not be read again."""
_NOTED_CHARS: Final = 2_000
_FAILED: Final = frozenset({"FAILED"})


class SessionRecord:
    """An open session: its facts in memory, its file, its events. One controller holds it (`lock`)."""

    def __init__(
        self,
        session: Session,
        folder: SessionFolder,
        lock: int,
        failed_words: frozenset[str] = _FAILED,
        counts: ResultCounts | None = None,
    ) -> None:
        """`failed_words`: the user's words for failed. `counts`: the counts of a new session that its backlog already
        uses."""
        self.session = session
        self.path = folder.path(session.session_id)
        self.logs = folder.logs(session.session_id)
        self.spool = folder.spool(session.session_id)
        self.events = EventLog(folder.events_path(session.session_id), session.session_id, session.session_uid)
        self._logs_kept = folder.shorten(self.logs)
        self._lock = lock
        self._rendered = [render_result(result) for result in session.results]
        self._size = sum(map(len, self._rendered))  #: approximate size of the file
        self._guard = threading.Lock()
        self._saver = LateSaver(self.save)
        self._is_settled = True
        self._told: set[tuple[Event, str]] = set()
        session.recount()
        self.counts = counts_of(session) if counts is None else counts
        self.counts.begin()
        self._begun = time.monotonic()
        self.counts.earlier_s += session.active_s
        self._active_before_s = session.active_s
        self._place = self.counts.places
        takes_failed = session.kind is not Kind.QUEUED
        self.balance_count = BalanceCount(session.results, session.balance, failed_words, takes_failed=takes_failed)

    @property
    def is_full(self) -> bool:
        """Whether its file is close to the size up to which files are read."""
        return self._size >= FULL_BYTES

    def recorded_logs(self) -> list[tuple[PhaseKey, str]]:
        """The phases that have results, each with the path of its stderr."""
        return [(result.key, result.stderr_path) for result in self.session.results if result.stderr_path]

    def progress(self) -> Progress:
        """The present figures. The mappings in it keep growing with the results."""
        return self.counts.progress()

    def add(self, result: Result, event: Mapping[str, Any]) -> None:
        """Add a phase's result and its event. It replaces an earlier result of the phase in this session. It is on disk after
        `settle`."""
        session, key = self.session, result.key
        with self._guard:
            if (place := self._place.get(key)) is None:
                self._place[key] = len(session.results)
                session.results.append(result)
                self._rendered.append(rendered := render_result(result))
            else:
                result.take_over(session.results[place].spent)
                rendered = render_result(result)
                self._count(session.results[place], -1)
                session.results[place] = result
                self._size -= len(self._rendered[place])
                self._rendered[place] = rendered
            self._count(result)
            self._size += len(rendered)
        self._is_settled = False
        self.events.append(Event.PHASE_FINISHED, **event)

    def settle(self) -> None:
        """Bring the results so far to disk, as events and in the session's file, which may lag. Raises FilesUnavailable."""
        if self._is_settled:
            return
        self.events.sync()
        is_soon = self._size <= _SMALL_BYTES and self._saver.has_rested
        if is_soon or self._saver.has_failed or not self._saves_late():
            self.save()
        self._is_settled = True

    def note_once(self, event: Event, skip: Skip, *, keep: bool = True, **facts: Any) -> bool:
        """Write a skip as an event, only once, not once for each phase or reading. `keep`: also keep it for the summary.
        Returns whether it was new."""
        skip = Skip(skip.rule, cut_text(skip.value, _NOTED_CHARS))
        if keep:
            self.note(skip, facts.get("count"))
        if (event, str(skip)) in self._told:
            return False
        self._told.add((event, str(skip)))
        self.events.write(event, rule=skip.rule, value=skip.value, **facts)
        return True

    def note(self, skip: Skip, count: int | None) -> None:
        """Keep for the summary that a rule applied to `count` phases; None: they were not counted."""
        with self._guard:
            self.session.note(skip, count)

    def note_asked(self, asked: AskedOf) -> None:
        """Keep a request from elsewhere, with the next save and as an event. Of very many only the latest are kept."""
        with self._guard:
            self.session.asked = [*self.session.asked, asked][-NOTED:]
        self.events.write(Event.SESSION_ASKED, ask=asked.ask, by=asked.by, reason=asked.reason)

    def note_reading(self, found: Remainder, *, is_last: bool = False) -> None:
        """Keep what a reading of the backlog skips. `is_last`: no phase is executing any more."""
        skips = Counter[Skip]()
        for skip, count in found.named.items():
            skips[Skip(skip.rule, cut_text(skip.value, _NOTED_CHARS))] += count
        with self._guard:
            self.session.take_skips(skips)
            if is_last:
                self.balance_count.weigh(found)
            else:
                self.balance_count.note(found)

    def shorten(self, path: str) -> str:
        """The path of a log, which is in the folder of its run, in the form that sessions and the ledger store."""
        return "/".join((self._logs_kept, *path.split("/")[-2:]))

    def end(self, status: Status, now: datetime, because: str | None = None, code: int | None = None) -> None:
        """End or leave the session. Its file is exact when this returns. `code`: the exit code of its drain; None: unknown.
        Raises FilesUnavailable."""
        session = self.session
        session.status, session.drain_exit_code = status, code
        session.stopped_because = because = None if because is None else cut_text(because, _NOTED_CHARS)
        session.completed_at = now if status in {Status.COMPLETE, Status.STOPPED} else None
        if status is Status.COMPLETE:
            self._give_retries_up()
        self.save()
        fields = {
            "status": status.value,
            "total_processed": session.total_processed,
            "total_success": session.total_success,
            "total_failed": session.total_failed,
        }
        if status is Status.COMPLETE:
            self.events.write(Event.SESSION_COMPLETED, **fields)
        else:
            self.events.write(Event.SESSION_STOPPED, because=because, **fields)

    def save(self) -> None:
        """Replace the file now. Raises FilesUnavailable; then the previous version is still there, and the ledger has
        everything."""
        try:
            with self._guard:
                self._saver.note_begin()
                self.session.balance = self.balance_count.balance()
                self.session.active_s = round(self._active_before_s + time.monotonic() - self._begun, 3)
                files.replace(self.path, self._parts())
                self._saver.note_end(rests=bool(self.session.results))
            if (failure := self._saver.take_failure()) is not None:
                raise failure
        except OSError as error:
            raise FilesUnavailable(
                f"{self.path}: {error.strerror}", remedy="free disk space; results are in the ledger, `inv resume` continues"
            ) from error

    def close(self) -> None:
        """Release the session's lock and event log, and end the saver thread. Saves nothing."""
        self._saver.close()
        self.events.close()
        os.close(self._lock)

    def _saves_late(self) -> bool:
        """Ask the saver. Returns False if the system has no thread left for it: saving at once is slower, but nothing is lost."""
        try:
            self._saver.ask()
        except FilesUnavailable:
            return False
        return True

    def _count(self, result: Result, by: int = 1) -> None:
        """Count the result in all figures. `by` is -1 for a result that is being replaced."""
        self.session.count(result, by)
        self.counts.add(result, by)
        self.balance_count.add(result, by)

    def _give_retries_up(self) -> None:
        """Let the failures of a session that nobody resumes be failures for good: those that waited to be tried again too."""
        with self._guard:
            for place, result in enumerate(self.session.results):
                if result.retry_at is not None:
                    self.session.count(result, -1)
                    result.retry_at = None
                    self.session.count(result)
                    self._rendered[place] = render_result(result)

    def _parts(self) -> list[bytes]:
        head = to_json(self.session.model_dump(mode="json", exclude={"results"}), indent=True)
        parts = [head[:-2], b',\n  "results": [\n    ', b",\n    ".join(self._rendered), b"\n  ]\n}\n"]
        self._size = sum(map(len, parts))
        return parts
