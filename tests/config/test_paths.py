"""Paths as people write them: a home folder is known, a variable is refused, and nothing lands in a folder named `~`."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.chaos.faults import fault
from tests.cli.telling import told
from tests.support.strangers import give, inv_as
from tests.support.workplace import Workplace

pytestmark = pytest.mark.everyday("sqlite")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@fault(81)
@pytest.mark.parametrize("by", ["file", "environment"])
def test_sessions_lie_below_the_home_folder(sqlite_project: Workplace, home: Path, by: str) -> None:
    sqlite_project.fail("r/a")
    env = {"HOME": str(home)}
    if by == "file":
        sqlite_project.configure(session_dir="~/kept/sessions")
    else:
        env["INVOKE_BATCHDRAIN_SESSION_DIR"] = "~/kept/sessions"
    ran = sqlite_project.inv("drain", env=env)
    assert ran.code == 0, ran.err
    assert len(list((home / "kept" / "sessions").glob("*.json"))) == 1
    assert not (sqlite_project.root / "~").exists()
    assert sqlite_project.inv("summary", env=env).code == 0


@fault(81)
def test_the_home_of_somebody_else_is_known_too(sqlite_project: Workplace) -> None:
    sqlite_project.configure(session_dir="~root/x/sessions")
    said = sqlite_project.inv("doctor").out
    assert "~root" not in said
    assert str(Path("~root").expanduser()) in said


@fault(81)
@pytest.mark.parametrize("written", ["$HOME/x", "${HOME}/x", "a/$X", "%USERPROFILE%/x", "$(pwd)/x", "~nobody-of-that-name/x"])
def test_a_variable_in_a_path_is_refused(sqlite_project: Workplace, written: str) -> None:
    sqlite_project.fail("r/a")
    variable = written.partition("/")[0] if written.startswith(("$", "%", "~")) else "$X"
    sqlite_project.configure(session_dir=written, command={"cwd": written})
    told(sqlite_project.inv("drain"), 78, "batchdrain.session_dir: ", "batchdrain.command.cwd: ", variable)
    sqlite_project.configure(session_dir="sessions", command={"cwd": ""})
    told(sqlite_project.inv("drain", env={"INVOKE_BATCHDRAIN_SESSION_DIR": written}), 78, "INVOKE_BATCHDRAIN_SESSION_DIR: ")
    told(sqlite_project.inv("dry-run", f"--output={written}"), 2, "--output: ", variable)
    told(sqlite_project.inv("drain", f"--plan={written}"), 2, "--plan: ", variable)
    sqlite_project.configure(database_url=f"sqlite:///{written}")
    told(sqlite_project.inv("drain"), 78, "database_url: ", variable)
    sqlite_project.configure(
        database_url=sqlite_project.url, command={"argv": [written.replace("{", "{{").replace("}", "}}")]}
    )
    told(sqlite_project.inv("drain"), 78, "batchdrain.command.argv.0: ", variable.strip("${}"))
    assert sqlite_project.states() == {"r/a": "FAILED"}
    assert {path.name for path in sqlite_project.root.iterdir()} == {"tasks.py", "invoke.yaml"}


@fault(81)
def test_every_other_path_knows_the_home_folder(sqlite_project: Workplace, home: Path) -> None:
    sqlite_project.fail("r/a")
    env = {"HOME": str(home)}
    (home / "at").mkdir()
    (home / "at" / "work").write_text(
        f"#!{sys.executable}\nimport os\nopen(os.environ['HOME'] + '/ran-in', 'w').write(os.getcwd())\n"
    )
    (home / "at" / "work").chmod(0o755)
    shutil.copy(sqlite_project.url.removeprefix("sqlite:///"), home / "work.db")
    sqlite_project.configure(database_url="sqlite:///~/work.db", command={"argv": ["~/at/work", "~"], "cwd": "~/at"})
    assert sqlite_project.inv("dry-run", "--output=~/plan.json", env=env).code == 0
    assert json.loads((home / "plan.json").read_text())["phases"][0]["phase_id"] == "a"
    ran = sqlite_project.inv("drain", "--plan=~/plan.json", env=env)
    assert ran.code == 0, ran.err
    assert (home / "ran-in").read_text() == str(home / "at")
    with sa.create_engine(f"sqlite:///{home / 'work.db'}", poolclass=sa.pool.NullPool).connect() as connection:
        assert connection.execute(sa.text("SELECT state FROM phases")).scalar() == "COMPLETE"
    assert sqlite_project.inv("summary", "--output=~/summary.txt", env=env).code == 0
    assert (home / "summary.txt").exists()
    assert not (sqlite_project.root / "~").exists()


@fault(81)
def test_somebody_without_a_name_and_a_home_can_use_every_task(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a", "r/b")
    sqlite_project.configure(command={"argv": ["/bin/true"]})
    give(sqlite_project.root.parent)
    for argv in (["drain"], ["summary"], ["hint", "--run-id=r", "--priority=1"], ["accept", "--run-id=r", "--reason=known"]):
        ran = inv_as(sqlite_project, *argv)
        assert ran.code == 0, f"{argv}\n{ran.out}\n{ran.err}"
    assert set(sqlite_project.states().values()) == {"COMPLETE"}
    assert sqlite_project.inv("hint").out.count("somebody@") == 1
    sqlite_project.configure(session_dir="~/x")
    told(inv_as(sqlite_project, "drain"), 78, "batchdrain.session_dir: there is no home folder for ~")


@fault(81)
@pytest.mark.parametrize("url", ["postgresql://127.0.0.1/nothing", "mysql+pymysql://127.0.0.1/nothing"])
def test_a_url_without_a_user_is_refused_where_the_system_has_no_name_for_us(sqlite_project: Workplace, url: str) -> None:
    sqlite_project.configure(database_url=url)
    told(inv_as(sqlite_project, "drain"), 78, "database_url: names no user", "postgresql://user@host/name")
