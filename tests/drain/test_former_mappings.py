"""Claims of another mapping: which part of it is told, and what is left alone while one is held."""

from __future__ import annotations

import contextlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.config.column_settings import Columns
from batchdrain.database.ledger.held_claims import LeftElsewhere, Stray
from batchdrain.drain import remapped
from batchdrain.drain.remapped import (
    Remapped,
    find_left_elsewhere,
    mapping_of,
    read_strays,
    require_same_ids,
    require_settled,
)
from batchdrain.execution import process_identity
from batchdrain.model.errors import ConfigError
from batchdrain.model.phase import PhaseKey

KEY = PhaseKey("r", "p")
COLUMNS = ("run_id", "phase_id", "state", "last_failure_reason", "tenant", "step", "note")
FORMER: dict[str, Any] = {"run_id": "tenant"}
"""What the session `other` was begun with; that of `ours` is the present mapping."""


def made(
    former: dict[str, Any] | None = None,
    *,
    held: tuple[str, ...] = ("other",),
    strays: tuple[Stray, ...] = (),
    result_from: str = "exit_code",
    **mapping: Any,
) -> Any:
    columns = Columns.model_validate(mapping)
    wanted: dict[str, Any] = {"ours": {"columns": mapping_of(columns)}, "other": {"columns": former}, "bare": {}}
    asked: list[str] = []

    def read_wanted(session_uid: str) -> Any:
        asked.append(session_uid)
        return wanted[session_uid]

    history = SimpleNamespace(
        read_held=lambda: [SimpleNamespace(key=KEY, session_uid=uid, controller="it") for uid in held],
        read_strays=lambda most: list(strays)[:most],
    )
    table = SimpleNamespace(table=SimpleNamespace(c=dict.fromkeys(COLUMNS)))
    settings = SimpleNamespace(source=SimpleNamespace(columns=columns), command=SimpleNamespace(result_from=result_from))
    return SimpleNamespace(
        session_rows=SimpleNamespace(read_wanted=read_wanted), settings=settings,
        store=SimpleNamespace(history=history, table=table, database=SimpleNamespace(read=contextlib.nullcontext), ledger=None),
        folder=SimpleNamespace(folder=Path("/here/sessions")), asked=asked,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("former", "mapping", "told"),
    [
        ({"run_id": "run_id"}, {}, None),
        ({}, {}, None),
        ("garbage", {}, None),
        (None, {}, None),
        ({"run_id": "tenant"}, {}, 'run_id: "tenant"'),
        ({"run_id": ["tenant", "step"]}, {}, 'run_id: ["tenant","step"]'),
        ({"run_id": ["tenant", "dropped"]}, {}, None),
        ({"run_id": "dropped"}, {}, None),
        ({"run_id": "dropped", "phase_id": "step"}, {}, 'phase_id: "step"'),
        ({"run_id": "tenant", "phase_id": "step"}, {}, 'run_id: "tenant", phase_id: "step"'),
        ({"state": "note"}, {}, 'state: "note"'),
        ({"last_failure_reason": None}, {}, "last_failure_reason: null"),
        ({"last_failure_reason": "note"}, {"last_failure_reason": None}, None),
        ({"last_failure_reason": {"column": "note", "path": "a"}}, {}, 'last_failure_reason: {"column":"note","path":"a"}'),
        ({"last_failure_reason": {"column": "dropped", "write": "note"}}, {}, None),
        ({"last_failure_reason": {"column": "note", "write": "dropped"}}, {}, None),
        (
            {"last_failure_reason": {"column": "note", "write": None}},
            {},
            'last_failure_reason: {"column":"note","write":null}',
        ),
    ],
)
def test_a_claim_of_another_mapping_is_told_with_each_part_that_differs_and_still_can_be_restored(
    former: Any, mapping: dict[str, Any], told: str | None
) -> None:
    project = made(former, **mapping)
    (held,) = project.store.history.read_held()
    found = Remapped(project)
    problem = found.find_problem(held)
    assert (None if problem is None else problem.message) == (
        None if told is None else f"it was claimed while batchdrain.source.columns had {told}"
    )
    if problem is not None:
        assert problem.remedy == "restore that mapping, let `inv recover` release it, and then change the mapping"
    found.find_problem(held)
    assert project.asked == ["other"], "each session is asked for once"


@pytest.mark.parametrize("session_uid", ["ours", "bare"])
def test_a_claim_of_this_mapping_or_of_a_session_that_noted_none_is_no_problem(session_uid: str) -> None:
    project = made(FORMER, held=(session_uid,))
    assert Remapped(project).find_problem(project.store.history.read_held()[0]) is None


@pytest.mark.parametrize(
    ("result_from", "held", "alive", "refused"),
    [
        ("database", ("other",), True, True),
        ("database", ("ours", "other"), None, True),
        ("database", ("other",), False, False),
        ("database", ("ours",), True, False),
        ("exit_code", ("other",), True, False),
    ],
)
def test_two_drains_with_two_names_for_a_row_are_kept_apart_only_where_the_row_itself_does_not(
    monkeypatch: pytest.MonkeyPatch, result_from: str, held: tuple[str, ...], alive: bool | None, refused: bool
) -> None:
    monkeypatch.setattr(process_identity, "is_alive", lambda _: alive)
    project = made(FORMER, held=held, result_from=result_from)
    if not refused:
        require_same_ids(project)
        return
    with pytest.raises(ConfigError) as told:
        require_same_ids(project)
    assert told.value.message == 'r / p is held, and it was claimed while batchdrain.source.columns had run_id: "tenant"'
    assert told.value.remedy == "both drains would execute the same row: let that one end first, or restore that mapping"


def test_a_session_that_holds_a_phase_under_another_mapping_does_not_go_on() -> None:
    for project, session_uid in ((made(FORMER), "ours"), (made(FORMER), None), (made(FORMER, held=("ours",)), "ours")):
        require_settled(project, session_uid)
    with pytest.raises(ConfigError, match=r"^r / p is held, and it was claimed while .*tenant") as told:
        require_settled(made(FORMER), "other")
    assert told.value.remedy is not None
    assert told.value.remedy.startswith("restore that mapping, let `inv recover`")


def test_of_strays_only_those_whose_attempt_is_known_are_told_while_a_claim_of_another_mapping_is_held() -> None:
    known, unknown = (Stray(key=KEY, state="RUNNING", initial_state=state) for state in ("FAILED", None))
    assert read_strays(made(FORMER, strays=(known, unknown)), 9) == [known]
    assert read_strays(made(FORMER, held=("ours", "other"), strays=(known, unknown)), 9) == [known]
    assert read_strays(made(FORMER, held=("ours",), strays=(known, unknown)), 9) == [known, unknown]
    assert read_strays(made(FORMER, held=(), strays=(known, unknown)), 1) == [known]
    assert read_strays(made(FORMER), 9) == []


def test_what_a_dead_drain_of_this_project_holds_of_another_table_is_told_by_table(monkeypatch: pytest.MonkeyPatch) -> None:
    def left(source: str, session_uid: str = "here", controller: Any = False, *, is_over: bool = False) -> LeftElsewhere:
        return LeftElsewhere(source=source, session_uid=session_uid, controller=controller, is_over=is_over)

    found = [
        left("steps"), left("steps"), left("jobs", controller=True, is_over=True), left("jobs", controller=True),
        left("jobs", controller=None), left("jobs", "there"),
    ]  # fmt: skip
    monkeypatch.setattr(process_identity, "is_alive", lambda controller: controller)
    monkeypatch.setattr(remapped, "read_left_elsewhere", lambda *_: found)
    project = made()
    project.session_rows.read_wanted = lambda uid: {"folder": f"/{uid}/sessions"}
    elsewhere = "by a drain that no longer runs, and batchdrain.source.table names another one now: restore that mapping"
    assert find_left_elsewhere(project) == [
        f"1 phase of table 'jobs' is held {elsewhere}, and `inv recover` releases them",
        f"2 phases of table 'steps' are held {elsewhere}, and `inv recover` releases them",
    ]
