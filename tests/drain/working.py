"""Workers whose orders, clock and waits are ours."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any, cast

import pytest

from batchdrain.drain import workers as room
from batchdrain.drain.engine.orders import Found, Left
from batchdrain.drain.in_flight import Claimed, Ended, Running
from batchdrain.drain.workers import Workers
from batchdrain.execution.order import Ending
from batchdrain.model.claim import Choice, ScheduledAttempt
from batchdrain.model.phase import Phase
from batchdrain.model.states import PhaseState
from tests.drain.judging import LIMIT, claim_of, row, settings_of


class Orders:
    """`answers`: what is found of an order once its future is done, by its run; `looked`: what a look finds."""

    is_foreign = False

    def __init__(self, asked: list[str]) -> None:
        self.asked, self.poll_s = asked, cast("float | None", None)
        self.lost: list[Running] = []
        self.answers: dict[str, Found] = {}
        self.looked: dict[str, Ending | Left] = {}
        self.refusal: tuple[Exception, Found] | None = None

    def submit(self, running: Running) -> Future[Any]:
        self.asked.append("submitted")
        if self.refusal is not None:
            raise self.refusal[0]
        return Future()

    def refused(self, running: Running, what: str) -> Found:
        self.asked.append(f"refused: {what}")
        return self.refusal[1] if self.refusal else None

    def ended(self, future: Future[Any], running: Running) -> Found:
        return self.answers[running.scheduled.run_id]

    def look(self, running: Mapping[Future[Any], Running]) -> list[tuple[Running, Ending | Left]]:
        self.asked.append("looks")
        found = [(one, self.looked[one.scheduled.run_id]) for one in running.values() if one.scheduled.run_id in self.looked]
        return found + [(one, self.looked[one.scheduled.run_id]) for one in self.lost if one.scheduled.run_id in self.looked]

    def leave(self) -> None:
        self.asked.append("leaves")


class Done:
    """Futures that end when a test says it. Each wait takes its time by the clock of the test."""

    def __init__(self, working: Working) -> None:
        self._working, self.ended = working, list[Future[Any]]()

    def __bool__(self) -> bool:
        return bool(self.ended)

    def follow(self, future: Future[Any]) -> None:
        future.add_done_callback(self.ended.append)

    def wait(self, within_s: float | None) -> bool:
        self._working.waits.append(within_s)
        self._working.now += within_s or 0.0
        self._working.at_wait(len(self._working.waits))
        return bool(self.ended)

    def take(self) -> Future[Any] | None:
        return self.ended.pop(0) if self.ended else None


class Working:
    """Workers, and what they ask of the others in order."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now, self.asked, self.failures = 0.0, list[str](), list[Any]()
        self.waits, self.pauses = list[float | None](), list[float]()
        self.orders, self.settles = Orders(self.asked), False
        patch.setattr(room, "monotonic", lambda: self.now)
        patch.setattr(room, "make_orders", lambda *_: self.orders)
        patch.setattr(room, "_NEVER", SimpleNamespace(wait=lambda seconds: self.pauses.append(-seconds)))
        patch.setattr(room, "Preparer", lambda *_: SimpleNamespace(prepare=self._prepare))
        patch.setattr(room, "ShutdownNotice", lambda *_: self._notices())
        self.stops = SimpleNamespace(
            wait=self.pauses.append, has_news=False, fail=self.failures.append, signals=(0, None), asked=None, stopped=None,
            is_interrupted=False, note_held=lambda: self.asked.append("held"),
        )  # fmt: skip
        self.pool: Any = None
        states: Any = SimpleNamespace(read=lambda _: row("EXECUTING"), settle_s=5.0, may_change=lambda *_: self.settles)
        recorder: Any = SimpleNamespace(
            claimed=lambda claim: self.asked.append(f"claimed {claim.phase.key}"),
            started=lambda scheduled, claim, limit: self.asked.append(
                f"started {scheduled.run_id} {claim.token} {limit.rule}"
            ),
            notice=lambda text: self.asked.append(f"notice: {text}"),
            settle=lambda: self.asked.append("settled"),
        )
        capabilities: Any = SimpleNamespace(pool=None, interrupt=lambda: self.asked.append("interrupts"))
        services: Any = SimpleNamespace(executing=SimpleNamespace(capabilities=capabilities))
        it: Any = SimpleNamespace(request=SimpleNamespace(settings=settings_of()))
        stops: Any = self.stops
        self.workers = Workers(it, services, states, recorder, stops)
        self.capabilities, self.done = capabilities, Done(self)
        self.workers._done = cast("Any", self.done)
        self.notice_fails: Exception | None = None

    def at_wait(self, number: int) -> None:
        """What happens meanwhile: a test sets it."""

    def _prepare(self, claimed: Claimed) -> Running:
        order: Any = SimpleNamespace(token=claimed.claim.token)
        return Running(
            scheduled=claimed.scheduled,
            claim=claimed.claim,
            order=order,
            guardian=None,
            limit=claimed.limit,
            paths=("o", "e"),
        )

    def _notices(self) -> Any:
        def of_an_error(running: list[Running]) -> None:
            self.asked.append(f"tells of an error to {len(running)}")
            if self.notice_fails is not None:
                raise self.notice_fails

        return SimpleNamespace(
            tell=lambda *facts: self.asked.append(f"tells {facts[0]} {len(facts[2])}"),
            tell_of_a_stop=lambda skip, running: self.asked.append(f"tells of a stop to {len(running)}"),
            tell_of_an_error=of_an_error,
        )

    def claimed(self, run_id: str = "r", *, guardian: Any = None) -> Claimed:
        phase = Phase(run_id=run_id, phase_id="p", phase_index=0, state=PhaseState.FAILED)
        claim = claim_of(phase=phase)
        scheduled = ScheduledAttempt(0.0, 1, Choice(phase=phase, reason=""))
        return Claimed(scheduled=scheduled, claim=claim, limit=LIMIT, guardian=guardian, deadline_ms=None)

    def begin(self, *runs: str) -> list[Future[Any]]:
        for run in runs:
            self.workers.execute(self.claimed(run))
        self.asked.clear()
        return [*self.workers._running]

    def lose(self, run_id: str) -> None:
        """Its future failed, and its command may run on."""
        self.orders.lost.append(self._prepare(self.claimed(run_id)))

    def ended(self, timeout_s: float | None = 0.0) -> list[Ended]:
        self.waits.clear()
        self.pauses.clear()
        return list(self.workers.ended(timeout_s))


def runs_of(found: list[Ended]) -> list[str]:
    return [one.running.scheduled.run_id for one in found]
