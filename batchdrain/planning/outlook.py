"""What a forecast is made from: the phases that a drain has ahead, and what is known of such phases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from batchdrain.model.phase import Phase
from batchdrain.model.retry_stats import RetryStats


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """The phases that a backlog would hand out as it is now. They stay in the backlog."""

    phases: Sequence[Phase]  #: in the order of the drain; only the first ones
    waiting: int  #: all phases that may be drained
    stats: RetryStats  #: what retries have done so far
    run_type: Callable[[str], str]  #: the run type of a run_id
    size_of: Callable[[str], int] = lambda _: 0  #: phases of a cluster, by fingerprint; 0 if no canaries are sent ahead
