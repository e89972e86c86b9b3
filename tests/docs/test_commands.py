"""Every command of README.md and docs/ works as it stands there, and says what the page shows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from batchdrain.demo.backlog import make_backlog
from tests.docs.pages import DOCS, README
from tests.docs.scenes import Place, Section, Step, difference, repository_like, sections

SECTIONS: Final = {
    section.name: section for page in (README, *sorted(DOCS.glob("*.md"))) for section in sections(page) if [*section.steps()]
}
NOT_RUN: Final[Mapping[str, str]] = {
    "pip install /path/to/clone": "test_wheel.py installs into another project",
    "sqlite-utils ": "tests/recipes/test_sqlite_utils.py runs the package itself, on a file of its own",
    "git -C /path/to/clone pull": "pulls from a repository of the reader's, and installs what comes",
}
"""How a command begins that no test can run as it stands, and why."""
CODES: Final[Mapping[tuple[str, str], set[int]]] = {
    ("README.md: The five tasks that matter", "inv drain"): {130},
    ("README.md: Your own project, in five minutes", "inv drain --batch-size=5"): {0, 1},
    (
        "docs/first-hour.md: From 5 000 failures to a plan",
        "inv drain --batch-size=12 --policy=sample-first --canary --workers=3",
    ): {0, 1},
    ("docs/first-hour.md: From 5 000 failures to a plan", "inv drain --batch-size=30 --category=unknown --workers=2"): {130},
    ("docs/first-hour.md: From 5 000 failures to a plan", "inv resume"): {0, 1},
    ("README.md: In CI", "inv drain --batch-size=25 --min-success-rate=0.8 --max-total-minutes=30"): {0, 1},
}
"""What a command exits with, where that is not 0 or is the demo's luck."""
ENVIRON: Final[Mapping[str, dict[str, str]]] = {
    "docs/failures.md: Triage": {"INVOKE_BATCHDRAIN_TRIAGE_ARGV": '["true"]'},
}
"""Where a section's own settings name a program that only its reader has."""
SLOW: Final = {"README.md: In CI"}
"""What drains a whole batch, as another section does."""
_FROM_NOTHING: Final = {"README.md: Try it"}
_OF_ONE_S_OWN: Final = "README.md: Your own project, in five minutes"


@pytest.fixture
def place(tmp_path: Path, request: pytest.FixtureRequest) -> Place:
    """A project as the section finds it."""
    section: Section = request.getfixturevalue("section")
    place = repository_like(tmp_path / "project")
    place.env.update(ENVIRON.get(section.name, {}))
    if section.name not in _FROM_NOTHING:
        make_backlog(place.root / "batchdrain.db")
    if section.name == _OF_ONE_S_OWN:
        (place.root / "invoke.yaml").unlink()
        (place.root / "tasks.py").write_text(next(body for kind, body in section.blocks if kind == "python"))
    return place


@pytest.mark.parametrize(
    "section",
    [pytest.param(section, id=name, marks=pytest.mark.soak if name in SLOW else ()) for name, section in SECTIONS.items()],
)
@pytest.mark.timeout(300)  # a page's commands are a story, told from its beginning
def test_the_commands_of_a_section_say_what_the_page_shows(section: Section, place: Place) -> None:
    for step in section.steps():
        if any(step.command.startswith(beginning) for beginning in NOT_RUN):
            continue
        code, said = place.type(step)
        assert code in CODES.get((section.name, step.command), {0}), f"{step.command}: {said}"
        assert difference(step.shown, said) is None, f"{step.command}: {said}"
        if step.command == "inv init":
            _name_a_command(place)


def test_what_is_not_run_still_stands_in_a_page() -> None:
    commands = [step.command for section in SECTIONS.values() for step in section.steps()]
    for beginning in NOT_RUN:
        assert any(command.startswith(beginning) for command in commands), beginning
    told = {(section.name, step.command) for section in SECTIONS.values() for step in section.steps()}
    assert told >= set(CODES)
    assert set(SECTIONS) >= {*ENVIRON, *SLOW, *_FROM_NOTHING, _OF_ONE_S_OWN}


def test_the_readme_begins_with_two_commands_for_a_clone() -> None:
    """What the first ends with is run here in its section; the second runs this test. The gate runs the first whole."""
    from_nothing = re.findall(r"^    (python3 -m venv .*)$", README.read_text(), re.MULTILINE)
    assert [line.split("&&")[-1].strip() for line in from_nothing] == [".venv/bin/inv demo drain", ".venv/bin/pytest"]
    assert "inv demo drain" in [step.command for step in SECTIONS["README.md: Try it"].steps()]


def test_the_mounted_collection_has_the_name_that_the_readme_gives_it(tmp_path: Path) -> None:
    section = SECTIONS[_OF_ONE_S_OWN]
    (tmp_path / "tasks.py").write_text([body for kind, body in section.blocks if kind == "python"][1])
    code, said = Place(root=tmp_path).type(Step(command="inv --list"))
    assert (code, "backlog.drain-all" in said) == (0, True), said


def test_the_policy_of_the_page_is_a_policy(tmp_path: Path) -> None:
    [policy] = [body for section in sections(DOCS / "choosing.md") for kind, body in section.blocks if kind == "python"]
    place = repository_like(tmp_path / "project")
    make_backlog(place.root / "batchdrain.db")
    (place.root / "mypolicies.py").write_text(policy)
    code, said = place.type(Step(command="PYTHONPATH=. inv dry-run --policy=mypolicies:billing_first,smart --batch-size=3"))
    assert code == 0, said
    chosen = [line for line in said.splitlines() if re.match(r"\[\d/3\]", line)]
    assert len(chosen) == 3
    assert all("billing-ledger" in line for line in chosen)


def _name_a_command(place: Place) -> None:
    """As the reader is told to, in what `inv init` wrote."""
    path = place.root / "invoke.yaml"
    text = path.read_text().replace("myproject.work", "batchdrain.demo")
    path.write_text(text.replace("# timeout: {default_s: 600}", "timeout: {default_s: 2, adaptive: false}"))
