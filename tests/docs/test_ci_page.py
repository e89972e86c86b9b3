"""The examples of docs/ci.md: their YAML is YAML, and their commands run as they stand there, in turn."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from invoke.vendor import yaml as _of_invoke

from batchdrain.demo.backlog import make_backlog
from tests.docs.pages import DOCS, blocks
from tests.docs.scenes import Step, repository_like

yaml: Any = _of_invoke
PAGE = DOCS / "ci.md"
CODES = {"doctor": {0}, "drain": {0, 1}, "summary": {0}, "prune": {0}}


def commands_of(found: Any) -> list[str]:
    """Of GitHub's steps and GitLab's scripts."""
    if isinstance(found, dict):
        lines = [found["run"]] if isinstance(found.get("run"), str) else []
        return lines + [one for value in found.values() for one in commands_of(value)]
    if isinstance(found, list):
        return [one for value in found for one in ([value] if isinstance(value, str) else commands_of(value))]
    return []


def test_each_example_is_yaml_of_its_kind() -> None:
    github, gitlab = (yaml.safe_load(text) for text in blocks(PAGE, "yaml"))
    assert {"runs-on", "steps"} <= set(github["jobs"]["drain"])
    assert all({"run", "uses"} & set(step) for step in github["jobs"]["drain"]["steps"])
    assert gitlab["drain"]["artifacts"]["reports"] == {"junit": "junit.xml"}
    assert all(len(line.split(maxsplit=5)) == 6 for [text] in [blocks(PAGE, "cron")] for line in text.splitlines())


def test_the_commands_of_the_examples_run_as_they_stand_there(tmp_path: Path) -> None:
    place = repository_like(tmp_path / "project")
    make_backlog(place.root / "batchdrain.db", phases=12)
    lines = [one for text in blocks(PAGE, "yaml") for one in commands_of(yaml.safe_load(text))]
    lines += re.findall(r"&& (inv .*?) >>", blocks(PAGE, "cron")[0])
    called = [line for line in dict.fromkeys(lines) if line.startswith("inv ")]
    assert len(called) == 6, called
    for line in called:
        code, said = place.type(Step(command=line))
        assert code in CODES[line.split()[1]], (line, said)
    assert ET.parse(place.root / "junit.xml").getroot().tag == "testsuites"
    assert (place.root / "report.html").read_text().startswith("<!DOCTYPE html>")
