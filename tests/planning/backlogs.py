"""Backlogs of rows in memory, and what is chosen from them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from batchdrain.config.settings import Settings
from batchdrain.database.ledger.history import Past
from batchdrain.database.phases.pages import Page, Row
from batchdrain.failures.categories import categorise
from batchdrain.model.claim import Choice
from batchdrain.model.lane import Lane
from batchdrain.model.states import PhaseState
from batchdrain.planning.filters import Filters
from batchdrain.planning.lane_backlog import LaneBacklog
from batchdrain.planning.reading import Reading
from batchdrain.planning.skip_rules import SkipRules
from batchdrain.policies.ranking import ranking_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)


REASONS = {
    "unknown": None, "transient": "connection reset by peer", "collection": "ImportError: x", "deliverable": "missing deliverables",
    "patch": "patch does not apply", "other": "boom", "timeout": "timed out after 5 s",
}  # fmt: skip


ROWS = st.lists(
    st.builds(
        lambda run, phase, index, reason: Row(run_id=run, phase_id=phase, phase_index=index, reason=reason),
        st.sampled_from("rst"), st.text("abc", min_size=1, max_size=3), st.none() | st.integers(-3, 3),
        st.sampled_from(list(REASONS.values())),
    ),
    max_size=40,
    unique_by=lambda row: (row.run_id, row.phase_id),
)  # fmt: skip


def backlog_of(
    rows: Iterable[Row], policy: list[Any] | None = None, rules: SkipRules | None = None, reads: list[int] | None = None
) -> LaneBacklog:
    found = list(rows)
    seen = rules or SkipRules(filters=Filters(), settings=Settings(), past=Past())

    def read() -> Reading:
        if reads is not None:
            reads.append(len(found))
        return Reading(pages=iter([Page.of(found)]), rules=seen)

    return LaneBacklog(
        read,
        ranking_of(policy or ["smart"]),
        state=PhaseState.FAILED,
        categorise=categorise,
        run_type=lambda run_id: "default",
    )


def all_of(backlog: LaneBacklog) -> list[Choice]:
    backlog.refresh(NOW)
    choices = []
    while (choice := backlog.next(NOW)) is not None:
        choices.append(choice)
    return choices


def names(choices: Iterable[Choice]) -> list[str]:
    return [f"{choice.phase.run_id}/{choice.phase.phase_id}" for choice in choices]


def lane(**facts: Any) -> Lane:
    base: dict[str, Any] = {"run_id": "r", "run_type": "default", "category": "other", "attempts": 0, "phase_index": 1,
                            "phase_id": "p", "waiting": 1, "failed": 1, "queued": 0}  # fmt: skip
    return Lane(**{**base, **facts})
