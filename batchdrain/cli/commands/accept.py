"""inv accept: marks known failures that are not to be drained again. Only reads the user's table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from batchdrain.cli.commands.affected import find_affected
from batchdrain.cli.commands.named import describe_shared, find_idle_globs, require_subjects
from batchdrain.cli.commands.open import open_to_look
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.lines_or_json import LinesOrJson
from batchdrain.database.ledger.notes import NoteKind, Notes
from batchdrain.drain.project import Project
from batchdrain.model.errors import UsageError, did_you_mean
from batchdrain.model.failure import Failure
from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.planning.acceptances import Acceptance, Acceptances, Subject
from batchdrain.planning.filters import has_magic, to_literal
from batchdrain.runtime import clock
from batchdrain.runtime.text import count_of, safe_text

_SHOWN_CHARS: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptFlags:
    """The flags of accept."""

    run_id: str | None = None
    phase_id: str | None = None
    cluster: Sequence[str] = ()
    reason: str | None = None
    until: datetime | None = None
    clear: bool = False
    format: str = "text"


def accept(invocation: Invocation, flags: AcceptFlags) -> None:
    """`inv accept`. Raises UsageError for flags that are incomplete or contradict each other."""
    subjects, reason, until = _subjects(flags), flags.reason, flags.until
    if flags.clear and (reason is not None or until is not None):
        raise UsageError("--clear: removes an acceptance, so it cannot be combined with --reason or --until")
    if not subjects and (flags.clear or reason is not None or until is not None):
        raise UsageError("--run-id: is required, or --cluster", remedy="name the run or the cluster to accept")
    if subjects and reason is None and not flags.clear:
        raise UsageError("--reason: is required", remedy="say why this failure is known")
    out = LinesOrJson(flags.format)
    with open_to_look(invocation) as project:
        if not subjects:
            _list(project, out)
        elif flags.clear:
            _clear(project, subjects, dry=invocation.dry, out=out)
        else:
            meant = _find_meant(project, subjects)
            found = [Acceptance(subject=subject, reason=project.store.redact(reason or ""), until=until) for subject in meant]
            _keep(project, found, dry=invocation.dry, out=out)


def _subjects(flags: AcceptFlags) -> list[Subject]:
    run_id, phase_id, clusters = flags.run_id, flags.phase_id, flags.cluster
    if clusters and (run_id is not None or phase_id is not None):
        raise UsageError("--cluster: applies to every run, so it cannot be combined with --run-id or --phase-id")
    if phase_id is not None and run_id is None:
        raise UsageError("--phase-id: identifies no phase without --run-id", remedy="name its run too, with --run-id")
    if clusters:
        return [Subject(cluster=cluster) for cluster in clusters]
    return [] if run_id is None else [Subject(run_id=run_id, phase_id=phase_id)]


def _find_meant(project: Project, subjects: Sequence[Subject]) -> list[Subject]:
    """The subjects with literal names: a glob that is also the name of a run means only that run."""
    if not any(one.run_id is not None and one.phase_id is None and has_magic(one.run_id) for one in subjects):
        return list(subjects)
    runs = [row.run_id for row in project.store.read_run_counts()]
    return [
        replace(one, run_id=to_literal(one.run_id, runs)) if one.run_id and one.phase_id is None else one for one in subjects
    ]


def _keep(project: Project, found: Sequence[Acceptance], *, dry: bool, out: LinesOrJson) -> None:
    now = find_affected(project.store, found)
    examples = now.examples
    runs = project.store.read_run_counts()
    require_subjects(project, [one.subject for one in found], runs, examples)
    found = [one if (like := examples.get(one.subject.cluster or "")) is None else one.like(like) for one in found]
    if not dry:
        project.store.ledger.create(project.store.database)
        Notes(project.store.database, project.store.ledger).write(
            NoteKind.ACCEPTED, {one.subject.name: one.to_note for one in found}
        )
    until = "" if found[0].until is None else f" until {clock.to_shown(found[0].until)}"
    affected = "no failed phase now" if not now.count else f"{count_of(now.count, 'failed phase')} now"
    named = ", ".join(str(one.subject) for one in found)
    out.line(safe_text(f"{'Would accept' if dry else 'Accepted'}: {named}{until} ({affected})"))
    for line in find_idle_globs([one.subject for one in found], runs):
        out.line(safe_text(f"  ! {line}"))
    out.end(0, accepted=[_fields_of(one) for one in found], phases=now.count, kept=not dry)


def _clear(project: Project, subjects: Sequence[Subject], *, dry: bool, out: LinesOrJson) -> None:
    notes = Notes(project.store.database, project.store.ledger)
    known = {note.subject: one for note in notes.read(NoteKind.ACCEPTED) if (one := Acceptance.of(note)) is not None}
    meant = _find_meant(project, subjects)  # an older acceptance may be of the glob, from before the run existed
    subjects = [one if one.name in known else given for one, given in zip(meant, subjects, strict=True)]
    for subject in subjects:
        if subject.name not in known:
            near = did_you_mean(str(subject), [str(one.subject) for one in known.values()])
            raise UsageError(f"accept --clear: {subject} is not accepted{near}")
    names = {subject.name for subject in subjects}
    shared = {note.subject for note in notes.read_shared(NoteKind.ACCEPTED)}
    left = Acceptances(one for name, one in known.items() if name not in names and not one.is_void(clock.now()))
    for subject in subjects:
        if not dry:
            notes.take_back(NoteKind.ACCEPTED, subject.name)
        out.line(safe_text(f"{'Would no longer be accepted' if dry else 'No longer accepted'}: {subject}"))
        if subject.name in shared:
            out.line(f"  ! {describe_shared('it', dry=dry)}")
        if (still := _find_still(project, subject, left)) is not None:
            out.line(safe_text(f"  ! another acceptance still applies: {still.value}"))
    of_every_table = [str(subject) for subject in subjects if subject.name in shared]
    out.end(0, taken_back=[str(subject) for subject in subjects], of_every_table=of_every_table, is_dry=dry)


def _find_still(project: Project, subject: Subject, left: Acceptances) -> Skip | None:
    """What still accepts the phase or the whole run, under another name; None if nothing does."""
    if subject.run_id is None:
        return None
    if subject.phase_id is None:
        return left.run(subject.run_id)
    key = PhaseKey(subject.run_id, subject.phase_id)
    with project.store.database.read() as connection:
        now = project.store.table.read_row_state(connection, key)
    return left.skip(key, Failure.uncategorised(None if now is None else now.reason, project.store.redact))


def _list(project: Project, out: LinesOrJson) -> None:
    now = clock.now()
    notes = Notes(project.store.database, project.store.ledger).read(NoteKind.ACCEPTED)
    found = [one for note in notes if (one := Acceptance.of(note)) is not None]
    if not found:
        out.line(f"Nothing is accepted in {project.store.where}.")
        out.end(0, accepted=[])
        return
    out.line(f"Accepted in {project.store.where}:")
    for one in sorted(found, key=lambda one: (one.is_void(now), str(one.subject))):
        fingerprint = f": {one.fingerprint}" if one.subject.cluster is not None and one.fingerprint else ""
        out.line(f"  {safe_text(f'{one.subject}{fingerprint}', limit=_SHOWN_CHARS)}")
        out.line(f"      {safe_text(_describe(one, void=one.is_void(now)), limit=2 * _SHOWN_CHARS)}")
    shared = {note.subject for note in notes if note.is_shared}
    out.end(0, accepted=[{**_fields_of(one), "by": one.by, "at": one.at, "is_void": one.is_void(now),
                          "of_every_table": one.subject.name in shared} for one in found])  # fmt: skip


def _fields_of(one: Acceptance) -> dict[str, Any]:
    of = one.subject
    until = None if one.until is None else clock.to_iso(one.until)
    return {"run_id": of.run_id, "phase_id": of.phase_id, "cluster": of.cluster, "reason": one.reason, "until": until}


def _describe(one: Acceptance, *, void: bool) -> str:
    until = "" if one.until is None else f", {'EXPIRED' if void else 'until'} {clock.to_shown(one.until)}"
    return f"{one.reason} ({one.by}, {one.at[:10]}{until})"
