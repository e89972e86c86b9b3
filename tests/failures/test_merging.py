"""Near-equal fingerprints are merged for people: always the same way, and never strangers."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchdrain.failures.near_equal import MEMBERS, Seen, merge

WORDS = st.sampled_from(["a", "b", "c", "*"])
SEEN = st.lists(
    st.builds(
        lambda words, category, count: Seen(fingerprint=" ".join(words), category=category, count=count),
        st.lists(WORDS, min_size=1, max_size=11), st.sampled_from(["other", "patch"]), st.integers(1, 5),
    ),
    unique_by=lambda one: one.fingerprint,
)  # fmt: skip


def groups(*texts: str, category: str = "other") -> list[list[str]]:
    found = [Seen(fingerprint=text, category=category, count=len(texts) - place) for place, text in enumerate(texts)]
    return marks(merge(found))


def marks(clusters: Iterable[list[Seen]]) -> list[list[str]]:
    return [[one.fingerprint for one in cluster] for cluster in clusters]


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("step build of web failed", "step test of web failed", True),
        ("step build of web failed", "step test of api failed", False),
        ("build of web failed", "build of api failed", False),
        ("step build of web failed", "stage build of web failed", False),
        ("step build of web failed", "step build of web failed *", False),
        ("a b c d e f g h i j", "a b c d e f g h x y", True),
        ("a b c d e f g h i j", "a b c d e f g x y z", False),
        ("", "x", False),
    ],
)
def test_at_most_one_token_in_five_may_differ_and_never_the_first(one: str, other: str, near: bool) -> None:
    assert groups(one, other) == ([[one, other]] if near else [[one], [other]])


def test_failures_of_different_categories_are_never_merged() -> None:
    text = "step build of web failed"
    found = [Seen(fingerprint=text, category="patch", count=1), Seen(fingerprint=f"{text}", category="other", count=2)]
    assert len(merge(found)) == 2


def test_a_chain_of_small_steps_joins_no_strangers() -> None:
    first, second, third = "x a a a a", "x a a a b", "x a a c b"
    assert groups(first, second, third) == [[first, second], [third]]


@given(SEEN, st.randoms(use_true_random=False))
def test_the_order_in_which_failures_are_met_changes_nothing(seen: list[Seen], order: Any) -> None:
    shuffled = list(seen)
    order.shuffle(shuffled)
    assert merge(shuffled) == merge(seen)


@given(SEEN)
def test_every_fingerprint_is_in_exactly_one_cluster_with_the_most_frequent_first(seen: list[Seen]) -> None:
    found = merge(seen)
    assert sorted(mark for cluster in marks(found) for mark in cluster) == sorted(one.fingerprint for one in seen)
    assert all(cluster[0].count == max(one.count for one in cluster) for cluster in found)
    assert len({(one.category) for cluster in found for one in cluster}) <= 2
    assert all(len({one.category for one in cluster}) == 1 for cluster in found)


def test_a_cluster_has_no_more_members_than_a_command_line_takes() -> None:
    found = groups(*(f"step build of w{'a' * number} failed" for number in range(2 * MEMBERS)))
    assert [len(cluster) for cluster in found] == [MEMBERS, MEMBERS]


def test_many_fingerprints_of_one_shape_do_not_cost_their_square() -> None:
    def took(count: int) -> float:
        seen = [Seen(fingerprint=f"x {n} {n + 1} {n + 2} z", category="other", count=1) for n in range(count)]
        began = time.thread_time()
        merge(seen)
        return time.thread_time() - began

    took(500)
    assert took(20_000) < 40 * took(2_000) + 0.05
