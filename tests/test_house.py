"""The rules of the house, each held by a machine: a rule that can't fail is not one, so each has a breach planted for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from invoke.collection import Collection
from invoke.context import Context
from invoke.tasks import task

import batchdrain
from batchdrain.collection import ns
from tests.house import plants, plants_of_words, sizes
from tests.house.contracts import tasks_without_help
from tests.house.measure import figures
from tests.house.plants import Plant, build
from tests.house.rules import RULES

ROOT = Path(__file__).parents[1]
PLANTS: dict[str, list[Plant]] = {}
for _plant in (*plants.plants(), *plants_of_words.plants()):
    PLANTS.setdefault(_plant.rule, []).append(_plant)


@pytest.mark.parametrize("rule", RULES)
def test_the_house_holds(rule: str) -> None:
    breaches = RULES[rule](ROOT)
    assert not breaches, f"{rule}:\n" + "\n".join(breaches)


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_catches_its_planted_breach(rule: str, tmp_path: Path) -> None:
    for number, plant in enumerate(PLANTS[rule]):
        breaches = RULES[rule](build(tmp_path / str(number), plant.sound, plant.breach))
        assert len(breaches) == 1, (plant, breaches)
        assert breaches[0].startswith(f"{plant.at}: "), plant
        assert breaches[0].endswith(plant.found), plant


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_lets_the_sound_neighbour_be(rule: str, tmp_path: Path) -> None:
    sound = {id(plant.sound): plant.sound for plant in PLANTS[rule]}
    for name, files in sound.items():
        assert RULES[rule](build(tmp_path / str(name), files)) == []


def test_every_rule_has_a_plant() -> None:
    assert set(PLANTS) == set(RULES)


@pytest.mark.parametrize(
    ("rule", "apart"),
    [(sizes.function_lines, sizes.LONG_APART), (sizes.parameters, sizes.MANY_APART)],
    ids=["lines", "parameters"],
)
def test_every_exemption_has_a_reason_and_a_use(rule: Callable[..., list[str]], apart: Mapping[str, str]) -> None:
    assert all(apart.values())
    assert len(rule(ROOT, {})) - len(rule(ROOT)) == len(apart)


def test_the_public_names_are_exactly_these() -> None:
    assert batchdrain.__all__ == ["Attempt", "BatchDrainError", "Lane", "Phase", "Settings"]
    for name in batchdrain.__all__:
        assert getattr(batchdrain, name).__name__ == name
    with pytest.raises(AttributeError):
        _ = batchdrain.nothing


def test_every_task_and_flag_has_help_and_no_short_flag() -> None:
    assert tasks_without_help(ns) == []


def test_a_task_without_help_is_caught() -> None:
    @task(help={"long": "it has some"}, auto_shortflags=False)
    def sound(c: Context, long: str = "") -> None:
        """It has some."""

    @task
    def bare(c: Context, flag: str = "") -> None: ...

    assert tasks_without_help(Collection(sound)) == []
    found = [line.partition(", ")[2] or line for line in tasks_without_help(Collection(sound, bare))]
    assert found == ["found without", "found without", "found -f"]


def test_the_figures_of_a_small_house(tmp_path: Path) -> None:
    files = {
        "batchdrain/py.typed": "",
        "batchdrain/drain/__init__.py": '"""No file, where files are counted."""\n',
        "batchdrain/drain/loop.py": "from batchdrain.model import phase, states\n" + "#\n" * 9,
        "batchdrain/model/phase.py": "def wide(a, b, c, d, e, f, g):\n    from batchdrain.model import states\n"
        + "    1\n" * 39,
        "batchdrain/model/states.py": "if TYPE_CHECKING:\n    from batchdrain.drain import loop\n",
    }
    assert figures(build(tmp_path, files)) == {
        "entries at the package's root": "4",
        "of these folders (wings)": "2",
        "floors": "2",
        "arrows between rooms": "1",
        "files": "3",
        "lines": "53",
        "median file, lines": "10",
        "largest file, lines": "41 (model/phase.py)",
        "functions": "1",
        "functions over 40 lines": "1",
        "functions with 7 parameters or more": "1",
        "own imports a file, mean": "1.0",
        "own imports a file, largest": "2 (drain/loop.py)",
    }
