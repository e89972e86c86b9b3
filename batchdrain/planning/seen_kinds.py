"""Which kinds of failures a reading of the backlog came upon, in whatever run."""

from __future__ import annotations

from collections.abc import Container

from batchdrain.failures.fingerprints import cluster_id_of
from batchdrain.model.failure import Failure


class SeenKinds:
    """Grows with the failures that are read. Memory does not: of clusters only those that were asked for are kept."""

    def __init__(self, asked_clusters: Container[str] = frozenset()) -> None:
        self._asked = asked_clusters
        self.categories: set[str] = set()
        self.clusters: set[str] = set()  #: ids

    def add(self, failure: Failure) -> None:
        """It was read."""
        self.categories.add(failure.category)
        if self._asked and (cluster := cluster_id_of(failure.fingerprint)) in self._asked:
            self.clusters.add(cluster)
