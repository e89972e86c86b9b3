"""A reason that is read at a path in JSON decides as one in a plain column does: same plan, same drain, same skips."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import hypothesis
from hypothesis import given
from hypothesis import strategies as st

from batchdrain.cli.commands.drain import drain_failed
from batchdrain.cli.commands.drain_flags import DrainFlags
from batchdrain.config.categories import categoriser_of
from batchdrain.config.settings import Settings
from batchdrain.database.phases.json_text import find_text
from batchdrain.database.phases.pages import to_reason
from batchdrain.model.failure import Failure
from batchdrain.runtime.text import READ_CHARS
from tests.support.scripted_project import scripted_project
from tests.support.soaking import share

ALIKE = "RuntimeError: the shared service is broken"
LONG = "Traceback (most recent call last):\n" + '  File "worker.py", line 3, in deeper\n' * 900 + ALIKE
"""Longer than what is stored of a reason; what it says stands at its end."""
TEXTS = st.sampled_from(["", " ", "boom", ALIKE, f" {ALIKE}\n", f"{ALIKE} [exit 1]", LONG, f"{LONG} [exit 1]", "5", "null"])
PLAIN = {"max_repeats": 2, "same_new_failure": 0}
AT = {"column": "last_failure_reason", "path": "error.message"}
Rows = Sequence[tuple[str, str, int | None, str, str | None]]


def drained(rows: Rows, section: dict[str, Any], *, at_path: bool) -> tuple[Any, ...]:
    """What is planned, what comes of it, and what is skipped."""
    if at_path:
        texts = [None if row[4] is None else json.dumps({"id": 7, "error": {"message": row[4]}}) for row in rows]
        rows = [(*row[:4], text) for row, text in zip(rows, texts, strict=True)]
        section = {**section, "source": {"columns": {"last_failure_reason": AT}}}
    with scripted_project(rows, section) as it:
        plan = json.loads(it.call(drain_failed, DrainFlags(dry_run=True, explain=True, format="json")))
        it.call(drain_failed, DrainFlags())
        session = it.session()
    planned = [(one["run_id"], one["phase_id"], one["category"], one["cluster"]) for one in plan["phases"]]
    if session is None:
        return planned, plan["skipped"]
    results = [(one["run_id"], one["phase_id"], one["outcome"], one["fingerprint"]) for one in session["results"]]
    return planned, plan["skipped"], results, session["skipped"], session["stopped_because"], session["balance"]


def test_a_cluster_is_parked_with_the_phases_whose_long_text_ends_alike() -> None:
    rows: Rows = [(run, "p~alike", 0, "FAILED", ALIKE) for run in "abc"] + [("d", "p~alike", 0, "FAILED", LONG)]
    plain, by_path = (drained(rows, {"stop": PLAIN}, at_path=at_path) for at_path in (False, True))
    assert by_path == plain
    assert [(one["rule"], one["count"]) for one in by_path[3]] == [("stop.max_repeats", 2)]


@hypothesis.settings(max_examples=share(4), deadline=None)
@given(
    acts=st.lists(
        st.tuples(st.sampled_from(["ok", "alike", "alike", "fail", "flaky"]), st.none() | TEXTS), min_size=2, max_size=9
    ),
    repeats=st.integers(0, 3),
    workers=st.integers(1, 2),
)
def test_it_drains_as_a_plain_column_does(acts: list[tuple[str, str | None]], repeats: int, workers: int) -> None:
    rows: Rows = [("rst"[at % 3], f"{at}~{act}", at % 2, "FAILED", text) for at, (act, text) in enumerate(acts)]
    section = {
        "workers": workers,
        "retry": {"max_attempts": 2, "initial_s": 0.001, "max_s": 0.001},
        "stop": {**PLAIN, "max_repeats": repeats},
    }
    assert drained(rows, section, at_path=True) == drained(rows, section, at_path=False)


CATEGORISE = categoriser_of(Settings.model_validate({"command": {"argv": ["true"]}}))
LINES = st.lists(st.sampled_from([ALIKE, "boom", "  at f (x.js:1)", "", "note: 7", '  File "a.py", line 3']), max_size=9)


@given(LINES, st.integers(1, 3_000), st.text(max_size=20).filter(lambda text: "\x00" not in text))
def test_a_text_is_known_again_in_either_form(lines: list[str], times: int, end: str) -> None:
    text = "\n".join(lines * times) + end
    plain = text if len(text.encode()) <= READ_CHARS else text[:READ_CHARS]  # as the statement reads it
    found = [
        Failure.of(raw, CATEGORISE)
        for raw in (to_reason(plain), find_text(json.dumps({"error": {"message": text}}), ("error", "message")))
    ]
    assert len({(one.fingerprint, one.category) for one in found}) == 1
