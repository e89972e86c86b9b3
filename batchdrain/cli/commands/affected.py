"""Finds the failed phases that acceptances cover now. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from batchdrain.database.phases.pages import redact_rows
from batchdrain.database.store import Store
from batchdrain.failures.fingerprints import cluster_id_of
from batchdrain.model.failure import Failure
from batchdrain.model.phase import PhaseKey
from batchdrain.model.states import PhaseState
from batchdrain.planning.acceptances import Acceptance, Acceptances


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """The failed phases that are accepted."""

    count: int
    examples: Mapping[str, Failure]  #: one failure of each accepted cluster that some phase fails with, by the cluster's id


def find_affected(store: Store, accepted: Sequence[Acceptance]) -> Affected:
    """Find the failed phases that these acceptances alone cover now. Raises DatabaseUnavailable."""
    known, count, examples = Acceptances(accepted), 0, dict[str, Failure]()
    asked = {one.subject.cluster for one in accepted} - {None}
    with store.database.read() as connection:
        for row in redact_rows(store.table.read_pages(connection, PhaseState.FAILED), store.redact):
            failure = Failure.uncategorised(row.reason)
            if known.skip(PhaseKey(row.run_id, row.phase_id), failure) is not None:
                count += 1
                if len(examples) < len(asked) and (cluster := cluster_id_of(failure.fingerprint)) in asked:
                    examples.setdefault(cluster, failure)
    return Affected(count=count, examples=examples)
