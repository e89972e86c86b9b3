"""inv explain: shows the history of one phase, or what has become of all failed ones. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from batchdrain.cli.commands.explain_counts import show_counts
from batchdrain.cli.commands.explain_fields import to_fields
from batchdrain.cli.commands.explain_text import PhaseText
from batchdrain.cli.commands.named import require_phase
from batchdrain.cli.commands.open import open_to_look
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.writer import Output
from batchdrain.drain.attempt_files import find_file
from batchdrain.drain.preview.explanation import explain_phase
from batchdrain.model.errors import UsageError
from batchdrain.model.phase import PhaseKey
from batchdrain.reports.beside import Beside
from batchdrain.runtime.json_text import to_json


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainFlags:
    """The flags of explain."""

    run_id: str | None = None
    phase_id: str | None = None
    format: str = "text"


def explain(invocation: Invocation, flags: ExplainFlags) -> None:
    """`inv explain`. Raises UsageError for a phase that neither the table nor the ledger knows, ConfigError and
    DatabaseUnavailable."""
    if flags.phase_id is not None and flags.run_id is None:
        raise UsageError("--phase-id: identifies no phase without --run-id", remedy="name its run too, with --run-id")
    with open_to_look(invocation) as project:
        beside = Beside(words=invocation.words, mount=invocation.mount, redact=project.store.redact)
        if flags.run_id is None or flags.phase_id is None:
            show_counts(project, flags.run_id, beside, as_json=flags.format == "json")
            return
        found = explain_phase(project, PhaseKey(flags.run_id, flags.phase_id))
        if not found.is_there and not found.history.attempts:
            require_phase(project, found.key, project.store.read_run_counts())
            raise UsageError(f"--phase-id={flags.phase_id}: run {flags.run_id} has no such phase")
        out, find_of = Output(), partial(find_file, project)
        if flags.format == "json":
            shown: dict[str, Any] = {
                "database": project.store.database.name,
                **to_fields(found, project.store.redact, find_of),
            }
            out.json(to_json(shown, indent=True).decode())
            return
        for line in PhaseText(found, beside, find_of).render(project.store.where):
            out.line(line)
