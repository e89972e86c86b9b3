"""The phases of a plan that still stand as they were planned, in its order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Sequence
from datetime import datetime
from typing import Any

from batchdrain.database.phases.pages import to_reason, to_rows
from batchdrain.model.attempt import Attempt
from batchdrain.model.claim import Choice
from batchdrain.model.failure import Failure
from batchdrain.model.phase import Phase, PhaseKey, Skip
from batchdrain.model.states import PhaseState
from batchdrain.planning.lane_backlog import Reading
from batchdrain.planning.plan_file import PlannedPhase
from batchdrain.planning.seen_kinds import SeenKinds
from batchdrain.planning.skip_rules import ATTEMPTED, CLAIMED, IN_THIS_SESSION, PLAN, SkipRules
from batchdrain.planning.usable_ids import UsableIds
from batchdrain.planning.verdicts import Verdict
from batchdrain.runtime.text import to_storable


class PlanBacklog:
    """The phases of a plan that still stand as they were planned, in the plan's order."""

    def __init__(
        self,
        planned: Sequence[PlannedPhase],
        read: Callable[[], Reading],
        *,
        state: PhaseState,
        categorise: Callable[[str | None], str],
    ) -> None:
        self._planned = planned
        self._read = read
        self._state = state
        self._categorise = categorise
        self._ready: list[Choice] = []
        self._given: set[PhaseKey] = set()
        self._rules: SkipRules | None = None
        self._skips_run: Callable[[str], Skip | None] = lambda _: None
        self._usable = UsableIds(())
        self.skipped: Counter[Skip] = Counter()
        self.seen = SeenKinds()
        self.total = 0
        self.stale = False

    @property
    def waiting(self) -> int:
        return len(self._ready)

    def refresh(self, now: datetime) -> None:  # noqa: ARG002 - a plan does not depend on the time
        reading = self._read()
        self._rules, self.skipped, self.total = reading.rules, Counter(), 0
        self._skips_run, self._usable = reading.rules.runs(), UsableIds(reading.rules.settings.command.argv)
        wanted = {PhaseKey(phase.run_id, phase.phase_id): phase for phase in self._planned}
        found: dict[PhaseKey, Failure] = {}
        for row in to_rows(reading.pages):
            self.total += 1
            key = PhaseKey(row.run_id, row.phase_id)
            if key in wanted:
                found[key] = Failure.of(to_reason(row.reason), self._categorise, reading.redact)
        self._ready = []
        for key, planned in wanted.items():
            if key in self._given:
                continue
            skip = self._changed(key, planned, found)
            if skip is None:
                self._ready.append(self._choice(planned, found[key], reading.rules))
            else:
                self.skipped[skip] += 1

    def ranks(self) -> list[Any]:
        """None: a plan has its order."""
        return []

    def size_of(self, fingerprint: str) -> int:  # noqa: ARG002 - a plan sends no canaries ahead
        return 0

    def next(self, now: datetime, busy: Container[str] = frozenset(), full: Container[str] = frozenset()) -> Choice | None:  # noqa: ARG002
        place = 0
        while place < len(self._ready):
            phase = self._ready[place].phase
            if phase.run_id in busy:
                place += 1
                continue
            choice = self._ready.pop(place)
            self._given.add(phase.key)
            stop = self._seen.stopped(phase)
            if stop is None:
                return choice
            self.skipped[stop] += 1
        return None

    def touch(self, run_id: str, now: datetime, attempt: Attempt | None = None) -> None:
        """A plan keeps its order, whatever comes of it."""

    def upcoming(self, most: int, now: datetime) -> list[Phase]:  # noqa: ARG002
        """None: whoever planned a phase wants it, whatever a diagnosis would say."""
        return []

    def apply(self, verdict: Verdict, now: datetime) -> None:
        """A plan is drained as it stands."""

    def _changed(self, key: PhaseKey, planned: PlannedPhase, found: dict[PhaseKey, Failure]) -> Skip | None:
        """Why a planned phase is not taken: it is not what was planned any more, or a rule skips it as it would any other."""
        if key in self._seen.attempted:
            return Skip(ATTEMPTED, IN_THIS_SESSION)
        if (by_ids := self._usable.problem_of(key.run_id, key.phase_id)) is not None:
            return by_ids
        if key not in found:
            return Skip(PLAN, f"changed since: {key} is no longer {self._state}")
        if to_storable(found[key].fingerprint) != to_storable(planned.fingerprint):
            return Skip(PLAN, f"changed since: {key} failed in another way meanwhile")
        skip = self._skips_run(key.run_id) or self._seen.phase(key, key.digest, found[key])
        if skip is not None and skip.rule == CLAIMED:
            return Skip(PLAN, f"changed since: {key} is claimed by another controller")
        return None if skip is None else Skip(skip.rule, f"{key}: {skip.value}")

    @property
    def _seen(self) -> SkipRules:
        if self._rules is None:
            raise AssertionError("refresh comes first")
        return self._rules

    def _choice(self, planned: PlannedPhase, failure: Failure, rules: SkipRules) -> Choice:
        key = PhaseKey(planned.run_id, planned.phase_id)
        phase = Phase(
            run_id=planned.run_id,
            phase_id=planned.phase_id,
            phase_index=planned.phase_index,
            state=self._state,
            failure=failure,
            attempts=rules.past.attempts.get(key.digest, 0),
        )
        return Choice(phase=phase, reason=f"planned: {planned.reason}")
