"""A project that follows a recipe of docs/tables.md: its scripts and settings are taken from the page itself."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from invoke.vendor import yaml
from sqlalchemy.engine import make_url

from tests.docs.pages import DOCS, blocks
from tests.support.workplace import Ran, Workplace

safe_load: Any = yaml.safe_load
PAGE = DOCS / "tables.md"


def block(kind: str, holds: str) -> str:
    """The one of the page's blocks that holds these words."""
    [found] = [body for body in blocks(PAGE, kind) if holds in body]
    return found


@dataclass
class Recipe:
    """A place without invoke.yaml, whose processes find the modules that lie in it."""

    place: Workplace

    @classmethod
    def begin(cls, root: Path, url: str) -> Recipe:
        root.mkdir()
        place = Workplace(root=root, url=url)
        (root / "invoke.yaml").unlink()
        return cls(place)

    @property
    def env(self) -> dict[str, str]:
        url = make_url(self.place.url)
        server = {
            "PGHOST": url.host or "",
            "PGPORT": str(url.port or ""),
            "PGUSER": url.username or "",
            "PGDATABASE": url.database or "",
        }
        return {
            "DATABASE_URL": self.place.url,
            "PYTHONPATH": str(self.place.root),
            **{key: one for key, one in server.items() if one},
        }

    def write(self, name: str, text: str) -> None:
        path = self.place.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run(self, *argv: str) -> str:
        """A process of the project's own; what it printed."""
        environ = {**os.environ, **self.env}
        done = subprocess.run(
            [sys.executable, *argv], cwd=self.place.root, env=environ, capture_output=True, timeout=100, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def inv(self, *argv: str) -> Ran:
        return self.place.inv(*argv, env=self.env)

    def section(self) -> dict[str, Any]:
        found: dict[str, Any] = safe_load((self.place.root / "invoke.yaml").read_text())["batchdrain"]
        return found

    def mend(self) -> None:
        """What kept the jobs from succeeding."""
        self.write("mended", "")
