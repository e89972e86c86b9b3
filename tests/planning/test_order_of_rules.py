"""Of several rules that leave out one phase the first one is told: the order in which people would have to deal with them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from batchdrain.database.ledger.history import Past
from batchdrain.failures.categories import categorise
from batchdrain.failures.fingerprints import VERSION, cluster_id_of
from batchdrain.model.failure import Failure
from batchdrain.model.phase import Skip
from batchdrain.planning.filters import Filters
from batchdrain.planning.skip_rules import by_rule
from batchdrain.planning.stop import Progress
from batchdrain.planning.verdicts import Verdict, VerdictKind
from tests.planning.backlogs import NOW
from tests.planning.test_skip_rules import BOOM, CLUSTER, KEY, OF_RUN, accepted, rules

DIGEST = KEY.digest
LOST = Failure.of("connection reset by peer", categorise)
HOPELESS = Verdict(
    key=KEY, kind=VerdictKind.HOPELESS, reason="no", until=NOW, fingerprint="boom", attempts=0, version=VERSION
)
PAST: dict[str, dict[str, Any]] = {
    "claimed": {"held": frozenset({DIGEST})},
    "quarantined": {"orphanings": {DIGEST: 3}},
    "retry waits": {"waits_ms": {DIGEST: 1}},
    "stop.max_attempts_per_phase": {"attempts": {DIGEST: 9}},
}
FACTS: dict[str, dict[str, Any]] = {
    "--category": {"categories": ("transient",)},
    "--cluster": {"cluster": "0" * 10},
    "bad data": {"ambiguous": frozenset({("r", "p")})},
    "row locked": {"passed_over": {KEY: Skip("row locked", "")}},
    "accepted": {"accepted": accepted(OF_RUN)},
    "triage": {"verdicts": {KEY: HOPELESS}},
    **{rule: {} for rule in PAST},
    "stop.max_repeats": {"progress": lambda: Progress(repeats={"boom": 9})},
}


def rule_of(*named: str) -> str | None:
    facts: dict[str, Any] = {name: value for rule in named for name, value in FACTS[rule].items()}
    filters = Filters.of(**{name: facts.pop(name) for name in ("categories", "cluster") if name in facts})
    past = Past(**{name: value for rule in named for name, value in PAST.get(rule, {}).items()})
    found = rules(past, {"stop": {"max_attempts_per_phase": 3}}, filters=filters, **facts).phase(KEY, DIGEST, BOOM)
    return None if found is None else found.rule


@pytest.mark.parametrize("rule", FACTS)
def test_each_rule_leaves_the_phase_out_by_itself(rule: str) -> None:
    assert rule_of(rule) == rule


@pytest.mark.parametrize(("first", "second"), [*pairwise(FACTS)])
def test_of_two_rules_the_first_is_told(first: str, second: str) -> None:
    assert rule_of(first, second) == rule_of(second, first) == first


def test_of_all_rules_the_first_is_told_and_with_none_the_phase_is_taken() -> None:
    assert rule_of(*FACTS) == "--category"
    assert rule_of(*list(FACTS)[2:]) == "bad data"
    assert rule_of() is None


@pytest.mark.parametrize(("failure", "is_taken"), [(BOOM, True), (LOST, False)])
def test_a_filter_of_clusters_takes_those_that_it_names_and_no_others(failure: Failure, is_taken: bool) -> None:
    for cluster in (CLUSTER, f"{CLUSTER},{'0' * 10}"):
        seen = rules(filters=Filters.of(cluster=cluster))
        expected = None if is_taken else Skip("--cluster", f"not {cluster}")
        assert seen.phase(KEY, None, failure) == seen.failed_so(failure) == expected
    assert rules(filters=Filters.of(cluster=cluster_id_of(LOST.fingerprint))).failed_so(LOST) is None


def test_rules_are_summed_the_most_frequent_first_with_a_few_of_their_values() -> None:
    skips = {Skip("few", "x"): 2, Skip("many", "b"): 3, Skip("many", "a"): 4, Skip("few", ""): 1, Skip("one", ""): 1}
    assert list(by_rule(skips)) == [("many", 7, "a; b"), ("few", 3, "x"), ("one", 1, "")]
    four, five = ({Skip("r", value): 1 for value in values} for values in ("dcba", "edcba"))
    assert list(by_rule(four)) == [("r", 4, "a; b; c and 1 more")]
    assert list(by_rule(five)) == [("r", 5, "a; b; c and 2 more")]
    assert list(by_rule({Skip("r", value): 1 for value in "cba"})) == [("r", 3, "a; b; c")]
    [(_, _, values)] = by_rule({Skip("r", "x" * 400 + "\x1b"): 1})
    assert len(values) == 300
    assert list(by_rule({Skip("r", "a\x1b"): 1})) == [("r", 1, "a\\x1b")]
