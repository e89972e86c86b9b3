"""Sessions whose pages are looked at."""

from __future__ import annotations

import itertools
import random
from datetime import timedelta
from typing import Any

from batchdrain.config.categories import categoriser_of
from batchdrain.config.settings import Settings
from batchdrain.demo.backlog import _rows
from batchdrain.failures.fingerprints import fingerprint
from batchdrain.reports import formats
from batchdrain.reports.beside import Beside
from batchdrain.sessions.attempt_log import AttemptSpan
from batchdrain.sessions.session import Session
from tests.reports.test_worst import session
from tests.sessions.files import START
from tests.support.hostile import PIECES

SAVED_TO = "state/sessions/s.json"


def made_of(texts: list[tuple[str, str, str | None]], **more: Any) -> Session:
    """(run_id, phase_id, failure text or None for a success) of each phase, in turn."""
    results: list[dict[str, object]] = []
    categorise = categoriser_of(Settings())
    for number, (run, phase, text) in enumerate(texts):
        results.append({
            "run_id": run, "phase_id": phase, "phase_index": number, "success": text is None, "error_message": text,
            "final_state": "COMPLETE" if text is None else "FAILED", "attempt": 1 + number % 2, "duration_s": 0.5 + number % 90,
            "fingerprint": None if text is None else fingerprint(text), "category": categorise(text), "timed_out": number % 50 == 49,
            "timestamp": (START + timedelta(seconds=number)).isoformat(),
            "log_path": f"state/sessions/s/logs/{number:03}-of-the-run-whose-name-is-long/phase-12-documentation.1.stderr.txt",
        })  # fmt: skip
    failed = sum(text is not None for *_, text in texts)
    totals = {"total_processed": len(texts), "total_success": len(texts) - failed, "total_failed": failed}
    return session(results, **{"completed_at": "2025-12-28T13:00:00Z", "status": "complete", **totals, **more})


def of_the_demo(count: int, one_failed_of: int = 2) -> Session:
    """Failures of the demo's backlog, of which every second phase (or another part) failed again."""
    rows = [row for row in _rows({"FAILED": count * 2, "COMPLETE": 0, "QUEUED": 0}, 7) if row[4]][:count]
    return made_of(
        [(row[0], row[1], row[4] if number % one_failed_of == one_failed_of - 1 else None) for number, row in enumerate(rows)]
    )


def of_attacks(count: int) -> Session:
    """Each piece alone, and pieces put together by chance."""
    rng = random.Random(7)
    pieces = [piece for piece in PIECES if piece]
    texts = [(piece, piece, piece) for piece in pieces]
    while len(texts) < count:
        run, phase, text = ("".join(rng.choices(pieces, k=rng.randint(1, 6))) for _ in range(3))
        texts.append((run, phase, text))
    names = itertools.count()
    return made_of(
        [(run, f"{phase}{next(names)}", text) for run, phase, text in texts[:count]],
        stopped_because=pieces[40],
        status="stopped",
        without_effect=pieces[:60],
        skipped=[{"rule": piece, "value": piece, "count": 1} for piece in pieces[:30]],
        metrics=dict.fromkeys(pieces[40:60], 1.0),
        balance={"failed_before": count, "still_failing": count},
    )


def spans_of(found: Session) -> list[AttemptSpan]:
    return [
        AttemptSpan(
            run_id=one.run_id, phase_id=one.phase_id, started_s=START.timestamp() + number / 4, duration_s=one.duration_s or 0.0,
            outcome="complete" if one.success else "timeout" if one.timed_out else "failed", category=one.category or "",
            limit_s=100.0, host=("alpha", one.run_id[:60])[number % 2],
        )
        for number, one in enumerate(found.results)
    ]  # fmt: skip


def page_of(found: Session, beside: Beside | None = None) -> str:
    return formats.render_summary(found, SAVED_TO, "html", beside or Beside(attempts=spans_of(found)))
