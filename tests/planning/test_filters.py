"""What a session is asked to look at: one filter, and two of them together."""

from __future__ import annotations

from typing import Any

import pytest

from batchdrain.failures.categories import categorise
from batchdrain.failures.fingerprints import VERSION, cluster_id_of
from batchdrain.failures.former_fingerprints import former_fingerprint
from batchdrain.model.errors import UsageError
from batchdrain.model.failure import Failure
from batchdrain.model.phase import Skip
from batchdrain.planning.filters import NOT_IN_PLAN, Filters, has_magic, is_asked_for, is_meant, matcher, to_literal

BOOM, LOST = Failure.of("boom", categorise), Failure.of("connection reset by peer", categorise)
OF_BOOM, OF_LOST = cluster_id_of(BOOM.fingerprint), cluster_id_of(LOST.fingerprint)


@pytest.mark.parametrize(
    ("filters", "run_id", "skip"),
    [
        ({}, "r", None),
        ({"run_id": "r"}, "r", None),
        ({"run_id": "r"}, "R", Skip("--run-id", "not r")),
        ({"run_id": "r*"}, "r1", None),
        ({"run_id": "r*"}, "s1", Skip("--run-id", "not r*")),
        ({"run_id": "[r]"}, "[r]", None),
        ({"run_id": "[r]"}, "r", None),
        ({"run_id": "r*", "run_id_is_glob": False}, "r1", Skip("--run-id", "not r*")),
        ({"run_id": "r*", "run_id_is_glob": False}, "r*", None),
        ({"run_id": "r*", "exclude_runs": ["r1"]}, "r1", Skip("--exclude-run", "r1")),
        ({"run_id": "s", "exclude_runs": ["r*"]}, "r1", Skip("--run-id", "not s")),
        ({"exclude_runs": ["s*", "r*", "r1"]}, "r1", Skip("--exclude-run", "r*")),
        ({"exclude_runs": ["[r]"]}, "[r]", Skip("--exclude-run", "[r]")),
        ({"exclude_runs": ["R"]}, "r", None),
    ],
)
def test_a_run_is_left_out_by_the_first_filter_that_does_not_mean_it(
    filters: dict[str, Any], run_id: str, skip: Skip | None
) -> None:
    assert Filters.of(**filters).skips_run(run_id) == skip


@pytest.mark.parametrize(
    ("filters", "failure", "is_taken"),
    [
        ({}, BOOM, True),
        ({"run_id": "s"}, BOOM, False),
        ({"categories": ["transient"]}, BOOM, False),
        ({"categories": ["transient"]}, LOST, True),
        ({"categories": ["other", "transient"]}, BOOM, True),
        ({"cluster": OF_BOOM}, BOOM, True),
        ({"cluster": OF_BOOM}, LOST, False),
        ({"cluster": f"{OF_LOST},{OF_BOOM}"}, BOOM, True),
        ({"cluster": OF_BOOM, "categories": ["transient"]}, BOOM, False),
    ],
)
def test_a_phase_is_taken_where_every_filter_leaves_it_in(filters: dict[str, Any], failure: Failure, is_taken: bool) -> None:
    assert Filters.of(**filters).takes("r", failure) is is_taken


NARROWER = [
    ({}, {"run_id": "r"}),
    ({"run_id": "r"}, {"run_id": "r"}),
    ({"run_id": "r*"}, {"run_id": "r1"}),
    ({"run_id": "r*"}, {"run_id": "r1*"}),
    ({"run_id": "r*"}, {"run_id": "r?"}),
    ({"run_id": "r[1-3]"}, {"run_id": "r[1-3]"}),
    ({"run_id": "r[1-3]"}, {"run_id": "r2"}),
    ({"categories": ["transient", "other"]}, {"categories": ["other"]}),
    ({}, {"categories": ["other"]}),
    ({"cluster": f"{OF_BOOM},{OF_LOST}"}, {"cluster": OF_LOST}),
    ({"cluster": f"{OF_BOOM},{OF_LOST}"}, {"cluster": f"{OF_BOOM},{OF_LOST}"}),
    ({"cluster": OF_BOOM}, {"cluster": OF_BOOM}),
    ({}, {"cluster": OF_LOST}),
    ({"include_quarantined": True}, {"include_quarantined": True}),
]
ONLY = "the session is about"
WIDER = [
    ({"run_id": "r"}, {"run_id": "s"}, f"--run-id s: {ONLY} r only"),
    ({"run_id": "r"}, {"run_id": "r*"}, f"--run-id r*: {ONLY} r only"),
    ({"run_id": "r1*"}, {"run_id": "r*"}, f"--run-id r*: {ONLY} r1* only"),
    ({"run_id": "r[1-3]"}, {"run_id": "r[1-2]"}, f"--run-id r[1-2]: {ONLY} r[1-3] only"),
    ({"run_id": "r?"}, {"run_id": "r1*"}, f"--run-id r1*: {ONLY} r? only"),
    ({"run_id": "r*", "run_id_is_glob": False}, {"run_id": "r*"}, f"--run-id r*: {ONLY} r* only"),
    ({"categories": ["other"]}, {"categories": ["transient", "other"]}, f"--category transient: {ONLY} other only"),
    (
        {"categories": ["other", "timeout"]},
        {"categories": ["transient", "patch"]},
        f"--category patch, transient: {ONLY} other, timeout only",
    ),
    ({"cluster": OF_BOOM}, {"cluster": f"{OF_BOOM},{OF_LOST}"}, f"--cluster {OF_BOOM},{OF_LOST}: {ONLY} {OF_BOOM} only"),
    ({}, {"include_quarantined": True}, f"--include-quarantined: {ONLY} the other phases only"),
]


@pytest.mark.parametrize(("own", "more"), NARROWER)
def test_a_filter_that_names_a_part_of_the_sessions_own_takes_its_place(own: dict[str, Any], more: dict[str, Any]) -> None:
    kept = {"exclude_runs": ["x*"], "include_quarantined": own.get("include_quarantined", False)}
    found = Filters.of(**{**kept, **own}).narrowed(Filters.of(**more, exclude_runs=["y", "x*"]))
    assert found == Filters.of(**{**kept, **own, **more, "exclude_runs": ["x*", "y"]})
    assert Filters.of(**{**kept, **own}).narrowed(Filters()) == Filters.of(**{**kept, **own})


@pytest.mark.parametrize(("own", "more", "said"), WIDER)
def test_a_filter_that_might_name_what_the_session_is_not_about_is_refused(
    own: dict[str, Any], more: dict[str, Any], said: str
) -> None:
    with pytest.raises(UsageError) as caught:
        Filters.of(**own).narrowed(Filters.of(**more))
    assert caught.value.message == said
    assert caught.value.remedy == "resume never widens a session; start a new one with `inv drain`"


@pytest.mark.parametrize(
    ("asked", "said", "remedy"),
    [
        ({"run_id": ""}, "--run-id: is empty", "name one, or leave the flag out"),
        ({"cluster": " "}, "--cluster: is empty", "name one, or leave the flag out"),
        ({"categories": ["other", "trasient"]}, "--category: 'trasient' is no category (did you mean 'transient'?)", ""),
        ({"cluster": "123456789"}, "--cluster: '123456789' is no id of a cluster: 10 hex digits", "`inv clusters` shows them"),
        ({"cluster": f"{OF_BOOM},{'x' * 90}"}, f"--cluster: '{'x' * 80}' is no id of a cluster: 10 hex digits", "`inv clusters` shows them"),
        ({"cluster": f"{OF_BOOM},"}, "--cluster: '' is no id of a cluster: 10 hex digits", "`inv clusters` shows them"),
    ],
)  # fmt: skip
def test_what_is_no_filter_is_told(asked: dict[str, Any], said: str, remedy: str) -> None:
    with pytest.raises(UsageError) as caught:
        Filters.of(**asked)
    assert (caught.value.message, caught.value.remedy) == (said, remedy)


def test_ids_of_clusters_are_read_as_people_type_them() -> None:
    typed = Filters.of(cluster=f" {OF_BOOM.upper()} ,{OF_LOST},{OF_BOOM}")
    assert (typed.cluster, typed.clusters) == (f"{OF_BOOM},{OF_LOST}", frozenset({OF_BOOM, OF_LOST}))
    assert Filters().clusters == frozenset()


def test_a_cluster_is_told_by_the_rules_that_its_id_was_made_with() -> None:
    text = "deployment web-app failed"
    failure, former = Failure.of(text, categorise), cluster_id_of(former_fingerprint(text))
    assert cluster_id_of(failure.fingerprint) != former
    for version, cluster in ((VERSION, cluster_id_of(failure.fingerprint)), (1, former)):
        found = Filters(cluster=cluster, cluster_version=version)
        assert (found.cluster_of(failure), found.takes("r", failure)) == (cluster, True)


def test_a_glob_that_is_the_name_of_a_run_means_that_run_alone() -> None:
    asked = Filters.of(run_id="r*")
    assert asked.settled(["r*", "r1"]).skips_run("r1") == Skip("--run-id", "not r*")
    assert asked.settled(["r1"]) == asked
    assert Filters.of(run_id="r1").settled(["r1"]) == Filters.of(run_id="r1")


def test_what_a_session_was_asked_for_is_told_apart_from_what_a_rule_keeps_from_it() -> None:
    own = [Skip(rule, "x") for rule in ("--run-id", "--exclude-run", "--category", "--cluster")]
    assert all(is_asked_for(skip) for skip in (*own, NOT_IN_PLAN))
    assert not any(is_asked_for(Skip(rule, "x")) for rule in ("--plan", "accepted", "claimed", "stop.max_repeats"))


def test_a_narrowed_cluster_is_read_by_the_rules_that_its_session_was_begun_with() -> None:
    """Its ids are among the session's own: by other rules they would name nothing."""
    begun = Filters(cluster="a" * 10 + "," + "b" * 10, cluster_version=1)
    found = begun.narrowed(Filters(cluster="a" * 10))
    assert (found.cluster, found.cluster_version) == ("a" * 10, 1)
    assert begun.narrowed(Filters()).cluster_version == 1
    assert Filters().narrowed(Filters(cluster="a" * 10, cluster_version=1)).cluster_version == 1


@pytest.mark.parametrize(
    ("text", "runs", "glob"), [("r*", ["r1"], "r*"), ("r*", ["r*", "r1"], "r[*]"), ("r", ["r"], "r"), ("[a]", [], "[a]")]
)
def test_the_name_of_a_run_is_a_glob_of_that_run_alone(text: str, runs: list[str], glob: str) -> None:
    assert to_literal(text, iter(runs)) == glob


@pytest.mark.parametrize(
    ("text", "run_id", "is_it"),
    [
        ("r*", "r1", True),
        ("r*", "R1", False),
        ("[a]", "[a]", True),
        ("[a]", "a", True),
        ("[a]", "b", False),
        ("r", "r1", False),
        ("*1", "r1\n", False),
    ],
)
def test_a_text_means_a_run_by_its_name_or_as_a_glob(text: str, run_id: str, is_it: bool) -> None:
    assert (is_meant(run_id, text), matcher(text)(run_id)) == (is_it, is_it)


@pytest.mark.parametrize(
    ("text", "has"), [("r", False), ("r*", True), ("r?", True), ("[r]", True), ("r]", False), ("", False)]
)
def test_a_text_may_be_a_glob(text: str, has: bool) -> None:
    assert has_magic(text) is has


def test_what_a_file_keeps_of_filters_says_by_which_rules_its_clusters_are_told() -> None:
    assert "cluster_version" not in Filters.of(run_id="r").as_fields()
    kept = Filters(cluster="a" * 10, cluster_version=1, exclude_runs=("x",)).as_fields()
    assert (kept["cluster"], kept["cluster_version"], kept["exclude_runs"], kept["run_id"]) == ("a" * 10, 1, ("x",), None)
