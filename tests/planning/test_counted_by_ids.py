"""At the end of a session its backlog is counted by ids alone, and the count is that of a reading with all texts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchdrain.config.settings import Settings
from batchdrain.database.ledger.history import Past
from batchdrain.database.phases.pages import Page
from batchdrain.database.phases.singly import Unreadable
from batchdrain.failures.categories import categorise
from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.model.states import PhaseState
from batchdrain.planning.acceptances import Acceptance, Acceptances, Subject
from batchdrain.planning.filters import Filters
from batchdrain.planning.planner import Selection
from batchdrain.planning.reading import Reading
from batchdrain.planning.skip_rules import SkipRules
from batchdrain.planning.stop import Progress
from batchdrain.planning.verdicts import Verdict, VerdictKind
from batchdrain.runtime import clock
from tests.planning.backlogs import NOW, backlog_of
from tests.support.opened import opened
from tests.support.workplace import Workplace

IDS = st.sampled_from(["r", "s", "t", "a~b", "ä", "é" * 40, "x" * 1_200, "y" * 100_001, "", None])
KEYS = st.builds(PhaseKey, st.sampled_from(["r", "s", "ä"]), st.sampled_from(["r", "s", "t"]))
ROWS = st.lists(
    st.tuples(
        IDS, IDS, st.none() | st.integers(-3, 3), st.sampled_from(["FAILED"] * 6 + ["QUEUED", "COMPLETE"]),
        st.sampled_from([None, "", "boom", "connection reset by peer", "b\nc", "z" * 5_000]),
    ),
    max_size=25,
)  # fmt: skip
FILTERS = st.builds(
    Filters.of,
    run_id=st.sampled_from([None, None, "r", "[rs]"]),
    exclude_runs=st.sampled_from([(), (), ("s",)]),
    categories=st.sampled_from([(), (), (), ("other",)]),
)
STOP = st.fixed_dictionaries(
    {
        "skip_runs_with_queued": st.booleans(),
        "max_timeouts_per_run": st.integers(0, 2),
        "max_repeats": st.sampled_from([0, 3]),
    }
)


def verdict(key: PhaseKey) -> Verdict:
    return Verdict(key=key, kind=VerdictKind.HOPELESS, reason="no use", until=NOW, fingerprint="boom", attempts=0)


def accepted(key: PhaseKey) -> Acceptance:
    return Acceptance(subject=Subject(run_id=key.run_id, phase_id=key.phase_id), reason="known")


RULES = st.fixed_dictionaries(
    {
        "attempted": st.frozensets(KEYS, max_size=3),
        "passed_over": st.dictionaries(KEYS, st.just(Skip("claimed", "by somebody")), max_size=2),
        "verdicts": st.just({}) | st.dictionaries(KEYS, st.just(None), max_size=2).map(lambda found: {key: verdict(key) for key in found}),
        "accepted": st.none() | st.lists(KEYS.map(accepted), max_size=2).map(Acceptances),
        "progress": st.sampled_from([Progress(), Progress(timeouts={"r": 2}), Progress(repeats={"boom": 3})]).map(lambda found: lambda: found),
    }
)  # fmt: skip
NAMED = st.frozensets(KEYS, max_size=3).map(lambda keys: frozenset((key.run_id, key.phase_id) for key in keys))


@pytest.fixture(params=("sqlite", "postgresql"))
def place(request: pytest.FixtureRequest) -> Workplace:
    """Its table has no key, so that ids may be NULL, and several rows may have the same."""
    found: Workplace = request.getfixturevalue("sqlite_project" if request.param == "sqlite" else "on_postgresql")
    found.sql("DROP TABLE phases")
    found.sql("CREATE TABLE phases (run_id TEXT, phase_id TEXT, phase_index INTEGER, state TEXT, last_failure_reason TEXT)")
    return found


@pytest.fixture
def on_postgresql(tmp_path: Any, postgresql_url: str) -> Workplace:
    root = tmp_path / "project"
    root.mkdir()
    place = Workplace(root=root, url=postgresql_url)
    place.make_table()
    return place


@hypothesis.settings(max_examples=30, deadline=None, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
@given(ROWS, FILTERS, STOP, RULES, NAMED)
def test_a_count_by_ids_is_the_count_of_a_reading_with_texts(
    place: Workplace, rows: list[Any], filters: Filters, stop: dict[str, Any], rules: dict[str, Any], named: frozenset[Any]
) -> None:
    place.sql("DELETE FROM phases")
    if rows:
        place.add(*rows)
    with opened(place, stop=stop) as project:
        selection = Selection(store=project.store, settings=project.settings, filters=filters, state=PhaseState.FAILED)

        def count(*, has_unreadable: bool) -> Any:
            found = selection.reading()
            assert found.ids is not None
            seen = replace(found.rules, **rules, past=replace(found.rules.past, names=named))
            return replace(found, rules=seen).count(categorise, has_unreadable=has_unreadable)

        assert count(has_unreadable=False) == count(has_unreadable=True)


def two_streams(read: list[str], rules: SkipRules, reason: str | None = "boom") -> Reading:
    """Notes which of its streams was read."""

    def stream(name: str, page: Page) -> Iterator[Page]:
        read.append(name)
        yield page

    pages, ids = Page.of([("r", "p", 0, reason)]), Page.of_ids([("r", "p")])
    return Reading(pages=stream("texts", pages), ids=stream("ids", ids), rules=rules)


@pytest.mark.parametrize(
    ("rules", "read"),
    [
        ({}, "ids"),
        ({"filters": Filters.of(run_id="r", exclude_runs=["s"])}, "ids"),
        ({"attempted": {PhaseKey("r", "p")}}, "ids"),
        ({"accepted": Acceptances([accepted(PhaseKey("r", "p"))])}, "ids"),
        ({"progress": lambda: Progress(timeouts={"r": 9}, repeats={"boom": 1})}, "ids"),
        ({"filters": Filters.of(categories=["other"])}, "texts"),
        ({"filters": Filters.of(cluster="0123456789")}, "texts"),
        ({"accepted": Acceptances([Acceptance(subject=Subject(cluster="0123456789"), reason="known")])}, "texts"),
        ({"progress": lambda: Progress(repeats={"boom": 3})}, "texts"),
        ({"verdicts": {PhaseKey("r", "p"): verdict(PhaseKey("r", "p"))}}, "texts"),
    ],
    ids=["nothing", "runs", "results", "a phase is accepted", "a run is stopped", "categories", "a cluster", "a cluster is accepted",
         "a cluster is parked", "a diagnosis"],
)  # fmt: skip
def test_texts_are_read_where_a_rule_looks_at_one(rules: dict[str, Any], read: str) -> None:
    found = list[str]()
    settings = Settings.model_validate({"stop": {"max_repeats": 3}})
    seen = SkipRules(**{"filters": Filters(), "settings": settings, "past": Past(), **rules})
    two_streams(found, seen).count(categorise, has_unreadable=False)
    assert found == [read]


@pytest.mark.parametrize(("reason", "then"), [("boom", "ids"), (Unreadable("r / p: can't be read: damaged"), "texts")])
def test_texts_are_read_as_long_as_one_could_not_be_read(reason: str, then: str) -> None:
    found = list[str]()
    backlog = backlog_of([])
    backlog._read = lambda: two_streams(found, SkipRules(filters=Filters(), settings=Settings(), past=Past()), reason)
    backlog.count()
    backlog.refresh(NOW)
    backlog.count()
    assert found == ["texts", "texts", then]


HELD = "CREATE TABLE held (run_id TEXT, phase_id TEXT, phase_index INTEGER, state TEXT, note TEXT"
WHY = "json_extract(note, '$.why')"
SHAPES = {
    "a table": ("CREATE TABLE phases (run_id TEXT, phase_id TEXT, phase_index INTEGER, state TEXT, last_failure_reason TEXT)",),
    "a computed column": (
        f"{HELD}, last_failure_reason TEXT GENERATED ALWAYS AS ({WHY}) VIRTUAL)", "ALTER TABLE held RENAME TO phases",
    ),
    "a view": (
        f"{HELD})", f"CREATE VIEW phases AS SELECT run_id, phase_id, phase_index, state, {WHY} AS last_failure_reason FROM held",
    ),
}  # fmt: skip


@contextmanager
def selecting(place: Workplace, shape: str) -> Iterator[Selection]:
    place.sql("DROP TABLE phases")
    for statement in SHAPES[shape]:
        place.sql(statement)
    with opened(place, command={"result_from": "database"}) as project:
        yield Selection(store=project.store, settings=project.settings, filters=Filters(), state=PhaseState.FAILED)


@pytest.mark.parametrize(("shape", "is_enough"), [("a table", True), ("a computed column", False), ("a view", False)])
def test_ids_are_enough_only_where_texts_are_stored(sqlite_project: Workplace, shape: str, is_enough: bool) -> None:
    with selecting(sqlite_project, shape) as selection:
        assert (selection.reading().ids is not None) is is_enough


def test_a_text_that_has_become_unreadable_in_a_view_does_not_wait(sqlite_project: Workplace) -> None:
    write = "INSERT INTO held (run_id, phase_id, phase_index, state, note) VALUES"
    with selecting(sqlite_project, "a view") as selection:
        sqlite_project.sql(f"""{write} ('r', 'good', 0, 'FAILED', '{{"why": "boom"}}')""")
        backlog = selection.backlog()
        backlog.refresh(clock.now())
        sqlite_project.sql(f"{write} ('r', 'bad', 1, 'FAILED', 'no json')")
        found = backlog.count()
    assert (found.waiting, [skip.rule for skip in found.skipped]) == (1, ["bad data"])
