"""Who needs an extra of batchdrain is told so where he reads of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from batchdrain.cli.tasks.examples import EXAMPLES
from batchdrain.cli.tasks.flags import FLAGS
from tests.docs.pages import PAGES, named, text_of

USES: Final = {
    "report": r"--format=html",
    "dask": r"--engine[ =]dask|engine: dask",
    "mysql": r"mysql\+pymysql://",
    "postgres": r"postgresql(?:\+psycopg)?://",
}
"""What needs the extra, as a page writes it."""


def lacking(text: str) -> list[str]:
    """The extras that a text needs and does not name."""
    return [
        extra
        for extra, use in USES.items()
        if re.search(use, text) and not re.search(rf"extras? [^.]*`{extra}`|\[[a-z,]*\b{extra}\b[a-z,]*\]", text)
    ]


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_a_page_that_needs_an_extra_names_it(page: Path) -> None:
    assert lacking(text_of(page)) == []


def test_the_help_of_a_task_that_may_need_an_extra_names_it() -> None:
    assert [
        (task, flags) for task, examples in EXAMPLES.items() for flags, why in examples if lacking(f"{task} {flags} # {why}")
    ] == []
    engines = {flag.help for flags in FLAGS.values() for flag in flags if flag.name == "engine"}
    assert engines == {"where the commands are executed; dask needs the extra `dask`"}


def test_an_extra_that_is_not_named_is_found() -> None:
    assert lacking("inv summary --format=html") == ["report"]
    assert (
        lacking("inv summary --format=html # needs the extra `report`")
        == lacking("pip install x[mysql,report] --format=html")
        == []
    )
