"""What a drain has before it, and what is known of such phases: all that a forecast is made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from batchdrain.model.phase import Phase
from batchdrain.model.retry_stats import RetryStats


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """The phases that a backlog would give out, as it stands now; they stay where they are."""

    phases: Sequence[Phase]  #: in the order of the drain, as far as was looked
    waiting: int  #: phases that may be drained, in all
    stats: RetryStats  #: what retries have done so far
    run_type: Callable[[str], str]  #: of a run_id
    size_of: Callable[[str], int] = lambda _: 0  #: of a cluster, by fingerprint; 0 where no canaries are sent ahead
