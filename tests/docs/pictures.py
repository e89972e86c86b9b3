"""The pictures in docs/: `python -m tests.docs.pictures` drains the demo and makes them. Needs Chromium and tmux."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final, Literal

from tests.docs.pages import DOCS, ROOT
from tests.docs.terminal_pictures import take_terminal_pictures
from tests.support import tmux
from tests.support.browser import MISSING, Visit, chromium, find_chromium
from tests.support.tmux import find_tmux

_SIZES: Final[dict[str, tuple[int, int, Literal["light", "dark"]]]] = {
    "light": (1000, 900, "light"),
    "dark": (1000, 900, "dark"),
    "narrow": (360, 800, "light"),
}
"""Width and height in pixels, and the scheme."""


def main() -> None:
    path = find_chromium()
    if path is None:
        raise SystemExit(MISSING)
    if find_tmux() is None:
        raise SystemExit(tmux.MISSING)
    take_terminal_pictures(DOCS)
    with tempfile.TemporaryDirectory() as folder:
        report = _make_report(Path(folder))
        take_pictures(path, report, DOCS)


def take_pictures(chromium_path: str, report: Path, folder: Path) -> None:
    """One for each size."""
    with chromium(chromium_path) as browser:
        for name, (width, height, scheme) in _SIZES.items():
            visit = Visit(browser, report, width=width, scheme=scheme)
            visit.page.set_viewport_size({"width": width, "height": height})
            visit.page.screenshot(path=folder / f"report-{name}.jpg", type="jpeg", quality=60)
            visit.close()


def _make_report(place: Path) -> Path:
    """Of the demo, drained in `place`."""
    for name in ("invoke.yaml", "tasks.py"):
        (place / name).write_text((ROOT / name).read_text())
    for task in (["demo"], ["drain", "--batch-size=40", "--workers=3"], ["summary", "--format=html", "--output=report.html"]):
        subprocess.run([sys.executable, "-m", "invoke", *task], cwd=place, check=False, stdout=subprocess.DEVNULL)
    return place / "report.html"


if __name__ == "__main__":
    main()
