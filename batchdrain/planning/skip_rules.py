"""Decides whether a phase of the source state may be drained now and, if not, which rule skips it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from batchdrain.config.settings import Settings
from batchdrain.database.ledger.history import Past
from batchdrain.model.failure import Failure
from batchdrain.model.id_order import TEXTS, IdOrder
from batchdrain.model.phase import Phase, PhaseKey, Skip
from batchdrain.model.states import PhaseState
from batchdrain.planning.acceptances import Acceptances
from batchdrain.planning.dependencies import waits_for
from batchdrain.planning.filters import ASKED_FOR, Filters
from batchdrain.planning.hints import Hints
from batchdrain.planning.stop import Progress, attempts_stop, cluster_stop, run_stop
from batchdrain.planning.verdicts import Verdict
from batchdrain.runtime.text import safe_text

ATTEMPTED: Final = "already attempted"
IN_THIS_SESSION: Final = "in this session"
IN_THIS_CHAIN: Final = "in this chain"
BAD_DATA: Final = "bad data"
AMBIGUOUS: Final = "these ids name more than one row"
DEPENDS_ON: Final = "depends_on"
CLAIMED: Final = "claimed"
QUARANTINED: Final = "quarantined"
RETRY_WAITS: Final = "retry waits"
QUARANTINE: Final = 3
"""A phase that was orphaned this many times in a row is suspected of killing whoever runs it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkipRules:
    """The rules of one session, applied to one reading of the backlog."""

    filters: Filters
    settings: Settings
    past: Past
    queued: Mapping[str, int] = field(default_factory=dict)  #: queued phases by run_id, if a rule or policy may look at them
    unfinished: Mapping[str, int] = field(default_factory=dict)  #: phases that are not complete, by run_id
    attempted: Collection[PhaseKey] = frozenset()  #: phases that this session or its chain attempted
    passed_over: Mapping[PhaseKey, Skip] = field(default_factory=dict)  #: phases that could not be claimed, and why
    ambiguous: frozenset[tuple[str, str]] = frozenset()  #: ids that name more than one row of the table
    in_chain: Collection[PhaseKey] = frozenset()  #: the part of `attempted` that another session of the chain attempted
    state: PhaseState = PhaseState.FAILED  #: the state of the phases in this reading
    progress: Callable[[], Progress] = Progress
    accepted: Acceptances | None = None  #: None: nothing is accepted
    hints: Callable[[str], int] = field(default_factory=Hints)  #: manual priority by run_id
    verdicts: dict[PhaseKey, Verdict] = field(default_factory=dict)  #: grows while phases are diagnosed
    order: IdOrder = TEXTS  #: the order of the table's ids

    def runs(self) -> Callable[[str], Skip | None]:
        """A function that applies the rules about whole runs. It remembers its answers. Raises ConfigError for a cycle."""
        waiting = waits_for(self.unfinished, self.settings.depends_on, self.order.run) if self.settings.depends_on else {}
        progress, stop, found = self.progress(), self.settings.stop, dict[str, Skip | None]()

        def skip(run_id: str) -> Skip | None:
            if run_id not in found:
                found[run_id] = (
                    self.filters.skips_run(run_id)
                    or (Skip(DEPENDS_ON, f"waits for run {waiting[run_id]}") if run_id in waiting else None)
                    or self._queued_stop(run_id)
                    or run_stop(run_id, progress, stop)
                )
            return found[run_id]

        return skip

    def known_by_name(self) -> frozenset[tuple[str, str]]:
        """The ids of all phases that some rule may know by name. Every other phase is judged by its run and its failure text
        alone."""
        accepted = () if self.accepted is None else self.accepted.phases
        keys = (*self.attempted, *self.passed_over, *accepted, *self.verdicts)
        return self.past.names | self.ambiguous | {(key.run_id, key.phase_id) for key in keys}

    def remembered(self, ids: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
        """Which of these phases the ledger knows only by their claims, as their attempts were removed. They too are looked at
        one by one."""
        runs, past = self.past.summed_runs, self.past
        for run_id, phase_id in ids:
            if run_id in runs and past.knows(PhaseKey(run_id, phase_id).digest):
                yield run_id, phase_id

    def asks_for_failures(self) -> bool:
        """Whether a filter or an acceptance looks at the failure of a phase."""
        return bool(self.filters.categories or self.filters.cluster) or (
            self.accepted is not None and self.accepted.has_clusters
        )

    def parks_some(self) -> bool:
        """Whether any cluster is parked now."""
        progress = self.progress()
        return bool(progress.dead_canaries) or any(self.cluster(fingerprint) for fingerprint in progress.repeats)

    def phase(self, key: PhaseKey, digest: str | None, failure: Failure, *, parks: bool = True) -> Skip | None:
        """Apply all rules except those about runs and about what the session or its chain attempted. `digest`: that of the key, None if no
        rule knows the phase by name; `parks`: False if no cluster is parked."""
        found = self._filtered(failure)
        if found is None and digest is not None:
            found = self._unclaimable(key)
        if found is None and self.accepted is not None:
            found = self.accepted.skip(key, failure)
        if found is None and (verdict := self.verdict(key, failure)) is not None:
            found = verdict.skip
        if found is None and digest is not None:
            found = self._ledger_skip(digest)
        return found or (self._parked(failure) if parks else None)

    def failed_so(self, failure: Failure) -> Skip | None:
        """Apply the rules that look at the failure alone, so that the answer holds for every phase with this failure."""
        found = self._filtered(failure)
        if found is None and self.accepted is not None:
            found = self.accepted.cluster(failure)
        return found or self._parked(failure)

    def run_of(self, run_id: str, by_failure: Skip | None) -> Skip | None:
        """Combine an answer of `failed_so` with the acceptance of the run. An accepted run is reported before an accepted or
        a parked cluster."""
        if self.accepted is None or (by_failure is not None and by_failure.rule in ASKED_FOR):
            return by_failure
        return self.accepted.run(run_id) or by_failure

    def verdict(self, key: PhaseKey, failure: Failure) -> Verdict | None:
        """The verdict on this failure of the phase; None if there is none."""
        found = self.verdicts.get(key) if self.verdicts else None
        return found if found is not None and found.is_of(failure) else None

    def _filtered(self, failure: Failure) -> Skip | None:
        if self.filters.categories and self.state is PhaseState.QUEUED and failure.text is None:
            return Skip("--category", f"never failed, is not {', '.join(self.filters.categories)}")
        by_category = self.filters.skips_category(failure.category) if self.filters.categories else None
        if by_category is not None:
            return by_category
        # All ids have the same length, so none can match across the commas of the joined text.
        if self.filters.cluster is not None and self.filters.cluster_of(failure) not in self.filters.cluster:
            return Skip("--cluster", f"not {self.filters.cluster}")
        return None

    def _parked(self, failure: Failure) -> Skip | None:
        return self.cluster(failure.fingerprint) if self.progress().repeats else None

    def cluster(self, fingerprint: str) -> Skip | None:
        """Why this session has parked the cluster; None if it has not."""
        return cluster_stop(fingerprint, self.progress(), self.settings.stop)

    def stopped(self, phase: Phase) -> Skip | None:
        """What has come up since the reading: why the phase's run or cluster is left alone for the rest of the session."""
        by_run = run_stop(phase.run_id, self.progress(), self.settings.stop)
        return by_run or self.cluster(phase.failure.fingerprint)

    def _unclaimable(self, key: PhaseKey) -> Skip | None:
        if (key.run_id, key.phase_id) in self.ambiguous:
            return Skip(BAD_DATA, f"{key}: {AMBIGUOUS}")
        return self.passed_over.get(key)

    def _ledger_skip(self, digest: str) -> Skip | None:
        if digest in self.past.held:
            return Skip(CLAIMED, "another controller holds it")
        if self.past.orphanings.get(digest, 0) >= QUARANTINE and not self.filters.include_quarantined:
            return Skip(
                QUARANTINED, f"orphaned {self.past.orphanings[digest]} times in a row; --include-quarantined takes it"
            )
        if digest in self.past.waits_ms:
            return Skip(RETRY_WAITS, "another controller tries it again later")
        return attempts_stop(self.past.attempts.get(digest, 0), self.settings.stop)

    def _queued_stop(self, run_id: str) -> Skip | None:
        queued = self.queued.get(run_id, 0)
        if self.settings.stop.skip_runs_with_queued and queued and self.state is PhaseState.FAILED:
            return Skip("stop.skip_runs_with_queued", f"run {run_id} has {queued} queued")
        return None


_VALUES: Final = 3
_EACH: Final = 5


def by_rule(skipped: Mapping[Skip, int]) -> Iterator[tuple[str, int, str]]:
    """(rule, count, values) of each rule, the most frequent first. At most three values are shown, and how many more there
    are."""
    counts: Counter[str] = Counter()
    values: dict[str, set[str]] = defaultdict(set)
    for skip, count in skipped.items():
        counts[skip.rule] += count
        values[skip.rule].add(skip.value)
    for rule, count in counts.most_common():
        shown = sorted(values[rule] - {""}) or [""]
        more = f" and {len(shown) - _VALUES} more" if len(shown) > _VALUES else ""
        yield rule, count, safe_text("; ".join(shown[:_VALUES]), limit=300) + more


def by_value(skipped: Mapping[Skip, int]) -> Iterator[tuple[int, str]]:
    """(count, value) of each value, the most frequent first. At most five values are shown, and the rest is counted together."""
    counts: Counter[str] = Counter()
    for skip, count in skipped.items():
        counts[skip.value] += count
    shown = counts.most_common(_EACH)
    yield from ((count, safe_text(value, limit=300)) for value, count in shown)
    if rest := counts.total() - sum(count for _, count in shown):
        yield rest, f"for {len(counts) - len(shown)} other reasons"
