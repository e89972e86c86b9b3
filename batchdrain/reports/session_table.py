"""The list of sessions for people, with the meaning of each status: in 80 columns, or in two lines a session on a narrower
terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from batchdrain.runtime.text import count_of, safe_text, to_percent
from batchdrain.sessions.session import Kind, Status

WIDTH: Final = 80
PAUSED: Final = "paused"
DIED: Final = "died"
"""The status of a session whose file says that it runs although no process is draining it."""
CLOSED: Final = "closed"
"""The status of one that was ended before its batch was done."""
LOST: Final = "lost"
UNREADABLE: Final = "unreadable"
_MEANING: Final = {
    Status.RUNNING.value: "a process drains it now",
    PAUSED: "a process drains it, and claims nothing until `inv continue`",
    DIED: "its process died: `inv resume`, or `inv resume --close` to end it",
    Status.INTERRUPTED.value: "it ended early: `inv resume`, or `inv resume --close` to end it",
    Status.STOPPED.value: "by a stop condition; `inv summary --session-id=…` says how to go on",
    Status.COMPLETE.value: "it has ended",
    CLOSED: "it was ended by `inv resume --close`, whatever was left of it",
    LOST: "its file is gone; `inv resume --session-id=…` rebuilds it",
    UNREADABLE: "its file can't be read; the line below it says why",
}


def render_sessions(rows: Sequence[Mapping[str, Any]], columns: int | None = None) -> Iterator[str]:
    """The lines. `rows`: as in `inv sessions --format=json`; `columns`: the width of the terminal, None without one."""
    width = min(WIDTH, columns or WIDTH)
    yield from _lines_of("SESSION", ("KIND", "STATUS", "DONE", "OK", "FAILED", "RATE"), width)
    for row in rows:
        if "error" in row:
            yield f"{row['session_id']:<29} {'':<6} {status_of(row)}"
            yield from _wrap(f"  {safe_text(row['error'])}", width)
            continue
        rate = "-" if row["success_rate"] is None else to_percent(row["success_rate"])
        has_size = row["batch_size"] and row["kind"] == Kind.FAILED and status_of(row) != Status.COMPLETE
        of = f"/{row['batch_size']}" if has_size else ""
        waiting = row["retries_waiting"]
        done = f"{row['total_processed']}{of}"
        fields = (row["kind"], status_of(row), done, row["total_success"], row["total_failed"], rate)
        yield from _lines_of(row["session_id"], fields, width)
        if waiting:
            yield f"  {count_of(waiting, 'of the failed waits', 'of the failed wait')} to be tried again"
        if (there := row.get("elsewhere")) is not None:
            yield from _wrap(
                safe_text(f"  by process {there['pid']} on {there['host']}, in {there['folder'] or 'a folder there'}"), width
            )
        for claim in row["held"]:
            yield from _wrap(f"  holds {safe_text(claim['said'])}", width)
    yield ""
    present = {status_of(row) for row in rows}
    yield from (f"{status:<11} {meaning}" for status, meaning in _MEANING.items() if status in present)


def status_of(row: Mapping[str, Any]) -> str:
    """The status of a row, a key of _MEANING."""
    if "error" in row:
        return LOST if row["lost"] else UNREADABLE
    if row["status"] == Status.RUNNING and not row["alive"]:
        return DIED
    if row["status"] == Status.RUNNING and row["is_paused"]:
        return PAUSED
    if row["is_closed"]:
        return CLOSED
    return str(row["status"])


def _lines_of(name: str, fields: tuple[object, ...], width: int) -> tuple[str, ...]:
    """One, or two that stand below each other as those of any other session do."""
    line = f"{name:<29} {_join(fields)}"
    return (line,) if len(line) <= width else (name, f"  {_join(fields)}")


def _join(fields: tuple[object, ...]) -> str:
    kind, status, done, ok, failed, rate = fields
    return f"{kind:<6} {status:<11} {done:>9} {ok:>6} {failed:>6} {rate:>6}"


def _wrap(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
