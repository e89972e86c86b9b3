"""The project that bd1f117 left behind, in a place where the code of today finds it."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.support.workplace import Workplace

DATA = Path(__file__).with_name("data")
PROJECT = DATA / "project"
ROOT_THEN = "/tmp/example/project"
"""Where the project stood when bd1f117 drained it."""


@dataclass(frozen=True, slots=True)
class Left:
    """A project as bd1f117 left it."""

    work: Workplace
    sessions: dict[str, str]  #: ids, by what happened in them (story.py)

    def say(self, *argv: str) -> str:
        """What a task prints that must succeed."""
        ran = self.work.inv(*argv)
        assert ran.code == 0, ran
        return ran.out


def placed(root: Path, url: str) -> Left:
    """`url`: of an empty database. Of SQLite the whole project; of a server what its database held: its session files are lost."""
    backend = {"sqlite": "sqlite", "postgresql": "postgresql"}.get(url.partition(":")[0].partition("+")[0], "mariadb")
    made = DATA / backend
    work = Workplace(root=root, url=url)
    for path in PROJECT.iterdir():
        (root / path.name).write_text(path.read_text().replace("sqlite:///work.db", url))
    _fill(work, made)
    sessions: dict[str, str] = json.loads((made / "sessions.json").read_text())
    if (made / "sessions").is_dir():
        shutil.copytree(made / "sessions", work.sessions)
    for session_id in sessions.values():
        for folder in ("logs", "spool"):
            (work.sessions / session_id / folder).mkdir(parents=True, exist_ok=True)
    _move(work)
    for path in (work.sessions, *work.sessions.rglob("*")):  # a clone's modes are those of whoever cloned it
        path.chmod(0o700 if path.is_dir() else 0o600)
    return Left(work, sessions)


def _fill(project: Workplace, made: Path) -> None:
    if (made / "work.db").exists():
        shutil.copy(made / "work.db", project.url.removeprefix("sqlite:///"))
        shutil.copy(made / "PLAN.json", project.root / "PLAN.json")
        return
    text = (made / "work.sql").read_text()
    statements = [text] if project.engine.dialect.name == "postgresql" else text.split(";\n")
    connection = project.engine.raw_connection()
    cursor = connection.cursor()
    for statement in statements:
        if statement.strip():
            cursor.execute(statement)
    connection.commit()
    connection.close()


def _move(project: Workplace) -> None:
    """The project stands elsewhere now: so does the spool that the ledger and a guardian's record name."""
    project.sql(f"UPDATE batchdrain_claim SET spool_dir = replace(spool_dir, '{ROOT_THEN}', '{project.root}')")
    for path in project.sessions.glob("*/spool/*.json"):
        path.write_text(path.read_text().replace(ROOT_THEN, str(project.root)))
