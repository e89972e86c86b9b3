"""The explanation of one phase as lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from batchdrain.cli.commands.explain_fields import FindFile, fields_of_reopening
from batchdrain.database.ledger.phase_history import PastAttempt
from batchdrain.drain.preview.explanation import Explanation
from batchdrain.drain.preview.next_drain import NextDrain
from batchdrain.failures.excerpt import gist_of
from batchdrain.failures.fingerprints import cluster_id_of
from batchdrain.planning.disposition import DispositionKind
from batchdrain.reports.beside import Beside
from batchdrain.reports.plan_text import find_full
from batchdrain.runtime import clock
from batchdrain.runtime.text import agree, count_of, safe_text

_TEXT_CHARS: Final = 500
_LIFTED_BY: Final[Mapping[DispositionKind, tuple[str, str]]] = {
    DispositionKind.QUARANTINED: ("reopen", "--reason=…"),
    DispositionKind.HOPELESS: ("reopen", "--reason=…"),
    DispositionKind.WAITING: ("reopen", "--reason=…"),
    DispositionKind.ACCEPTED: ("accept", "--clear"),
}
"""The task that makes the phase open again, and its flag in addition to the ids."""


class PhaseText:
    """The lines about one phase."""

    def __init__(self, found: Explanation, beside: Beside, find_file: FindFile) -> None:
        self._found = found
        self._find_file = find_file
        self._beside = beside

    def render(self, where: str) -> Iterator[str]:
        """The lines. `where`: the name of the database."""
        found, failure = self._found, self._found.failure
        yield safe_text(f"Phase {found.key} is {found.state_word}: {where}")
        if failure.text is not None:
            cluster = f", cluster {cluster_id_of(failure.fingerprint)}" if failure.fingerprint else ""
            yield f"  {self._shorten(failure.text)} ({failure.category}{cluster})"
        if found.recovery is not None:
            yield safe_text(f"A dead controller holds it: the next drain, or `inv recover`, makes it {found.recovery.stands}")
        elif found.history.is_held:
            yield "A controller holds it now: `inv status` shows who drains"
        yield from self._render_disposition()
        if found.next_drain is None:
            yield safe_text(f"Next drain: takes no phase that is {found.state_word}")
        else:
            yield from self._render_next(found.next_drain)
        yield from self._render_attempts()
        for note in found.reopenings:
            fields = fields_of_reopening(note)
            why = f": {fields['reason']}" if fields["reason"] else ""
            yield safe_text(f"Reopened {fields['at'][:19]}Z by {fields['by']}{why} (was {'; '.join(fields['lifted'])})")

    def _render_disposition(self) -> Iterator[str]:
        found = self._found.disposition
        if found is None:
            return
        until = "" if found.until is None else clock.to_shown(found.until)
        ends = f", until {until}" if until not in found.reason else ""
        yield f"Disposition: {safe_text(f'{found}', limit=_TEXT_CHARS)}{ends}"
        if found.kind in _LIFTED_BY:
            task, flag = _LIFTED_BY[found.kind]
            if found.kind is DispositionKind.ACCEPTED:
                yield f"  `{safe_text(self._beside.command(task))}` lists what is accepted, and `{flag}` removes an acceptance"
                return
            key = self._found.key
            command = self._beside.command(task, f"--run-id={key.run_id}", f"--phase-id={key.phase_id}", flag)
            yield f"  lifted by: {safe_text(command, limit=None)}"

    def _render_next(self, next_drain: NextDrain) -> Iterator[str]:
        planned, taken = next_drain.planned, len(next_drain.plan.made.all)
        if planned is not None:
            yield f"Next drain of {next_drain.kind.value} phases: takes it as {next_drain.place} of {taken}: {safe_text(planned.choice.reason)}"
            yield f"  Timeout: {planned.limit.seconds:g} s ({safe_text(planned.limit.rule)})"
        elif next_drain.skip is not None:
            yield f"Next drain of {next_drain.kind.value} phases: skips it, by {safe_text(str(next_drain.skip), limit=_TEXT_CHARS)}"
        else:
            first = f"{count_of(taken, 'phase')} {agree(taken, 'comes', 'come')} first"
            yield f"Next drain of {next_drain.kind.value} phases: may take it, but it {find_full(1)}: {first}"
        if next_drain.only_results_tell:
            yield f"  unless results make it end sooner: {safe_text(', '.join(next_drain.only_results_tell))}"
        if next_drain.may_follow:
            yield "  unless its results complete the run that it waits for: then it may follow"
        for problem in next_drain.plan.problems:
            yield f"  A drain would not start: {safe_text(problem)}"

    def _render_attempts(self) -> Iterator[str]:
        history = self._found.history
        counted = f" ({history.counted} counted)" if history.attempts or history.counted else ""
        yield f"Attempts: {len(history.attempts) or 'none'}{counted}"
        if history.removed:
            yield f"  {count_of(history.removed, 'earlier one')} removed by `inv prune`"
        for number, one in enumerate(history.attempts, start=1):
            yield from self._render_attempt(number, one)

    def _render_attempt(self, number: int, one: PastAttempt) -> Iterator[str]:
        began = clock.to_shown(clock.from_ms(one.started_ms))
        host = "" if one.host is None else f" on {one.host}"
        yield safe_text(f"  {number}. {began}{host}: {', '.join(_facts_of(one))}")
        if one.reason:
            yield f"     {self._shorten(one.reason)}"
        for name, path in (("stderr", one.stderr_path), ("stdout", one.stdout_path)):
            if path:
                file = self._find_file(one, path)
                told = "" if file.is_there else f" ({file.why_not})"
                yield f"     {name}: {safe_text(file.path, limit=None)}{safe_text(told)}"
        because = "" if one.session_because is None else f", which ended by {self._beside.redact(one.session_because)}"
        yield safe_text(f"     session {one.session_id or one.session_uid}{because}", limit=_TEXT_CHARS)

    def _shorten(self, text: str) -> str:
        return safe_text(gist_of(self._beside.redact(text)), limit=_TEXT_CHARS)


def _facts_of(one: PastAttempt) -> Iterator[str]:
    if one.outcome is None:
        yield "has not ended"
        return
    took = "" if one.duration_ms is None else f" after {one.duration_ms / 1000:.1f} s"
    yield f"{one.outcome.replace('_', ' ')}{took}"
    if one.exit_code is not None:
        yield f"exit {one.exit_code}"
    if one.signal is not None:
        yield f"signal {one.signal}"
    if one.cpu_ms is not None:
        yield f"{one.cpu_ms / 1000:.1f} s of CPU"
    if one.max_rss_kb is not None:
        yield f"{one.max_rss_kb / 1024:.0f} MiB peak memory"
    if not one.is_counted:
        yield "not counted"
