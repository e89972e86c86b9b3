"""The section `source.columns`: the meaning of the columns in the user's table."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import model_validator

from batchdrain.config.id_columns import IdColumns, IdColumnsOrValue, names_of
from batchdrain.config.reason_setting import Reason, ReasonAt
from batchdrain.config.section import Section, leaf
from batchdrain.config.values import NonEmptyText


class Columns(Section):
    """Names of the columns in the user's table."""

    run_id: IdColumnsOrValue = leaf(
        "run_id",
        "names the run of a phase; a list of columns that name it together, or `{value: all}` for a table without runs: "
        "see docs/tables.md",
    )
    phase_id: IdColumns = leaf("phase_id", "names the phase within its run; a list of columns that name it together")
    phase_index: NonEmptyText | None = leaf(
        "phase_index", "orders the phases of a run; may be a column of an id, too; null: you have none"
    )
    state: NonEmptyText = leaf("state", "holds one of the words of `source.states`, or a word that batchdrain ignores")
    last_failure_reason: Reason | None = leaf(
        "last_failure_reason",
        "holds the failure text, or `{column: …, path: error.message}` in JSON: see docs/tables.md; null: you have none",
    )
    updated_at: NonEmptyText | None = leaf(None, "is set to the time of each write of batchdrain; null: it is not written")

    @property
    def reason(self) -> ReasonAt | None:
        """Where failure texts are read and written; None if there are none."""
        at = self.last_failure_reason
        return ReasonAt.model_construct(column=at) if isinstance(at, str) else at

    def pairs(self) -> Iterator[tuple[str, str]]:
        """(setting, column) for each column that a setting names."""
        yield from (("run_id", name) for name in names_of(self.run_id))
        yield from (("phase_id", name) for name in names_of(self.phase_id))
        for setting in ("phase_index", "state", "updated_at"):
            if (name := getattr(self, setting)) is not None:
                yield setting, name
        if self.reason is not None:
            yield "last_failure_reason", self.reason.column
            if self.reason.write is not None:
                yield "last_failure_reason.write", self.reason.write

    @model_validator(mode="after")
    def _require_distinct(self) -> Columns:
        ids = {*names_of(self.run_id), *names_of(self.phase_id)}
        names = [name for setting, name in self.pairs() if setting != "phase_index" or name not in ids]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"each column has one meaning, but {', '.join(map(repr, twice))} is mapped twice")
        return self
