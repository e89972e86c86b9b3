"""What of our environment a command does not inherit."""

from __future__ import annotations

import pytest

from batchdrain.config.settings import Command
from batchdrain.execution.command import hidden_names_of, to_variable
from batchdrain.execution.placeholders import fill

URLS = {"DATABASE_URL", "INVOKE_BATCHDRAIN_DATABASE_URL"}


@pytest.mark.parametrize(
    ("allow", "deny", "hidden"),
    [
        ([], [], URLS),
        (["DATABASE_URL"], [], {"INVOKE_BATCHDRAIN_DATABASE_URL"}),
        (["DATABASE_URL", "INVOKE_BATCHDRAIN_DATABASE_URL"], [], set()),
        ([], ["AWS_SECRET"], {*URLS, "AWS_SECRET"}),
        (["DATABASE_URL"], ["DATABASE_URL"], URLS),
        (["HOME"], [], URLS),
    ],
)
def test_the_databases_url_is_hidden_unless_it_is_allowed_and_whatever_is_denied(
    allow: list[str], deny: list[str], hidden: set[str]
) -> None:
    assert hidden_names_of(Command(env_allow=allow, env_deny=deny)) == hidden


def test_what_a_value_holds_is_never_read_as_a_placeholder() -> None:
    assert fill("{run_id}/{phase_id} {{x}}", {"run_id": "{phase_id}", "phase_id": "{{"}) == "{phase_id}/{{ {x}"


def test_a_failure_text_is_cut_at_a_whole_character() -> None:
    """Linux takes no variable beyond its size, and no program half a character."""
    assert to_variable("é" * 15_000) == "é" * 15_000
    cut = to_variable("a" + "✓" * 15_000)
    assert cut == "a" + "✓" * 10_922
    assert len(cut.encode()) <= 32_768
