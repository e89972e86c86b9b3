"""Which kinds of failures a reading of the backlog came upon, in whatever run."""

from __future__ import annotations

from typing import Final

from batchdrain.model.failure import Failure
from batchdrain.planning.filters import Filters

_ALL: Final = Filters()


class SeenKinds:
    """Grows with the failures that are read, as far as the filters ask for their kinds. Memory does not: of clusters only those
    that were asked for are kept."""

    def __init__(self, filters: Filters = _ALL) -> None:
        self._filters, self._asked = filters, filters.clusters
        self.categories: set[str] = set()  #: where categories were asked for
        self.clusters: set[str] = set()  #: ids

    def add(self, failure: Failure) -> None:
        """It was read."""
        if self._filters.categories:
            self.categories.add(failure.category)
        if self._asked and (cluster := self._filters.cluster_of(failure)) in self._asked:
            self.clusters.add(cluster)
