"""Where a failure text goes is the same whatever stands beside it on its page, and whichever way the driver gives it."""

from __future__ import annotations

from typing import Any

import pytest

from batchdrain.config.settings import Settings
from batchdrain.database.ledger.history import Past
from batchdrain.database.phases.singly import Unreadable
from batchdrain.failures.categories import categorise
from batchdrain.failures.fingerprints import cluster_id_of, fingerprint
from batchdrain.model.phase import Skip
from batchdrain.planning.filters import Filters
from batchdrain.planning.lane_names import LaneNames
from batchdrain.planning.skip_rules import SkipRules
from batchdrain.planning.stop import Progress

PARKED = Skip("stop.max_repeats", "3 equal failures: boom")
TEXTS = {
    "boom": "other",
    None: "unknown",
    "": "unknown",
    "s3cret by peer": "transient",
    7: "other",
    b"timed out": "timeout",
    2.5: "other",
}
TORN = Unreadable("r / p: no text, s3cret")
TORN_SKIP = Skip("bad data", "r / p: no text, connection reset")


def names_of(
    *, counts_only: bool = False, filters: Filters | None = None, repeats: dict[str, int] | None = None
) -> LaneNames:
    rules = SkipRules(
        filters=filters or Filters(), settings=Settings(), past=Past(), progress=lambda: Progress(repeats=repeats or {})
    )
    return LaneNames(rules, categorise, lambda text: text.replace("s3cret", "connection reset"), counts_only=counts_only)


def named(names: LaneNames, page: list[Any]) -> list[Any]:
    return list(names.of_all(page, set(map(type, page))))


@pytest.mark.parametrize("with_torn", [False, True])
@pytest.mark.parametrize(
    "page", [["boom"], ["boom", "s3cret by peer", ""], [None, None], ["boom", None, "s3cret by peer", "boom"], [b"timed out", "boom"], [*TEXTS]], ids=str
)  # fmt: skip
def test_a_text_goes_to_its_category_and_secrets_are_gone_before_it_is_read(page: list[Any], *, with_torn: bool) -> None:
    expected: list[Any] = [TEXTS[text] for text in page]
    if with_torn:
        page, expected = [*page, TORN], [*expected, TORN_SKIP]
    for names in (names_of(), names_of(counts_only=True, filters=Filters(categories=tuple(sorted({*TEXTS.values()}))))):
        assert named(names, page) == expected
        assert named(names, page) == expected, "what is known of a text is the same"
        assert names.matter
    parked = [PARKED if text == "boom" else name for text, name in zip(page, expected, strict=True)]
    for counts_only in (False, True):
        assert named(names_of(counts_only=counts_only, repeats={"boom": 3}), page) == parked


def test_where_no_text_matters_no_category_is_worked_out() -> None:
    names = names_of(counts_only=True)
    assert (names.matter, names.has_categories) == (False, False)
    assert named(names, ["boom", None]) == ["", ""]
    assert named(names, ["boom", TORN, 7]) == ["", TORN_SKIP, ""]


def test_a_filter_leaves_out_what_is_of_another_category_or_cluster() -> None:
    by_category = names_of(filters=Filters(categories=("transient",)))
    assert named(by_category, ["boom", "s3cret by peer"]) == [
        Skip("--category", "is other, not transient"),
        "transient",
    ]
    cluster = cluster_id_of(fingerprint("boom"))
    by_cluster = names_of(counts_only=True, filters=Filters(cluster=cluster))
    assert named(by_cluster, ["boom", None]) == ["other", Skip("--cluster", f"not {cluster}")]
    assert by_cluster.seen.clusters == {cluster}


def test_what_was_known_of_texts_is_forgotten_after_the_last_page() -> None:
    asked: list[str | None] = []

    def note(text: str | None) -> str:
        asked.append(text)
        return "other"

    names = LaneNames(SkipRules(filters=Filters(), settings=Settings(), past=Past()), note, str, counts_only=False)
    for _ in range(2):
        named(names, ["boom"] * 3)
    assert asked == ["boom"]
    names.forget()
    named(names, ["boom"])
    assert asked == ["boom", "boom"]
