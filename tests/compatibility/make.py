"""Makes the data beside it with the batchdrain of bd1f117: data/README.md says how, and what is rewritten."""

from __future__ import annotations

import json
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from tests.compatibility import story
from tests.compatibility.placing import DATA, PROJECT
from tests.support import servers
from tests.support.workplace import Workplace

HOME = Path("/tmp/example")
"""A place that says nothing of the machine: it stands in the ledger and in the sessions."""
NO_HOST = "00000000-0000-0000-0000-000000000000:4026531836"
"""Nor is any process of today's one of those that held a phase then."""
LEASES_END_S = 25


def main() -> None:
    """All of it, or the databases that are named."""
    for name, make in (("sqlite", _sqlite), ("postgresql", _postgresql), ("mariadb", _mariadb)):
        if name in (sys.argv[1:] or [name]):
            make(DATA / name)


def _sqlite(folder: Path) -> None:
    root = _fresh()
    (root / "work.db").touch()
    work = _told(Workplace(root=root, url=f"sqlite:///{root}/work.db"), folder)
    connection = sqlite3.connect(root / "work.db")
    connection.execute("PRAGMA journal_mode=DELETE")
    connection.execute("VACUUM")  # what was rewritten must not stay behind in free pages
    connection.close()
    for name in ("work.db", "PLAN.json"):
        shutil.copy(root / name, folder / name)
    _keep_files(work, folder / "sessions")


def _postgresql(folder: Path) -> None:
    with servers.own_postgresql() as server:
        _told(Workplace(root=_fresh(), url=server.url.render_as_string(hide_password=False)), folder)
        options = ["-U", "postgres", "--inserts", "--no-owner", "--no-privileges", "--no-comments"]
        _dump(["pg_dump", "-h", str(server.url.query["host"]), *options], folder / "work.sql")


def _mariadb(folder: Path) -> None:
    with servers.own_mariadb() as server:
        admin = server.url.render_as_string(hide_password=False)
        Workplace(root=_fresh(), url=admin).sql("CREATE DATABASE example CHARACTER SET utf8mb4")
        url = server.url.set(database="example").render_as_string(hide_password=False)
        _told(Workplace(root=_fresh(), url=url), folder)
        options = ["--skip-opt", "--skip-comments", "--skip-extended-insert", "--default-character-set=utf8mb4"]
        way = f"--socket={server.url.query['unix_socket']}"
        _dump(["mariadb-dump", way, "-uroot", *options, "example"], folder / "work.sql")


def _fresh() -> Path:
    root = HOME / "project"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    return root


def _told(project: Workplace, folder: Path) -> Workplace:
    """The story on one database, and what names this machine taken out of the ledger."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for path in PROJECT.iterdir():
        text = path.read_text()
        (project.root / path.name).write_text(text.replace("sqlite:///work.db", project.url))
    project.make_table()
    story.fill(project)
    sessions = story.tell(project)
    time.sleep(LEASES_END_S)
    project.sql(f"UPDATE batchdrain_claim SET host_id = '{NO_HOST}', ctl_start = 1, guard_start = 1")
    for name, value in project.sql("SELECT name, value FROM batchdrain_meta"):
        told = value.replace(f"@{socket.gethostname()}", "@example")
        if name.startswith("verdict/"):
            told = re.sub(r'("until": ")\d{4}', r"\g<1>2999", told)
        told = re.sub(r"(/tmp/|%2Ftmp%2F)bdsv\w+", r"\g<1>example", told)  # the socket of the server that made it
        project.sql("UPDATE batchdrain_meta SET value = :value WHERE name = :name", [{"value": told, "name": name}])
    (folder / "sessions.json").write_text(json.dumps(sessions, indent=2) + "\n")
    return project


def _keep_files(project: Workplace, kept: Path) -> None:
    """Sessions, events, and what a guardian kept; of the logs only those of a result that is not recorded yet."""
    shutil.copytree(project.sessions, kept, ignore=shutil.ignore_patterns("lock", "triage*"))
    spooled = [path for path in kept.glob("*/spool/*.json") if '"by"' in path.read_text()]
    for path in kept.glob("*/*/*"):
        if path not in spooled and path.parents[1] not in {one.parents[1] for one in spooled}:
            path.unlink()
    for path in kept.glob("*/spool/*.json"):
        path.write_text(re.sub(r'("command": \[\d+), \d+\]', r"\1, 1]", path.read_text()))
    for path in sorted(kept.glob("**/"), reverse=True):
        if not any(path.iterdir()):
            path.rmdir()


def _dump(argv: list[str], path: Path) -> None:
    done = subprocess.run(argv, capture_output=True, check=True, text=True)
    noise = re.compile(r"^(--.*|SET .*|SELECT pg_catalog\.set_config.*|\\.*|/\*[!M].*)?$")
    path.write_text("".join(line for line in done.stdout.splitlines(keepends=True) if not noise.match(line.rstrip("\n"))))


if __name__ == "__main__":
    main()
