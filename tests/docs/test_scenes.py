"""What compares a page with what a command says finds what is wrong, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.scenes import Place, Step, difference

SAID = "one\n\ntwo 2 phases\nthree [exit code 1; log: a/b]\nsqlite:////tmp/x/batchdrain.db: 4 failed\n"


@pytest.mark.parametrize(
    "shown",
    [
        ["one"],
        ["…", "two 7 phases"],
        ["one", "…", "three […]"],
        ["…", "two 2 phases", "three [exit code 1; log: a/b]", "sqlite:////home/me/batchdrain.db: 4 failed"],
        [],
    ],
    ids=["the beginning", "numbers differ", "left out", "together", "nothing"],
)
def test_what_was_said_is_not_different(shown: list[str]) -> None:
    assert difference(shown, SAID) is None


@pytest.mark.parametrize(
    "shown",
    [["two 2 phases"], ["one", "two 2 phases"], ["…", "two 2 phase"], ["…", "three […]", "two 2 phases"], ["…", "four"]],
    ids=["not the beginning", "not together", "another word", "another order", "never said"],
)
def test_what_was_not_said_so_is_different(shown: list[str]) -> None:
    assert difference(shown, SAID) is not None


def test_a_command_that_is_interrupted_gets_ctrl_c_after_what_the_page_shows_before_it(tmp_path: Path) -> None:
    step = Step(
        command="trap 'echo interrupted; exit 130' INT; echo ready; while :; do sleep 0.05; done", shown=["ready", "^C"]
    )
    code, said = Place(root=tmp_path).type(step)
    assert (code, said.splitlines()) == (130, ["ready", "interrupted"])
