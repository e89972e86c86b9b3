"""Finds the phases that are left out because of a quarantine or the verdict of a diagnosis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from batchdrain.database.phases.pages import Row, to_reason
from batchdrain.database.phases.singly import Unreadable
from batchdrain.model.failure import Categorise, Failure
from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.planning.lane_builder import LaneBuilder
from batchdrain.planning.reading import Reading
from batchdrain.planning.skip_rules import QUARANTINE, SkipRules
from batchdrain.planning.verdicts import Verdict, VerdictKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopenable:
    """A phase that can be reopened."""

    key: PhaseKey
    orphanings: int  #: orphanings in a row, if they put it into quarantine; else 0
    verdict: Verdict | None  #: the verdict that leaves it out, if there is one
    still: Skip | None  #: what still leaves it out once these are lifted; None: nothing does

    @property
    def lifted(self) -> list[str]:
        """What would be lifted, a line each."""
        quarantine = [f"quarantined: orphaned {self.orphanings} times in a row"] if self.orphanings else []
        return quarantine + ([] if self.verdict is None else [str(self.verdict)])


def find_reopenable(
    reading: Reading, categorise: Categorise, is_meant: Callable[[PhaseKey, Failure], bool], run_id: str | None = None
) -> Iterator[Reopenable]:
    """The reopenable phases of a reading without filters. `run_id`: read this run only, if no phase of another run can be
    meant."""
    rules = reading.rules
    judge = LaneBuilder(_without_both(rules), categorise, reading.redact, counts_only=True)
    names = rules.known_by_name()
    for page in reading.pages if run_id is None or reading.pages_of is None else reading.pages_of(run_id):
        known = {*names.intersection(page.ids), *rules.remembered(page.ids)}
        if not known:
            continue
        for row in page.rows:
            if (row.run_id, row.phase_id) in known and not isinstance(row.reason, Unreadable):
                failure = Failure.of(to_reason(row.reason), categorise, reading.redact)
                found = _find(rules, row, failure)
                if found is not None and is_meant(found.key, failure):
                    yield replace(found, still=judge.judged(row)[0])


def _find(rules: SkipRules, row: Row, failure: Failure) -> Reopenable | None:
    key = PhaseKey(row.run_id, row.phase_id)
    orphanings = rules.past.orphanings.get(key.digest, 0)
    verdict = rules.verdict(key, failure)
    if verdict is not None and verdict.kind is VerdictKind.PROMISING:
        verdict = None
    if orphanings < QUARANTINE and verdict is None:
        return None
    return Reopenable(key=key, orphanings=orphanings if orphanings >= QUARANTINE else 0, verdict=verdict, still=None)


def _without_both(rules: SkipRules) -> SkipRules:
    """The rules as they will be once all phases are reopened."""
    promising = {key: one for key, one in rules.verdicts.items() if one.kind is VerdictKind.PROMISING}
    return replace(rules, past=replace(rules.past, orphanings={}), verdicts=promising)
