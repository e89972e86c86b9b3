"""A loop whose collaborators note what is asked of them, in order, and answer as a test wants."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

from batchdrain.drain.finish import Conclusion
from batchdrain.drain.loop import Drain
from batchdrain.model.claim import Choice, ScheduledAttempt
from batchdrain.model.phase import Phase
from batchdrain.model.states import PhaseState


def scheduled(run_id: str, *, executions: int = 0) -> ScheduledAttempt:
    phase = Phase(run_id=run_id, phase_id="p", phase_index=0, state=PhaseState.FAILED)
    return ScheduledAttempt(0.0, 1, Choice(phase=phase, reason=""), executions=executions)


class Looping:
    """A drain of one phase for each letter of `runs`. `claims`, `concludes`: what becomes of each, by its run; an exception is
    raised. Each command ends at the next look."""

    def __init__(self, runs: str = "", *, workers: int = 1) -> None:
        self.asked: list[str] = []
        self.waiting = [scheduled(run) for run in runs]
        self.held: list[Any] = []
        self.claims: dict[str, Any] = {}
        self.concludes: dict[str, Any] = {}
        self.fails: dict[str, BaseException] = {}  #: by what is asked
        self.failures: list[Any] = []
        self.left_out: set[str] = set()
        self.failing: set[str] = set()  #: runs whose commands have failed
        self.awaits, self.waits_s = 0, 7.0
        self.change: Callable[[Any], Any] = lambda error: error
        self.stops = SimpleNamespace(
            stopped=None, failure=None, is_interrupted=False, is_ending=lambda: False, fail=self._fail, stop=self._stop
        )
        lost = SimpleNamespace(to_failure=lambda *, executed: None)
        parts: dict[str, Any] = {
            "chooser": self._part(
                "chooser", "begin", "look_ahead", "end", "take_back", "put_off", "close", "try_again", "cancel_diagnosis", "learn",
                "look_again", permits=workers, left=None, has_retries=False, next=self._next, awaits_time=self._awaits,
                wait_s=lambda _: self.waits_s,
            ),
            "claimer": self._part(
                "claimer", "begin", "look_again", "forget_taken", locked_out=set(), lost_rows=lost, claim=self._claim,
                leaves_out=lambda one: one.run_id in self.left_out,
            ),
            "workers": _Workers(self),
            "judgements": SimpleNamespace(of=lambda ended, goes_on: goes_on),
            "finisher": self._part("finisher", "tell_kept", finish=self._finish),
            "recorder": self._part("recorder", "settle", "selected", "not_claimed"),
            "stops": self.stops,
            "membership": self._part("membership", "begin", "tell", "note", "give_back"),
            "watch": SimpleNamespace(explain=self._explain),
        }  # fmt: skip
        self.chooser, self.membership = parts["chooser"], parts["membership"]
        self.drain = Drain(**parts)

    def ask(self, what: str) -> None:
        self.asked.append(what)
        if what in self.fails:
            raise self.fails[what]

    def _part(self, name: str, *verbs: str, **answers: Any) -> Any:
        def note(verb: str) -> Callable[..., None]:
            return lambda *facts, **_: self.ask(
                " ".join([name, verb, *(one.run_id for one in facts if hasattr(one, "run_id"))])
            )

        return SimpleNamespace(**{verb: note(verb) for verb in verbs}, **answers)

    def _explain(self, error: Any) -> Any:
        return self.change(error)

    def _next(self, _: object) -> ScheduledAttempt | None:
        return self.waiting.pop(0) if self.waiting else None

    def _awaits(self) -> bool:
        self.awaits -= 1
        return self.awaits >= 0

    def _claim(self, one: ScheduledAttempt) -> Any:
        self.ask(f"claims {one.run_id}")
        found = self.claims.get(one.run_id, one)
        if isinstance(found, Exception):
            raise found
        return found

    def _finish(self, ended: Any, goes_on: object) -> Conclusion:
        run = ended.running.scheduled.run_id
        self.ask(f"finishes {run}{'' if goes_on else ' for good'}")
        found: Any = self.concludes.get(run, Conclusion())
        if isinstance(found, Exception):
            raise found
        assert isinstance(found, Conclusion)
        return found

    def _fail(self, error: Any) -> None:
        if error is not None:
            self.failures.append(error)
            self.stops.failure = self.stops.failure or error

    def _stop(self, skip: Any) -> None:
        self.asked.append(f"stops: {skip}")

    def run(self) -> list[str]:
        self.drain.run()
        return self.asked


class _Workers:
    """Hold what was begun until somebody waits for an end."""

    def __init__(self, looping: Looping) -> None:
        self._looping = looping

    def have_failed(self) -> bool:
        return any(one.run_id in self._looping.failing for one in self._looping.held)

    def __len__(self) -> int:
        return len(self._looping.held)

    @property
    def occupied(self) -> int:
        return len(self)

    def execute(self, claimed: ScheduledAttempt) -> None:
        self._looping.ask(f"executes {claimed.run_id}")
        self._looping.held.append(claimed)

    def ended(self, timeout_s: float | None) -> Iterator[Any]:
        self._looping.ask(f"waits {timeout_s}")
        return self._each()

    def end_all(self) -> Iterator[Any]:
        self._looping.ask("ends all")
        return self._each()

    def _each(self) -> Iterator[Any]:
        for _ in range(len(self._looping.held)):
            yield SimpleNamespace(running=SimpleNamespace(scheduled=self._looping.held.pop(0), claim=None))

    def postpone(self, _: object) -> None:
        self._looping.ask("postponed")
