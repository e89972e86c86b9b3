"""Keeps what the batchdrain of bd1f117 answers and does, for the tests to compare with: data/README.md says how it is run."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from tests.compatibility import asking, configuring, happening
from tests.compatibility.placing import DATA, placed

NAMES = f"""
import json
from importlib.metadata import entry_points
from batchdrain.failures import categorise, fingerprint
groups = ["batchdrain.policies", "batchdrain.engines"]
print(json.dumps({{
    "plugins": {{group: sorted({{point.name for point in entry_points(group=group)}}) for group in groups}},
    "failures": [[text, categorise(text), fingerprint(text)] for text in {configuring.TEXTS!r}],
}}))
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "project").mkdir()
        left = placed(folder / "project", f"sqlite:///{folder}/project/work.db")
        _keep("said.json", dict(asking.answers(left)))
        _keep("flags.json", configuring.said_by(configuring.FLAGS, folder))
        _keep("names.json", configuring.said_by(NAMES, folder))
        _keep("settings.json", configuring.kept(folder))
        happened = {}
        for drain in happening.DRAINS:
            work = happening.fresh(folder / drain.__name__)
            happened[drain.__name__] = happening.left_by(work, drain(work))
        _keep("happened.json", happened)


def _keep(name: str, found: dict[str, Any]) -> None:
    """A line for each name."""
    lines = [f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in found.items()]
    (DATA / name).write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
