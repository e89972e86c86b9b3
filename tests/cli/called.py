"""What a task does, called in the test's own process: quicker than a process of its own, and as exact."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from batchdrain.cli.commands.doctor.project_checks import Finding
from batchdrain.cli.invocation import Invocation
from batchdrain.drain.project import Project
from tests.support.opened import opened
from tests.support.workplace import Workplace


def invocation_of(place: Workplace, *, dry: bool = False, **facts: Any) -> Invocation:
    """The invocation that Invoke would make of the project's invoke.yaml; of none if there is no such file."""
    path = place.root / "invoke.yaml"
    section = json.loads(path.read_text())["batchdrain"] if path.exists() else {}
    return replace(Invocation(section=section, environ={}, root=place.root, dry=dry), **facts)


def lines_of(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The lines that were printed since the last look."""
    return capsys.readouterr().out.splitlines()


def json_of(capsys: pytest.CaptureFixture[str]) -> Any:
    """The JSON that was printed since the last look."""
    return json.loads(capsys.readouterr().out)


def without(lines: Sequence[str], place: Workplace) -> list[str]:
    """The lines without what differs from machine to machine: the project's folder and the database's name."""
    name = place.engine.url.database or ""
    return [line.replace(str(place.root), "ROOT").replace(name, "DB").replace(Path(name).name, "DB") for line in lines]


def found_by(
    check: Callable[[Project], Iterator[Finding]], place: Workplace, **settings: Any
) -> list[tuple[str, str, str, str]]:
    """What a check of doctor finds: the name of the check, its verdict, the message and the cure."""
    with opened(place, **settings) as project:
        return [(one.check, one.verdict, one.message, one.cure) for one in check(project)]
