"""PLAN.json: written by `dry-run --output`, drained by `drain --plan` exactly, in order.

What changed since the plan was made is reported, not taken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from batchdrain.config.messages import plainly
from batchdrain.database.phases.pages import as_rows
from batchdrain.failures.excerpt import excerpt
from batchdrain.failures.fingerprints import cluster_id, fingerprint
from batchdrain.model.attempt import Attempt
from batchdrain.model.claim import Choice
from batchdrain.model.errors import BadData, UsageError
from batchdrain.model.phase import Phase, PhaseKey, Skip
from batchdrain.model.states import PhaseState
from batchdrain.planning.acceptances import ACCEPTED
from batchdrain.planning.lane_backlog import Reading
from batchdrain.planning.plan import Plan
from batchdrain.planning.skip_rules import ATTEMPTED, IN_THIS_SESSION, PLAN, UNNAMED, Rules, is_usable_id
from batchdrain.planning.verdicts import Verdict
from batchdrain.runtime import clock, files

SCHEMA_VERSION = 1


class PlannedPhase(BaseModel):
    """One line of the plan. Strict: a value of another type is refused."""

    model_config = ConfigDict(frozen=True, strict=True)

    run_id: str
    phase_id: str
    phase_index: int | None = None
    category: str
    fingerprint: str  #: of the failure text when the plan was made
    cluster: str = ""
    reason: str  #: why it was chosen
    timeout_s: float = 0.0
    limit: str = ""


class PlanFile(BaseModel):
    """The file. `database` and `filters` as a session file has them."""

    model_config = ConfigDict(frozen=True, strict=True)

    schema_version: int
    made_at: str
    database: dict[str, Any]
    filters: dict[str, Any]
    phases: list[PlannedPhase]


def as_file(made: Plan, *, now: datetime, database: dict[str, Any], filters: dict[str, Any]) -> PlanFile:
    """The plan as it is written; `now` aware."""
    return PlanFile(
        schema_version=SCHEMA_VERSION,
        made_at=clock.iso(now),
        database=database,
        filters=filters,
        phases=[
            PlannedPhase(
                run_id=planned.choice.phase.run_id,
                phase_id=planned.choice.phase.phase_id,
                phase_index=planned.choice.phase.phase_index,
                category=planned.choice.phase.category,
                fingerprint=planned.choice.fingerprint,
                cluster=cluster_id(planned.choice.fingerprint) if planned.choice.fingerprint else "",
                reason=planned.choice.reason,
                timeout_s=planned.limit.seconds,
                limit=planned.limit.rule,
            )
            for planned in made.all
        ],
    )


def save(path: Path, plan: PlanFile) -> None:
    """Raises FilesUnavailable."""
    text = orjson.dumps(plan.model_dump(mode="json"), option=orjson.OPT_INDENT_2)
    files.write_for_people(path, [text, b"\n"], f"--output: {path}")


def load(path: Path) -> PlanFile:
    """Raises UsageError when it is not there, BadData when it is no plan."""
    try:
        raw = files.read_for_people(path)
    except OSError as error:
        raise UsageError(f"--plan: {path}: {error.strerror}", remedy="make it with `inv dry-run --output`") from None
    except ValueError as error:
        raise BadData(f"--plan: {path} {error}", remedy="make it with `inv dry-run --output`") from None
    try:
        found = PlanFile.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise BadData(
            f"--plan: {path} is no plan: {where}: {plainly(first)}", remedy="make it with `inv dry-run --output`"
        ) from None
    if found.schema_version > SCHEMA_VERSION:
        raise BadData(f"--plan: {path}: schema_version {found.schema_version} is newer", remedy="upgrade batchdrain")
    return found


class PlannedSupply:
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
        self._rules: Rules | None = None
        self.skipped: Counter[Skip] = Counter()
        self.total = 0
        self.stale = False

    @property
    def waiting(self) -> int:
        return len(self._ready)

    def refresh(self, now: datetime) -> None:  # noqa: ARG002 - a plan does not depend on the time
        reading = self._read()
        self._rules, self.skipped, self.total = reading.rules, Counter(), 0
        wanted = {PhaseKey(phase.run_id, phase.phase_id): phase for phase in self._planned}
        found: dict[PhaseKey, str | None] = {}
        for row in as_rows(reading.pages):
            self.total += 1
            key = PhaseKey(row.run_id, row.phase_id)
            if key in wanted:
                found[key] = None if row.reason is None else reading.redact(str(row.reason))
        self._ready = []
        for key, planned in wanted.items():
            if key in self._given:
                continue
            skip = self._changed(key, planned, found)
            if skip is None:
                self._ready.append(self._choice(planned, found[key], reading.rules))
            else:
                self.skipped[skip] += 1

    def size_of(self, fingerprint: str) -> int:  # noqa: ARG002 - a plan sends no canaries ahead
        return 0

    def next(self, now: datetime, busy: Container[str] = frozenset(), full: Container[str] = frozenset()) -> Choice | None:  # noqa: ARG002
        for place, choice in enumerate(self._ready):
            if choice.phase.run_id in busy:
                continue
            del self._ready[place]
            self._given.add(choice.phase.key)
            return choice
        return None

    def touch(self, run_id: str, now: datetime, attempt: Attempt | None = None) -> None:
        """A plan keeps its order, whatever comes of it."""

    def upcoming(self, most: int, now: datetime) -> list[Phase]:  # noqa: ARG002
        """None: whoever planned a phase wants it, whatever a diagnosis would say."""
        return []

    def heed(self, verdict: Verdict, now: datetime) -> None:
        """A plan is drained as it stands."""

    def _changed(self, key: PhaseKey, planned: PlannedPhase, found: dict[PhaseKey, str | None]) -> Skip | None:
        if self._rules is not None and key in self._rules.attempted:
            return Skip(ATTEMPTED, IN_THIS_SESSION)
        if not (is_usable_id(key.run_id) and is_usable_id(key.phase_id)):
            return UNNAMED
        if key not in found:
            return Skip(PLAN, f"changed since: {key} is no longer {self._state}")
        if fingerprint(_text(found[key])) != planned.fingerprint:
            return Skip(PLAN, f"changed since: {key} failed in another way meanwhile")
        accepted = None if self._rules is None else self._rules.accepted
        known = None if accepted is None else accepted.skip(key, _text(found[key]))
        if known is not None:
            return Skip(ACCEPTED, f"{key}: {known.value}")
        digest = key.digest
        if self._rules is not None and digest in self._rules.past.held:
            return Skip(PLAN, f"changed since: {key} is claimed by another controller")
        return None

    def _choice(self, planned: PlannedPhase, reason: str | None, rules: Rules) -> Choice:
        key, text = PhaseKey(planned.run_id, planned.phase_id), _text(reason)
        phase = Phase(
            run_id=planned.run_id,
            phase_id=planned.phase_id,
            phase_index=planned.phase_index,
            state=self._state,
            reason=text,
            category=self._categorise(text),
            attempts=rules.past.attempts.get(key.digest, 0),
        )
        return Choice(phase=phase, fingerprint=planned.fingerprint, reason=f"planned: {planned.reason}")


def _text(reason: str | None) -> str | None:
    return None if reason is None else excerpt(reason)
