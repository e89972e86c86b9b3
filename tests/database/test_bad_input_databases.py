"""Databases that are away, are another, or look otherwise than expected: the cure is named, the database is left alone."""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path

import pytest

from tests.chaos.faults import repeated
from tests.cli.telling import SECRET, refused, told
from tests.support.workplace import WORKER, Workplace


def test_no_task_makes_a_database_that_is_missing(sqlite_project: Workplace) -> None:
    sqlite_project.configure(database_url="sqlite:///missing.db")
    for argv in (["drain", "--dry-run"], ["drain-all"], ["chain-with-queued", "--run-id=r"], ["resume"], ["pick-next-run"]):
        refused(sqlite_project, argv, 78, "missing.db does not exist")
    assert "missing.db does not exist" in sqlite_project.inv("doctor").out
    (sqlite_project.root / "invoke.yaml").unlink()
    refused(sqlite_project, ["init", "--database-url=sqlite:///missing.db"], 78, "missing.db does not exist")


@pytest.mark.parametrize(
    ("url", "code", "part"),
    [
        (f"sqlite://u:{SECRET}@host//FILE", 78, "database_url: "),
        ("sqlite:///FILE?timeout=abc", 78, "database_url: "),
        ("sqlite:///FILE?nonsense=1", 78, "nonsense"),
        ("sqlite://", 78, "in memory holds nothing"),
        ("sqlite:////tmp", 78, "/tmp"),
        (f"postgresql://u:{SECRET}@127.0.0.1:port/x", 78, "is not a database URL"),
        (f"postgresql://u:{SECRET}@127.0.0.1:1/x?token={SECRET}", 78, "'token' is not accepted"),
        (f"postgresql://u:{SECRET}@127.0.0.1:1/x?sslpassword={SECRET}", 75, "u:***@127.0.0.1:1/x"),
        (f"postgresql+nonsense://u:{SECRET}@h/x", 78, "no driver for postgresql+nonsense"),
        (f"mysql+pymysql://u:{SECRET}@127.0.0.1:1/x", 75, "u:***@127.0.0.1:1/x"),
        (f"mysql+pymysql://u:{SECRET}@127.0.0.1:1/x?nonsense=1", 78, "nonsense"),
        (f"mysql://u:{SECRET}@127.0.0.1:1/x", 78, "mysql+pymysql://"),
        (SECRET, 78, "is not a database URL"),
    ],
)
def test_a_wrong_url_is_told_without_its_secrets(sqlite_project: Workplace, url: str, code: int, part: str) -> None:
    sqlite_project.fail("r/a")
    sqlite_project.configure(database_url=url.replace("FILE", sqlite_project.url.removeprefix("sqlite:///")))
    ran = refused(sqlite_project, ["drain"], code, part)
    assert SECRET not in ran.out + ran.err
    assert "%2A" not in ran.err


def test_no_secret_of_the_environment_reaches_a_file_or_the_command(sqlite_project: Workplace, postgresql_url: str) -> None:
    url = postgresql_url.replace("postgres@", f"postgres:{SECRET}@")
    place = Workplace(root=sqlite_project.root, url=url)
    place.make_table()
    place.fail("r/a~env", "r/b~fail")
    env = {"INVOKE_BATCHDRAIN_DATABASE_URL": f"{url}?application_name=x", "DATABASE_URL": url}
    place.configure(database_url="")

    said = [place.inv(*argv, env=env) for argv in (["dry-run", "--output=plan.json"], ["drain"], ["doctor"], ["sessions"])]
    command = json.loads((place.root / "environ.json").read_text())
    (place.root / "invoke.yaml").unlink()
    said.append(place.inv("init", f"--database-url={url}"))

    assert [ran.code for ran in said] == [0, 1, 0, 0, 0], said
    assert not any(SECRET in value for value in command.values())
    assert not any(SECRET in ran.out + ran.err for ran in said)
    for path in place.root.rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes(), path


def test_a_secret_that_the_command_prints_stays_in_its_log_alone(sqlite_project: Workplace) -> None:
    """As it is, quoted for a URL, and in base64; in the last line of stderr, and in the reason that it gives itself."""
    secret = "hunter2/canary+é"
    forms = ["hunter2/canary+é", "hunter2%2Fcanary%2B%C3%A9", base64.b64encode(secret.encode()).decode()]
    code = "import json, os, sys; said = open('said').read(); print('could not log in with', said, file=sys.stderr); "
    code += "os.environ['BATCHDRAIN_PHASE_ID'] == 'own' and open(os.environ['BATCHDRAIN_RESULT_FILE'], 'w').write("
    code += "json.dumps({'reason': said})); sys.exit(1)"
    sqlite_project.configure(command={"argv": [sys.executable, "-c", code.replace("{", "{{").replace("}", "}}")]})
    (sqlite_project.root / "said").write_text(" ".join(forms))
    sqlite_project.fail("r/last", "s/own")

    ran = sqlite_project.inv("drain", env={"SERVICE_PASSWORD": secret})
    said = [ran, *(sqlite_project.inv("summary", f"--format={shape}") for shape in ("text", "json", "markdown"))]
    (sqlite_project.root / "said").unlink()

    assert ran.code == 1, ran.err
    assert [reason.count("***") for _, reason in sqlite_project.phases().values() if reason] == [3, 3]
    for path in (path for path in sqlite_project.root.parent.rglob("*") if path.is_file() and "logs" not in path.parts):
        assert not any(form.encode() in path.read_bytes() for form in forms), path
    assert not any(form in one.out + one.err for form in forms for one in said)


@repeated(30)
def test_a_database_that_was_cut_off_is_left_alone(sqlite_project: Workplace) -> None:
    sqlite_project.fail(*(f"run-{number}/{'x' * 200}" for number in range(200)))
    path = sqlite_project.root.parent / "work.db"
    path.write_bytes(path.read_bytes()[:9_000])
    for argv in (["drain"], ["list-run-counts"], ["resume"]):
        ran = refused(sqlite_project, argv, 74, "restore it") if argv != ["resume"] else sqlite_project.inv(*argv)
        assert "Traceback" not in ran.err
    assert path.stat().st_size == 9_000


def test_a_word_that_the_column_can_not_hold_is_told(project: Workplace) -> None:
    """A table with numbers as states, and the words not mapped yet."""
    project.sql("DROP TABLE phases")
    project.sql("CREATE TABLE phases (run_id VARCHAR(20), phase_id VARCHAR(20), phase_index INT, state INTEGER, "
             "last_failure_reason TEXT, PRIMARY KEY (run_id, phase_id))")  # fmt: skip
    project.sql("INSERT INTO phases VALUES ('r', 'a', 1, 3, NULL)")
    for task in ("drain", "dry-run"):
        told(project.inv(task), 78, "batchdrain.source.states.failed: ", "batchdrain.source.states.complete: ")
    assert project.sql("SELECT state FROM phases") == [(3,)]


@pytest.mark.parametrize("kind", ["INTEGER", "JSONB"])
def test_a_reason_column_that_holds_no_text_is_told_by_doctor_and_drain(
    sqlite_project: Workplace, postgresql_url: str, kind: str
) -> None:
    place = Workplace(root=sqlite_project.root, url=postgresql_url)
    place.sql(f"CREATE TABLE phases (run_id TEXT, phase_id TEXT, phase_index INT, state TEXT, last_failure_reason {kind})")
    place.sql("INSERT INTO phases VALUES ('r', 'a', 1, 'FAILED', '5')")
    told(place.inv("drain"), 78, "batchdrain.source.columns.last_failure_reason: ")
    assert "batchdrain.source.columns.last_failure_reason: " in place.inv("doctor").out


def test_the_words_that_an_enum_lacks_are_told_at_once_and_nothing_is_made(
    sqlite_project: Workplace, postgresql_url: str
) -> None:
    place = Workplace(root=sqlite_project.root, url=postgresql_url)
    place.sql("CREATE TYPE mood AS ENUM ('FAILED', 'QUEUED', 'COMPLETED')")
    place.sql("CREATE TABLE phases (run_id TEXT, phase_id TEXT, phase_index INT, state mood, last_failure_reason TEXT)")
    place.sql("INSERT INTO phases VALUES ('r', 'a', 1, 'FAILED', NULL)")
    told(place.inv("drain"), 78, "states.executing: 'EXECUTING'", "states.complete: 'COMPLETE'", "did you mean 'COMPLETED'?")
    assert place.sql("SELECT count(*) FROM pg_tables WHERE tablename LIKE 'batchdrain%'") == [(0,)]
    assert not place.sessions.exists()


def test_a_view_that_can_not_be_updated_is_told_before_a_session_begins(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a")
    sqlite_project.sql("CREATE VIEW shown AS SELECT * FROM phases")
    sqlite_project.source = {"table": "shown"}
    sqlite_project.configure()
    told(sqlite_project.inv("drain"), 78, "view")
    assert not sqlite_project.sessions.exists()


def test_a_phase_index_beyond_all_bounds_stops_nobody(project: Workplace) -> None:
    project.sql("DROP TABLE phases")
    project.sql("CREATE TABLE phases (run_id VARCHAR(20), phase_id VARCHAR(20), phase_index DOUBLE PRECISION, "
             "state VARCHAR(20), last_failure_reason TEXT, PRIMARY KEY (run_id, phase_id))")  # fmt: skip
    for place, index in enumerate(("1e30", "-1e30", "9223372036854775808", "NULL", "-1", "-1", "1.5")):
        project.sql(f"INSERT INTO phases VALUES ('r', 'p{place}', {index}, 'FAILED', NULL)")
    ran = project.inv("drain")
    assert (ran.code, ran.err) == (0, "")
    assert set(project.states().values()) == {"COMPLETE"}


def test_an_extra_condition_can_not_reach_beyond_its_place(project: Workplace) -> None:
    project.fail("r/a", "r/b")
    project.source = {"where": "1=1); DROP TABLE phases; --"}
    project.configure()
    told(project.inv("drain"), 78, "batchdrain.source.where: has a parenthesis without its other half")
    project.source = {"where": "(note LIKE 'unt%)' OR note LIKE 'unt%') AND phase_id IN ('a', 'it''s (')"}
    project.configure()
    assert project.inv("drain").code == 0
    assert project.states() == {"r/a": "COMPLETE", "r/b": "FAILED"}


def test_a_table_with_an_odd_name_is_quoted(project: Workplace) -> None:
    project.fail("r/a")
    quote = "`" if project.url.startswith("mysql") else '"'
    project.sql(f"ALTER TABLE phases RENAME TO {quote}my; phases %s{quote}")
    project.source = {"table": "my; phases %s"}
    project.configure(command={"argv": [sys.executable, str(WORKER)]})
    assert (project.inv("drain").code, project.inv("doctor").code) == (0, 0)
    assert project.sql(f"SELECT state FROM {quote}my; phases %s{quote}") == [("COMPLETE",)]


def test_init_names_a_table_so_that_it_is_found_again(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a")
    sqlite_project.sql('ALTER TABLE phases RENAME TO "my.phases"')
    (sqlite_project.root / "invoke.yaml").unlink()
    assert sqlite_project.inv("init", f"--database-url={sqlite_project.url}").code == 0
    assert "Would drain 1 of 1" in sqlite_project.inv("dry-run").out


@pytest.mark.parametrize(
    "name", ["file:nofile.db?uri=true", "file:nofile.db?mode=rwc&uri=true", "nofile.db?mode=rwc&uri=true"]
)
def test_a_uri_of_a_missing_file_makes_none_wherever_it_is_asked(
    sqlite_project: Workplace, tmp_path: Path, name: str
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    sqlite_project.configure(database_url=f"sqlite:///{name}")
    for task in ("dry-run", "drain", "doctor"):
        ran = sqlite_project.inv(f"--search-root={sqlite_project.root}", task, cwd=elsewhere)
        assert "nofile.db does not exist" in ran.out + ran.err
    assert not list(elsewhere.iterdir())
    assert not list(sqlite_project.root.glob("*nofile*"))


def test_a_relative_uri_names_the_file_of_the_project_and_keeps_its_mode(sqlite_project: Workplace, tmp_path: Path) -> None:
    sqlite_project.fail("r/a")
    (tmp_path / "work.db").rename(sqlite_project.root / "the work?.db")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    sqlite_project.configure(database_url="sqlite:///file:the%2520work%253F.db?uri=true&mode=ro")
    assert "1 failed" in sqlite_project.inv(f"--search-root={sqlite_project.root}", "dry-run", cwd=elsewhere).out
    told(sqlite_project.inv("drain"), 78, "readonly")
    sqlite_project.configure(database_url="sqlite:///file:the%2520work%253F.db?uri=true")
    assert sqlite_project.inv(f"--search-root={sqlite_project.root}", "drain", cwd=elsewhere).code == 0
    assert sqlite_project.session()["database"]["place"] == str(sqlite_project.root / "the work?.db")


@pytest.mark.parametrize("name", ["file::memory:?uri=true", "file:x.db?mode=memory&uri=true"])
def test_a_uri_of_a_database_in_memory_is_refused(sqlite_project: Workplace, name: str) -> None:
    sqlite_project.configure(database_url=f"sqlite:///{name}")
    refused(sqlite_project, ["drain"], 78, "in memory holds nothing")
