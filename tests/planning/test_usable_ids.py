"""Which ids a command can be given: an id alone is bounded in bytes, and so are both together in one argument."""

from __future__ import annotations

import pytest

from batchdrain.execution.command import LONGEST_ARGUMENT
from batchdrain.planning.usable_ids import LONGEST, UNNAMED, UsableIds

PLAIN = ("work", "{run_id}", "{phase_id}")
LEFT = LONGEST_ARGUMENT - 1_000  #: bytes of an argument, without those that other placeholders may need


def problem(run_id: str, phase_id: str, *argv: str) -> str | None:
    """Without the characters of the id that it shows."""
    found = UsableIds(argv or PLAIN).problem_of(run_id, phase_id)
    return None if found is None else found.value.rpartition(": ")[2]


@pytest.mark.parametrize("text", ["", "a\0b", "\ud800"])
def test_a_text_that_is_no_id_has_no_name(text: str) -> None:
    usable = UsableIds(PLAIN)
    assert [usable.problem_of(text, "p"), usable.problem_of("r", text)] == [UNNAMED, UNNAMED]
    assert (UNNAMED.rule, LONGEST) == ("bad id", 100_000)
    assert usable.problem_of("r", "p") is None


TOO_LONG = f"{LONGEST + 1} bytes are too long for an argument (at most {LONGEST})"
ALONE: list[tuple[str, str, str | None]] = [
    ("r" * 1_000, "p" * 1_000, None),
    ("r" * LONGEST, "p", None),
    ("r", "p" * LONGEST, None),
    ("r" * (LONGEST + 1), "p", TOO_LONG),
    ("r", "p" * (LONGEST + 1), TOO_LONG),
    ("r" * LONGEST, "p" * (LONGEST + 1), TOO_LONG),
    ("é" * (LONGEST // 2), "p", None),
    ("é" * (LONGEST // 2) + "r", "p", TOO_LONG),
]


@pytest.mark.parametrize(("run_id", "phase_id", "told"), ALONE, ids=range(len(ALONE)))
def test_an_id_has_no_more_bytes_than_an_argument_takes(run_id: str, phase_id: str, told: str | None) -> None:
    assert problem(run_id, phase_id) == told


@pytest.mark.parametrize(("run", "phase"), [("r" * 120_000, "p" * 110_000), ("r" * 110_000, "p" * 120_000)])
def test_of_two_ids_that_are_too_long_the_longer_one_is_shown(run: str, phase: str) -> None:
    found = UsableIds(PLAIN).problem_of(run, phase)
    assert found is not None
    longer = max(run, phase, key=len)[:59]
    assert (found.rule, found.value) == (
        "bad id", f"{longer}…: 120000 bytes are too long for an argument (at most {LONGEST})",
    )  # fmt: skip


BOTH = "an argument of the command with both ids would be longer than the system takes"
TOGETHER: list[tuple[str, int, int, bool]] = [
    # an argument, the bytes of each id, whether it takes them
    ("{run_id}/{phase_id}", 60_000, LEFT - 60_000 - 19, True),
    ("{run_id}/{phase_id}", 60_000, LEFT - 60_000 - 18, False),
    ("{run_id}{run_id}", (LEFT - 16) // 2, 5_000, True),
    ("{run_id}{run_id}", (LEFT - 16) // 2 + 1, 1, False),
    ("{phase_id}{phase_id}", 5_000, (LEFT - 20) // 2, True),
    ("{phase_id}{phase_id}", 1, (LEFT - 20) // 2 + 1, False),
    ("{run_id}", 100_000, 100_000, True),
    ("{column:a}{column:a}", 64_000, 1, True),
    ("{column:a}{column:a}", 66_000, 1, False),
    ("{column:a}{column:b}", 60_000, 60_000, True),
    ("{column:a}{column:b}", 66_000, 66_000, False),
    ("{column:a}{column:a}{column:b}", 66_000, 1, False),
    ("\udcff{run_id}{phase_id}", 60_000, 60_000, True),
    ("{run_id}{run_id}{column:a}", 43_000, 1, True),
    ("{run_id}{run_id}{column:a}", 44_000, 1, False),
    ("{{run_id}}{{phase_id}}", 90_000, 90_000, True),
    ("é" * 30_000 + "{run_id}{phase_id}", 35_000, 35_000, True),
    ("é" * 30_000 + "{run_id}{phase_id}", 36_000, 36_000, False),
]


@pytest.mark.parametrize(("item", "run_bytes", "phase_bytes", "fits"), TOGETHER, ids=range(len(TOGETHER)))
def test_an_argument_with_both_ids_takes_both(item: str, run_bytes: int, phase_bytes: int, fits: bool) -> None:
    told = problem("r" * run_bytes, "p" * phase_bytes, "work", "--plain", item, "{run_id}")
    assert told == (None if fits else BOTH)


def test_of_many_ids_that_are_too_long_some_are_shown_and_the_others_as_one() -> None:
    usable = UsableIds(PLAIN)
    told = [usable.problem_of(f"{number:03}{'r' * LONGEST}", "p") for number in range(25)]
    again = [usable.problem_of(f"{number:03}{'r' * LONGEST}", "p") for number in range(25)]
    shown = [one.value for one in told if one is not None]
    assert len(set(shown)) == 21
    assert (shown[19][:3], shown[20], shown[24]) == ("019", *["more ids that are too long for an argument"] * 2)
    assert again == told
    assert told[3] is again[3]
