"""As the README says it: the clone's wheel, installed into the environment of another project."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from tests.docs.pages import ROOT

pytestmark = pytest.mark.soak

IGNORED = shutil.ignore_patterns(
    ".git", ".venv", "__pycache__", ".autonomous_runs", "batchdrain.db*", "*.egg-info", ".*_cache", "dist"
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of the clone, as git has it."""
    place = tmp_path_factory.mktemp("built")
    shutil.copytree(ROOT, place / "clone", ignore=IGNORED)
    _run([sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", "dist", "./clone"], place)
    [found] = (place / "dist").glob("batchdrain-*.whl")
    return found


def _run(argv: list[str | Path], cwd: Path, **env: str) -> str:
    own = {name: value for name, value in os.environ.items()
           if not name.startswith(("COV", "PYTEST", "PYTHON", "VIRTUAL_ENV", "INVOKE", "DATABASE_URL"))}  # fmt: skip
    done = subprocess.run(argv, cwd=cwd, env={**own, **env}, capture_output=True, text=True, check=False, timeout=110)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _project(place: Path, *install: str | Path) -> Path:
    """A folder with a tasks file and an environment of its own. Returns the folder of its programs."""
    venv.create(place / "venv", with_pip=False)
    bin_ = place / "venv" / "bin"
    _run([sys.executable, "-m", "pip", "--python", bin_ / "python", "install", "--quiet", *install], place)
    (place / "tasks.py").write_text("from batchdrain.collection import ns\n")
    return bin_


def _first_steps(bin_: Path, place: Path) -> None:
    assert "drain-all" in _run([bin_ / "inv", "--list"], place)
    assert "60 failed" in _run([bin_ / "inv", "demo"], place)
    assert "table 'phases'" in _run([bin_ / "inv", "init"], place)
    settings = place / "invoke.yaml"
    settings.write_text(settings.read_text().replace("myproject.work", "batchdrain.demo"))
    assert "All is well." in _run([bin_ / "inv", "doctor"], place)


def test_the_wheel_holds_the_rules_of_categories(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as files:
        assert files.read("batchdrain/failures/rules.tsv") == (ROOT / "batchdrain/failures/rules.tsv").read_bytes()


def test_the_wheel_works_in_another_project(wheel: Path, tmp_path: Path) -> None:
    """What it depends on comes from the environment of the tests."""
    bin_ = _project(tmp_path, "--no-deps", wheel)
    [library] = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    (library / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    (bin_ / "inv").write_text(f"#!{bin_ / 'python'}\nfrom invoke.main import program\nprogram.run()\n")
    (bin_ / "inv").chmod(0o755)

    where = _run([bin_ / "python", "-c", "import batchdrain; print(batchdrain.__file__)"], tmp_path)
    assert where.startswith(str(tmp_path / "venv"))
    _first_steps(bin_, tmp_path)


def test_the_wheel_brings_all_that_it_needs(wheel: Path, tmp_path: Path) -> None:
    bin_ = _project(tmp_path, wheel)
    _first_steps(bin_, tmp_path)
    assert "Would drain 2 of 60" in _run([bin_ / "inv", "dry-run", "--batch-size=2"], tmp_path)
    assert "1/1 succeeded" in _run([bin_ / "inv", "drain", "--batch-size=1"], tmp_path)
