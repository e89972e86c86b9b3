"""inv list-run-counts: shows the phases of each run by state. Reads only."""

from __future__ import annotations

from batchdrain.cli.commands.open import open_project
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.writer import Output
from batchdrain.database.run_counts import RunCounts, describe_counts
from batchdrain.runtime.json_text import to_json
from batchdrain.runtime.text import safe_text


def show_run_counts(invocation: Invocation, *, format_name: str) -> None:
    """`inv list-run-counts`."""
    with open_project(invocation) as project:
        counts = project.store.read_run_counts()
        header = f"{project.store.where}: {describe_counts(counts)}"
    out = Output()
    if format_name == "json":
        rows = [_fields_of(row) for row in counts]
        out.json(to_json(rows, indent=True).decode())
    elif format_name == "tsv":
        for row in counts:
            out.row(row.run_id, row.queued, row.failed, row.complete, row.other)
    else:
        out.line(header)
        out.line(f"{'QUEUED':>8} {'FAILED':>8} {'COMPLETE':>8} {'OTHER':>8}  RUN")
        for row in counts:
            out.line(f"{row.queued:>8} {row.failed:>8} {row.complete:>8} {row.other:>8}  {safe_text(row.run_id)}")


def _fields_of(row: RunCounts) -> dict[str, object]:
    return {
        "run_id": row.run_id,
        "queued": row.queued,
        "failed": row.failed,
        "complete": row.complete,
        "other": row.other,
    }
