"""The flags of drain and dry-run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from batchdrain.config.load import Override
from batchdrain.planning.filters import Filters

if TYPE_CHECKING:
    from batchdrain.cli.commands.dry_run import PlanView

_MAY_BE_IDLE: Final = frozenset({"--max-attempts", "--policy", "--workers"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DrainFlags:
    """The flags of drain and dry-run. `settings`: the flags that set a setting."""

    settings: Sequence[Override] = ()
    run_id: str | None = None
    exclude_run: Sequence[str] = ()
    category: Sequence[str] = ()
    dry_run: bool = False
    resume: bool = False
    plan: str | None = None
    cluster: Sequence[str] = ()
    include_quarantined: bool = False
    triage: bool = False
    quiet: bool = False
    format: str = "text"
    output: str | None = None
    explain: bool = False
    fail_if_nothing: bool = False
    group: str | None = None

    @property
    def names(self) -> frozenset[str]:
        """The given flags, other than the filters, that may turn out to change nothing."""
        quarantined = {"--include-quarantined"} if self.include_quarantined else set()
        return frozenset({one.flag for one in self.settings if one.flag in _MAY_BE_IDLE} | quarantined)

    def sets(self, flag: str) -> bool:
        """Whether a setting was given by `flag`, such as '--policy'."""
        return any(one.flag == flag for one in self.settings)

    @property
    def view(self) -> PlanView:
        """What a dry run shows."""
        from batchdrain.cli.commands.dry_run import PlanView

        output = None if self.output is None else Path(self.output)
        return PlanView(output=output, explain=self.explain, quiet=self.quiet)

    @property
    def filters(self) -> Filters:
        """The filters of the flags. Raises UsageError."""
        return Filters.of(
            run_id=self.run_id,
            exclude_runs=self.exclude_run,
            categories=self.category,
            cluster=",".join(self.cluster) or None,
            include_quarantined=self.include_quarantined,
        )
