"""The pages that are made from the code are the pages that stand in docs/."""

from __future__ import annotations

import pytest

from batchdrain.config.load import leaves
from batchdrain.config.settings import Settings
from tests.docs.generate import DOCS, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_a_generated_page_is_what_the_code_says_now(name: str) -> None:
    assert (DOCS / name).read_text() == PAGES[name](), "run `python -m tests.docs.generate`"


def test_every_setting_stands_on_its_page_with_its_default() -> None:
    page = (DOCS / "configuration.md").read_text()
    for path in leaves():
        assert f"| `{'.'.join(path)}` |" in page, path
    assert "`sqlite:///batchdrain.db`" in page
    assert Settings().batch_size == 10
    assert "| `batch_size` | `10` |" in page


def test_every_setting_says_what_it_means_in_the_schema_too() -> None:
    schema = Settings.model_json_schema()
    for model in (schema, *schema["$defs"].values()):
        for name, of in model["properties"].items():
            assert "$ref" in of or of["description"], name
