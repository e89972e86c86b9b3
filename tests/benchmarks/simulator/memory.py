"""The ledger of a simulated project: attempts in memory, read back as a real ledger is."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from batchdrain.database.ledger.history import Past, RunHistory
from batchdrain.database.ledger.kept_durations import RECENT
from batchdrain.model.attempt import Attempt
from batchdrain.model.retry_stats import RetryStats


@dataclass(slots=True)
class Memory:
    """Survives the sessions of a replay. `retry_stats` stands for the ledger's sums: the same sums, made as they come."""

    attempts: Counter[str] = field(default_factory=Counter)
    retry_stats: RetryStats = field(default_factory=RetryStats)
    names: set[tuple[str, str]] = field(default_factory=set)
    completed_s: dict[tuple[str, str | None], list[float]] = field(default_factory=lambda: defaultdict(list))
    successes: Counter[str] = field(default_factory=Counter)
    timeouts: Counter[str] = field(default_factory=Counter)
    taken_s: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    def add(self, attempt: Attempt, run_type: str) -> None:
        run_id = attempt.phase.run_id
        self.attempts[attempt.phase.key.digest] += 1
        self.names.add((run_id, attempt.phase.phase_id))
        self.retry_stats.add(attempt, run_type)
        if attempt.success:
            self.successes[run_id] += 1
            self.taken_s[run_id] += attempt.duration_s
            for category in (None, attempt.phase.category):
                self.completed_s[run_type, category].append(attempt.duration_s)
        self.timeouts[run_id] += attempt.timed_out

    def past(self) -> Past:
        retry_stats = self.retry_stats
        return Past(
            attempts=self.attempts,
            names=frozenset(self.names),
            runs={run_id: self._run(run_id) for run_id in self.successes.keys() | self.timeouts.keys()},
            retry_stats=RetryStats(
                categories=retry_stats.categories, fingerprints=retry_stats.fingerprints, runs=retry_stats.runs, run_types=retry_stats.run_types,
                failures=retry_stats.failures, seen_in=retry_stats.seen_in, changes=retry_stats.changes,
            ),
        )  # fmt: skip

    def durations_s(self, run_type: str, category: str | None = None) -> list[float]:
        return self.completed_s[run_type, category][-RECENT:]

    def _run(self, run_id: str) -> RunHistory:
        count = self.successes[run_id]
        mean_s = self.taken_s[run_id] / count if count else None
        return RunHistory(successes=count, timeouts=self.timeouts[run_id], mean_duration_s=mean_s)
