"""Which kinds of failures a reading of the backlog met, in any run."""

from __future__ import annotations

from typing import Final

from batchdrain.model.failure import Failure
from batchdrain.planning.filters import Filters

_ALL: Final = Filters()


class SeenKinds:
    """The kinds of the failures that were read, limited to kinds that the filters name. Memory is bounded: only clusters that
    the filters name are kept."""

    def __init__(self, filters: Filters = _ALL) -> None:
        self._filters, self._asked = filters, filters.clusters
        self.categories: set[str] = set()  #: empty unless the filters name categories
        self.clusters: set[str] = set()  #: ids of those clusters that the filters name

    def add(self, failure: Failure) -> None:
        """Note a failure that was read."""
        if self._filters.categories:
            self.categories.add(failure.category)
        if self._asked and (cluster := self._filters.cluster_of(failure)) in self._asked:
            self.clusters.add(cluster)
