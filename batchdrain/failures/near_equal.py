"""Near-equal fingerprints, merged for people to read; stop conditions never look at this.

Two are near when they are of one category, have equally many tokens and the same first one, and at most one token in
five differs. A fingerprint is compared with the most frequent one of a cluster alone: a chain of small steps joins no
strangers, and the result does not depend on the order in which failures were met.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import ne
from typing import Final

ONE_IN: Final = 5
MEMBERS: Final = 100
"""A cluster has at most so many: its ids are to be handed to a command line."""
_LEADERS: Final = 50
"""Of a bucket at most so many clusters are compared with: many fingerprints must not cost their square."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A fingerprint, and how often it was met."""

    fingerprint: str
    category: str
    count: int


def merge(seen: Iterable[Seen]) -> list[list[Seen]]:
    """The clusters, each with its most frequent member first; ties by text."""
    clusters: list[list[Seen]] = []
    buckets: dict[tuple[str, int, str], list[tuple[Sequence[str], list[Seen]]]] = {}
    for one in sorted(seen, key=lambda one: (-one.count, one.fingerprint, one.category)):
        tokens = one.fingerprint.split(" ")
        bucket = buckets.setdefault((one.category, len(tokens), tokens[0]), [])
        for leader, cluster in bucket:
            if len(cluster) < MEMBERS and sum(map(ne, leader, tokens)) <= len(tokens) // ONE_IN:
                cluster.append(one)
                break
        else:
            clusters.append([one])
            if len(bucket) < _LEADERS:
                bucket.append((tokens, clusters[-1]))
    return clusters
