"""PLAN.json: `dry-run --output` writes it, `drain --plan` drains exactly its phases, in order.

A phase that has changed since the plan was made is reported and not taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from batchdrain.config.messages import explain
from batchdrain.failures.fingerprints import VERSION, cluster_id_of
from batchdrain.failures.kept_fingerprint import FIRST, KeptFingerprint, example_of
from batchdrain.model.errors import BadData, UsageError
from batchdrain.model.failure import Failure
from batchdrain.planning.plan import Plan
from batchdrain.runtime import clock, files
from batchdrain.runtime.json_text import to_json
from batchdrain.runtime.text import count_of, cut_text, to_storable

SCHEMA_VERSION = 1
LARGEST: Final = files.LARGEST // 2
"""The most bytes of a plan. The session file of its drain holds it too, beside the results."""
_SHOWN_CHARS: Final = 2_000
Shown = Annotated[str, AfterValidator(lambda text: cut_text(text, _SHOWN_CHARS))]
"""A text for people; nothing compares it."""


class PlannedPhase(BaseModel):
    """One phase of the plan. Strict: a value of another type is refused."""

    model_config = ConfigDict(frozen=True, strict=True, defer_build=True)

    run_id: str
    phase_id: str
    phase_index: int | None = None
    category: Shown
    fingerprint: Shown  #: the fingerprint of the failure text when the plan was made
    fingerprint_version: int = FIRST  #: the version of the rules that made the fingerprint
    example: Shown = ""  #: the failure text itself, without secrets
    cluster: Shown = ""
    reason: Shown  #: why it was chosen
    timeout_s: float = 0.0
    limit: Shown = ""

    def is_of(self, failure: Failure) -> bool:
        """Whether the phase still fails as it did when it was planned."""
        kept = KeptFingerprint(
            fingerprint=to_storable(self.fingerprint), version=self.fingerprint_version, example=self.example
        )
        return kept.is_of(failure.text, to_storable(failure.fingerprint))


class PlanFile(BaseModel):
    """The whole file. `database` and `filters` are as in a session file."""

    model_config = ConfigDict(frozen=True, strict=True, defer_build=True)

    schema_version: int
    made_at: str
    database: dict[str, Any]
    filters: dict[str, Any]
    without_effect: list[Shown] = []
    phases: list[PlannedPhase]


def as_file(
    made: Plan, *, now: datetime, database: dict[str, Any], filters: dict[str, Any], without_effect: Sequence[str]
) -> PlanFile:
    """Make the file of a plan. `now` is aware; `without_effect`: what was asked for and changes nothing."""
    return PlanFile(
        schema_version=SCHEMA_VERSION,
        made_at=clock.to_iso(now),
        database=database,
        filters=filters,
        without_effect=list(without_effect),
        phases=[
            PlannedPhase(
                run_id=planned.choice.phase.run_id,
                phase_id=planned.choice.phase.phase_id,
                phase_index=planned.choice.phase.phase_index,
                category=planned.choice.phase.category,
                fingerprint=to_storable(planned.choice.failure.fingerprint),
                fingerprint_version=VERSION,
                example=to_storable(example_of(planned.choice.failure.text)),
                cluster=cluster_id_of(planned.choice.failure.fingerprint) if planned.choice.failure.fingerprint else "",
                reason=to_storable(planned.choice.reason),
                timeout_s=planned.limit.seconds,
                limit=planned.limit.rule,
            )
            for planned in made.all
        ],
    )


def render(plan: PlanFile) -> bytes:
    """The file as JSON."""
    return to_json(plan.model_dump(mode="json"), indent=True)


def save(path: Path, plan: PlanFile, text: bytes | None = None, *, dry: bool = False) -> None:
    """Write the plan. `text`: the JSON to write instead, if it has further facts that `load` ignores. `dry`: only check whether
    it could be written. Raises FilesUnavailable, and UsageError if the plan is too large for `load`."""
    text = render(plan) if text is None else text
    if len(text) >= LARGEST:
        raise UsageError(
            f"--output: a plan of {count_of(len(plan.phases), 'phase')} has {len(text)} bytes, more than `inv drain --plan` reads",
            remedy="plan fewer with --batch-size",
        )
    files.write_for_people(path, [text, b"\n"], f"--output: {path}", dry=dry)


def load(path: Path) -> PlanFile:
    """Read a plan. Raises UsageError if the file cannot be read, BadData if it is no plan."""
    try:
        raw = files.read_for_people(path, LARGEST)
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
            f"--plan: {path} is no plan: {where}: {explain(first)}", remedy="make it with `inv dry-run --output`"
        ) from None
    if found.schema_version > SCHEMA_VERSION:
        raise BadData(f"--plan: {path}: schema_version {found.schema_version} is newer", remedy="upgrade batchdrain")
    return found
