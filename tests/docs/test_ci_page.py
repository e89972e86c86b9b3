"""The examples of docs/ci.md work when each is copied by itself: what they install, drain and keep is what is there then."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import pytest
from invoke.vendor import yaml as _of_invoke

from batchdrain.demo.backlog import make_backlog
from tests.docs.pages import DOCS, ROOT, blocks
from tests.docs.scenes import Step, repository_like
from tests.support.shells import folder_of_inv

yaml: Any = _of_invoke
PAGE: Final = DOCS / "ci.md"
CODES: Final = {"doctor": {0}, "drain": {0, 1}, "summary": {0}, "prune": {0}}
URL: Final = "sqlite:///batchdrain.db"
STUB: Final = '#!/bin/sh\necho "$0" "$@" >> {said}\n{then}\n'


@dataclass(frozen=True, kw_only=True)
class Job:
    """An example, as its CI reads it."""

    install: str
    commands: list[str]
    always: list[str]  #: also after a command that failed
    kept: list[str]  #: as artifacts
    prepared: list[str] = field(default_factory=list)  #: what the CI itself does before


def github() -> Job:
    job = yaml.safe_load(blocks(PAGE, "yaml")[0])["jobs"]["drain"]
    steps, uses = job["steps"], {step["uses"].partition("@")[0]: step for step in job["steps"] if "uses" in step}
    assert job["env"] == {"DATABASE_URL": "${{ secrets.DATABASE_URL }}"}
    assert job["runs-on"] == "ubuntu-latest"
    assert uses["actions/upload-artifact"]["if"] == "always()"
    run = [step for step in steps if "run" in step]
    assert steps.index(uses["actions/setup-python"]) < steps.index(run[0])
    return Job(
        install=run[0]["run"],
        commands=[step["run"] for step in run[1:] if step.get("if") is None],
        always=[step["run"] for step in run if step.get("if") == "always()"],
        kept=uses["actions/upload-artifact"]["with"]["path"].split(),
        prepared=[*uses][:2],
    )


def gitlab() -> Job:
    job = yaml.safe_load(blocks(PAGE, "yaml")[1])["drain"]
    assert job["image"].startswith("python:3.1")
    assert "DATABASE_URL" not in job["variables"], "a variable of the file is no secret: it is a masked one of the project"
    assert job["artifacts"]["when"] == "always"
    [install] = job["before_script"]
    kept = [*job["artifacts"]["paths"], *job["artifacts"]["reports"].values()]
    return Job(install=install, commands=job["script"], always=job["after_script"], kept=kept)


JOBS: Final = {"github": github, "gitlab": gitlab}


@pytest.mark.parametrize("name", JOBS)
def test_what_a_job_installs_is_a_clone_in_the_repository_with_extras_that_there_are(name: str) -> None:
    pip, verb, what = shlex.split(JOBS[name]().install)
    found = re.fullmatch(r"\./vendor/batchdrain\[([\w,]+)\]", what)
    assert (pip, verb, found is not None) == ("pip", "install", True), what
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert found is not None
    assert set(found[1].split(",")) <= set(extras)
    assert {"report", "postgres"} <= set(found[1].split(",")), "the page, and the database of the example"


def test_the_clone_is_checked_out_and_python_is_there_before_anything_is_installed() -> None:
    assert github().prepared == ["actions/checkout", "actions/setup-python"]


@pytest.mark.parametrize("name", JOBS)
def test_the_commands_of_a_job_run_as_they_stand_there_and_leave_what_it_keeps(name: str, tmp_path: Path) -> None:
    job, place = JOBS[name](), repository_like(tmp_path / "project")
    place.env["DATABASE_URL"] = URL
    make_backlog(place.root / "batchdrain.db", phases=12)
    for line in (*job.commands, *job.always):
        code, said = place.type(Step(command=line))
        assert code in CODES[line.split()[1]], (line, said)
    assert [one for one in job.kept if not (place.root / one).exists()] == []
    assert ET.parse(place.root / "junit.xml").getroot().tag == "testsuites"
    assert (place.root / "report.html").read_text().startswith("<!DOCTYPE html>")


def test_the_lines_for_cron_run_with_what_cron_knows_behind_what_is_done_once(tmp_path: Path) -> None:
    place = repository_like(tmp_path / "jobs")
    make_backlog(place.root / "batchdrain.db", phases=12)
    [once], [lines] = blocks(PAGE, "sh"), blocks(PAGE, "cron")
    said, stubs = tmp_path / "said.txt", tmp_path / "stubs"
    stubs.mkdir()
    _program(stubs / "python3", STUB.format(said=said, then="mkdir -p .venv/bin && cp ../stubs/pip ../stubs/inv .venv/bin/"))
    _program(stubs / "pip", STUB.format(said=said, then=""))
    _program(stubs / "inv", f'#!/bin/sh\nexec {folder_of_inv()}/inv "$@"\n')
    at = str(place.root)

    _run(once.replace("/srv/jobs", at), {"PATH": f"{stubs}:{os.environ['PATH']}"}, "sh")
    secret = place.root / "env.sh"
    assert secret.stat().st_mode & 0o077 == 0
    secret.write_text(re.sub(r"'postgresql://\S+'", f"'{URL}'", secret.read_text()))
    assert said.read_text().splitlines() == [
        f"{stubs}/python3 -m venv .venv", ".venv/bin/pip install ./vendor/batchdrain[report,postgres]",
    ]  # fmt: skip

    for line in lines.splitlines():
        *moment, command = line.split(maxsplit=5)
        assert len(moment) == 5
        _run(command.replace("/srv/jobs", at), {"PATH": "/usr/bin:/bin"}, "sh", codes={0, 1})
    log = (place.root / "drain.log").read_text()
    assert "BATCH DRAIN SUMMARY" in log
    assert (place.root / "report.html").exists()


@pytest.mark.soak
def test_the_line_that_installs_does_so_from_a_clone_in_vendor(tmp_path: Path) -> None:
    """What it depends on is left to the index."""
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / "batchdrain").symlink_to(ROOT)
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    env = {"PATH": f"{tmp_path}/venv/bin:{os.environ['PATH']}", "HOME": str(tmp_path)}
    subprocess.run(f"{github().install} --no-deps", shell=True, cwd=tmp_path, env=env, check=True)
    found = subprocess.run(
        [tmp_path / "venv" / "bin" / "python", "-c", "import importlib.metadata as m; print(m.version('batchdrain'))"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert found.stdout.strip()


def _program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def _run(text: str, environ: dict[str, str], shell: str, codes: set[int] | None = None) -> None:
    """As a shell does that knows nothing else."""
    done = subprocess.run([shell, "-c", text], env={"HOME": "/", **environ}, capture_output=True, text=True, check=False)
    assert done.returncode in (codes or {0}), (text, done.stdout, done.stderr)
