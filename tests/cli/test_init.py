"""`inv init` writes what it knows, says what it does not, and what it writes is refused until it is made one's own."""

from __future__ import annotations

from typing import Any

import pytest
from invoke.vendor import yaml

from batchdrain.cli.commands.init.guess import guess_columns, guess_states
from tests.support.workplace import Ran, Workplace

safe_load: Any = yaml.safe_load


def begun(project: Workplace, *argv: str) -> tuple[Ran, dict[str, Any]]:
    (project.root / "invoke.yaml").unlink()
    ran = project.inv("init", f"--database-url={project.url}", *argv)
    assert ran.code == 0, ran.err
    return ran, safe_load((project.root / "invoke.yaml").read_text())["batchdrain"]


def own_command(project: Workplace) -> None:
    path = project.root / "invoke.yaml"
    path.write_text(path.read_text().replace("-m, myproject.work", "-c, pass"))


def test_a_column_that_is_not_there_is_null_and_said(project: Workplace) -> None:
    project.sql("CREATE TABLE jobs (run_id VARCHAR(20), task VARCHAR(20), status VARCHAR(20), PRIMARY KEY (run_id, task))")
    project.sql("INSERT INTO jobs VALUES ('r', 'a', 'failed')")

    ran, section = begun(project, "--table=jobs")

    assert section["source"]["columns"] == {
        "run_id": "run_id", "phase_id": "task", "phase_index": None, "state": "status", "last_failure_reason": None,
        "updated_at": None,
    }  # fmt: skip
    for name in ("phase_index", "last_failure_reason", "updated_at"):
        assert f"  ! no column looks like {name}, so it is null" in ran.out
        assert f"{name}: null   # no column looks like it: name yours" in (project.root / "invoke.yaml").read_text()
    own_command(project)
    assert project.inv("doctor").code == 0
    assert project.inv("drain").code == 0


@pytest.mark.parametrize("name", ["modified", "changed", "modified_at", "changed_at", "last_modified", "mtime"])
def test_names_of_the_time_of_a_change_are_known(name: str) -> None:
    columns = ["run_id", "phase_id", "state", "error", name]
    assert guess_columns(columns)["updated_at"] == name
    assert guess_columns([*columns[:4], "has_changed"])["updated_at"] is None


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (["todo", "working", "crashed", "ok"], {"failed": "crashed", "queued": "todo", "executing": "working", "complete": "ok"}),
        (["Waiting", "Locked", "Errored", "Passed"],
         {"failed": "Errored", "queued": "Waiting", "executing": "Locked", "complete": "Passed"}),
        (["broken", "scheduled", "finished"],
         {"failed": "broken", "queued": "scheduled", "executing": None, "complete": "finished"}),
    ],
)  # fmt: skip
def test_of_an_enum_only_its_own_words_are_guessed(values: list[str], words: dict[str, str | None]) -> None:
    found, sure = guess_states(values, are_all=True)
    assert found == words
    assert sure == {ours for ours, word in words.items() if word is not None}


@pytest.mark.parametrize("database_url", ["postgresql", "mariadb"], indirect=True)
def test_a_state_that_no_word_of_the_enum_looks_like_is_left_to_people(project: Workplace) -> None:
    words = "('broken', 'todo', 'ok', 'odd')"
    kind = f"ENUM {words}"
    if project.url.startswith("postgresql"):
        project.sql(f"CREATE TYPE mood AS ENUM {words}")
        kind = "mood"
    project.sql(f"CREATE TABLE steps (run_id VARCHAR(20), step VARCHAR(20), pos INT, status {kind}, error TEXT, mtime TIMESTAMP, "
             "PRIMARY KEY (run_id, step))")  # fmt: skip

    ran, section = begun(project, "--table=steps")

    assert section["source"]["states"] == {"failed": "broken", "queued": "todo", "complete": "ok"}
    assert "  ! none of the words that the state may have looks like executing" in ran.out
    assert 'name one of them: "broken", "todo", "ok", "odd"' in (project.root / "invoke.yaml").read_text()


@pytest.mark.parametrize("task", ["doctor", "drain"])
def test_the_command_of_the_example_is_refused(sqlite_project: Workplace, task: str) -> None:
    begun(sqlite_project)
    sqlite_project.fail("r/a", reason="the true reason")

    ran = sqlite_project.inv(task)

    assert ran.code == 78
    assert (
        "batchdrain.command.argv.2: myproject.work is the example of `inv init`: name your own command" in ran.out + ran.err
    )
    assert sqlite_project.phases() == {"r/a": ("FAILED", "the true reason")}


def test_whoever_has_made_the_module_of_the_example_may_use_it(sqlite_project: Workplace) -> None:
    begun(sqlite_project)
    sqlite_project.fail("r/a")
    (sqlite_project.root / "myproject").mkdir()
    (sqlite_project.root / "myproject" / "work.py").touch()

    assert sqlite_project.inv("drain").code == 0
    assert sqlite_project.states() == {"r/a": "COMPLETE"}


def test_the_diagnosis_of_the_example_is_refused(sqlite_project: Workplace) -> None:
    sqlite_project.configure(triage={"argv": ["{python}", "-m", "myproject.diagnose"]})
    sqlite_project.fail("r/a")

    ran = sqlite_project.inv("triage")

    assert (ran.code, "triage.argv.2: myproject.diagnose is the example" in ran.err) == (78, True)
