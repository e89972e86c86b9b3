"""A message blames what is to blame, says it once, and its cure cures."""

from __future__ import annotations

import os
from pathlib import Path

import pymysql
import pytest

from batchdrain.cli.commands import trust
from batchdrain.cli.commands.doctor import session_dir_check
from batchdrain.cli.invocation import Invocation
from batchdrain.config.settings import Settings
from batchdrain.database.connection import open_database
from batchdrain.database.driver_errors import first_line_of
from batchdrain.database.url import parse_url
from batchdrain.model.errors import ConfigError, FilesUnavailable
from batchdrain.runtime import folders
from batchdrain.sessions.folder import SessionFolder
from tests.support.workplace import Workplace

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a folder away")


@pytest.mark.parametrize(
    ("url", "cure"),
    [
        ("postgresql+asyncpg://u:secret@h/d", "postgresql+psycopg://"),
        ("postgresql+psycopg_async://u:secret@h/d", "postgresql+psycopg://"),
        ("mysql+aiomysql://u:secret@h/d", "mysql+pymysql://"),
        ("mysql+asyncmy://u:secret@h/d", "mysql+pymysql://"),
        ("mariadb+aiomysql://u:secret@h/d", "mysql+pymysql://"),
        ("sqlite+aiosqlite:///work.db", "sqlite:///"),
    ],
)
def test_an_asynchronous_driver_is_refused_with_the_one_to_write(url: str, cure: str) -> None:
    """Also where the driver is not installed: to install it would be no cure."""
    with pytest.raises(ConfigError) as raised:
        open_database(url)
    assert "is asynchronous" in raised.value.message
    assert cure in raised.value.remedy
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "cure"),
    [
        ("postgres://u:secret@h/d", "write postgresql://… or postgresql+psycopg://…"),
        ("postgres+psycopg2://u:secret@h/d", "write postgresql://… or postgresql+psycopg://…"),
        ("postgresql+psycopg2://u:secret@h/d", "write postgresql://… or postgresql+psycopg://…"),
        ("postgresql+pg8000://u:secret@h/d", "write postgresql://… or postgresql+psycopg://…"),
        ("PostgreSQL://u:secret@h/d", "write postgresql://… or postgresql+psycopg://…"),
        ("mysql2://u:secret@h/d", "write mysql+pymysql://…"),
        ("mysql+mysqlconnector://u:secret@h/d", "write mysql+pymysql://…"),
        ("mariadb+mariadbconnector://u:secret@h/d", "write mysql+pymysql://…"),
        ("mysql://u:secret@h/d", "write mysql+pymysql://…"),
        ("mariadb://u:secret@h/d", "write mysql+pymysql://…"),
        ("pymysql://u:secret@h/d", "write mysql+pymysql://…"),
        ("psycopg://u:secret@h/d", "write postgresql://… or postgresql+psycopg://…"),
        ("sqlite://work.db", "write sqlite:///work.db, and sqlite:////srv/work.db for a path from the root"),
        ("sqlite3:///work.db", "write sqlite:///…"),
        (
            "oracle://u:secret@h/d",
            "batchdrain works with postgresql://… or postgresql+psycopg://…, mysql+pymysql://…, sqlite:///…",
        ),
    ],
)
def test_a_url_as_other_programs_take_it_is_refused_with_the_way_to_write_it(url: str, cure: str) -> None:
    with pytest.raises(ConfigError) as raised:
        open_database(url)
    assert raised.value.remedy == cure
    assert "secret" not in str(raised.value)


def test_an_asynchronous_driver_is_told_before_the_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is asynchronous"):
        open_database(f"sqlite+aiosqlite:///{tmp_path}/missing.db")


def test_a_task_ends_with_78_for_an_asynchronous_driver(sqlite_project: Workplace) -> None:
    ran = sqlite_project.inv("doctor", env={"INVOKE_BATCHDRAIN_DATABASE_URL": "postgresql+psycopg_async://u@127.0.0.1:1/x"})
    assert (ran.code, ran.err) == (78, "")
    assert ran.out.count("is asynchronous") == 1, ran.out


@pytest.mark.parametrize(
    ("argv", "cure"),
    [
        (("chain-with-queued", "--run-id="), "name one"),
        (("drain-queued", "--run-id="), "name one"),
        (("prune", "--older-than=0d"), "must be longer than 0, got '0d'"),
        (("prune", "--older-than=999999999w"), "no date is so long ago, got '999999999w'"),
        (("prune", "--older-than="), "expected a duration (30d, 12h, 90m, 2w), got ''"),
        (("accept", "--run-id=r", "--reason="), "name one"),
        (("drain", "--run-id="), "name one, or leave the flag out"),
    ],
)
def test_nobody_is_told_to_leave_out_what_is_required(sqlite_project: Workplace, argv: tuple[str, ...], cure: str) -> None:
    ran = sqlite_project.inv(*argv)
    assert (ran.code, ran.err.strip().endswith(cure)) == (2, True), ran


def test_the_newest_session_is_the_first_of_the_newest(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a")
    assert sqlite_project.inv("drain").code == 0
    [path] = sqlite_project.session_files()
    text, ids = path.read_text(), [f"batch-drain-2001010{day}-000000" for day in range(1, 7)]
    for name in ids:
        (path.parent / f"{name}.json").write_text(text.replace(path.stem, name))
    told = f"(newest: {', '.join([path.stem, *reversed(ids[2:])])})"
    assert told in sqlite_project.inv("resume").out
    assert told in sqlite_project.inv("summary", "--session-id=batch-drain-19990101-000000").err


def test_a_url_with_two_drivers_is_no_url() -> None:
    with pytest.raises(ConfigError, match="is not a database URL"):
        parse_url("postgresql+asyncpg+x://u@h/d")


def test_an_error_of_a_driver_is_said_once_and_as_people_write() -> None:
    twice = RuntimeError('connection failed: connection to server at "127.0.0.1", port 1 failed: Connection refused\nmore')
    assert first_line_of(twice) == 'connection to server at "127.0.0.1", port 1 failed: Connection refused'
    assert first_line_of(pymysql.err.OperationalError(2003, "Can't connect")) == "Can't connect (2003)"
    assert first_line_of(RuntimeError("connection failed: why")) == "connection failed: why"
    assert first_line_of(RuntimeError()) == "RuntimeError"


def invocation_with(root: Path, *files: Path, **environ: str) -> Invocation:
    return Invocation(section={}, environ=environ, root=root, dry=False, files=list(files))


@pytest.mark.parametrize("text", ['[{"name": "best-yield", "prior": 0.4}, "smart"]', '["smart"]', "smart,hints", '[{"name":'])
def test_a_policy_without_a_path_is_taken_from_the_environment(tmp_path: Path, text: str) -> None:
    trust.require_own_names(invocation_with(tmp_path, INVOKE_BATCHDRAIN_POLICY=text))


@pytest.mark.parametrize("text", ["evil:policy", '["smart", "evil:policy"]', '[{"name": "evil:policy", "x": 1}]'])
def test_a_path_to_code_is_not_taken_from_the_environment(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="INVOKE_BATCHDRAIN_POLICY: a path to code is not accepted"):
        trust.require_own_names(invocation_with(tmp_path, INVOKE_BATCHDRAIN_POLICY=text))
    with pytest.raises(ConfigError, match="INVOKE_BATCHDRAIN_ENGINE: a path to code is not accepted"):
        trust.require_own_names(invocation_with(tmp_path, INVOKE_BATCHDRAIN_ENGINE="evil:engine"))


def test_all_files_that_others_may_write_are_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o700)
    names = ("invoke.yaml", "other.yaml", "three_files_policy.py")
    for name in names:
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(0o666)
    monkeypatch.syspath_prepend(str(tmp_path))
    given = invocation_with(tmp_path, tmp_path / "invoke.yaml", tmp_path / "other.yaml")
    with pytest.raises(ConfigError) as raised:
        trust.require_own_files(given, Settings(policy=["three_files_policy:order"]))
    lines = str(raised.value).splitlines()
    assert len(lines) == 3
    for name, line in zip(names, lines, strict=True):
        assert line.startswith(f"{tmp_path / name}: ")
        assert line.endswith(f"chmod go-w {tmp_path / name}, and own it")


def cure_of_folder(folder: Path) -> str:
    with pytest.raises(FilesUnavailable) as raised:
        SessionFolder(folder).prepare()
    [finding] = session_dir_check.check_session_dir(folder)
    assert (finding.ok, finding.cure) == (False, raised.value.remedy)
    return raised.value.remedy


def test_the_cure_for_our_own_folder_of_mode_777_is_its_mode_or_another_folder(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state").chmod(0o777)
    cure = cure_of_folder(tmp_path / "state")
    assert "chown" not in cure
    assert f"chmod 700 {tmp_path / 'state'}" in cure
    assert "name a folder outside of it" in cure
    (tmp_path / "state").chmod(0o700)
    SessionFolder(tmp_path / "state").prepare()


@needs_root
def test_the_cure_for_a_volume_of_another_user_is_one_that_we_may_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "state").mkdir()
    found = (tmp_path / "state").stat()
    assert folders.cure_of_shared(found, "state").startswith("chmod 700 state")
    monkeypatch.setattr(os, "geteuid", lambda: 1234)
    cure = folders.cure_of_shared(found, "state")
    assert cure == "name a folder of your own, or have root chown it to uid 1234 and chmod 700 it"


def test_no_warning_of_a_library_is_shown_for_columns_that_nobody_mapped(postgresql_url: str, tmp_path: Path) -> None:
    root = tmp_path / "project"
    root.mkdir()
    place = Workplace(root=root, url=postgresql_url)
    place.make_table()
    place.sql("CREATE SCHEMA apart")
    place.sql("CREATE DOMAIN apart.loud AS text")
    place.sql("CREATE TYPE apart.pair AS (a integer, b text)")
    place.sql("ALTER TABLE phases ADD place point, ADD shape polygon, ADD who apart.loud, ADD two apart.pair, ADD doc xml")
    place.sql("CREATE INDEX ON phases (lower(note))")
    place.fail("r/p~ok")
    for task in (["doctor"], ["drain"], ["init", "--dry-run", f"--database-url={postgresql_url}"]):
        ran = place.inv(*task)
        assert "Warning" not in ran.err + ran.out, (task, ran.err)
    assert place.states() == {"r/p~ok": "COMPLETE"}
