"""The imagined drain and the real one judge alike: told what each phase does, the one ends where the other does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from batchdrain.cli.commands.drain import drain_failed
from batchdrain.cli.commands.drain_flags import DrainFlags
from batchdrain.config.settings import Settings
from batchdrain.config.timeout_settings import Timeout
from batchdrain.failures import categorise, fingerprint
from batchdrain.model.failure import Failure
from batchdrain.model.phase import Phase
from batchdrain.model.states import PhaseState
from batchdrain.planning.failing_anew import Way
from batchdrain.planning.imagined_drain import Beginning, ImaginedDrain
from batchdrain.planning.limits import TimeLimits
from batchdrain.planning.retry_model import Drawn, Expected
from batchdrain.planning.stop import Progress
from tests.support.scripted_project import Row, ScriptedProject, scripted_project

LIMITS = {"adaptive": False, "default_s": 60}
SHARED, LUCK = "RuntimeError: the shared service is broken", "ValueError: no luck with "
STORED: Mapping[str, tuple[str, str]] = {
    SHARED: ("a~alike", SHARED), "the pipeline lost its worker": ("a~alike", SHARED), f"{LUCK}bbbbb": ("b~fail", f"{LUCK}bbbbb"),
    "out of quota": ("c~fail", f"{LUCK}ccccc"), "Timed out after 60 s (limit: timeout.default_s)": ("a~slow", ""), "came late": ("a~slow", ""),
}  # fmt: skip
"""By the text that is stored: how its phases are called, which says what they do, and what they fail with."""
ROWS = st.lists(st.tuples(st.sampled_from(list(STORED)), st.booleans(), st.sampled_from("rst")), min_size=1, max_size=25)
STOPS = st.fixed_dictionaries(
    {
        "max_repeats": st.integers(0, 3),
        "same_new_failure": st.sampled_from([0, 2, 5]),
        "max_timeouts_per_run": st.integers(0, 2),
        "max_consecutive_failures": st.sampled_from([0, 0, 4]),
        "success_floor": st.sampled_from([0.0, 0.0, 0.4]),
        "success_floor_after": st.integers(1, 6),
    }
)


class Truth:
    """Of how phases fail."""

    def __init__(self) -> None:
        self.failures = 0

    def fail(self, before: Way) -> Way:
        self.failures += 1
        [text] = [told for stored, (_, told) in STORED.items() if fingerprint(stored) == before.fingerprint]
        return Way(fingerprint(text), categorise(text))


def named(number: int, text: str, *, is_fixed: bool, run: str) -> Row:
    letter, _, act = STORED[text][0].partition("~")
    return (run, f"{letter}{number:02}~{'ok' if is_fixed else act}", number, "FAILED", text)


def real(project: ScriptedProject) -> tuple[list[tuple[str, str]], int, int]:
    """(the phases of the plan, those that were tried, those that were fixed)."""
    path = str(project.root / "PLAN.json")
    project.call(drain_failed, DrainFlags(dry_run=True, output=path))
    planned = [(one["run_id"], one["phase_id"]) for one in json.loads((project.root / "PLAN.json").read_text())["phases"]]
    project.call(drain_failed, DrainFlags(plan=path))
    session = project.session()
    assert session is not None
    return planned, len(session["results"]), session["total_success"]


def imagined(planned: list[tuple[str, str]], texts: Mapping[tuple[str, str], str], asked: Settings) -> tuple[int, int]:
    """The same two numbers. Each attempt takes a second."""
    limits = TimeLimits(lambda run_type, category: [], Timeout.model_validate(LIMITS), lambda run_id: "default")
    phases = []
    for run, name in planned:
        phase = Phase(
            run_id=run,
            phase_id=name,
            phase_index=0,
            state=PhaseState.FAILED,
            failure=Failure.of(texts[run, name], categorise),
        )
        expected = Expected(
            phase=phase, cluster=phase.failure.fingerprint, run_odds=1.0, fixed_s=1.0, failed_s=1.0,
            limit_s=1.0 if name.endswith("slow") else 60.0, timed_out=Way(fingerprint(limits.of(phase).reason), "timeout"),
            run_type="default", is_canary=False,
        )  # fmt: skip
        phases.append(Drawn(expected, float(name.endswith("ok")), 1.0, 1.0))
    truth: Any = Truth()
    beginning = Beginning(settings=asked, most=len(phases), progress=Progress())
    drain = ImaginedDrain(beginning, iter(phases), truth, Random(1))
    drain.run()
    return round(drain.ended_s), drain.fixed


@settings(max_examples=12, deadline=None)
@given(rows=ROWS, stop=STOPS)
@example(rows=[("the pipeline lost its worker", False, "r")] * 9, stop={"max_repeats": 3, "same_new_failure": 5})
@example(rows=[(text, False, "r") for text in STORED] * 3, stop={"max_repeats": 0, "same_new_failure": 2})
@example(rows=[("came late", False, run) for run in "rst" * 3], stop={"max_repeats": 3, "max_timeouts_per_run": 0})
@pytest.mark.timeout(300)
def test_both_take_the_same_phases_and_end_at_the_same_one(rows: list[tuple[str, bool, str]], stop: dict[str, Any]) -> None:
    made = [named(number, text, is_fixed=is_fixed, run=run) for number, (text, is_fixed, run) in enumerate(rows)]
    section: dict[str, Any] = {"batch_size": 100, "stop": stop, "timeout": LIMITS, "retry": {"outage_after": 0}}
    with scripted_project(made, section) as project:
        planned, tried, fixed = real(project)
    texts = {(row[0], row[1]): str(row[4]) for row in made}
    asked = Settings.model_validate({"stop": stop, "timeout": LIMITS, "retry": {"outage_after": 0}})
    assert imagined(planned, texts, asked) == (tried, fixed)
