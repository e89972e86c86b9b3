"""Two tables of phases in one database, which share the ledger: each is the table of a project of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass

from batchdrain.database.ledger.notes import NoteKind, name_of
from tests.support.workplace import Workplace

OTHER = "steps"


@dataclass(frozen=True, slots=True)
class TwoTables:
    """Both have the same failed phases."""

    ours: Workplace
    theirs: Workplace

    @classmethod
    def beside(cls, ours: Workplace, *names: str) -> TwoTables:
        """`ours`: a project with an empty table. `names`: the failed phases, as 'run/phase'."""
        ours.fail(*names, reason="boom")
        ours.sql(f"CREATE TABLE {OTHER} AS SELECT * FROM phases")
        ours.sql(f"CREATE UNIQUE INDEX its_ids ON {OTHER} (run_id, phase_id)")
        root = ours.root.with_name("theirs")
        root.mkdir()
        return cls(ours, Workplace(root=root, url=ours.url, source={"table": OTHER}))

    def rename_theirs(self, name: str) -> None:
        self.ours.sql(f"ALTER TABLE {OTHER} RENAME TO {name}")
        self.theirs.source = {"table": name}
        self.theirs.configure()


def planned(place: Workplace) -> list[str]:
    """The phases that a drain would take, in order."""
    phases = place.inv("dry-run", "--format=json", "--batch-size=100").json()["phases"]
    return [f"{one['run_id']}/{one['phase_id']}" for one in phases]


def age_notes(place: Workplace) -> None:
    """Every note of the ledger becomes one of bd1f117: that knew no tables."""
    for name, value in place.sql("SELECT name, value FROM batchdrain_meta"):
        kind = name.partition("/")[0]
        if kind in set(NoteKind):
            note = json.loads(value)
            del note["source"]
            former = {"n": name, "v": json.dumps(note), "of": name_of(NoteKind(kind), note["subject"], None)}
            place.sql("UPDATE batchdrain_meta SET name = :of, value = :v WHERE name = :n", [former])
