"""Code that others may write is not imported: not by a link, not by what a plugin imports, not compiled, not by doctor."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chaos.faults import fault
from tests.cli.telling import told
from tests.support.soaking import soak
from tests.support.strangers import STRANGER, let_a_group_write
from tests.support.workplace import Workplace

pytestmark = pytest.mark.everyday("sqlite")

EVIL = "open('pwned', 'w')\ndef policy(lane, now): return 0\n"
FRESH = {"PYTHONUNBUFFERED": "1"}
"""An interpreter of its own: what is imported stays so."""


def plant(place: Workplace, kind: str, elsewhere: Path) -> Path:
    """A plugin, and what of it others will be let to write."""
    root = place.root
    place.configure(policy=["mine:policy"])
    (root / "mine.py").write_text(EVIL)
    if kind == "a link to it":
        (root / "mine.py").rename(elsewhere / "real.py")
        (root / "mine.py").symlink_to(elsewhere / "real.py")
        return elsewhere / "real.py"
    if kind == "the folder of a link's target":
        (root / "mine.py").rename(elsewhere / "real.py")
        (root / "mine.py").symlink_to(elsewhere / "real.py")
        return elsewhere
    if kind in {"what it imports", "what it imports late", "what that imports", "what it imports by a link"}:
        late = kind == "what it imports late"
        (root / "mine.py").write_text(
            "def policy(lane, now):\n    import helper\n    return 0\n"
            if late
            else "import helper\ndef policy(lane, now): return 0\n"
        )
        (root / "helper.py").write_text("import inner\n" if kind == "what that imports" else "open('pwned', 'w')\n")
        (root / "inner.py").write_text("open('pwned', 'w')\n")
        if kind == "what it imports by a link":
            (root / "helper.py").rename(elsewhere / "real.py")
            (root / "helper.py").symlink_to(elsewhere / "real.py")
            return elsewhere / "real.py"
        return root / ("inner.py" if kind == "what that imports" else "helper.py")
    if kind in {"its compiled code", "the folder of its compiled code"}:
        cached = root / "__pycache__"
        cached.mkdir()
        name = f"mine.{sys.implementation.cache_tag}.pyc"
        (cached / name).write_bytes(b"not yet")
        return cached / name if kind == "its compiled code" else cached
    package = root / "pack"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (root / "mine.py").rename(package / "mine.py")
    place.configure(policy=["pack.mine:policy"])
    return {"its package": package, "the head of its package": package / "__init__.py"}[kind]


KINDS = [
    "a link to it", "the folder of a link's target", "what it imports", "what it imports late", "what that imports",
    "what it imports by a link", "its compiled code", "the folder of its compiled code", "its package", "the head of its package",
]  # fmt: skip


def open_to_all(path: Path) -> None:
    path.chmod(0o777)


def give_away(path: Path) -> None:
    if os.geteuid():
        pytest.skip("only root can give a file to somebody else")
    os.chown(path, STRANGER, STRANGER)


@fault(86)
@pytest.mark.parametrize(
    ("kind", "opened"),
    [
        *(pytest.param(kind, open_to_all, id=kind) for kind in KINDS),
        pytest.param("what it imports", give_away, id="what it imports, given away"),
        *(pytest.param(kind, give_away, id=f"{kind}, given away", marks=soak) for kind in KINDS if kind != "what it imports"),
    ],
)
def test_code_that_others_may_write_is_imported_by_no_way(
    sqlite_project: Workplace, tmp_path: Path, kind: str, opened: Callable[[Path], None]
) -> None:
    sqlite_project.fail("r/a")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    opened(plant(sqlite_project, kind, elsewhere))
    ran = sqlite_project.inv("drain", env=FRESH)
    assert (ran.code, "Traceback" in ran.err) == (78, False), ran
    assert "may write" in ran.err or "may be replaced" in ran.err or "belongs to" in ran.err, ran.err
    assert not (sqlite_project.root / "pwned").exists()
    assert sqlite_project.states() == {"r/a": "FAILED"}


@fault(86)
@pytest.mark.parametrize("name", ["invoke.yaml", "mine.py"])
def test_doctor_imports_nothing_that_a_drain_does_not(sqlite_project: Workplace, name: str) -> None:
    (sqlite_project.root / "mine.py").write_text(EVIL)
    sqlite_project.configure(policy=["mine:policy"], batch_size="ten" if name == "mine.py" else 10)
    (sqlite_project.root / name).chmod(0o666)
    assert sqlite_project.inv("doctor", env=FRESH).code == 78
    assert not (sqlite_project.root / "pwned").exists()


@fault(86)
def test_a_settings_file_behind_a_link_names_code_only_where_its_folder_is_ours(
    sqlite_project: Workplace, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (sqlite_project.root / "mine.py").write_text(EVIL)
    sqlite_project.configure(policy=["mine:policy"])
    (sqlite_project.root / "invoke.yaml").rename(elsewhere / "real.yaml")
    (sqlite_project.root / "invoke.yaml").symlink_to(elsewhere / "real.yaml")
    elsewhere.chmod(0o777)
    told(sqlite_project.inv("drain", env=FRESH), 78, "names code to be imported", "may be replaced by others")
    assert not (sqlite_project.root / "pwned").exists()


@fault(86)
def test_a_plugin_of_ours_imports_what_it_wants(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a")
    (sqlite_project.root / "mine.py").write_text("import helper, csv, colorsys, rich.table\n" + EVIL)
    (sqlite_project.root / "helper.py").write_text("")
    sqlite_project.configure(policy=["mine:policy"])
    ran = sqlite_project.inv("drain", env=FRESH)
    assert ran.code == 0, ran.err
    assert (sqlite_project.root / "pwned").exists()


@fault(86)
@pytest.mark.parametrize("name", ["mine.py", "helper.py", ".", "invoke.yaml"])
def test_a_group_of_ones_own_may_write_a_plugin(sqlite_project: Workplace, name: str) -> None:
    """As an umask of 002 lets it, which many systems have."""
    root = sqlite_project.root
    sqlite_project.fail("r/a")
    (root / "mine.py").write_text("import helper\ndef policy(lane, now): return 0\n")
    (root / "helper.py").write_text("")
    sqlite_project.configure(policy=["mine:policy"])
    for path in (root, *root.glob("*.py"), root / "invoke.yaml"):
        let_a_group_write(path, 0o775 if path.is_dir() else 0o664, gid=0)
    ran = [sqlite_project.inv(task, env=FRESH) for task in ("doctor", "drain")]
    assert [one.code for one in ran] == [0, 0], ran
    let_a_group_write(root / name, 0o775 if name == "." else 0o664)
    told(sqlite_project.inv("drain", env=FRESH), 78, "others may write it" if name != "helper.py" else "helper.py")
