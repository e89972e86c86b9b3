"""Several words for a state, codes, and NULL as one: rows of each are drained, counted as one state, and given back as they were."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from tests.support.workplace import Workplace, ended, wait_for

ON_ALL = pytest.mark.everyday("sqlite", "postgresql", "mariadb")
WORDS = {"failed": ["FAILED", "ERROR"], "queued": [None, "NEW"], "executing": "RUNNING", "complete": ["OK", "SKIPPED"]}
CODES = {"failed": [4, 5], "queued": [0, 1], "executing": 2, "complete": 3}
Dump = list[tuple[Any, ...]]


def make(place: Workplace, kind: str, states: dict[str, Any], *rows: tuple[str, str, object]) -> None:
    """A table `jobs` whose state is of a kind, with rows of run, step and state: a row's note must never change."""
    place.sql(
        f"CREATE TABLE jobs (run VARCHAR(40), step VARCHAR(200), status {kind}, why VARCHAR(2000), note VARCHAR(250), "
        "PRIMARY KEY (run, step))"
    )
    for run, step, state in rows:
        values = {"run": run, "step": step, "state": state, "note": f"of {run}/{step}"}
        place.sql("INSERT INTO jobs VALUES (:run, :step, :state, 'before', :note)", [values])
    columns = {"run_id": "run", "phase_id": "step", "phase_index": None, "state": "status", "last_failure_reason": "why"}
    place.source = {"table": "jobs", "columns": columns, "states": states}
    place.configure()


def dump(place: Workplace) -> Dump:
    return place.sql("SELECT run, step, status, why, note FROM jobs ORDER BY run, step")


def stands(place: Workplace) -> dict[str, object]:
    return {f"{run}/{step}": state for run, step, state, *_ in dump(place)}


def require_others_untouched(before: Dump, after: Dump, *changed: str) -> None:
    """But for state and reason of the rows that were drained."""
    others = [row for row in before if f"{row[0]}/{row[1]}" not in changed]
    assert [row for row in after if f"{row[0]}/{row[1]}" not in changed] == others
    assert [(*row[:2], row[4]) for row in after] == [(*row[:2], row[4]) for row in before]


@ON_ALL
def test_rows_of_each_word_are_drained_and_counted_as_one_state(project: Workplace) -> None:
    rows = [("a", "p", "FAILED"), ("a", "q~fail", "ERROR"), ("b", "p", None), ("c", "p", "SKIPPED"), ("c", "q", "OK")]
    odd = [("d", "p", "NULL"), ("d", "q", "None"), ("d", "r", ""), ("d", "s", "error")]
    make(project, "VARCHAR(20)", WORDS, *rows, *odd)
    before = dump(project)

    looked, view = project.inv("doctor"), project.inv("dry-run")
    ran = project.inv("drain")

    counts = "2 failed, 1 queued, 2 complete, 4 other in 4 runs"
    assert (looked.code, counts in looked.out, counts in view.out, counts in ran.out) == (0, True, True, True), looked
    assert "'error' (1 row) exists beside 2 'FAILED' or 'ERROR' (states.failed)" in looked.out
    assert "Would drain 2 of 2" in view.out
    assert "Balance: 2 failed before + 0 new = 1 fixed + 1 still failing + 0 accepted + 0 not reached" in ran.out
    require_others_untouched(before, dump(project), "a/p", "a/q~fail")
    assert (stands(project)["a/p"], stands(project)["a/q~fail"]) == ("OK", "FAILED")
    assert [(one["initial_state"], one["final_state"]) for one in project.session()["results"]] == [
        ("FAILED", "OK"), ("ERROR", "FAILED"),
    ]  # fmt: skip


@ON_ALL
def test_a_state_that_is_null_is_queued_drained_and_written_as_a_word(project: Workplace) -> None:
    make(project, "VARCHAR(20)", WORDS, ("a", "p", None), ("a", "q", "NEW"), ("b", "p", None), ("b", "q", "NULL"))
    before = dump(project)

    ran = project.inv("drain-queued", "--run-id=a")

    assert ran.code == 0, ran
    require_others_untouched(before, dump(project), "a/p", "a/q")
    assert (stands(project)["a/p"], stands(project)["a/q"]) == ("OK", "OK")
    assert {one["initial_state"] for one in project.session()["results"]} == {"NULL", "NEW"}
    assert project.inv("list-run-counts").lines == ["b\t1\t0\t0\t1", "a\t0\t0\t2\t0"]


@ON_ALL
def test_codes_are_numbers_in_the_table_and_stay_so(project: Workplace) -> None:
    make(project, "SMALLINT", CODES, ("a", "p", 4), ("a", "q~fail", 5), ("a", "r~fail", 4), ("b", "p", 3), ("c", "p", 0))
    before = dump(project)

    ran = project.inv("drain")

    assert ran.code == 1, ran
    assert "2 failed, 0 queued" not in ran.out
    assert "3 failed, 1 queued, 1 complete, 0 other in 3 runs" in ran.out
    require_others_untouched(before, dump(project), "a/p", "a/q~fail", "a/r~fail")
    assert stands(project) == {"a/p": 3, "a/q~fail": 4, "a/r~fail": 4, "b/p": 3, "c/p": 0}


@ON_ALL
def test_the_word_that_is_written_may_be_another_than_the_first_and_null(project: Workplace) -> None:
    states = {**WORDS, "queued": "NEW", "failed": {"read": ["FAILED", "ERROR"], "write": "ERROR"},
              "complete": {"read": ["OK"], "write": None}}  # fmt: skip
    make(project, "VARCHAR(20)", states, ("a", "p", "FAILED"), ("a", "q~fail", "FAILED"), ("b", "p", "FAILED"))
    project.configure(depends_on=[{"run": "b", "after": ["a"]}])
    project.inv("drain", "--run-id=a")
    assert stands(project) == {"a/p": None, "a/q~fail": "ERROR", "b/p": "FAILED"}

    project.sql("UPDATE jobs SET status = 'OK' WHERE step = 'q~fail'")
    ran = project.inv("drain", "--run-id=b")  # NULL and OK are complete: nothing of run a is unfinished

    assert (ran.code, stands(project)["b/p"]) == (0, None), ran


@ON_ALL
@pytest.mark.parametrize("word", ["ERROR", None, "NULL", ""], ids=repr)
def test_a_phase_that_a_killed_drain_held_gets_back_its_own_word(project: Workplace, word: str | None) -> None:
    states = {"failed": ["FAILED", "ERROR", None, "NULL", ""], "executing": "RUNNING"}
    make(project, "VARCHAR(20)", states, ("a", "p~hang", word), ("b", "p", "OTHER"))
    before = dump(project)
    drain = project.start("drain")
    wait_for(lambda: stands(project)["a/p~hang"] == "RUNNING", "the phase to be claimed")
    drain.send_signal(signal.SIGKILL)
    drain.communicate()
    view = project.inv("dry-run")

    ran = project.inv("recover")

    assert "1 recovered, 0 still held." in ran.out, ran
    assert f"it is {'NULL' if word is None else repr(word) if word == 'NULL' else word} then" in view.out
    assert dump(project) == before
    assert project.sql("SELECT initial_state, outcome FROM batchdrain_attempt") == [
        ("NULL" if word is None else "'NULL'" if word == "NULL" else word, "orphaned")
    ]


@ON_ALL
def test_a_phase_that_is_interrupted_gets_back_its_own_word_and_is_resumed(project: Workplace) -> None:
    go = project.root / "go"
    make(project, "VARCHAR(20)", WORDS, ("a", f"p~while={go}", "ERROR"))
    go.touch()
    before, name = dump(project), f"a/p~while={go}"
    drain = project.start("drain")
    wait_for(lambda: stands(project)[name] == "RUNNING", "the phase to be claimed")
    wait_for((project.root / "witness.txt").exists, "the command to begin")
    drain.send_signal(signal.SIGINT)
    ended(drain)
    assert dump(project) == before
    go.unlink()

    ran = project.inv("resume")

    assert (ran.code, stands(project)[name]) == (0, "OK"), ran
    assert "Balance: 1 failed before + 0 new = 1 fixed" in project.inv("summary").out


@ON_ALL
def test_each_word_of_complete_counts_where_the_command_sets_states(project: Workplace) -> None:
    make(project, "VARCHAR(20)", WORDS, ("a", "p", "ERROR"), ("b", "p", "FAILED"), ("c", "p", "NEW"))
    write = (
        "import os, sqlalchemy as sa\n"
        "state = {'a': 'SKIPPED', 'b': None, 'c': None}[os.environ['BATCHDRAIN_RUN_ID']]\n"
        "with sa.create_engine(os.environ['WHERE']).begin() as connection:\n"
        "    connection.execute(sa.text('UPDATE jobs SET status = :s WHERE run = :r'), "
        "{'s': state, 'r': os.environ['BATCHDRAIN_RUN_ID']})\n"
    )
    (project.root / "sets.py").write_text(write)
    command = {"argv": ["{python}", "sets.py"], "result_from": "database", "settle_s": 0}
    project.configure(command=command)

    ran = project.inv("drain", env={"WHERE": project.url})

    assert (ran.code, stands(project)) == (1, {"a/p": "SKIPPED", "b/p": "FAILED", "c/p": "NEW"}), ran
    assert "the phase is NULL, not OK or SKIPPED" in ran.out  # NULL is queued: it is given back from there


def test_a_number_and_a_text_that_is_spelt_so_are_given_back_as_they_were(sqlite_project: Workplace) -> None:
    """A column of SQLite without a type holds both."""
    states = {"failed": ["4", 5], "executing": "RUNNING", "complete": "OK"}
    make(sqlite_project, "", states, ("a", "p~hang", 4), ("b", "p~hang", "4"), ("c", "p~fail", 5), ("d", "p~fail", "5"))
    before = dump(sqlite_project)
    for run in "ab":
        drain = sqlite_project.start("drain", f"--run-id={run}")
        wait_for(lambda: "RUNNING" in stands(sqlite_project).values(), "the phase to be claimed")
        drain.send_signal(signal.SIGKILL)
        drain.communicate()
        assert "1 recovered, 0 still held." in sqlite_project.inv("recover").out

    assert dump(sqlite_project) == before
    assert [type(state) for state in stands(sqlite_project).values()] == [int, str, int, str]
    for run in "cd":  # what fails again is written with the type that it had
        assert sqlite_project.inv("drain", f"--run-id={run}").code == 1
    assert list(stands(sqlite_project).values()) == [4, "4", 4, "4"]


BOOLEANS = {"sqlite": "BOOLEAN", "postgresql": "BOOLEAN", "mariadb": "BOOL"}


@ON_ALL
def test_a_boolean_column_is_explained_in_words(project: Workplace) -> None:
    kind = BOOLEANS["postgresql"]
    make(project, kind, {}, ("a", "p", False), ("b", "p", True))

    ran, looked = project.inv("drain"), project.inv("doctor")

    assert (ran.code, looked.code) == (78, 78)
    assert "batchdrain.source.states.failed: 'FAILED' is no value of the boolean column 'status'" in ran.err
    assert "is no value of the boolean column" in looked.out
    holds = "only true and false" if "postgresql" in project.url else "true as 1 and false as 0"
    assert f"it holds {holds}" in ran.err


@pytest.mark.everyday("sqlite", "mariadb")
@pytest.mark.parametrize("on", ["sqlite", "mariadb"])
def test_a_boolean_column_that_holds_numbers_works_with_codes(
    request: pytest.FixtureRequest, tmp_path: Path, on: str
) -> None:
    place = Workplace(root=tmp_path, url=request.getfixturevalue(f"{on}_url"))
    states = {"failed": 0, "queued": [None], "executing": 2, "complete": 1}
    make(place, "BOOL", states, ("a", "p", 0), ("a", "q~fail", 0), ("b", "p", 1), ("c", "p", None))
    before = dump(place)

    ran = place.inv("drain")

    assert "2 failed, 1 queued, 1 complete, 0 other" in ran.out
    require_others_untouched(before, dump(place), "a/p", "a/q~fail")
    assert stands(place) == {"a/p": 1, "a/q~fail": 0, "b/p": 1, "c/p": None}


@ON_ALL
def test_null_is_not_written_to_a_column_that_takes_none(project: Workplace) -> None:
    states = {"complete": {"read": ["OK"], "write": None}}
    make(project, "VARCHAR(20) NOT NULL", states, ("a", "p", "FAILED"))
    ran = project.inv("drain")
    assert (ran.code, "states.complete: NULL can't be written: the column 'status' is NOT NULL" in ran.err) == (78, True), ran


def test_a_boolean_of_postgresql_works_where_the_command_sets_it(tmp_path: Path, postgresql_url: str) -> None:
    place = Workplace(root=tmp_path, url=postgresql_url)
    states = {"failed": "false", "queued": [None], "complete": "true"}
    make(place, "BOOLEAN", states, ("a", "p", False), ("a", "q", False), ("b", "p", True), ("c", "p", None))
    (place.root / "sets.py").write_text(
        "import os, sqlalchemy as sa\n"
        "with sa.create_engine(os.environ['WHERE']).begin() as connection:\n"
        "    connection.execute(sa.text('UPDATE jobs SET status = true WHERE step = :s AND run = :r'), "
        "{'s': 'p', 'r': os.environ['BATCHDRAIN_RUN_ID']})\n"
    )
    place.configure(command={"argv": ["{python}", "sets.py"], "result_from": "database", "settle_s": 0})

    looked, ran = place.inv("doctor"), place.inv("drain", env={"WHERE": place.url})

    assert (looked.code, ran.code) == (0, 1), (looked, ran)
    assert "2 failed, 1 queued, 1 complete, 0 other" in ran.out
    assert stands(place) == {"a/p": True, "a/q": False, "b/p": True, "c/p": None}
