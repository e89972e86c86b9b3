"""What can't be released is no success: the exit code says so, whichever task met it, and the doctor looks at all that is held."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchdrain.cli.commands import sessions
from batchdrain.cli.commands.doctor import report as doctor
from batchdrain.cli.commands.doctor.claim_checks import check_claims
from batchdrain.cli.commands.doctor.project_checks import Finding
from batchdrain.cli.invocation import Invocation
from batchdrain.drain.project import Project
from batchdrain.execution import orphans
from batchdrain.execution.process_identity import identify_self
from tests.drain.test_close_dead import killed
from tests.support.opened import hold, opened
from tests.support.workplace import Workplace

REAL = Invocation(section={}, environ={}, root=Path(), dry=False)
REFUSES = (
    "CREATE TRIGGER never BEFORE UPDATE ON phases WHEN OLD.phase_id LIKE 'refused%' BEGIN SELECT RAISE(ABORT, 'never'); END"
)


@pytest.fixture
def work(sqlite_project: Workplace) -> Workplace:
    sqlite_project.fail("r/back", "r/refused", "r/alive", "r/stuck", "r/lost")
    return sqlite_project


def leave(work: Workplace, project: Project, what: str) -> None:
    """A phase as somebody left it."""
    if what == "theirs":  # a worker of their own executes it
        work.add(("s", "theirs", 0, "EXECUTING", None))
        return
    hold(project, f"r/{what}", by=identify_self() if what == "alive" else None)
    if what == "lost":
        work.sql("DELETE FROM batchdrain_claim WHERE epoch = 1 AND owner IS NOT NULL")


@pytest.mark.parametrize(
    ("left", "code"),
    [
        ((), 0),
        (("back",), 0),
        (("back", "refused"), 78),
        (("alive",), 0),
        (("theirs",), 0),
        (("lost",), 65),
        (("lost", "back", "refused"), 78),
    ],
    ids=lambda given: "-".join(given) if isinstance(given, tuple) else None,
)
def test_recover_exits_by_the_worst_of_what_it_could_not_settle(work: Workplace, left: tuple[str, ...], code: int) -> None:
    with opened(work) as project:
        for what in left:
            leave(work, project, what)
    work.sql(REFUSES)
    ran = work.inv("recover")
    assert (ran.code, "recovered" in ran.out) == (code, True), ran


@pytest.mark.parametrize(("others", "code"), [((), 75), (("lost",), 75), (("refused",), 78)])
def test_what_is_due_and_can_not_be_ended_now_is_no_success_either(
    work: Workplace, monkeypatch: pytest.MonkeyPatch, others: tuple[str, ...], code: int
) -> None:
    from batchdrain.cli.commands.recover import give_all_back

    with opened(work) as project:
        for what in (*others, "stuck"):
            leave(work, project, what)
    work.sql(REFUSES)
    settle = orphans.settle
    with opened(work) as project:
        token = next(held.token for held in project.store.history.read_held() if held.key.phase_id == "stuck")
    monkeypatch.setattr(orphans, "settle", lambda of, **how: None if of.token == token else settle(of, **how))
    assert give_all_back(invocation_of(work)) == code


def invocation_of(work: Workplace) -> Invocation:
    import json

    section = json.loads((work.root / "invoke.yaml").read_text())["batchdrain"]
    return Invocation(section=section, environ={}, root=work.root, dry=False)


@pytest.mark.parametrize("is_refused", [False, True])
def test_closing_a_session_exits_by_the_worst_of_what_the_table_does_not_take_back(
    sqlite_project: Workplace, is_refused: bool
) -> None:
    killed(sqlite_project)
    with opened(sqlite_project) as project:
        sqlite_project.fail("s/back")
        hold(project, "s/back")
    if is_refused:
        sqlite_project.sql(REFUSES.replace("refused%", "b~hang"))
    assert sqlite_project.inv("resume", "--close").code == (78 if is_refused else 0)


@pytest.mark.parametrize(("due", "warns"), [(11, True), (None, False), (2, True)], ids=["the last", "none", "an early one"])
def test_the_doctor_warns_of_what_is_to_be_given_back_also_where_it_is_not_named(
    sqlite_project: Workplace, due: int | None, warns: bool
) -> None:
    names = [f"r/p{number:02}" for number in range(12)]
    sqlite_project.fail(*names)
    with opened(sqlite_project) as project:
        for number, name in enumerate(names):
            hold(project, name, by=None if number == due else identify_self())
        found = list(check_claims(project))
    assert (len(found), found[-1].message) == (11, "and 2 more are held")
    assert any(one.is_warning for one in found) is warns
    assert found[-1].is_warning is (due == 11)


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
