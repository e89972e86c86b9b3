"""An event as a line for people: when, what, which phase, and the facts that matter. Pure.

A log may be of another version, or contain anything. Events without words here are shown as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from batchdrain.failures.suffix import SUFFIX
from batchdrain.runtime.json_text import to_json
from batchdrain.runtime.text import count_of, safe_text
from batchdrain.sessions.events import Event

_NAME_CHARS: Final = 40
_ID_CHARS: Final = 200
_VALUE_CHARS: Final = 500
_TIME_CHARS: Final = 19  #: 2025-12-28T12:00:00
_COMMON: Final = frozenset({"timestamp", "event", "session_id", "session_uid", "run_id", "phase_id"})
_WIDTH: Final = max(len(event) for event in Event)


class _Fields:
    """The fields of one event, each as a safe text; '' for a field that is missing."""

    def __init__(self, found: Mapping[str, Any]) -> None:
        self._found = found

    def __call__(self, name: str, around: str = "{}", *, limit: int = _VALUE_CHARS) -> str:
        value = self._found.get(name)
        return "" if value in (None, "") else around.format(_show(value, limit))

    def count(self, name: str, noun: str, around: str = "{}") -> str:
        """'12 phases'; '' if the field is not a number."""
        value = self._found.get(name)
        return around.format(count_of(value, noun)) if isinstance(value, int) else ""

    def all(self) -> str:
        """All fields as name=value."""
        shown = (f"{_show(name, _NAME_CHARS)}={_show(value, _VALUE_CHARS)}" for name, value in self._found.items()
                 if name not in _COMMON and value is not None)  # fmt: skip
        return " ".join(shown)


def to_line(found: Mapping[str, Any]) -> str:
    """'2025-12-28T12:00:00Z phase.finished  build1 / phase-2: COMPLETE in 3.2 s'."""
    of = _Fields(found)
    name, at = of("event", limit=_NAME_CHARS), of("timestamp", limit=_NAME_CHARS)
    at = f"{at[:_TIME_CHARS]}Z" if len(at) > _TIME_CHARS and at.isascii() else at
    phase = " / ".join(filter(None, (of("run_id", limit=_ID_CHARS), of("phase_id", limit=_ID_CHARS))))
    describe = _DESCRIBE.get(name)
    facts = of.all() if describe is None else describe(of)
    return f"{at} {name:<{_WIDTH}}  {': '.join(filter(None, (phase, facts)))}".rstrip()


def _show(value: object, limit: int) -> str:
    return safe_text(value if isinstance(value, str) else to_json(value).decode(), limit=limit)


def _describe_counts(of: _Fields) -> str:
    return f"{of('total_processed')} processed, {of('total_success')} succeeded, {of('total_failed')} failed"


def _describe_start(of: _Fields) -> str:
    noun = f"{of('kind')} phase"
    return f"{of.count('batch_size', noun, 'up to {}') or f'all {noun}s'}{of('host', ', on {}')}"


def _describe_finish(of: _Fields) -> str:
    is_said = SUFFIX.search(of("reason")) is not None  # the reason itself says how the command ended
    ended = "" if is_said else of("exit_code", ", exit {}") or of("signal", ", signal {}")
    head = f"{of('final_state')}{of('duration_s', ' in {} s')}{ended}"
    return f"{head}{of('reason', ': {}')}{of('log_path', ' (log: {})')}"


_DESCRIBE: Final[Mapping[str, Callable[[_Fields], str]]] = {
    Event.SESSION_STARTED: _describe_start,
    Event.SESSION_RESUMED: lambda of: f"{of('done')} done{of('batch_size', ' of {}')}{of('host', ', on {}')}",
    Event.SESSION_PAUSED: lambda of: f"for {of('wait_s')} s{of('reason', ': {}')}",
    Event.SESSION_ASKED: lambda of: f"{of('ask')}{of('by', ' by {}')}{of('reason', ': {}')}",
    Event.SESSION_STOPPED: lambda of: f"{of('status')}{of('because', ', {}')}: {_describe_counts(of)}",
    Event.SESSION_COMPLETED: _describe_counts,
    Event.PHASE_SELECTED: lambda of: of("reason"),
    Event.PHASE_SKIPPED: lambda of: f"{of('rule')}{of('value', ': {}')}{of.count('count', 'phase', ' ({})')}",
    Event.PHASE_DIAGNOSED: lambda of: f"{of('verdict') or 'no verdict'}{of('reason', ': {}')}{of('log_path', ' (log: {})')}",
    Event.PHASE_CLAIMED: lambda of: f"attempt {of('attempt')}",
    Event.PHASE_STARTED: lambda of: f"at most {of('timeout_s')} s{of('limit', ' ({})')}",
    Event.PHASE_RETRY_SCHEDULED: lambda of: f"in {of('wait_s')} s{of('reason', ': {}')}",
    Event.PHASE_FINISHED: _describe_finish,
    Event.CLAIM_LOST: lambda _: "",
    Event.CLAIM_RECOVERED: lambda of: f"{of('state')}{of('recorded', ', recorded as {}')}",
    Event.RUN_STOPPED: lambda of: f"{of('rule')}{of('value', ': {}')}",
    Event.DATABASE_RETRIED: lambda of: f"try {of('tries')}{of('error', ': {}')}",
}
