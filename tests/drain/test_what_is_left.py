"""What is left of a session: by its file, by what the ledger knows beyond it, and by what this call narrows."""

from __future__ import annotations

import contextlib
import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.config.settings import Settings
from batchdrain.drain import left_retries, resumption
from batchdrain.drain.narrowing import AS_ASKED, Narrowing
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.resumption import Resumption, request_to_resume, what_is_left
from batchdrain.model.errors import BadData
from batchdrain.model.phase import PhaseKey
from batchdrain.model.states import Outcome
from batchdrain.planning.filters import Filters
from batchdrain.sessions.parse import CorruptSession
from batchdrain.sessions.session import Kind, Session
from tests.drain.judging import row as row_state
from tests.sessions.files import HEAD, START, result
from tests.sessions.test_rebuild import row

SETTINGS = Settings.model_validate({"batch_size": 5, "retry": {"max_attempts": 3}, "command": {"argv": ["true"]}})
REQUEST = DrainRequest(kind=Kind.FAILED, filters=Filters(), settings=SETTINGS)
DUE = START + timedelta(seconds=1)


def transient(phase_id: str = "p0", *, attempt: int = 1, **facts: Any) -> dict[str, Any]:
    return row(phase_id, attempt=attempt, category="transient", **facts)


def waiting(number: int = 0, *, attempt: int = 1) -> Any:
    return result(
        number, success=False, category="transient", outcome="failed", attempt=attempt, error_message="boom", retry_at=DUE
    )


def left(
    monkeypatch: pytest.MonkeyPatch,
    results: list[Any] | None,
    rows: list[dict[str, Any]],
    less: Narrowing = AS_ASKED,
    *,
    accepted: Any = None,
) -> Resumption:
    """`results`: of its file; None: that is torn."""
    monkeypatch.setattr(left_retries, "acceptances", lambda _: accepted)

    def load(name: str) -> Session:
        if results is None:
            raise CorruptSession(f"{name} is torn", remedy="x")
        return Session(session_id=name, session_uid="u", started_at=START, results=results)

    history = SimpleNamespace(
        read_session_rows=lambda uid: rows if uid == "u" else [],
        read_session_heads=lambda name: [json.dumps({**HEAD, "session_id": name, "session_uid": "u"})],
        read_past=lambda: SimpleNamespace(attempts={}),
    )
    store = SimpleNamespace(
        history=history, failed_words=frozenset({"FAILED"}), database=SimpleNamespace(read=contextlib.nullcontext),
        table=SimpleNamespace(read_row_state=lambda _, key: row_state("COMPLETE", None) if key.phase_id == "p0" else None),
    )  # fmt: skip
    project: Any = SimpleNamespace(folder=SimpleNamespace(load=load), store=store)
    return what_is_left(project, "s", REQUEST, less)


def test_what_the_file_has_counts_as_done_and_no_more_than_the_rest_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row("p0", Outcome.COMPLETE), row("p1")]
    found = left(monkeypatch, [result(0, attempt=1), result(1, success=False, attempt=1, category="other")], rows)
    assert (found.most, list(found.retries), found.put_off, found.torn, list(found.unknown)) == (3, [], 0, False, [])
    assert (found.request, found.is_tried_again) == (REQUEST, False)
    assert not found.skipped


def test_results_that_only_the_ledger_has_are_added_and_what_waited_is_tried_again_though_the_file_does_not_say_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = left(monkeypatch, [result(0, attempt=1)], [row("p0", Outcome.COMPLETE), transient("p1")])
    assert [one.key for one in found.session.results] == [PhaseKey("r", "p0"), PhaseKey("r", "p1")]
    assert [one.choice.phase.key for one in found.retries] == [PhaseKey("r", "p1")]
    assert found.most == 3


def test_what_the_file_says_of_an_attempt_is_not_made_to_wait_by_the_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says that no retry was due."""
    ended = result(0, success=False, category="transient", outcome="failed", attempt=1)
    assert list(left(monkeypatch, [ended], [transient()]).retries) == []
    assert len(left(monkeypatch, [waiting()], [transient()]).retries) == 1


def test_a_torn_file_is_rebuilt_and_every_transient_failure_of_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    found = left(monkeypatch, None, [transient("p0"), row("p1"), transient("p2"), transient("p2", attempt=2)])
    assert (found.torn, found.is_tried_again) == (True, True)
    assert [(one.choice.phase.key.phase_id, one.executions) for one in found.retries] == [("p0", 1), ("p2", 2)]


def test_a_phase_that_was_executed_twice_is_told_to_be_tried_again_and_one_alone_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    once, twice = [row("p0"), row("p1")], [row("p0"), row("p1"), row("p1", attempt=2)]
    assert [left(monkeypatch, [], rows).is_tried_again for rows in ([], once, twice)] == [False, False, True]
    counts = [left(monkeypatch, [], rows).count() for rows in (once, twice)]
    assert [count.is_tried_again for count in counts] == [False, True]


def test_a_result_that_neither_ledger_nor_table_bears_out_is_open_again(monkeypatch: pytest.MonkeyPatch) -> None:
    done = [result(number, attempt=1, final_state="COMPLETE") for number in (0, 1)]
    found = left(monkeypatch, done, [])
    assert (list(found.unknown), [one.key.phase_id for one in found.session.results]) == ([PhaseKey("r", "p1")], ["p0"])
    assert found.most == 4


def test_what_this_call_leaves_out_is_put_off_and_the_rest_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [transient("p0"), transient("p1")]
    for less, put_off, most in (
        (Narrowing(filters=Filters.of(exclude_runs=("r",))), 2, 3),
        (Narrowing(filters=Filters.of(categories=("other",))), 2, 3),
        (Narrowing(filters=Filters.of(categories=("transient",))), 0, 3),
        (Narrowing(batch_size=2), 0, 2),
    ):
        found = left(monkeypatch, [waiting(0), waiting(1)], rows, less)
        assert (found.put_off, len(found.retries), found.most) == (put_off, 2 - put_off, most)
        assert found.request == less.apply(REQUEST)


def test_the_retries_of_a_call_with_fewer_tries_are_those_that_have_one_left(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [transient("p0"), transient("p1"), transient("p1", attempt=2)]
    found = left(monkeypatch, [waiting(0), waiting(1, attempt=2)], rows, Narrowing(limits={"--max-attempts": 2}))
    assert [one.choice.phase.key.phase_id for one in found.retries] == ["p0"]


def test_a_session_of_another_database_or_of_other_rows_is_not_asked_for_what_it_wanted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session = Session(session_id="s", started_at=START, **REQUEST.as_fields())
    other = Settings.model_validate({"command": {"argv": ["true"]}, "source": {"table": "others"}})
    monkeypatch.setattr(resumption, "require_same_database", lambda *_: None)
    here: Any = SimpleNamespace(store=None, settings=SETTINGS)
    assert request_to_resume(here, session) == REQUEST
    with pytest.raises(BadData, match=r"another batchdrain\.source"):
        request_to_resume(SimpleNamespace(store=None, settings=other), session)  # type: ignore[arg-type]

    def refuse(*_: object) -> None:
        raise BadData("belongs to another database", remedy="x")

    monkeypatch.setattr(resumption, "require_same_database", refuse)
    with pytest.raises(BadData, match="belongs to another database"):
        request_to_resume(here, session)
