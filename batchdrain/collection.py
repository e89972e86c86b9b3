"""The tasks as one Invoke collection: `from batchdrain.collection import ns`, or mount it under a name of your own."""

from __future__ import annotations

from invoke.collection import Collection

from batchdrain.cli.tasks import drain, notes, reports, running, setup, triage
from batchdrain.cli.tasks.settings_files import require_sound_files
from batchdrain.config import environment

__all__ = ["ns"]

environment.take()
require_sound_files()

ns = Collection(
    "batchdrain",
    drain.drain,
    drain.resume,
    drain.dry_run,
    drain.drain_queued,
    drain.chain_with_queued,
    drain.drain_all,
    reports.summary,
    reports.sessions,
    reports.events,
    running.status,
    running.stop,
    running.pause,
    running.continue_,
    reports.pick_next_run,
    reports.list_run_counts,
    reports.clusters,
    reports.explain,
    notes.hint,
    notes.accept,
    notes.reopen,
    triage.triage,
    setup.recover,
    setup.prune,
    setup.doctor,
    setup.init,
    setup.demo,
)
