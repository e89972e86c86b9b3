"""inv reopen: lifts a quarantine, or the verdict of a diagnosis. Only reads the user's table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from batchdrain.cli.commands.named import describe_shared, require_phase, require_run
from batchdrain.cli.commands.open import open_to_look
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.lines_or_json import LinesOrJson
from batchdrain.drain.preview.explanation import read_reopenings
from batchdrain.drain.project import Project
from batchdrain.drain.reopening import Reopened, find_left_out, reopen_all
from batchdrain.failures.fingerprints import cluster_id_of
from batchdrain.model.errors import DatabaseUnavailable, UsageError
from batchdrain.model.failure import Failure
from batchdrain.model.phase import PhaseKey
from batchdrain.planning.filters import has_magic, matcher, to_literal
from batchdrain.planning.reopenable import Reopenable
from batchdrain.runtime.text import count_of, safe_text

_SHOWN_CHARS: Final = 700
_LISTED: Final = 100
"""How many phases are listed for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopenFlags:
    """The flags of reopen."""

    run_id: str | None = None
    phase_id: str | None = None
    cluster: Sequence[str] = ()
    reason: str | None = None
    format: str = "text"


def reopen(invocation: Invocation, flags: ReopenFlags) -> int:
    """`inv reopen`. Returns 0, or 75 if a phase is unchanged because it is held or changed just now. Raises UsageError for
    flags that are incomplete, or if nothing that is named is in quarantine or has such a verdict."""
    _require_sound(flags)
    out = LinesOrJson(flags.format)
    with open_to_look(invocation) as project:
        is_meant, run_id = _find_meant(project, flags)
        found = list(find_left_out(project, is_meant, run_id))
        if not _names_any(flags):
            return _list(project, found, out)
        if not found:
            _require_there(project, flags)
            raise UsageError(
                f"{_describe(flags)}: neither a quarantine nor a diagnosis skips it{_find_earlier(project, flags)}"
            )
        done = reopen_all(project, found, flags.reason or "", dry=invocation.dry)
        return _tell(done, dry=invocation.dry, out=out)


def _require_sound(flags: ReopenFlags) -> None:
    if flags.cluster and (flags.run_id is not None or flags.phase_id is not None):
        raise UsageError("--cluster: applies to every run, so it cannot be combined with --run-id or --phase-id")
    if flags.phase_id is not None and flags.run_id is None:
        raise UsageError("--phase-id: identifies no phase without --run-id", remedy="name its run too, with --run-id")
    if flags.reason is not None and not _names_any(flags):
        raise UsageError("--run-id: is required, or --cluster", remedy="name the run or the cluster to reopen")
    if flags.reason is None and _names_any(flags):
        raise UsageError("--reason: is required", remedy="say why it may be tried again")


def _names_any(flags: ReopenFlags) -> bool:
    return flags.run_id is not None or bool(flags.cluster)


def _find_meant(project: Project, flags: ReopenFlags) -> tuple[Callable[[PhaseKey, Failure], bool], str | None]:
    """A test for the phases that are meant, and their run; None if they may be of several runs. A glob that is also the name
    of a run means only that run."""
    run_id, phase_id = flags.run_id, flags.phase_id
    if run_id is not None and phase_id is not None:
        named = PhaseKey(run_id, phase_id)
        return lambda key, _: key == named, run_id
    if run_id is not None:
        if not has_magic(run_id):
            return lambda key, _: key.run_id == run_id, run_id
        matches = matcher(to_literal(run_id, [row.run_id for row in project.store.read_run_counts()]))
        return lambda key, _: matches(key.run_id), None
    if flags.cluster:
        clusters = frozenset(flags.cluster)
        return lambda _, failure: cluster_id_of(failure.fingerprint) in clusters, None
    return lambda *_: True, None


def _describe(flags: ReopenFlags) -> str:
    if flags.cluster:
        return f"--cluster={','.join(flags.cluster)}"
    return f"--run-id={flags.run_id}" + ("" if flags.phase_id is None else f" --phase-id={flags.phase_id}")


def _require_there(project: Project, flags: ReopenFlags) -> None:
    """Raises UsageError if the named run or phase does not exist, which is told before anything else."""
    if flags.run_id is None:
        return
    runs = project.store.read_run_counts()
    if flags.phase_id is None:
        require_run(project, flags.run_id, runs)
    else:
        require_phase(project, PhaseKey(flags.run_id, flags.phase_id), runs)


def _find_earlier(project: Project, flags: ReopenFlags) -> str:
    """Who reopened the phase before, for a user who asks twice."""
    if flags.run_id is None or flags.phase_id is None:
        return ""
    earlier = read_reopenings(project, PhaseKey(flags.run_id, flags.phase_id))
    return f"; {earlier[-1].by} reopened it on {earlier[-1].at[:19]}Z" if earlier else ""


def _list(project: Project, found: Sequence[Reopenable], out: LinesOrJson) -> int:
    if not found:
        out.line(f"No phase is skipped by a quarantine or a diagnosis in {project.store.where}.")
    else:
        out.line(f"{count_of(len(found), 'phase')} can be reopened in {project.store.where}:")
    for one in found[:_LISTED]:
        out.line(safe_text(f"  {one.key} ({'; '.join(one.lifted)})", limit=_SHOWN_CHARS))
    if len(found) > _LISTED:
        out.line(f"  and {len(found) - _LISTED} more (--format=json names all)")
    return out.end(0, can_be_reopened=[_fields_of(Reopened(phase=one)) for one in found])


def _tell(done: Iterable[Reopened], *, dry: bool, out: LinesOrJson) -> int:
    told = []
    for one in done:
        key = one.phase.key
        if one.problem:
            out.line(safe_text(f"Not changed: {key}: {one.problem}", limit=_SHOWN_CHARS))
        else:
            was = f"{key} (was {'; '.join(one.phase.lifted)})"
            out.line(safe_text(f"{'Would reopen' if dry else 'Reopened'}: {was}", limit=_SHOWN_CHARS))
            if one.of_every_table:
                out.line(f"  ! {describe_shared('its verdict', dry=dry)}")
            if one.phase.still is not None:
                out.line(safe_text(f"  ! it is still skipped: {one.phase.still}", limit=_SHOWN_CHARS))
        told.append(one)
    code = DatabaseUnavailable.exit_code if any(one.problem for one in told) else 0
    return out.end(code, reopened=[{**_fields_of(one), "of_every_table": one.of_every_table} for one in told], is_dry=dry)


def _fields_of(one: Reopened) -> dict[str, Any]:
    phase = one.phase
    return {
        "run_id": phase.key.run_id,
        "phase_id": phase.key.phase_id,
        "lifted": phase.lifted,
        "problem": one.problem or None,
        "still_left_out_by": None if phase.still is None else str(phase.still),
    }
