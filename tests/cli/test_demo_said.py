"""What `inv demo` says that it made, would make, or does not make, and what it hands to the making of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from batchdrain.cli.commands import demo
from batchdrain.cli.commands.demo import make_demo
from batchdrain.model.errors import ConfigError, FilesUnavailable
from tests.cli.called import invocation_of, json_of, lines_of

Capsys = pytest.CaptureFixture[str]


def test_the_demo_tells_what_it_made_and_a_dry_run_what_it_would_make(tmp_path: Path, capsys: Capsys) -> None:
    path = tmp_path / "demo.db"
    asked = {"section": {"database_url": f"sqlite:///{path}"}}

    def made(*, dry: bool = False, mount: str = "", **how: Any) -> list[str]:
        place: Any = type("Place", (), {"root": tmp_path})
        make_demo(invocation_of(place, dry=dry, mount=mount, **asked), **{"phases": None, "seed": None, **how})
        return lines_of(capsys)

    assert made(dry=True) == [f"Would make {path} with 60 failed phases"]
    assert made(dry=True, phases=1) == [f"Would make {path} with 1 failed phase"]
    assert not path.exists()
    [line] = made(mount="x.", phases=5)
    assert re.fullmatch(
        rf"Made {re.escape(str(path))}: 5 failed, \d+ queued, \d+ complete phases?\. Now: inv x\.dry-run, inv x\.drain, inv x\.summary",
        line,
    )
    [found] = [json.loads("".join(made(phases=5, shape="json")))]
    assert (found["database"], found["made"]["failed"], sorted(found["made"]), found["said"][0][:4]) == (
        str(path), 5, ["complete", "failed", "queued"], "Made",
    )  # fmt: skip
    asked["section"]["database_url"] = "postgresql://h/d"
    with pytest.raises(
        ConfigError,
        match=r"^inv demo makes a SQLite file, and the configured database is another; unset batchdrain.database_url",
    ):
        made()
    other = tmp_path / "mine.db"
    other.write_bytes(b"mine")
    asked["section"]["database_url"] = f"sqlite:///{other}"
    with pytest.raises(ConfigError, match=r"^inv demo: .*; the demo never replaces a database of yours$"):
        made()
    with pytest.raises(ConfigError, match=r"^inv demo: .*; the demo never replaces a database of yours$"):
        made(dry=True)
    assert other.read_bytes() == b"mine"


def test_the_demo_is_the_same_for_everybody_unless_a_seed_is_given(
    tmp_path: Path, capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[tuple[Path, int, int]]()

    def make(path: Path, *, phases: int, seed: int) -> dict[str, int]:
        asked.append((path, phases, seed))
        return {"FAILED": 1, "QUEUED": 2, "COMPLETE": 1}

    monkeypatch.setattr(demo, "make_backlog", make)
    path = tmp_path / "demo.db"
    place: Any = type("Place", (), {"root": tmp_path})
    invocation = invocation_of(place, section={"database_url": f"sqlite:///{path}"})
    for seed in (None, 0, 3):
        make_demo(invocation, phases=None, seed=seed)
    assert asked == [(path, 60, 7), (path, 60, 0), (path, 60, 3)]
    assert lines_of(capsys)[0] == (
        f"Made {path}: 1 failed, 2 queued, 1 complete phase. Now: inv dry-run, inv drain, inv summary"
    )
    make_demo(invocation_of(place, dry=True, section=invocation.section), phases=2, seed=None, shape="json")
    assert json_of(capsys) == {"database": str(path), "made": None, "said": [f"Would make {path} with 2 failed phases"]}

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(demo, "make_backlog", refuse)
    with pytest.raises(FilesUnavailable) as caught:
        make_demo(invocation, phases=None, seed=None)
    assert str(caught.value) == f"inv demo: {path}: Permission denied; make the folder writable"
