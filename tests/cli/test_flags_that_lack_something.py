"""What a short task says of flags that are incomplete or contradict each other, before it opens anything."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from batchdrain.cli.commands.hint import HintFlags, hint
from batchdrain.cli.commands.named import describe_shared
from batchdrain.cli.commands.prune import PruneFlags, prune
from batchdrain.cli.commands.reopen import ReopenFlags, reopen
from batchdrain.cli.invocation import Invocation
from batchdrain.model.errors import UsageError

NOWHERE = Invocation(section={"database_url": "sqlite:////nowhere/x.db"}, environ={}, root=Path("/nowhere"), dry=False)
ONLY_ID = "--clear: removes a hint, and is combined only with --run-id; leave the other flags out"
RUN = "--run-id: is required; name a run, or a glob such as 'build-*'"
BOTH = "--cluster: applies to every run, so it cannot be combined with --run-id or --phase-id"


@pytest.mark.parametrize(
    ("task", "flags", "told"),
    [
        (hint, HintFlags(run_id="r", clear=True, priority=0), ONLY_ID),
        (hint, HintFlags(run_id="r", clear=True, reason=""), ONLY_ID),
        (hint, HintFlags(clear=True), RUN),
        (hint, HintFlags(priority=0), RUN),
        (hint, HintFlags(reason=""), RUN),
        (hint, HintFlags(run_id="r"), "--priority: is required; give a whole number (higher is sooner), or --clear"),
        (hint, HintFlags(run_id="r", reason="x"), "--priority: is required; give a whole number (higher is sooner), or --clear"),
        (prune, PruneFlags(), "--older-than: is missing; name an age, as --older-than=30d, or a session (--session-id)"),
        (reopen, ReopenFlags(cluster=["x"], run_id="r", reason="x"), BOTH),
        (reopen, ReopenFlags(cluster=["x"], phase_id="p", reason="x"), BOTH),
        (reopen, ReopenFlags(phase_id="p", reason="x"), "--phase-id: identifies no phase without --run-id; name its run too, with --run-id"),
        (reopen, ReopenFlags(reason=""), "--run-id: is required, or --cluster; name the run or the cluster to reopen"),
        (reopen, ReopenFlags(run_id="r"), "--reason: is required; say why it may be tried again"),
        (reopen, ReopenFlags(cluster=["x"]), "--reason: is required; say why it may be tried again"),
    ],
)  # fmt: skip
def test_the_flag_that_is_wrong_is_told_with_its_cure(task: Any, flags: Any, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        task(NOWHERE, flags)
    assert str(caught.value) == told


@pytest.mark.parametrize(
    ("task", "flags"),
    [
        (hint, HintFlags()), (hint, HintFlags(run_id="r", clear=True)), (hint, HintFlags(run_id="r", priority=0)), (reopen, ReopenFlags()),
        (reopen, ReopenFlags(run_id="r", phase_id="p", reason="")), (prune, PruneFlags(older_than=timedelta(0))), (prune, PruneFlags(session_id=["s"])),
    ],
)  # fmt: skip
def test_flags_that_are_complete_are_taken(task: Any, flags: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Opened(Exception):
        """The task goes on."""

    def opened(*_: object) -> None:
        raise Opened

    for name in ("hint.open_to_look", "reopen.open_to_look", "prune.open_project"):
        monkeypatch.setattr(f"batchdrain.cli.commands.{name}", opened)
    with pytest.raises(Opened):
        task(NOWHERE, flags)


def test_a_note_of_every_table_is_told_in_the_tense_of_what_was_done() -> None:
    assert [describe_shared("it", dry=dry) for dry in (True, False)] == [
        "it is of an earlier batchdrain, and applies to every table of the ledger",
        "it was of an earlier batchdrain, and applied to every table of the ledger",
    ]
