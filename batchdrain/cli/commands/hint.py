"""inv hint: sets manual priorities of runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from batchdrain.cli.commands.named import describe_shared, require_run
from batchdrain.cli.commands.open import open_to_look
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.lines_or_json import LinesOrJson
from batchdrain.database.ledger.notes import Note, NoteKind, Notes
from batchdrain.database.run_counts import RunCounts
from batchdrain.drain.project import Project
from batchdrain.model.errors import UsageError, did_you_mean, quote
from batchdrain.planning.filters import has_magic, matcher, to_literal
from batchdrain.planning.hints import priority_of
from batchdrain.planning.without_effect import describe_no_run
from batchdrain.runtime.text import count_of, safe_text

_SHOWN_CHARS: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class HintFlags:
    """The flags of hint."""

    run_id: str | None = None  #: a glob
    priority: int | None = None
    reason: str | None = None
    clear: bool = False
    format: str = "text"


def hint(invocation: Invocation, flags: HintFlags) -> None:
    """`inv hint`. Raises UsageError for flags that are incomplete or contradict each other."""
    glob, priority, reason = flags.run_id, flags.priority, flags.reason
    if flags.clear and (priority is not None or reason is not None):
        raise UsageError("--clear: removes a hint, and is combined only with --run-id", remedy="leave the other flags out")
    if glob is None and (flags.clear or priority is not None or reason is not None):
        raise UsageError("--run-id: is required", remedy="name a run, or a glob such as 'build-*'")
    if glob is not None and priority is None and not flags.clear:
        raise UsageError("--priority: is required", remedy="give a whole number (higher is sooner), or --clear")
    out = LinesOrJson(flags.format)
    with open_to_look(invocation) as project:
        if glob is None:
            _list(project, out)
        elif priority is None:
            _clear(project, glob, dry=invocation.dry, out=out)
        else:
            _keep(project, _find_meant(project, glob), priority, reason or "", dry=invocation.dry, out=out)


def _find_meant(project: Project, glob: str) -> str:
    """The glob as a literal name if it is also the name of a run, since it then means only that run."""
    return to_literal(glob, [row.run_id for row in project.store.read_run_counts()]) if has_magic(glob) else glob


def _keep(project: Project, glob: str, priority: int, reason: str, *, dry: bool, out: LinesOrJson) -> None:
    counts = project.store.read_run_counts()
    require_run(project, glob, counts)
    if not dry:
        project.store.ledger.create(project.store.database)
        content = {"priority": priority, "reason": project.store.redact(reason)}
        Notes(project.store.database, project.store.ledger).write(NoteKind.HINT, {glob: content})
    affected = _count_matches(glob, counts)
    out.line(
        f"{'Would keep' if dry else 'Kept'}: runs that match {safe_text(glob)} have priority {_signed(priority)} ({affected})"
    )
    if counts and not any(map(matcher(glob), (row.run_id for row in counts))):
        out.line(safe_text(f"  ! --run-id={glob}: {describe_no_run(glob, counts, is_glob=True)}"))
    _warn(project, out)
    out.end(0, run_id=glob, priority=priority, kept=not dry)


def _clear(project: Project, glob: str, *, dry: bool, out: LinesOrJson) -> None:
    notes = Notes(project.store.database, project.store.ledger)
    known = [note.subject for note in notes.read(NoteKind.HINT)]
    if (meant := _find_meant(project, glob)) in known:  # an older hint may be of the glob, from before the run existed
        glob = meant
    of_every_table = any(note.subject == glob for note in notes.read_shared(NoteKind.HINT))
    if glob not in known or not (dry or notes.take_back(NoteKind.HINT, glob)):
        raise UsageError(f"--run-id: there is no hint of {quote(glob)}{did_you_mean(glob, known)}")
    out.line(f"{'Would remove' if dry else 'Removed'}: the hint of {safe_text(glob)}")
    if of_every_table:
        out.line(f"  ! {describe_shared('it', dry=dry)}")
    out.end(0, run_id=glob, taken_back=not dry, of_every_table=of_every_table)


def _list(project: Project, out: LinesOrJson) -> None:
    found = Notes(project.store.database, project.store.ledger).read(NoteKind.HINT)
    if not found:
        out.line(f"No hints in {project.store.where}.")
        out.end(0, hints=[])
        return
    counts = project.store.read_run_counts()
    out.line(f"Hints in {project.store.where}, the highest first; of those that match a run the highest counts:")
    for note in sorted(found, key=lambda note: (-priority_of(note), note.subject)):
        out.line(f"  {_signed(priority_of(note))}  {safe_text(note.subject)} ({_count_matches(note.subject, counts)})")
        out.line(f"      {_describe(note)}")
    _warn(project, out)
    hints = [
        {**one.content, "run_id": one.subject, "by": one.by, "at": one.at, "of_every_table": one.is_shared} for one in found
    ]
    out.end(0, hints=hints)


def _warn(project: Project, out: LinesOrJson) -> None:
    names = [entry if isinstance(entry, str) else str(entry.get("name")) for entry in project.settings.policy]
    if not any(name.endswith("hints") for name in names):
        out.line(safe_text(f"The configured policy ({', '.join(names)}) ignores hints: put hints first."))


def _describe(note: Note) -> str:
    reason = str(note.content.get("reason") or "")
    return safe_text(f"{reason + ' ' if reason else ''}({note.by}, {note.at[:10]})", limit=_SHOWN_CHARS + 200)


def _count_matches(glob: str, counts: Sequence[RunCounts]) -> str:
    matches = matcher(glob)
    count = sum(matches(row.run_id) for row in counts)
    return "no run now" if count == 0 else f"{count_of(count, 'run')} now"


def _signed(priority: int) -> str:
    """'+5', '-5', or '0'."""
    return f"{priority:+}" if priority else "0"
