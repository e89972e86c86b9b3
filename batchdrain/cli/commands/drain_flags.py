"""The flags of drain and dry-run that set no setting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from batchdrain.planning.filters import Filters


@dataclass(frozen=True, slots=True, kw_only=True)
class DrainFlags:
    """The flags of drain and dry-run that set no setting."""

    run_id: str | None = None
    exclude_run: Sequence[str] | None = None
    category: Sequence[str] | None = None
    dry_run: bool = False
    resume: bool = False
    plan: str | None = None
    cluster: str | None = None
    include_quarantined: bool = False
    triage: bool = False
    quiet: bool = False
    format: str | None = None
    output: str | None = None
    explain: bool = False

    @property
    def filters(self) -> Filters:
        return Filters.of(
            run_id=self.run_id,
            exclude_runs=self.exclude_run or (),
            categories=self.category or (),
            cluster=self.cluster,
            include_quarantined=self.include_quarantined,
        )
