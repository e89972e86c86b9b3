"""What is seen of a drain before it begins: what may end it early, with what error, and what its session will have done by then."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from batchdrain.database.ledger.groups import Groups
from batchdrain.drain.preflight import asked_of_group
from batchdrain.drain.preview import failure as failing
from batchdrain.drain.preview.end import count_returned, find_group_end, find_session_stop, name_early_ends
from batchdrain.drain.preview.failure import find_problems, find_risks, foresee_failure, name_stopped
from batchdrain.drain.preview.progress import foresee_progress
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.resumption import Resumption
from batchdrain.drain.selection import backlog_for
from batchdrain.model.claim import Choice, Group, TimeLimit
from batchdrain.model.errors import BadData, ConfigError, UsageError
from batchdrain.model.failure import Failure
from batchdrain.model.phase import Phase, PhaseKey, Skip
from batchdrain.model.states import Outcome, PhaseState
from batchdrain.planning.given_back import GivenBack
from batchdrain.planning.plan import Plan, Planned
from batchdrain.planning.remainder import Remainder
from batchdrain.planning.skip_rules import AMBIGUOUS, BAD_DATA, DEPENDS_ON
from batchdrain.planning.stop import Progress
from batchdrain.sessions.progress import ResultCounts
from tests.support.opened import UID, new_session, opened, request_for
from tests.support.workplace import Workplace, named

NOTHING_STOPS: dict[str, Any] = {"max_timeouts_per_run": 0, "max_repeats": 0, "same_new_failure": 0}
LIMIT = TimeLimit(seconds=60, rule="timeout.default_s")


@pytest.fixture
def place(sqlite_project: Workplace) -> Iterator[tuple[Workplace, Project]]:
    with opened(sqlite_project) as project:
        yield sqlite_project, project


def key(name: str) -> PhaseKey:
    return PhaseKey(*named(name))


def planned(name: str) -> Planned:
    run_id, phase_id = named(name)
    failure = Failure.uncategorised(f"no {run_id} {phase_id}")
    phase = Phase(run_id=run_id, phase_id=phase_id, phase_index=0, state=PhaseState.FAILED, failure=failure)
    return Planned(choice=Choice(phase=phase, reason=""), limit=LIMIT)


def made(
    *names: str, skipped: dict[Skip, int] | None = None, waiting: int | None = None, room: int | None = 9, **facts: Any
) -> Plan:
    counts = Counter(skipped or {})
    remainder = Remainder(total=(len(names) if waiting is None else waiting) + counts.total(), skipped=counts)
    return Plan(phases=tuple(map(planned, names)), remainder=remainder, room=room, **facts)


def back(name: str, **facts: Any) -> GivenBack:
    return GivenBack(key=key(name), digest=key(name).digest, stands="FAILED", **facts)


def request(project: Project, stop: dict[str, Any] | None = None, **facts: Any) -> DrainRequest:
    stops = project.settings.stop.model_copy(update={**NOTHING_STOPS, **(stop or {})})
    return request_for(project, **{"settings": project.settings.model_copy(update={"stop": stops}), **facts})


@pytest.mark.parametrize(
    ("first", "names", "facts", "stop", "rules"),
    [
        ("", "a/p", {"stop_on_first_failure": True}, {}, ()),
        ("", "a/p a/q", {"stop_on_first_failure": True}, {}, ("--stop-on-first-failure",)),
        ("", "a/p a/q", {"stop_on_first_failure": False}, {}, ()),
        ("b/p", "a/p", {"stop_on_first_failure": True}, {}, ("--stop-on-first-failure",)),
        ("b/p b/q", "", {"stop_on_first_failure": True}, {}, ()),
        ("", "a/p a/q", {"stop_on_first_failure": True}, {"max_total_minutes": 1.0}, ("--stop-on-first-failure", "stop.max_total_minutes")),
        ("b/p", "a/p", {}, {"skip_runs_with_queued": True}, ("what ends the first",)),
        ("b/p", "", {}, {"skip_runs_with_queued": True}, ()),
        ("b/p", "a/p", {}, {"skip_runs_with_queued": False}, ()),
    ],
)  # fmt: skip
def test_what_may_end_a_plan_before_its_last_phase_is_named_once(
    place: tuple[Workplace, Project],
    first: str,
    names: str,
    facts: dict[str, Any],
    stop: dict[str, Any],
    rules: tuple[str, ...],
) -> None:
    _, project = place
    asked = request(project, stop, **facts)
    before = made(*first.split(), may_end_by=("what ends the first",)) if first else None
    found = name_early_ends(made(*names.split()), asked, Progress(), backlog_for(project, asked, ResultCounts()), before)
    assert found.may_end_by == rules
    assert (found.room, found.workers) == (9 if first or names else 0, project.settings.workers)


def test_what_ends_both_parts_is_named_once_and_a_plan_without_phases_has_no_room(place: tuple[Workplace, Project]) -> None:
    _, project = place
    asked = request(project, {"skip_runs_with_queued": True, "max_total_minutes": 1.0})
    asked = replace(asked, settings=asked.settings.model_copy(update={"workers": 7}))
    backlog = backlog_for(project, asked, ResultCounts())
    before = made("b/p", may_end_by=("stop.max_total_minutes", "another"))
    found = name_early_ends(made("a/p"), asked, Progress(), backlog, before)
    assert (found.may_end_by, found.workers) == (("stop.max_total_minutes", "another"), 7)
    assert name_early_ends(made(), asked, Progress(), backlog).room == 0
    assert name_early_ends(made(), asked, Progress(), backlog, made()).room == 0


@pytest.mark.parametrize(
    ("recorded", "of_group", "count"),
    [
        (None, True, 1),
        (Outcome.RELEASED, True, 1),
        (Outcome.NOT_STARTED, True, 1),
        (Outcome.FAILED, True, 0),
        (None, False, 0),
    ],
)
def test_a_group_gets_back_what_is_given_back_without_a_result(recorded: Outcome | None, of_group: bool, count: int) -> None:
    group = Group("nightly")
    one = back("a/p", recorded=recorded, group_key=group.key if of_group else Group("other").key)
    assert count_returned(group, [one, back("a/q")]) == count


def test_what_a_group_may_still_take_is_told_once_somebody_has_begun_it(place: tuple[Workplace, Project]) -> None:
    work, project = place
    asked = request(project, group="nightly")
    groups = Groups(project.store.database, project.store.ledger)
    assert find_group_end(project, request(project), []) == find_group_end(project, asked, []) == (None, None)
    groups.join(Group("nightly"), most=3, minutes=0.0, asked=asked_of_group(asked))
    assert find_group_end(project, asked, []) == (3, None)
    for taken, returned, left, is_full in (
        (2, 0, 1, None),
        (3, 0, 0, True),
        (4, 0, 0, True),
        (3, 1, 1, None),
        (0, 2, 3, None),
    ):
        work.sql(f"UPDATE batchdrain_group SET taken = {taken}")
        recovery = [back(f"a/{number}", group_key=Group("nightly").key) for number in range(returned)]
        found, end = find_group_end(project, asked, recovery)
        assert (found, None if end is None else end.is_full) == (left, is_full), (taken, returned)
    other = asked.settings.model_copy(update={"batch_size": 99})
    with pytest.raises(UsageError):
        find_group_end(project, request_for(project, settings=other, group="nightly"), [])


def test_a_session_whose_minutes_are_over_takes_nothing_more(place: tuple[Workplace, Project]) -> None:
    _, project = place
    asked = request(project, {"max_total_minutes": 2.0})
    assert find_session_stop(asked, Progress(elapsed_s=119.0)) is None
    stop = find_session_stop(asked, Progress(elapsed_s=121.0))
    assert (stop is not None and stop.rule, name_stopped(stop or Skip("", ""))) == ("stop.max_total_minutes", "session")
    assert name_stopped(Skip("--group", "nightly has taken its 3")) == "group"


def test_every_problem_that_keeps_a_drain_from_beginning_is_a_line(
    place: tuple[Workplace, Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    work, _ = place
    broken: dict[str, Any] = {
        "command": {"argv": ["no-such-program"]}, "engine": "no_such_module:make", "notify": {"argv": ["x", "{run_id}"]},
        "triage": {"argv": ["no-such-diagnosis"]},
    }  # fmt: skip
    with opened(work, **broken) as project:
        monkeypatch.setattr(type(project.store.database), "require_local_disk", _refuse)
        problems = find_problems(project, request_for(project))
        assert [next((word for word in WORDS if word in line), line) for line in problems] == [*WORDS[1:]]
        assert WORDS[0] in find_problems(project, request_for(project, triage=True))[0]


WORDS = ("no-such-diagnosis", "notify.argv", "no-such-program", "no_such_module", "on a network disk")


def _refuse(_: object) -> None:
    raise ConfigError("it is on a network disk", remedy="move it")


def test_a_drain_that_can_begin_has_no_problem_and_a_command_that_sets_states_itself_no_risk(
    place: tuple[Workplace, Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    work, project = place
    assert find_problems(project, request_for(project)) == []
    monkeypatch.setattr(failing, "find_write_risks", lambda *_: iter(["a trigger"]))
    assert find_risks(project, request_for(project)) == ("a trigger",)
    with opened(work, command={"argv": [sys.executable], "result_from": "database"}) as other:
        assert find_risks(other, request_for(other)) == ()


AMBIGUOUS_ROW = Skip(BAD_DATA, f"a / p: {AMBIGUOUS}")


@pytest.mark.parametrize(
    ("names", "facts", "problems", "kind", "said"),
    [
        ("a/p", {}, ["one", "two"], ConfigError, "one"),
        ("a/p a/q", {}, [], None, ""),
        ("a/none a/no b/nor", {}, [], BadData, "a / none"),
        ("a/none a/no a/p", {}, [], None, ""),
        ("a/none a/no b/nor a/p", {}, [], BadData, "a / none"),
        ("", {"skipped": {AMBIGUOUS_ROW: 2}, "waiting": 0}, [], BadData, "a / p: "),
        ("", {"skipped": {AMBIGUOUS_ROW: 2}, "waiting": 1}, [], None, ""),
        ("", {"skipped": {AMBIGUOUS_ROW: 2, Skip(DEPENDS_ON, "x"): 1}, "waiting": 0}, [], None, ""),
        ("", {"waiting": 0}, [], None, ""),
    ],
)
def test_the_error_with_which_a_drain_would_end_is_seen_before(
    place: tuple[Workplace, Project],
    names: str,
    facts: dict[str, Any],
    problems: list[str],
    kind: type[Exception] | None,
    said: str,
) -> None:
    work, project = place
    work.fail("a/p", "a/q")
    found = foresee_failure(project, made(*names.split(), **facts), problems)
    assert (None if found is None else type(found)) is kind
    assert said in str(found)
    assert all(problem in str(found) for problem in problems)


def test_what_recovery_records_for_a_session_is_done_by_it_and_nothing_else(place: tuple[Workplace, Project]) -> None:
    work, project = place
    work.fail("a/p", "a/q", "a/r", "a/s")
    refused = {key("a/s"): Skip("odd", "no")}
    recovery = [
        back("a/p", recorded=Outcome.FAILED, session_uid="s" * 32), back("a/q", recorded=None, session_uid="s" * 32),
        back("a/r", recorded=Outcome.FAILED, session_uid=UID),
    ]  # fmt: skip
    it = new_session(project, request_for(project))
    it.record.close()
    session = it.record.session.model_copy(update={"session_uid": "s" * 32})
    left = Resumption(session=session, request=it.request, most=None, retries=(), put_off=0, skipped=Counter(), torn=False)
    resumed, new = (foresee_progress(project, it.request, one, recovery, refused) for one in (left, None))
    assert (dict(resumed.attempted), dict(new.attempted)) == ({key("a/p"): 0}, {})
    assert resumed.passed_over == new.passed_over == refused


def test_what_drains_of_the_group_have_tried_is_left_out(place: tuple[Workplace, Project]) -> None:
    work, project = place
    work.fail("a/p", "a/q")
    asked = request(project, group="nightly")
    recovery = [back("a/p", recorded=Outcome.FAILED, group_key=Group("nightly").key)]
    assert list(foresee_progress(project, asked, None, recovery).passed_over) == [key("a/p")]
    assert foresee_progress(project, request(project), None, recovery).passed_over == {}
