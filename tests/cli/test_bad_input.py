"""What people get wrong: one line that names the place and the cure, an exit code, and nothing changed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.telling import SECRET, told
from tests.support.workplace import INV, Workplace


@pytest.mark.parametrize(
    ("argv", "part"),
    [
        (["drain", "--batch-size=0"], "--batch-size: "),
        (["drain", "--batch-size=ten"], "--batch-size: expected a whole number"),
        (["drain", "--phase-timeout=inf"], "--phase-timeout: expected a duration"),
        (["drain", "--category=nope"], "--category: expected unknown, transient"),
        (["drain", "--policy=smrt"], "--policy: 'smrt' is not known (did you mean 'smart'?)"),
        (["drain", "--engine=cloud"], "--engine: 'cloud' is not known"),
        (["drain", "--plan=missing.json"], "--plan: missing.json: No such file"),
        (["resume", "--session-id=../../etc/passwd"], "is no session id"),
        (["resume", "--session-id=batch-drain-1"], "there is no session batch-drain-1"),
        (["resume", "--batch-size=-1"], "--batch-size: must be at least 1, got '-1'"),
        (["summary", "--session-id=nope"], "there is no session nope"),
        (["summary"], "there is no session in"),
        (["pick-next-run", "--state=done"], "--state: expected any, queued or failed, got 'done'"),
        (["list-run-counts", "--format=xml"], "--format: expected tsv, json or text, got 'xml'"),
        (["demo", "--phases=0"], "--phases: expected a whole number"),
        (["init", "--database-url="], "--database-url: is empty"),
    ],
)
def test_a_wrong_flag_is_named(sqlite_project: Workplace, argv: list[str], part: str) -> None:
    sqlite_project.fail("r/a")
    code = 78 if part.startswith("has a") else 2
    told(sqlite_project.inv(*argv), code, part)
    assert sqlite_project.states() == {"r/a": "FAILED"}
    assert not sqlite_project.sessions.exists()


@pytest.mark.parametrize(
    ("section", "env", "part"),
    [
        ({"batch_sise": 3}, {}, "batchdrain.batch_sise: is not a known key (did you mean 'batch_size'?)"),
        ({"command": {"argv": []}}, {}, "batchdrain.command.argv: is empty"),
        ({"command": {"argv": "echo hi"}}, {}, "batchdrain.command.argv: write a list: [a, b], got 'echo hi'"),
        ({"command": {"argv": ["echo", "{0.__class__}"]}}, {}, "{0.__class__} is no placeholder"),
        ({"command": {"argv": ["echo", "{run_id"]}}, {}, "a single '{' in '{run_id'"),
        ({"source": {"table": "phasen"}}, {}, "'phasen' is not in database"),
        ({"source": {"columns": {"run_id": "rum_id", "state": "staat"}}}, {}, "has no column 'rum_id' (did you mean 'run_id'?)"),
        ({"source": {"states": {"failed": False}}}, {}, "quote it"),
        ({"source": {"where": "no such sql"}}, {}, "batchdrain.source.where: near"),
        ({"source": {"where": "1=1) or (1=1"}}, {}, "batchdrain.source.where: has a parenthesis without its other half"),
        ({"source": {"where": "note = ')' or (1=1"}}, {}, "batchdrain.source.where: has a parenthesis without its other half"),
        ({"source": {"where": "note = 'it's'"}}, {}, "batchdrain.source.where: has a quote that is not closed"),
        ({"depends_on": [{"run": "*", "after": ["*"]}]}, {}, "runs wait for each other: r -> r"),
        ({"categories": [{"match": "(", "category": "patch"}]}, {}, "batchdrain.categories.0: '(' is no regular expression"),
        ({"categories": [{"match": "a(?=b)", "category": "patch"}]}, {}, "batchdrain.categories.0: 'a(?=b)' has a look-ahead, (?=...)"),
        ({"categories": [{"match": "x", "category": "patch"}, {"match": "full\\Z", "category": "other"}]}, {}, "write \\z for the end"),
        ({}, {"INVOKE_BATCHDRAIN_BATCH_SIZE": "ten"}, "INVOKE_BATCHDRAIN_BATCH_SIZE: expected a whole number"),
        ({"policy": ["smart"]}, {"INVOKE_BATCHDRAIN_POLICY": "os:getcwd"}, "not accepted from the environment"),
        ({"database_url": "not a url"}, {}, "database_url: is not a database URL"),
        ({"database_url": "sqlite:///missing.db"}, {}, "does not exist"),
        ({"database_url": "oracle://u:p@h/d"}, {}, "database_url: no driver for oracle"),
    ],
)  # fmt: skip
def test_a_wrong_configuration_is_told_with_its_place(
    sqlite_project: Workplace, section: dict[str, Any], env: dict[str, str], part: str
) -> None:
    sqlite_project.fail("r/a")
    sqlite_project.configure(**section)
    told(sqlite_project.inv("drain", env=env), 78, part)
    assert sqlite_project.states() == {"r/a": "FAILED"}
    assert not (sqlite_project.root / "missing.db").exists()


def test_the_environment_can_hold_a_list_over_a_list_of_the_file(sqlite_project: Workplace) -> None:
    sqlite_project.configure(policy=["smart"])
    sqlite_project.fail("r/a")
    assert "(policy run-order)" in sqlite_project.inv("dry-run", env={"INVOKE_BATCHDRAIN_POLICY": "run-order"}).out


def test_a_settings_file_that_is_missing_is_not_ignored(sqlite_project: Workplace) -> None:
    told(sqlite_project.inv("-f", "nowhere.yaml", "drain"), 78, "there is no such file")


def test_a_database_that_is_away_says_try_again(sqlite_project: Workplace) -> None:
    sqlite_project.configure(database_url=f"postgresql://u:{SECRET}@127.0.0.1:1/x?password={SECRET}")
    for task in ("drain", "doctor", "list-run-counts"):
        ran = sqlite_project.inv(task)
        assert ran.code == 75, ran
        assert SECRET not in ran.out + ran.err


def test_no_secret_of_the_url_is_in_any_file(sqlite_project: Workplace, postgresql_url: str) -> None:
    place = Workplace(root=sqlite_project.root, url=postgresql_url.replace("postgres@", f"postgres:{SECRET}@"))
    place.make_table()
    place.fail("r/a~fail")
    (place.root / "invoke.yaml").write_text((place.root / "invoke.yaml").read_text().replace(place.url, ""))
    ran = place.inv("drain", env={"DATABASE_URL": place.url})

    assert ran.code == 1, ran.err
    assert SECRET not in ran.out + ran.err
    for path in place.root.rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes(), path


@pytest.mark.parametrize(
    "content", [b"this is no database, but it is long enough to be taken for one" * 20, b"SQLite format 3\0" + b"x" * 4096]
)
def test_a_file_that_is_no_database_is_left_alone(sqlite_project: Workplace, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.db"
    path.write_bytes(content)
    sqlite_project.configure(database_url=f"sqlite:///{path}")
    told(sqlite_project.inv("drain"), 74, "restore it")
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{",
        '{"schema_version": 99}',
        '{"schema_version": 1, "made_at": "x", "database": {}, "filters": {}, "phases": []}',
    ],
)
def test_a_plan_that_is_none_is_refused(sqlite_project: Workplace, content: str) -> None:
    sqlite_project.fail("r/a")
    (sqlite_project.root / "plan.json").write_text(content)
    told(sqlite_project.inv("drain", "--plan=plan.json"), 65, "--plan: plan.json")


def test_a_plan_of_another_database_is_refused(sqlite_project: Workplace, postgresql_url: str) -> None:
    sqlite_project.fail("r/a~fail", "r/b")
    sqlite_project.inv("drain", "--batch-size=1")
    sqlite_project.inv("dry-run", "--output=plan.json")
    other = Workplace(root=sqlite_project.root, url=postgresql_url)
    other.make_table()
    other.fail("r/a~fail", "r/b")
    other.inv("drain", "--batch-size=1")
    told(other.inv("drain", "--plan=plan.json"), 65, "was made for another database")


def test_a_folder_that_others_may_write_is_refused(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a")
    sqlite_project.sessions.mkdir(parents=True)
    sqlite_project.sessions.chmod(0o777)
    told(sqlite_project.inv("drain"), 74, "chmod 700")
    assert sqlite_project.states() == {"r/a": "FAILED"}


def test_a_plain_terminal_gets_ascii(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a", "r/b~fail")
    ran = sqlite_project.inv(
        "drain", env={"PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONCOERCECLOCALE": "0"}
    )
    assert "  [ok] Success: COMPLETE" in ran.lines
    assert "  [x] Failed: FAILED" in ran.lines


def test_a_reader_who_leaves_does_not_stop_the_drain(sqlite_project: Workplace) -> None:
    sqlite_project.fail(*(f"r/p{number}" for number in range(5)))
    line = f"{' '.join(INV)} drain | head -1"
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=sqlite_project.root,
        env=sqlite_project.environ(),
        capture_output=True,
        timeout=100,
        check=False,
    )
    assert (done.stdout, done.stderr) == (b"Batch Drain Controller\n", b"")
    assert set(sqlite_project.states().values()) == {"COMPLETE"}
    assert sqlite_project.session()["status"] == "complete"


def test_the_demo_never_replaces_a_database_of_yours(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a")
    told(sqlite_project.inv("demo"), 78, "never replaces a database of yours")
    told(sqlite_project.inv("--dry", "demo"), 78, "never replaces a database of yours")
    (sqlite_project.root / "invoke.yaml").unlink()
    made = sqlite_project.inv("demo", "--phases=12", "--seed=3")
    assert (made.code, "12 failed" in made.out) == (0, True)
    assert sqlite_project.inv("--dry", "demo").out.startswith("Would make")
    assert sqlite_project.states() == {"r/a": "FAILED"}


def test_doctor_reads_the_settings_file_more_strictly_than_yaml(sqlite_project: Workplace) -> None:
    (sqlite_project.root / "invoke.yaml").write_text(
        f"batchdrain:\n  database_url: {sqlite_project.url}\n  batch_size: 3\n  batch_size: 4\n"
    )
    ran = sqlite_project.inv("doctor")
    assert (ran.code, "the key 'batch_size' occurs twice" in ran.out) == (78, True)
    assert "batchdrain.command.argv: is empty" in ran.out


def test_init_says_what_it_can_not_guess(sqlite_project: Workplace, tmp_path: Path) -> None:
    (sqlite_project.root / "invoke.yaml").unlink()
    sqlite_project.sql("DROP TABLE phases")
    sqlite_project.sql("CREATE TABLE odd (a TEXT, b TEXT)")
    told(sqlite_project.inv("init", f"--database-url={sqlite_project.url}"), 78, "no table of", "--table")
    told(sqlite_project.inv("init", f"--database-url={sqlite_project.url}", "--table=od"), 2, "did you mean 'odd'?")
    assert "batchdrain:" in sqlite_project.inv("--dry", "init", f"--database-url={sqlite_project.url}", "--table=odd").out
    assert not (sqlite_project.root / "invoke.yaml").exists()
    shutil.rmtree(tmp_path / "nothing", ignore_errors=True)
