"""How phases fail that fail again, as far as the ledger tells."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchdrain.model.failure_change import FailureChange
from batchdrain.model.retry_stats import RetryStats
from batchdrain.planning.failing_anew import FailingAnew, Way

MARKS = st.sampled_from(["", "boom", "bang", "crash", "late"])
CHANGES = st.dictionaries(
    st.builds(FailureChange, st.sampled_from(["other", "transient"]), MARKS, MARKS), st.integers(1, 40), max_size=12
)
BOOM = Way("boom", "other")


def stats_of(*changes: tuple[str, str, int], category: str = "other") -> RetryStats:
    return RetryStats(changes={FailureChange(category, before, after): count for before, after, count in changes})


def drawn(stats: RetryStats, before: Way = BOOM, *, failures: int = 20, draws: int = 200) -> list[list[Way]]:
    """In each draw, how so many phases fail one after the other that had failed so before."""
    known, dice = FailingAnew(stats), Random(1)
    return [[one.fail(before) for _ in range(failures)] for one in (known.draw(dice) for _ in range(draws))]


def share_of(ways: list[list[Way]], way: Way = BOOM) -> float:
    return sum(of.count(way) for of in ways) / sum(map(len, ways))


def test_where_nothing_is_known_any_share_of_them_is_as_likely() -> None:
    shares = sorted(of.count(BOOM) / len(of) for of in drawn(RetryStats()))
    assert [shares[at] for at in (20, 100, 180)] == pytest.approx([0.1, 0.5, 0.9], abs=0.1)


def test_a_cluster_fails_as_it_did_and_where_it_is_not_known_as_others_of_its_category_did() -> None:
    repeats, changes = ("boom", "boom", 60), ("boom", "bang", 60)
    assert share_of(drawn(stats_of(repeats))) > 0.9
    assert share_of(drawn(stats_of(changes))) < 0.1
    assert share_of(drawn(stats_of(changes)), Way("bang", "other")) > 0.8, "in the way that it took before"
    others = [(f"of {number}", f"of {number}", 9) for number in range(9)]
    assert share_of(drawn(stats_of(*others))) > 0.8
    assert 0.6 < share_of(drawn(stats_of(*others, category="patch"))) < share_of(drawn(stats_of(*others)))


def test_words_that_an_attempt_left_say_nothing_of_those_that_somebody_else_stored() -> None:
    """A tool of the user's wrote the first texts: each comes back in the command's own words, and then again and again."""
    first = [(f"stored {number}", f"told {number}", 9) for number in range(9)]
    assert share_of(drawn(stats_of(*first))) < 0.2
    again = [(f"told {number}", f"told {number}", 9) for number in range(9)]
    assert share_of(drawn(stats_of(*first, *again))) < 0.2
    told = Way("told 3", "other")
    assert share_of(drawn(stats_of(*first, *again), told), told) > 0.8
    assert 0.3 < share_of(drawn(stats_of(*first), told), told) < 0.7, "nobody knows of these yet"


def test_where_every_cluster_took_a_way_of_its_own_a_new_one_does_so_too_and_where_all_took_one_it_takes_that() -> None:
    apart = drawn(stats_of(*((f"old {number}", f"new {number}", 9) for number in range(9))), failures=9)
    ways = [Counter(way for way in of if way != BOOM) for of in apart]
    together = [max(of.values()) / of.total() for of in ways if of.total() > 4]
    assert sum(together) / len(together) > 0.7, "one way for the whole cluster"
    assert sum(way.fingerprint.startswith("new ") for of in apart for way in of) < len(apart) * 9 / 3
    broken = Way("broken", "other")
    assert share_of(drawn(stats_of(*((f"old {number}", "broken", 9) for number in range(9)))), broken) > 0.7


def test_where_each_failure_was_a_way_of_its_own_so_is_the_next() -> None:
    for of in drawn(stats_of(*(("boom", f"once {number}", 1) for number in range(80))), draws=20):
        assert max(Counter(of).values()) <= 3


def test_a_way_is_of_the_category_of_those_that_set_out_from_it() -> None:
    stats = stats_of(("boom", "reset", 60))
    stats.changes[FailureChange("transient", "reset", "reset")] = 5
    assert {way.category for of in drawn(stats) for way in of if way.fingerprint == "reset"} == {"transient"}


@settings(max_examples=60, deadline=None)
@given(changes=CHANGES, before=MARKS, seed=st.integers(0, 99))
def test_the_same_ledger_and_the_same_dice_give_the_same_ways_and_each_is_known_or_like_no_other(
    changes: dict[FailureChange, int], before: str, seed: int
) -> None:
    stats, way = RetryStats(changes=changes), Way(before, "other")
    first, second = ([one.fail(way) for _ in range(9)] for one in (FailingAnew(stats).draw(Random(seed)) for _ in range(2)))
    assert first == second
    known = {before} | {change.after for change in changes}
    assert all(found.fingerprint in known or found.fingerprint.startswith("\0") for found in first)


@settings(max_examples=40, deadline=None)
@given(same=st.integers(0, 400), other=st.integers(0, 400))
def test_the_more_is_known_of_a_cluster_the_nearer_the_share_is_to_its_own(same: int, other: int) -> None:
    """Within what the wider group counts for, and three standard deviations of the draws."""
    stats = stats_of(*(change for change in (("boom", "boom", same), ("boom", "bang", other)) if change[2]))
    own, total = (same + 1) / (same + other + 2), same + other
    assert share_of(drawn(stats, draws=60)) == pytest.approx(own, abs=0.25 if total < 50 else 0.12)


def test_the_same_dice_draw_the_same_ways_for_clusters_of_all_kinds() -> None:
    """Two draws, each of six failures of a cluster that is known, one whose ways others took too, a new one, and one without a
    text. Another figure of the model is one that somebody means."""
    stats = stats_of(
        ("boom", "boom", 9), ("boom", "bang", 5), ("boom", "late", 1), ("bang", "bang", 4), ("crash", "boom", 2), ("crash", "once", 1),
        ("", "boom", 3), ("", "", 2), ("old", "bang", 6),
    )  # fmt: skip
    stats.changes |= {FailureChange("transient", "late", "reset"): 3, FailureChange("transient", "reset", "reset"): 2}
    befores = [BOOM, Way("crash", "other"), Way("new", "patch"), Way("", "unknown"), Way("late", "transient")]
    known, dice = FailingAnew(stats), Random(7)
    drawn = [
        " ".join(f"{way.fingerprint}/{way.category[0]}" for way in (one.fail(before) for _ in range(6)))
        for one in (known.draw(dice), known.draw(dice))
        for before in befores
    ]
    assert drawn == DRAWN
    assert (known.once, known.more, known.others, known.reached) == (
        2,
        16,
        4.5,
        frozenset({"boom", "bang", "late", "once", "reset"}),
    )
    assert known.overall == {True: (15, 9), False: (0, 9)}
    assert known.groups == {("other", True): (13, 6), ("other", False): (0, 9), ("transient", True): (2, 3)}


DRAWN = [
    "boom/o boom/o boom/o boom/o boom/o boom/o",
    "bang/o once/o bang/o \x001/o boom/o boom/o",
    "new/p new/p new/p reset/t once/p reset/t",
    "/u boom/o boom/o boom/o boom/o boom/o",
    "reset/t reset/t reset/t reset/t reset/t reset/t",
    "boom/o bang/o boom/o boom/o boom/o boom/o",
    "boom/o once/o boom/o boom/o \x001/o once/o",
    "\x002/p \x002/p \x002/p \x002/p \x002/p \x002/p",
    "boom/o /u boom/o boom/o /u /u",
    "reset/t reset/t reset/t reset/t reset/t reset/t",
]


def test_ways_that_a_cluster_took_only_once_tell_of_new_ones_where_it_failed_more_than_once() -> None:
    known = FailingAnew(
        stats_of(("one", "x", 1), ("two", "y", 1), ("two", "z", 1), ("three", "z", 3), ("", "u", 1), ("", "v", 1))
    )
    assert (known.once, known.more) == (2, 3)
    assert [FailingAnew(stats).others for stats in (RetryStats(), stats_of(("one", "x", 1)), stats_of(("one", "x", 5)))] == [
        0,
        0,
        4,
    ]
