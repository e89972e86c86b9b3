"""`inv init` writes what it knows, says what it does not, and what it writes is refused until it is made one's own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from invoke.vendor import yaml

from batchdrain.config.load import Override, load
from batchdrain.config.profiles import PROFILES
from batchdrain.config.settings import Settings
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
        "phase_id": "task", "phase_index": None, "state": "status", "last_failure_reason": None,
    }  # fmt: skip
    for name in ("phase_index", "last_failure_reason", "updated_at"):
        assert f"  ! no column looks like {name}, so it is null" in ran.out
        assert f"{name}: null   # no column looks like it: name yours" in (project.root / "invoke.yaml").read_text()
    own_command(project)
    assert project.inv("doctor").code == 0
    assert project.inv("drain").code == 0


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


def test_only_what_differs_from_the_defaults_is_set(sqlite_project: Workplace) -> None:
    sqlite_project.add(*(("r", word, 0, word, None) for word in ("FAILED", "QUEUED", "EXECUTING", "COMPLETE")))

    _, section = begun(sqlite_project)

    assert set(section) == {"database_url", "command"}
    assert set(section["command"]) == {"argv"}


@pytest.mark.parametrize(
    ("profile", "limit", "attempts"), [("throughput", 120, 2), ("conservative", 1800, 3), ("triage", 600, 1)]
)
def test_no_profile_is_defeated_by_what_was_written(
    sqlite_project: Workplace, profile: str, limit: float, attempts: int
) -> None:
    _, section = begun(sqlite_project)
    settings = load(section, {}, [Override("--profile", ("profile",), profile)])
    assert (settings.timeout.default_s, settings.retry.max_attempts) == (limit, attempts)


def test_the_defaults_stand_beside_it_as_comments_that_are_true(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a")
    begun(sqlite_project)
    path = sqlite_project.root / "invoke.yaml"
    lines = [re.sub(r"^( *)# ", r"\1", line) for line in path.read_text().splitlines()[1:]]
    section = safe_load("\n".join(lines))["batchdrain"]

    assert {"batch_size", "workers", "profile", "source", "timeout", "retry"} < set(section)
    set_all, set_few = load(section, {}), load(safe_load(path.read_text())["batchdrain"], {})
    assert set_all == set_few


def test_a_mapping_of_which_nothing_differs_is_a_comment_as_a_whole_and_one_that_differs_holds_that_alone(
    sqlite_project: Workplace,
) -> None:
    sqlite_project.sql("ALTER TABLE phases RENAME COLUMN state TO status")
    sqlite_project.sql(
        "INSERT INTO phases (run_id, phase_id, phase_index, status) VALUES ('r', 'a', 0, 'FAILED'), ('r', 'b', 1, 'DONE')"
    )
    _, section = begun(sqlite_project)
    assert section["source"] == {"columns": {"state": "status"}, "states": {"complete": "DONE"}}


@pytest.mark.parametrize(
    ("tables", "lack"),
    [
        (["jobs (build TEXT, task TEXT, foo TEXT)"], "'jobs' is the closest match, and no column of it looks like state (columns: build, task, foo)"),
        (["a (x TEXT)", "b (run_id TEXT, state TEXT)"], "'b' is the closest match, and no column of it looks like phase_id (columns: run_id, state)"),
        (["b (zz TEXT, state TEXT)"], "'b' is the closest match, and no column of it looks like phase_id (columns: zz, state)"),
        (["a (x TEXT)", "b (y TEXT)"], "no column of any looks like a phase or its state (tables: a, b)"),
        ([], "it has no tables"),
    ],
)  # fmt: skip
def test_whoever_gives_up_says_what_single_thing_was_missing(sqlite_project: Workplace, tables: list[str], lack: str) -> None:
    (sqlite_project.root / "invoke.yaml").unlink()
    sqlite_project.sql("DROP TABLE phases")
    for table in tables:
        sqlite_project.sql(f"CREATE TABLE {table}")

    ran = sqlite_project.inv("init", f"--database-url={sqlite_project.url}")

    assert (ran.code, f"looks like one of phases: {lack}; name it with --table" in ran.err) == (78, True), ran.err
    assert not (sqlite_project.root / "invoke.yaml").exists()


@pytest.mark.parametrize("page", ["README.md", "docs/configuration.md", "docs/choosing.md", "docs/operations.md"])
def test_no_example_that_is_shown_repeats_a_default_that_a_profile_would_change(page: str) -> None:
    text = (Path(__file__).parents[2] / page).read_text()
    for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL):
        section = (safe_load(block) or {}) if ":" in block else {}
        section = section.get("batchdrain", {}) if isinstance(section, dict) else {}
        for limits in PROFILES.values():
            for key, values in limits.items():
                given = getattr(load(section, {}), key)
                for name in values if isinstance(values, dict) else ():
                    repeats = name in section.get(key, {}) and getattr(given, name) == getattr(getattr(Settings(), key), name)
                    assert not repeats, (page, key, name)
