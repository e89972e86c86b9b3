"""How a session begins: what is kept of it, what this time takes, and what is told where there is nothing to take."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.database.ledger.groups import GroupEnded
from batchdrain.drain import start as room
from batchdrain.drain.narrowing import AS_ASKED, Narrowing
from batchdrain.drain.open_session import OpenSession
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.start import begin
from batchdrain.model.phase import Skip
from batchdrain.planning.filters import Filters
from batchdrain.planning.skip_rules import AMBIGUOUS, BAD_DATA
from batchdrain.sessions.progress import ResultCounts
from batchdrain.sessions.session import Kind
from tests.drain.judging import settings_of

REQUEST = DrainRequest(kind=Kind.FAILED, filters=Filters(), settings=settings_of())


class Beginning:
    """All that a beginning asks for, and the order in which it does."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.order: list[str] = []
        self.asked: dict[str, Any] = {}
        self.notices: list[str] = []
        self.group_end: GroupEnded | None = None
        self.opened: OpenSession | None = None
        self.idle = ["--category=network: nothing"]
        self.backlog = SimpleNamespace(waiting=4, skipped=Counter[Skip](), total=9, refresh=lambda _: self._do("read"))
        self.session = SimpleNamespace()
        self._replace(patch, "settle", lambda _, request: request)
        self._replace(patch, "require_ready", lambda *_: None)
        self._replace(patch, "settle_ledger", lambda *_: ["recovered"])
        self._replace(patch, "join_group", lambda *_: self.group_end)
        self._replace(patch, "leave_out_tried", lambda *_: None)
        self._replace(patch, "backlog_for", lambda *_: self.backlog)
        self._replace(patch, "find_idle", lambda *_: self.idle)
        self._replace(patch, "find_idle_of_part", lambda *_: ["--policy: nothing"])
        self._replace(patch, "foresee", lambda *_: "forecast")
        self._replace(patch, "make_session", lambda *_: self.session)
        self._replace(patch, "open_record", lambda *_: "record")
        self._replace(patch, "run_session", self._run)

    def _replace(self, patch: pytest.MonkeyPatch, name: str, answer: Any) -> None:
        def asked(*given: Any) -> Any:
            self._do(name)
            self.asked[name] = given
            return answer(*given)

        patch.setattr(room, name, asked)

    def _do(self, what: str) -> None:
        self.order.append(what)

    def _run(self, it: OpenSession) -> str:
        self.opened = it
        return "ran"

    def begin(self, less: Narrowing = AS_ASKED, chain: Any = None) -> Any:
        screen: Any = SimpleNamespace(notice=self.notices.append)
        project: Any = None
        return begin(project, REQUEST, screen, less, chain)


@pytest.fixture
def it(monkeypatch: pytest.MonkeyPatch) -> Beginning:
    return Beginning(monkeypatch)


def test_what_dead_controllers_held_is_settled_before_the_backlog_is_read_and_all_is_checked_before_that(
    it: Beginning,
) -> None:
    assert it.begin() == "ran"
    assert it.order[:7] == [
        "settle", "require_ready", "settle_ledger", "join_group", "leave_out_tried", "backlog_for", "read",
    ]  # fmt: skip
    assert it.order[-3:] == ["make_session", "open_record", "run_session"]
    assert it.opened is not None
    recovered: Any = it.opened.recovered
    assert (recovered, it.opened.most) == (["recovered"], REQUEST.most)
    assert it.session.without_effect == it.notices == it.idle


def test_what_is_asked_for_this_time_alone_is_drained_and_the_whole_is_kept(it: Beginning) -> None:
    """Else nobody would go on with the rest."""
    less = Narrowing(batch_size=2, filters=Filters(run_id="r"), is_of_chain=True)
    it.begin(less, chain_of(it))
    now = it.opened
    assert now is not None
    assert now.whole is not None
    assert (now.request.filters.run_id, now.whole.filters.run_id, now.less, now.most) == ("r", None, less, 2)
    assert it.asked["backlog_for"][1].filters.run_id == "r"
    assert it.asked["make_session"][1] is now.whole
    assert it.asked["require_ready"][1] is now.request


def chain_of(it: Beginning) -> Any:
    return SimpleNamespace(counts_for=lambda _: ResultCounts(), idle=["--run-id=x: no run"], asked=None)


def test_of_a_chain_a_part_tells_what_concerns_it_alone_and_keeps_what_concerns_the_whole(it: Beginning) -> None:
    it.begin(chain=chain_of(it))
    assert (it.notices, it.session.without_effect) == (["--policy: nothing"], ["--run-id=x: no run", "--policy: nothing"])


def test_where_nothing_waits_no_session_is_made_and_what_had_no_effect_is_told_of_a_whole_alone(it: Beginning) -> None:
    it.backlog.waiting = 0
    found = it.begin()
    assert (found.session, found.exit_code, found.total, found.failure) == (None, 0, 9, None)
    assert (found.without_effect, it.notices) == (it.idle, [])
    assert it.begin(chain=chain_of(it)).without_effect == ()
    assert "make_session" not in it.order
    it.backlog.skipped[Skip(BAD_DATA, f"r / p: {AMBIGUOUS}")] = 2
    assert it.begin().failure is not None, "rows that no drain takes are no empty backlog"


def test_a_group_that_takes_no_more_makes_no_session_and_says_why(it: Beginning) -> None:
    it.group_end = GroupEnded(Skip("--group", "night has taken its 2"), is_full=True)
    found = it.begin()
    assert (found.session, found.because, "make_session" in it.order) == (None, "--group: night has taken its 2", False)
