"""What two pages tell of one number of the code is the same, and is that number."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from batchdrain.planning.cluster_counts import SYSTEMIC
from tests.docs.pages import DOCS, README, text_of


@pytest.mark.parametrize("page", [DOCS / "first-hour.md", DOCS / "failures.md"], ids=lambda page: page.stem)
def test_a_failure_is_systemic_from_so_many_runs_on(page: Path) -> None:
    [told] = set(re.findall(r"systemic[`*]+ [^.:|]*runs[^.:]*", text_of(page)))
    assert f"in {SYSTEMIC} runs or more" in " ".join(told.split()), told


def test_no_other_page_says_it_in_other_words() -> None:
    pages = [README, *sorted(DOCS.glob("*.md"))]
    assert {page.stem for page in pages if re.search(r"systemic[`*]* (?:means|when)", text_of(page))} == {
        "first-hour",
        "failures",
    }
