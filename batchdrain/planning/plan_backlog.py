"""The backlog of a plan: its phases that are still as they were planned, in the plan's order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any

from batchdrain.database.phases.pages import to_reason, to_rows
from batchdrain.model.attempt import Attempt
from batchdrain.model.claim import Choice
from batchdrain.model.failure import Failure
from batchdrain.model.phase import Phase, PhaseKey, Skip
from batchdrain.model.states import PhaseState
from batchdrain.planning.filters import NOT_IN_PLAN, PLAN
from batchdrain.planning.outlook import Outlook
from batchdrain.planning.plan_file import PlannedPhase
from batchdrain.planning.reading import Reading, Reasons
from batchdrain.planning.remainder import Remainder
from batchdrain.planning.seen_kinds import SeenKinds
from batchdrain.planning.skip_rules import ATTEMPTED, CLAIMED, IN_THIS_SESSION, SkipRules
from batchdrain.planning.usable_ids import UsableIds
from batchdrain.planning.verdicts import Verdict


@dataclass(slots=True)
class _Look:
    """What one reading says about the phases of a plan."""

    found: dict[PhaseKey, Failure] = field(default_factory=dict)  # the phases in the source state
    rows: Counter[PhaseKey] = field(default_factory=Counter)  # how many rows each phase has
    skips: dict[PhaseKey, Skip] = field(default_factory=dict)
    remainder: Remainder = field(default_factory=Remainder)

    def count(self, total: int) -> None:
        skipped, absent, attempted = Counter[Skip](), Counter[Skip](), set[PhaseKey]()
        for key, skip in self.skips.items():
            if skip.rule == ATTEMPTED:
                attempted.update([key] if key in self.found else [])
            elif key in self.found:
                skipped[skip] += self.rows[key]
            else:
                absent[skip] += 1
        skipped[NOT_IN_PLAN] = total - self.rows.total()
        self.remainder = Remainder(total=total, attempted=frozenset(attempted), skipped=+skipped, absent=absent)

    @property
    def skipped(self) -> Counter[Skip]:
        """All skips of planned phases, including those that were attempted."""
        return Counter(self.skips.values())


class PlanBacklog:
    """Hands out the phases of a plan that are still as they were planned, in the plan's order."""

    def __init__(
        self,
        planned: Sequence[PlannedPhase],
        read: Callable[[], Reading],
        *,
        state: PhaseState,
        categorise: Callable[[str | None], str],
    ) -> None:
        self._wanted = {PhaseKey(phase.run_id, phase.phase_id): phase for phase in planned}
        self._read = read
        self._state = state
        self._categorise = categorise
        self._ready: list[Choice] = []
        self._given: set[PhaseKey] = set()
        self._rules: SkipRules | None = None
        self._skips_run: Callable[[str], Skip | None] = lambda _: None
        self._usable = UsableIds(())
        self.skipped: Counter[Skip] = Counter()
        self.remainder = Remainder()
        self.seen = SeenKinds()
        self.read_s = 0.0

    @property
    def stale(self) -> bool:
        """Always False: all phases of a plan are in memory."""
        return False

    @property
    def waiting(self) -> int:
        return len(self._ready)

    @property
    def total(self) -> int:
        return self.remainder.total

    def refresh(self, now: datetime) -> None:  # noqa: ARG002 - a plan does not depend on the time
        look = self._look()
        self.remainder, self.skipped = look.remainder, look.skipped
        self._ready = [
            self._choice(planned, look.found[key], self._seen)
            for key, planned in self._wanted.items()
            if key not in look.skips and key not in self._given
        ]

    def refresh_in_slices(self, now: Callable[[], datetime]) -> Iterator[None]:
        """Refresh in a single step."""
        began = monotonic()
        self.refresh(now())
        self.read_s = monotonic() - began
        yield

    def refill(self, now: datetime) -> None:
        """Refresh. It is never needed, since all phases of a plan are in memory."""
        self.refresh(now)

    def end(self) -> None:
        """A plan is small."""

    def count(self) -> Remainder:
        return self._look().remainder

    def why_not(self, run_id: str | None = None) -> Reasons:  # noqa: ARG002 - a plan's reading has no runs
        skips = self._look().skips
        for page in self._read().pages:
            keys = [PhaseKey(*ids) for ids in page.ids]
            yield page, [skips.get(key) if key in self._wanted else NOT_IN_PLAN for key in keys]

    def _look(self) -> _Look:
        reading = self._read()
        self._rules = reading.rules
        self._skips_run, self._usable = reading.rules.runs(), UsableIds(reading.rules.settings.command.argv)
        total, look = 0, _Look()
        for row in to_rows(reading.pages):
            total += 1
            key = PhaseKey(row.run_id, row.phase_id)
            if key in self._wanted:
                look.rows[key] += 1
                look.found[key] = Failure.of(to_reason(row.reason), self._categorise, reading.redact)
        for key, planned in self._wanted.items():
            skip = self._changed(key, planned, look.found)
            if skip is not None:
                look.skips[key] = skip
        look.count(total)
        return look

    def ranks(self) -> list[Any]:
        """Empty: a plan has its own order."""
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
        """Does nothing: a plan keeps its order, whatever the results."""

    def upcoming(self, most: int, now: datetime) -> list[Phase]:  # noqa: ARG002
        """Empty: whoever planned a phase wants it, whatever a diagnosis would say."""
        return []

    def look_ahead(self, most: int, now: datetime) -> Outlook:  # noqa: ARG002
        """The first phases of the plan that are still as they were planned."""
        rules = self._seen
        return Outlook(
            phases=[choice.phase for choice in self._ready[:most]],
            waiting=len(self._ready),
            stats=rules.past.retry_stats,
            run_type=rules.settings.run_type_of,
        )

    def apply(self, verdict: Verdict, now: datetime) -> None:
        """Does nothing: diagnoses do not change a plan."""

    def _changed(self, key: PhaseKey, planned: PlannedPhase, found: dict[PhaseKey, Failure]) -> Skip | None:
        """Why a planned phase is not taken: it is no longer what was planned, or an ordinary rule skips it. None if it is
        taken."""
        if key in self._seen.attempted:
            return Skip(ATTEMPTED, IN_THIS_SESSION)
        if (by_ids := self._usable.problem_of(key.run_id, key.phase_id)) is not None:
            return by_ids
        if key not in found:
            return Skip(PLAN, f"changed since: {key} is no longer {self._state}")
        if not planned.is_of(found[key]):
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
