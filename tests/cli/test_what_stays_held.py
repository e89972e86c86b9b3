"""What can't be given back is no success: the exit code says so, whichever task met it, and the doctor looks at all that is held."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from batchdrain.cli.commands import close_session, recover, sessions
from batchdrain.cli.commands.doctor import claim_checks
from batchdrain.cli.commands.doctor import report as doctor
from batchdrain.cli.commands.doctor.project_checks import Finding
from batchdrain.cli.commands.resume_flags import ResumeFlags
from batchdrain.cli.invocation import Invocation
from batchdrain.database.ledger.give_back import Recovered
from batchdrain.drain.close_dead import Closed
from batchdrain.model.phase import PhaseKey
from batchdrain.sessions.session import Session
from tests.sessions.files import START

REAL = Invocation(section={}, environ={}, root=Path(), dry=False)


def back(code: int = 0) -> Recovered:
    return Recovered(key=PhaseKey("r", "p"), epoch=1, state="EXECUTING", problem="it is locked" if code else "", code=code)


def held(*, due: bool) -> Any:
    return SimpleNamespace(key=PhaseKey("r", "p"), due=due, has_attempt=True)


def project(found: list[Any], strays: tuple[Any, ...] = ()) -> Any:
    past = SimpleNamespace(orphanings={})
    history = SimpleNamespace(read_held=lambda: found, read_strays=lambda most: list(strays), read_past=lambda: past)
    table, ledger = SimpleNamespace(table=None), SimpleNamespace(tables=())
    return SimpleNamespace(store=SimpleNamespace(history=history, database=None, table=table, ledger=ledger))


@pytest.mark.parametrize(
    ("recovered", "left", "strays", "code"),
    [
        ([], [], (), 0),
        ([back()], [], (), 0),
        ([back(), back(78)], [], (), 78),
        ([back(75)], [], (), 75),
        ([], [held(due=False)], (), 0),
        ([], [held(due=False), held(due=True)], (), 75),
        ([], [], (SimpleNamespace(initial_state=None),), 0),
        ([], [], (SimpleNamespace(initial_state="FAILED"),), 65),
        ([back(78)], [held(due=True)], (SimpleNamespace(initial_state="FAILED"),), 78),
    ],
)
def test_recover_exits_by_the_worst_of_what_it_could_not_settle(
    monkeypatch: pytest.MonkeyPatch, recovered: list[Recovered], left: list[Any], strays: tuple[Any, ...], code: int
) -> None:
    monkeypatch.setattr(recover, "open_project", lambda invocation: nullcontext(project(left, strays)))
    monkeypatch.setattr(recover, "require_transactions", lambda *_: None)
    monkeypatch.setattr(recover, "settle", lambda *_: recovered)
    monkeypatch.setattr(recover, "is_due", lambda one: one.due)
    monkeypatch.setattr(recover, "read_strays", lambda *_: list(strays))
    monkeypatch.setattr(recover, "find_left_elsewhere", lambda _: [])
    for name in ("describe_held", "describe_stray"):
        monkeypatch.setattr(recover, name, str)
    assert recover.give_all_back(REAL) == code


@pytest.mark.parametrize(("codes", "code"), [((), 0), ((0, 0), 0), ((0, 78), 78), ((78, 75), 78)])
def test_closing_a_session_exits_by_the_worst_of_what_the_table_does_not_take_back(
    monkeypatch: pytest.MonkeyPatch, codes: tuple[int, ...], code: int
) -> None:
    closed = Closed(session=Session(session_id="s", started_at=START), recovered=list(map(back, codes)))
    monkeypatch.setattr(close_session, "open_project", lambda invocation: nullcontext(None))
    monkeypatch.setattr(close_session, "close_dead", lambda *_: closed)
    assert close_session.close_session(REAL, ResumeFlags()) == code


@pytest.mark.parametrize(("due", "warns"), [(11, True), (None, False), (2, True)], ids=["the last", "none", "an early one"])
def test_the_doctor_warns_of_what_is_to_be_given_back_also_where_it_is_not_named(
    monkeypatch: pytest.MonkeyPatch, due: int | None, warns: bool
) -> None:
    monkeypatch.setattr(claim_checks, "is_due", lambda one: one.due)
    monkeypatch.setattr(claim_checks, "is_alive", lambda one: None)
    monkeypatch.setattr(claim_checks, "find_block", lambda *_: None)
    monkeypatch.setattr(claim_checks, "describe_held", str)
    monkeypatch.setattr(claim_checks, "read_strays", lambda *_: [])
    monkeypatch.setattr(claim_checks, "find_left_elsewhere", lambda _: [])
    found = list(claim_checks.check_claims(cast("Any", project([held(due=number == due) for number in range(12)]))))
    assert (len(found), found[-1].message) == (11, "and 2 more are held")
    assert any(one.is_warning for one in found) is warns


def test_an_old_session_that_is_at_work_or_holds_something_is_shown_with_the_newest() -> None:
    rows = [
        {"name": name, "alive": name == "alive", "held": [1] if name == "holds" else []}
        for name in ("new", "old", "alive", "holds")
    ]
    assert [row["name"] for row in sessions._choose(rows, 1)] == ["new", "alive", "holds"]
    assert sessions._choose([{"name": "lost", "alive": False}], 0) == [], "one that can't be read holds nothing that is known"


@pytest.mark.parametrize(("codes", "code"), [([], 0), ([78], 78), ([74, 78, 75], 78), ([78, 74], 78), ([65, 74], 74)])
def test_the_doctor_exits_by_the_worst_of_what_it_found(monkeypatch: pytest.MonkeyPatch, codes: list[int], code: int) -> None:
    found = [Finding("x", ok=False, message=str(one), code=one) for one in codes]
    well = [Finding("y", ok=True, message="well"), Finding("z", ok=True, is_warning=True, message="odd", code=99)]
    monkeypatch.setattr(doctor, "_examine_all", lambda invocation: [*well, *found])
    assert [doctor.examine(REAL, format_name=shape) for shape in ("text", "json")] == [code, code]
