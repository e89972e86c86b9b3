"""The pages of docs/ that are made from the code: `python -m tests.docs.generate` writes them, a test holds them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from tests.benchmarks.page import performance_page
from tests.docs import configuration, flags_page, json_schema

DOCS: Final = Path(__file__).parents[2] / "docs"
PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "configuration.md": configuration.page,
    "flags.md": flags_page.flags_page,
    "performance.md": performance_page,
    "schema.json": json_schema.page,
}
"""The page's name, and what makes its text."""


def main() -> None:
    for name, page in PAGES.items():
        (DOCS / name).write_text(page())


if __name__ == "__main__":
    main()
