"""inv prune: removes old sessions, their logs, and attempts that nobody needs.
Without --yes it shows what it would remove."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from batchdrain.cli.commands.open import open_project
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.writer import Output
from batchdrain.drain.prune.judge import Kept
from batchdrain.drain.prune.plan import PrunePlan, open_sessions, plan_prune
from batchdrain.drain.prune.removal import ATTEMPTS, CHAINS, GROUPS, RECORDS, TRIAGES, Pruned, remove_planned, weigh
from batchdrain.model.errors import FilesUnavailable, UsageError
from batchdrain.runtime import clock
from batchdrain.runtime.json_text import to_json
from batchdrain.runtime.text import count_of, safe_text

_KINDS: Final = {
    "session files": "",
    "event logs": "",
    "session folders": "logs, spool and lock",
    "files kept aside": "sessions that could not be read",
    TRIAGES: "",
    ATTEMPTS: "of phases that are complete or gone; their statistics stay",
    RECORDS: "in the ledger; such a session can't be rebuilt any more",
    CHAINS: "in the ledger: what `drain-all` was asked to do",
    GROUPS: "in the ledger: what the drains of a --group share",
}
_IN_LEDGER: Final = frozenset({ATTEMPTS, RECORDS, CHAINS, GROUPS})
_CURES: Final = {
    Kept.HOLDING: "`inv recover` releases what dead controllers held",
    Kept.RESUMABLE: "`inv resume` continues it, `inv resume --close` ends it",
    Kept.ELSEWHERE: "prune them from there, or name one (--session-id)",
    Kept.UNREADABLE: "name one (--session-id) to remove it anyway",
    Kept.SPOOLED: "name one (--session-id) to remove it anyway",
}
_SHOWN: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneFlags:
    """The flags of prune."""

    older_than: timedelta | None = None
    session_id: Sequence[str] = ()
    yes: bool = False
    format: str = "text"


def prune(invocation: Invocation, flags: PruneFlags) -> None:
    """`inv prune`. Raises UsageError, SessionInUse and DatabaseUnavailable,
    and FilesUnavailable for files that could not be removed."""
    if flags.older_than is None and not flags.session_id:
        raise UsageError("--older-than: is missing", remedy="name an age, as --older-than=30d, or a session (--session-id)")
    before, is_dry = None if flags.older_than is None else clock.now() - flags.older_than, invocation.dry or not flags.yes
    with open_project(invocation) as project, open_sessions(project) as fd:
        plan = plan_prune(project, fd, before, flags.session_id)
        found = weigh(project, fd, plan) if is_dry else remove_planned(project, fd, plan)
    out, until = Output(), clock.to_iso((before or clock.now()).replace(microsecond=0))
    if flags.format == "json":
        out.json(to_json(_to_fields(found, plan, until if before else None, is_dry=is_dry), indent=True).decode())
    else:
        what = f"what ended before {until}" if before else "the sessions named"
        for line in _render(found, plan, what, out.columns, is_dry=is_dry):
            out.line(line)
        if is_dry and found.counts:
            out.line("Nothing was removed." if flags.yes else "Nothing was removed yet: `--yes` removes it.")
    if found.problems:
        more = f"; and {len(found.problems) - 1} more" if len(found.problems) > 1 else ""
        raise FilesUnavailable(
            f"can't be removed: {found.problems[0]}{more}",
            remedy="make it writable for your user, and prune again",
        )


def _render(found: Pruned, plan: PrunePlan, what: str, columns: int | None, *, is_dry: bool) -> Iterator[str]:
    """`columns`: of the terminal; None if there is none."""
    if found.counts:
        yield f"{'Would remove' if is_dry else 'Removed'} {what}:"
    else:
        yield f"Nothing to prune of {what}."
    for kind, note in _KINDS.items():
        if count := found.counts[kind]:
            size = "-" if kind in _IN_LEDGER else _to_size(found.sizes[kind])
            row = f"  {kind:<17} {count:>8} {size:>9}"
            has_room = columns is None or len(row) + len(note) + 2 <= columns
            yield from (f"{row}  {note}".rstrip(),) if has_room else (row, f"      {note}")
    for why, count in plan.kept.most_common():
        yield f"Kept: {count_of(count, 'session')} {why}" + (f" ({_CURES[why]})" if why in _CURES else "")
        if why in _CURES:
            names = plan.kept_ids[why]
            yield from (f"  {safe_text(name)}" for name in names[:_SHOWN])
            if count > _SHOWN:
                yield f"  and {count - _SHOWN} more (--format=json names them)"
    yield from map(safe_text, found.notes)


def _to_size(size: int) -> str:
    """A size for people: '12 B', '3.4 MB'."""
    if size < 1000:
        return f"{size} B"
    value = size / 1000
    for unit in ("kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def _to_fields(found: Pruned, plan: PrunePlan, until: str | None, *, is_dry: bool) -> dict[str, Any]:
    return {
        "dry_run": is_dry,
        "before": until,
        "kinds": [
            {
                "kind": kind,
                "count": found.counts[kind],
                "bytes": None if kind in _IN_LEDGER else found.sizes.get(kind, 0),
            }
            for kind in _KINDS
        ],
        "sessions": [one.files.session_id for one in plan.sessions],
        "kept": [{"why": why.value, "count": count, "sessions": plan.kept_ids[why]} for why, count in plan.kept.items()],
        "notes": found.notes,
        "problems": found.problems,
    }
