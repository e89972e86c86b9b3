"""Every command of the README works as it stands there, in a fresh copy of the repository."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from batchdrain.collection import ns
from batchdrain.demo.backlog import make_backlog

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
FROM_NOTHING = re.findall(r"^    (python3 -m venv .*)$", README, re.MULTILINE)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The repository as git has it, or would have it."""
    target = tmp_path / "copy"
    ignored = shutil.ignore_patterns(
        ".git", ".venv", "__pycache__", ".autonomous_runs", "batchdrain.db*", "*.egg-info", ".*_cache"
    )
    shutil.copytree(ROOT, target, ignore=ignored)
    return target


def _shell(command: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """As a reader types it: the environment of the tests does not count."""
    own = {
        name: value for name, value in os.environ.items() if not name.startswith(("COV", "PYTEST", "VIRTUAL_ENV", "INVOKE"))
    }
    own["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{own['PATH']}"
    return subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=cwd, env={**own, **env}, capture_output=True, text=True,
                          check=False, timeout=110)  # fmt: skip


def test_the_readme_begins_with_two_commands_that_work_from_nothing() -> None:
    assert [line.split("&&")[-1].strip() for line in FROM_NOTHING] == [".venv/bin/inv demo drain", ".venv/bin/pytest"]


def test_the_main_job_runs_with_the_readmes_own_words(copy: Path) -> None:
    done = _shell(FROM_NOTHING[0].split("&&")[-1].replace(".venv/bin/", ""), copy)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Total Processed: 25" in done.stdout
    assert re.search(r"Timeouts: [1-9]", done.stdout)  # one hangs; on a slow machine others may reach the limit of 3 s
    assert "Trying again in" in done.stdout
    assert "✗ Failed: FAILED" in done.stdout


def test_the_tests_command_collects_tests(copy: Path) -> None:
    done = _shell("pytest --collect-only -q tests/failures", copy)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_five_minutes_work_line_by_line(copy: Path, tmp_path: Path) -> None:
    project = tmp_path / "mine"
    project.mkdir()
    tasks = re.search(r"make a `tasks\.py`:\n\n```python\n(.*?)```", README, re.DOTALL)
    assert tasks is not None
    (project / "tasks.py").write_text(tasks[1])
    make_backlog(project / "batchdrain.db")
    console = re.search(r"```console\n(.*?)```", README, re.DOTALL)
    assert console is not None
    lines = [line.removeprefix("$ ") for line in console[1].splitlines()]
    assert lines[1] == "inv init"
    told = _shell("; ".join(lines[:2]), project)
    assert told.returncode == 0, told.stderr
    path = project / "invoke.yaml"
    path.write_text(
        path.read_text()
        .replace("myproject.work", "batchdrain.demo")
        .replace("timeout: {default_s: 600}", "timeout: {default_s: 3, adaptive: false}")
    )

    for line in lines[2:]:
        done = _shell(f"{lines[0]}; {line}", project)
        assert done.returncode in ({0, 1} if line.startswith("inv drain") else {0}), f"{line}: {done.stdout}{done.stderr}"


def test_the_mounted_collection_and_the_shell_lines_work(copy: Path, tmp_path: Path) -> None:
    mount = re.search(r"`inv backlog\.drain`\):\n\n```python\n(.*?)```", README, re.DOTALL)
    assert mount is not None
    project = tmp_path / "mounted"
    project.mkdir()
    (project / "tasks.py").write_text(mount[1])
    assert "backlog.drain-all" in _shell("inv --list", project).stdout

    picking = re.search(r"```bash\n(RUN_ID=.*?)```", README, re.DOTALL)
    assert picking is not None
    done = _shell(f"inv demo\n{picking[1]}".replace("inv drain ", "inv drain --dry-run "), copy)
    assert done.returncode == 0, done.stderr


def test_the_policy_of_the_readme_is_a_policy(copy: Path) -> None:
    source = next(block for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "billing_first" in block)
    ast.parse(source)
    (copy / "mypolicies.py").write_text(source)
    done = _shell("inv demo; PYTHONPATH=. inv dry-run --policy=mypolicies:billing_first,smart --batch-size=3", copy)

    assert done.returncode == 0, done.stderr
    assert all("billing-ledger" in line for line in done.stdout.splitlines() if re.match(r"\[\d/3\]", line))


def test_the_lines_for_ci_work(copy: Path) -> None:
    lines = re.findall(r"^- run: (inv .*)$", README, re.MULTILINE)
    assert len(lines) == 3
    done = _shell(" ; ".join(["inv demo", *lines]).replace("--min-success-rate=0.8", "--min-success-rate=0.1"), copy)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (copy / "summary.md").is_file()


def test_each_task_of_the_table_answers_to_help(copy: Path) -> None:
    names = re.findall(r"^\| `inv ([a-z-]+)` \|", README, re.MULTILINE)
    assert sorted(names) == sorted(ns.task_names)
    done = _shell(" && ".join(f"inv --help {name} > /dev/null" for name in names), copy)
    assert done.returncode == 0, done.stderr


def test_every_promise_names_a_test_that_is_there() -> None:
    section = README.partition("## Promises")[2].partition("\n## ")[0]
    named = set(re.findall(r"`(test_\w+)`", section))
    there = {
        name for path in Path(__file__).parent.rglob("test_*.py") for name in re.findall(r"def (test_\w+)", path.read_text())
    }
    assert len(named) >= 15
    assert named - there == set()


def test_the_examples_within_the_text_work(copy: Path) -> None:
    """Those with all their flags; and what needs a command of yours, with one that says yes to everything."""
    examples = re.findall(r"`(inv (?:hint|accept) --[^`]+=[^`]+)`", README)
    assert len(examples) == 2
    lines = ["inv demo", *examples, "inv hint", "inv accept", "inv clusters", "inv clusters --run-id=web-7 --top=5", "inv triage",
             "inv triage --anew", "inv drain --triage --batch-size=2 --min-success-rate=0", "inv recover", "inv sessions"]  # fmt: skip
    done = _shell("; ".join(lines), copy, INVOKE_BATCHDRAIN_TRIAGE_ARGV='["true"]')
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ships tonight" in done.stdout
    assert "JIRA-7" in done.stdout
