"""Checks that what a flag names exists: a misspelt name must not look like one about which there is nothing to say."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence

from batchdrain.database.ledger.notes import NoteKind, Notes
from batchdrain.database.ledger.retry_stats_query import read_fingerprints
from batchdrain.database.run_counts import RunCounts
from batchdrain.drain.project import Project
from batchdrain.failures.fingerprints import cluster_id_of
from batchdrain.model.errors import UsageError
from batchdrain.model.phase import PhaseKey
from batchdrain.model.states import PhaseState
from batchdrain.planning.acceptances import Subject
from batchdrain.planning.filters import Filters, has_magic, matcher
from batchdrain.planning.planner import settle_run
from batchdrain.planning.without_effect import describe_no_run, find_idle_runs


def require_run(project: Project, run_id: str, runs: Sequence[RunCounts]) -> None:
    """Raises UsageError for a name that no run has or had. Globs are accepted, since they may mean later runs. If there is no
    run at all, the caller tells that instead."""
    if not runs or has_magic(run_id) or any(row.run_id == run_id for row in runs):
        return
    if run_id not in project.store.history.read_past().runs:  # rows may go once they are complete
        raise UsageError(
            f"--run-id={run_id}: {describe_no_run(run_id, runs, is_glob=False)}",
            remedy="a glob also covers runs that come later",
        )


def settle_named(project: Project, run_id: str | None) -> tuple[Filters, list[str]]:
    """The runs that --run-id names (None: all), and messages if it changes nothing, one line each. Raises UsageError for a
    name that no run has."""
    filters = settle_run(project.store, Filters.of(run_id=run_id))
    runs = [] if run_id is None else project.store.read_run_counts()
    if run_id is not None and not filters.run_id_is_glob:
        require_run(project, run_id, runs)
    return filters, list(find_idle_runs(filters, runs, PhaseState.FAILED.value))


def require_phase(project: Project, key: PhaseKey, runs: Sequence[RunCounts]) -> None:
    """Raises UsageError for a phase that the table does not have."""
    if not runs:
        return
    if not any(row.run_id == key.run_id for row in runs):
        raise UsageError(f"--run-id={key.run_id}: {describe_no_run(key.run_id, runs, is_glob=False)}")
    with project.store.database.read() as connection:
        found = project.store.table.read_row_state(connection, key)
    if found is None:
        raise UsageError(f"--phase-id={key.phase_id}: run {key.run_id} has no such phase")


def require_subjects(
    project: Project, subjects: Sequence[Subject], runs: Sequence[RunCounts], clusters: Container[str]
) -> None:
    """Raises UsageError for a subject that is neither in the table nor known otherwise. `clusters`: the ids of the clusters
    that some phase fails with."""
    for one in subjects:
        if one.run_id is not None and one.phase_id is not None:
            require_phase(project, PhaseKey(one.run_id, one.phase_id), runs)
        elif one.run_id is not None:
            require_run(project, one.run_id, runs)
    _require_met(project, [one for one in subjects if one.cluster is not None and one.cluster not in clusters])


def find_idle_globs(subjects: Iterable[Subject], runs: Sequence[RunCounts]) -> Iterator[str]:
    """The globs that match no run now, one line each: a glob may be misspelt, or mean later runs."""
    for one in subjects if runs else ():
        if one.run_id is not None and one.phase_id is None:
            matches = matcher(one.run_id)
            if not any(matches(row.run_id) for row in runs):
                yield f"--run-id={one.run_id}: {describe_no_run(one.run_id, runs, is_glob=has_magic(one.run_id))}"


def describe_shared(note: str, *, dry: bool) -> str:
    """The message if something is taken back that was written before notes belonged to one table."""
    return f"{note} {'is' if dry else 'was'} of an earlier batchdrain, and {'applies' if dry else 'applied'} to every table of the ledger"


def _require_met(project: Project, absent: Sequence[Subject]) -> None:
    """Raises UsageError for a cluster that no phase fails with now, unless a drain has met it or it is accepted already."""
    if not absent:
        return
    store = project.store
    known = {cluster_id_of(fingerprint) for fingerprint in read_fingerprints(store.database, store.ledger)}
    accepted = {note.subject for note in Notes(store.database, store.ledger).read(NoteKind.ACCEPTED)}
    for one in absent:
        if one.cluster not in known and one.name not in accepted:
            raise UsageError(
                f"--cluster={one.cluster}: no phase fails with it, and no drain has seen it",
                remedy="`inv clusters` shows the ids",
            )
