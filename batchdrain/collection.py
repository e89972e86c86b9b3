"""The tasks as one Invoke collection: `from batchdrain.collection import ns`, or mount it under a name of your own."""

from __future__ import annotations

from invoke.collection import Collection

from batchdrain.config import environment
from batchdrain.tasks import draining, notes, reporting, setup, triaging

__all__ = ["ns"]

environment.take()

ns = Collection(
    "batchdrain",
    draining.drain,
    draining.resume,
    draining.dry_run,
    draining.drain_queued,
    draining.chain_with_queued,
    draining.drain_all,
    reporting.summary,
    reporting.sessions,
    reporting.pick_next_run,
    reporting.list_run_counts,
    reporting.clusters,
    notes.hint,
    notes.accept,
    triaging.triage,
    setup.recover,
    setup.doctor,
    setup.init,
    setup.demo,
)
