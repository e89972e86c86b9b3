"""Merges nearly equal fingerprints for people to read. Stop conditions never use this.

Two fingerprints are nearly equal if they have the same category, the same number of tokens and the same first token, and if
at most one token in five differs. A fingerprint is compared only with the most frequent one of a cluster. So no chain of
small steps joins unrelated fingerprints, and the result does not depend on the order of failures.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import ne
from typing import Final

ONE_IN: Final = 5
MEMBERS: Final = 100
"""A cluster has at most this many members, since its ids are passed on a command line."""
_LEADERS: Final = 50
"""A fingerprint is compared with at most this many clusters, so that the cost does not grow quadratically."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A fingerprint and how often it occurred."""

    fingerprint: str
    category: str
    count: int


def merge(seen: Iterable[Seen]) -> list[list[Seen]]:
    """The clusters, each with its most frequent member first; ties are ordered by text."""
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
