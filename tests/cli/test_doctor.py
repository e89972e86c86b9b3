"""`inv doctor` says that all is well where nothing else is to be said, in text and in JSON, and exits with the same verdict."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa

from batchdrain.cli.commands.doctor.category_checks import measure_rules
from batchdrain.failures.categories import make_own_rule
from batchdrain.failures.user_rule import OwnRule
from tests.chaos.test_taken_away import killed
from tests.support.workplace import Ran, Workplace

WELL = "All is well."
STRANGE = "a word that no row has and no CHECK of the table allows"


@pytest.fixture
def project(sqlite_project: Workplace) -> Workplace:
    sqlite_project.fail("a/p", "b/p", reason="disk full")
    return sqlite_project


def warnings(ran: Ran) -> list[str]:
    return [line.removeprefix("warn ") for line in ran.lines if line.startswith("warn ")]


def look(project: Workplace, code: int = 0) -> list[str]:
    """What doctor warns of: text, JSON, last line and exit code agree."""
    text, found = project.inv("doctor"), project.inv("doctor", "--format=json")
    rows = found.json()
    assert (text.code, found.code) == (code, code), text
    assert (text.lines[-1] == WELL) is all(row["verdict"] == "ok" for row in rows)
    said = [f"{row['check']}: {row['said']}" for row in rows if row["verdict"] == "warn" and row["ok"]]
    assert [line.partition("lease lasts")[0] for line in warnings(text)] == [
        line.partition("lease lasts")[0] for line in said
    ]
    return warnings(text)


def stand(project: Workplace, *words: str) -> None:
    """Rows with these words instead of the others."""
    project.sql("DELETE FROM phases")
    if words:
        project.add(*((f"r{place}", "p", 0, word, None) for place, word in enumerate(words)))


def test_a_sound_project_is_well(project: Workplace) -> None:
    assert look(project) == []
    assert project.inv("drain").code == 0
    project.fail("c/p")
    assert look(project) == []


def test_a_phase_that_a_dead_process_holds_is_a_warning_until_it_is_given_back(sqlite_project: Workplace) -> None:
    killed(sqlite_project)
    sqlite_project.fail("b/q")

    [told] = look(sqlite_project)

    assert told.startswith("claims: held now: ")
    assert "is dead: `inv recover` releases it" in told
    assert sqlite_project.inv("recover").code == 0
    assert look(sqlite_project) == []


def test_phases_in_quarantine_are_a_warning(project: Workplace) -> None:
    assert project.inv("drain").code == 0
    project.fail("c/p")
    project.sql("UPDATE batchdrain_claim SET orphan_count = 3 WHERE owner IS NULL")
    assert [line.partition(":")[0] for line in look(project)] == ["quarantine"]


STATES: list[tuple[dict[str, str], list[str], list[str]]] = [
    ({"failed": "BROKEN"}, ["FAILED"] * 14 + ["COMPLETE"], ["no row is 'BROKEN' (states.failed); not mapped: 'FAILED' (14 rows)"]),
    ({"failed": "BROKEN"}, ["KO", "COMPLETE"], ["no row is 'BROKEN' (states.failed); not mapped: 'KO' (1 row)"]),
    ({}, ["FAILED", "failed", "Failed "], [
        "'Failed ' (1 row), 'failed' (1 row) exist beside 1 'FAILED' (states.failed): a drain takes only that one"]),
    ({}, ["FAILED", "PENDING"], ["no row is 'QUEUED' (states.queued); not mapped: 'PENDING' (1 row)"]),
    ({}, ["FAILED", "done", "done"], [
        f"a drain writes 'COMPLETE' (states.complete), {STRANGE}; not mapped: 'done' (2 rows)"]),
    ({}, ["FAILED", "ZZ"], [
        f"a drain writes 'COMPLETE' (states.complete), {STRANGE}; not mapped: 'ZZ' (1 row)"]),
    ({}, ["FAILED", "COMPLETE", "RUNNING"], [
        f"a drain writes 'EXECUTING' (states.executing), {STRANGE}; not mapped: 'RUNNING' (1 row)"]),
    ({"failed": "failed", "complete": "done"}, ["failed", "done"], [
        f"a drain writes 'EXECUTING' (states.executing), {STRANGE}; rows have 'done' (1 row), 'failed' (1 row)"]),
    ({}, ["FAILED", "COMPLETE", "SKIPPED"], []),
    ({}, ["FAILED", "QUEUED", "EXECUTING"], ["strays"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "rows", "told"),
    STATES,
    ids=[" ".join([*map(str, words.values()), "|", *rows[-3:]]) for words, rows, _ in STATES],
)
def test_a_word_that_the_table_and_the_mapping_do_not_share_is_a_warning(
    project: Workplace, words: dict[str, str], rows: list[str], told: list[str]
) -> None:
    project.source = {"states": words}
    project.configure()
    stand(project, *rows)

    found = look(project)

    assert [line.removeprefix("states: ") for line in found if line.startswith("states: ")] == [
        one for one in told if one != "strays"
    ]
    assert any(line.startswith("strays: ") for line in found) is (told == ["strays"])


def test_a_word_that_a_check_of_the_table_names_is_known(project: Workplace) -> None:
    words = "'FAILED', 'done', 'COMPLETE', 'EXECUTING', 'QUEUED'"
    project.sql("DROP TABLE phases")
    project.sql("CREATE TABLE phases (run_id VARCHAR(9), phase_id VARCHAR(9), phase_index INTEGER, last_failure_reason TEXT, "
                f"state VARCHAR(20) CHECK (state IN ({words})), PRIMARY KEY (run_id, phase_id))")  # fmt: skip
    stand(project, "FAILED", "done")
    assert look(project) == []


def test_a_table_whose_rows_are_none_is_no_proof(project: Workplace) -> None:
    stand(project)
    assert look(project) == [
        "states: the table has no rows to compare the mapped words with",
        "writes: were not tried: no row is FAILED or QUEUED and free",
    ]


def test_writes_are_said_to_be_tried_where_they_were(project: Workplace) -> None:
    assert "(tried on a row that is failed, and rolled back)" in project.inv("doctor").out
    stand(project, "QUEUED", "FAILED")
    assert "(tried on a row that is failed and on one that is queued, and rolled back)" in project.inv("doctor").out
    stand(project, "COMPLETE")
    assert look(project) == ["writes: were not tried: no row is FAILED or QUEUED and free"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_writes_to_a_row_that_somebody_has_locked_were_not_tried(database_url: str, tmp_path: Path) -> None:
    place = Workplace(root=tmp_path, url=database_url)
    place.make_table()
    place.fail("a/p")
    place.configure(patience={"lock_s": 600, "operation_s": 600})  # it waits for none
    with place.engine.begin() as connection:
        connection.execute(sa.text("SELECT 1 FROM phases FOR UPDATE"))
        assert warnings(place.inv("doctor")) == ["writes: were not tried: no row is FAILED or QUEUED and free"]
    assert place.inv("doctor").lines[-1] == WELL


def test_a_condition_that_matches_no_row_is_a_warning(project: Workplace) -> None:
    project.source = {"where": "run_id = 'zz'"}
    project.configure()
    assert "source.where: none of the 2 rows matches the condition: a drain finds nothing" in look(project)
    project.source = {"where": "run_id = 'a'"}
    project.configure()
    assert look(project) == []
    assert "ok   source.where: 1 of 2 rows matches the condition" in project.inv("doctor").lines


RULES: list[tuple[dict[str, Any], list[str]]] = [
    ({"depends_on": [{"run": "c*", "after": ["a"]}]}, ["depends_on.0.run: 'c*': no run matches it"]),
    ({"depends_on": [{"run": "a", "after": ["b", "x-1"]}]}, ["depends_on.0.after: 'x-1': there is no such run"]),
    ({"run_types": [{"match": "b*", "type": "x"}, {"match": "q", "type": "y"}]}, ["run_types.1.match: 'q': there is no such run"]),
    ({"run_types": [{"match": "*", "type": "x"}, {"match": "a", "type": "y"}]},
     ["run_types.1: 'a': an earlier entry matches all of its runs, and the first match counts"]),
    ({"categories": [{"match": "nope", "category": "patch"}]}, ["categories.0: 'nope' has no effect on any failed phase"]),
    ({"categories": [{"match": "disk", "category": "patch"}, {"match": "full", "category": "other"}]},
     ["categories.1: 'full' has no effect on any failed phase"]),
    ({"policy": ["hints", "smart", "hints"]}, ["policy.2: 'hints' is listed before it already, so this entry has no effect"]),
    ({"profile": "throughput", "retry": {}, "timeout": {"default_s": 600}},
     ["timeout.default_s: is set to 600, so the 120 of profile throughput does not apply"]),
    ({"profile": "conservative", "retry": {"max_attempts": 2}, "timeout": {}},
     ["retry.max_attempts: is set to 2, so the 3 of profile conservative does not apply"]),
    ({"profile": "throughput", "timeout": {}, "policy": ["smart"]},
     ["policy: is set, so the order of profile throughput does not apply"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "told"), RULES, ids=[told[0].partition(" ")[0] + str(n) for n, (_, told) in enumerate(RULES)]
)
def test_a_rule_that_decides_nothing_is_a_warning(project: Workplace, settings: dict[str, Any], told: list[str]) -> None:
    project.configure(**settings)
    found = look(project)
    assert len(found) == len(told), found
    assert all(line.startswith(start) for line, start in zip(found, told, strict=True)), found


def test_an_own_rule_that_python_would_read_otherwise_is_a_warning_with_both_ways_to_write_it(project: Workplace) -> None:
    project.configure(categories=[{"match": r"disk\b.*full$", "category": "patch"}, {"match": "disk", "category": "other"}])
    found = look(project)
    assert [line.partition(" takes A-Z")[0] for line in found[1:2]] == [
        r"categories.0: 'disk\\b.*full$' means something else than in Python: \b"
    ]
    assert found[0].startswith("categories.1: 'disk' has no effect on any failed phase")
    assert found[2].endswith("$ is the end of the text, and not the place before a last newline")
    assert r"write \z, or \n?\z for both" in project.inv("doctor").out
    assert len(found) == 3


def test_own_rules_are_measured_on_a_long_text(project: Workplace) -> None:
    project.configure(categories=[{"match": "disk", "category": "patch"}])
    assert "ok   categories: a text of 64 kB takes each rule of yours less than 0.1 s" in project.inv("doctor").lines


def test_an_own_rule_that_takes_long_is_a_warning() -> None:
    times = itertools.count(0.0, 0.09)  # a rule is measured on four texts, and the clock is asked before and after
    rules = [make_own_rule("patch", "cheap")]
    (quick,) = measure_rules(rules, ["disk full"], lambda: next(times))
    (slow,) = measure_rules(rules, ["disk full"], lambda: 2 * next(times))
    assert (quick.verdict, slow.verdict) == ("ok", "warn")
    assert slow.message.startswith("'cheap' takes 0.2 s for a text of 64 kB")


def test_a_rule_is_measured_on_all_of_the_64_kb_whatever_the_texts() -> None:
    class Seen(OwnRule):
        lengths: ClassVar[list[int]] = []

        def matches(self, text: str | bytes) -> bool:
            self.lengths.append(len(text))
            return False

    for texts in ([], ["x"], ["é" * 9_000] * 20):
        list(measure_rules([Seen("patch", "a")], texts))
    assert set(Seen.lengths) == {65_536}
    assert len(Seen.lengths) == 3 + 4 + 4


def test_rules_that_decide_something_are_no_warning(project: Workplace) -> None:
    project.configure(
        depends_on=[{"run": "a", "after": ["b*"]}], run_types=[{"match": "a*", "type": "x"}, {"match": "?", "type": "y"}],
        categories=[{"match": "disk", "category": "patch"}], profile="throughput", timeout={}, retry={},
    )  # fmt: skip
    assert look(project) == []


def test_what_was_said_of_runs_that_are_not_there_is_a_warning(project: Workplace) -> None:
    for task in ("hint --priority=3", "accept"):
        for run in ("a", "zz-*"):
            assert project.inv(*task.split(), f"--run-id={run}", "--reason=x").code == 0
    assert [line.partition(";")[0] for line in look(project)] == [
        "hint: 'zz-*': no run matches it",
        "accept: 'zz-*': no run matches it",
    ]
    project.configure(policy=["smart"])
    assert "hint: the configured policy (smart) ignores hints, and the ledger has 2" in look(project)


@pytest.mark.parametrize(
    ("settings", "checks", "absent"),
    [
        ({"source": {"tabel": "jobs"}}, ["database"], "'phases'"),
        ({"source": {"table": ["jobs"]}}, ["database"], "'phases'"),
        ({"source": {"columns": {"state": 5.5}}}, ["database"], "'phases'"),
        ({"database_url": ["x"]}, ["database"], "batchdrain.db"),
        ({"command": {"grace_s": "soon"}}, ["command"], "executes"),
        ({"session_dir": 5.5}, ["session_dir"], ".autonomous_runs"),
        ({"policy": 5}, ["policy"], "policy: loads"),
        ({"categories": [{"match": "x"}]}, ["categories"], "categories: loads"),
        ({"timeout": {"min_s": 90, "max_s": 60}}, [], "was not checked"),
        ({"batch_size": "many"}, [], "was not checked"),
    ],
)
def test_what_can_not_be_read_is_not_looked_at_with_a_default_instead(
    project: Workplace, settings: dict[str, Any], checks: list[str], absent: str
) -> None:
    project.configure(**settings)

    found = look(project, 78)

    assert [line for line in found if "was not checked" in line] == [
        line for line in found if line.partition(":")[0] in checks
    ]
    assert len(found) == len(checks)
    assert absent not in "".join(line for line in project.inv("doctor").lines if not line.startswith(("FAIL", "warn")))


def test_one_bad_key_leaves_the_rest_of_its_section_and_the_environment_as_they_are(
    project: Workplace, tmp_path: Path
) -> None:
    project.configure(command={"grace": 5}, database_url="sqlite:///elsewhere.db")
    ran = project.inv("doctor", env={"INVOKE_BATCHDRAIN_DATABASE_URL": project.url, "INVOKE_BATCHDRAIN_WORKERS": "x"})
    assert ran.code == 78
    assert "2 failed, 0 queued" in ran.out
    assert "ok   writes: " in ran.out
