"""The configuration: every key set to something else than its default, by file, by environment and by flags."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from invoke.vendor import yaml

from tests.compatibility.placing import DATA
from tests.support.workplace import Workplace

SAFE_LOAD: Any = yaml.safe_load
LOADED = (
    "import batchdrain, json, sys; print(json.dumps(batchdrain.Settings.model_validate(json.load(sys.stdin)).model_dump()))"
)
SETS_ITS_STATE = (
    "import os, sqlite3; c = sqlite3.connect('../work.db', timeout=30); "
    "c.execute(\"UPDATE jobs SET status = 'done' WHERE step = ?\", [os.environ['BATCHDRAIN_PHASE_ID']]); c.commit()"
)
AN_ENGINE = "from concurrent.futures import ThreadPoolExecutor\n\n\ndef engine(*, workers, settings):\n    return ThreadPoolExecutor(workers)\n"
EVERY_FLAG = [
    "--batch-size=3", "--run-id=a", "--exclude-run=b-*", "--exclude-run=c", "--category=unknown", "--policy=run-order,smart",
    "--workers=2", "--engine=local", "--phase-timeout=2m", "--max-total-minutes=30", "--max-attempts=3",
    "--max-timeouts-per-run=4", "--max-repeats=5", "--min-success-rate=0.5", "--profile=conservative", "--canary",
    "--finish-current", "--include-quarantined", "--triage", "--cluster=e3b0c44298",
]  # fmt: skip


TEXTS = [
    None, "", "Timed out after 600 s", "Timed out after 12 s (limit: timeout.default_s)", "HTTP 503 Service Unavailable",
    "ModuleNotFoundError: No module named 'app7'", "ImportError: cannot import name 'x' from 'y'", "this is important",
    "required deliverables missing: report.md", "patch does not apply: a.diff:12", "No-op detected: no changes applied",
    "ConnectionResetError: connection reset by peer", "ValueError: no luck with 'a~fail' [exit code 1; log: a/b.stderr.txt]",
    "killed by signal 9", "2026-11-29T00:41:20Z worker 0x7f3a at /var/tmp/build/3: 1.5 GB of 8 GB used (87%)",
    "Traceback (most recent call last):\n  File \"a.py\", line 3, in f\nKeyError: 'épée'", "42", "429 Too Many Requests",
]  # fmt: skip
"""Failure texts of each category, and with each kind of a variable part."""


FLAGS = """
import json
from batchdrain.collection import ns
kinds = {
    name: {
        argument.name.replace("_", "-"): "list" if argument.kind is list else "value" if argument.takes_value else "switch"
        for argument in task.get_arguments()
    }
    for name, task in sorted(ns.tasks.items())
}
print(json.dumps(kinds))
"""
"""Says the tasks, and of each its flags. In a process of its own: a task tells Invoke the help of a flag only once."""


def said_by(code: str, folder: Path) -> Any:
    """What the batchdrain that is installed says, wherever we stand ourselves."""
    return json.loads(
        subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, check=True, text=True).stdout
    )


def section() -> dict[str, Any]:
    found: dict[str, Any] = SAFE_LOAD((DATA / "every-key.yaml").read_text())["batchdrain"]
    return found


def leaves(tree: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from leaves(value, (*path, name))
        else:
            yield (*path, name), value


def loaded(given: Mapping[str, Any], folder: Path) -> Any:
    """The settings of a section, as the batchdrain that is installed reads it."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED], cwd=folder, input=json.dumps(given), capture_output=True, check=True, text=True
    )
    return json.loads(done.stdout)


def by_file(root: Path) -> dict[str, Any]:
    """The session of a drain with the whole section in invoke.yaml."""
    work = _project(root)
    (root / "invoke.yaml").write_text((DATA / "every-key.yaml").read_text())
    return _session(work, {})


def by_environment(root: Path) -> dict[str, Any]:
    """The same from variables alone: lists as JSON. The environment names no code, and gives policies no parameters."""
    work = _project(root)
    (root / "invoke.yaml").write_text("batchdrain: {}\n")
    given = {**section(), "engine": "local", "policy": ["hints", "run-order"]}
    texts = {path: value if isinstance(value, str) else json.dumps(value) for path, value in leaves(given)}
    return _session(work, {"INVOKE_BATCHDRAIN_" + "_".join(path).upper(): text for path, text in texts.items()})


def by_flags(project: Workplace) -> dict[str, Any]:
    """The session of a drain with every flag that a session keeps."""
    project.fail("a/1~ok", "a/2~ok")
    ran = project.inv("drain", *EVERY_FLAG)
    assert ran.code == 0, ran
    return _asked(project.session())


def kept(folder: Path) -> dict[str, Any]:
    from tests.compatibility.happening import fresh

    return {
        "defaults": loaded({}, folder),
        "every key": loaded(section(), folder),
        "by file": by_file(folder / "by-file"),
        "by environment": by_environment(folder / "by-environment"),
        "by flags": by_flags(fresh(folder / "by-flags")),
    }


def _project(root: Path) -> Workplace:
    (root / "below").mkdir(parents=True)
    (root / "work.db").touch()
    work = Workplace(root=root, url=f"sqlite:///{root}/work.db")
    (root / "below" / "worker.py").write_text(SETS_ITS_STATE)
    (root / "own.py").write_text(AN_ENGINE)
    work.sql("CREATE TABLE jobs (batch TEXT, step TEXT, position INTEGER, status TEXT, error TEXT, changed_at TIMESTAMP)")
    rows = [("a", "1", 1, "broken"), ("a", "2", 200, "broken"), ("b", "1", 1, "waiting"), ("b", "2", 2, "broken")]
    for batch, step, position, status in rows:
        work.sql(f"INSERT INTO jobs (batch, step, position, status) VALUES ('{batch}', '{step}', {position}, '{status}')")
    return work


def _session(project: Workplace, env: Mapping[str, str]) -> dict[str, Any]:
    ran = project.inv("drain", env=env)
    assert ran.code == 0, ran
    [path] = (project.root / "kept" / "sessions").glob("*.json")
    taken = [status for (status,) in project.sql("SELECT status FROM jobs ORDER BY batch, step")]
    return {**_asked(json.loads(path.read_text())), "states": taken}


def _asked(session: Mapping[str, Any]) -> dict[str, Any]:
    """What a session was asked to do."""
    return {name: session[name] for name in ("settings", "filters", "policy", "batch_size")}
