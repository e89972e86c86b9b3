"""What an ending means: an attempt with its outcome, its reason and its category. Pure."""

from __future__ import annotations

import errno
import json
import math
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from batchdrain.config.redaction import Redact
from batchdrain.config.settings import Command
from batchdrain.execution.order import RESULT_BYTES, EndedBy, Ending
from batchdrain.failures.excerpt import with_suffix
from batchdrain.model.attempt import Attempt
from batchdrain.model.claim import Claim, TimeLimit
from batchdrain.model.failure import Failure
from batchdrain.model.phase import GONE, RowState
from batchdrain.model.states import Outcome
from batchdrain.runtime.text import storable

_LINE_CHARS: Final = 500
_METRICS: Final = 50
_ESCAPE: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_FRAME: Final = re.compile(r"[\s\W_]*")


def judge(
    claim: Claim,
    ending: Ending,
    *,
    limit: TimeLimit,
    command: Command,
    complete_state: str,
    standing: RowState | None,
    categorise: Callable[[str | None], str],
    paths: tuple[str, str],
    ended_at: datetime,
    redact: Redact,
) -> Attempt:
    """The attempt that `ending` makes of `claim`.

    `standing`: what the command left in the table, in `result_from: database` (None with exit codes). `paths`: of the
    files of stdout and stderr, as they are shown.
    """
    said = _result_of(ending.result)
    spoiled = "its result file is no JSON object" if said is None else ""
    said = said or {}
    database = command.result_from == "database"
    outcome = _outcome(ending, command, standing if database else None, complete_state, database=database)
    reason = None
    if outcome is not Outcome.COMPLETE:
        reason = redact(_reason(ending, said, standing, limit, paths, claim, complete_state, spoiled, redact))
    failure = Failure(None, claim.phase.category) if reason is None else Failure.of(reason, categorise)
    if outcome is Outcome.TIMEOUT:
        failure = failure.as_category("timeout")
    elif ending.by is EndedBy.EXIT and ending.exit_code in command.transient_exit_codes and reason is not None:
        failure = failure.as_category("transient")
    return Attempt(
        phase=claim.phase,
        epoch=claim.epoch,
        attempt=claim.attempt,
        outcome=outcome,
        final_state=standing.state if standing is not None else "",
        reason=reason,
        failure=failure,
        exit_code=ending.exit_code,
        signal=ending.signal,
        started_at=ended_at - timedelta(seconds=ending.duration_s),
        ended_at=ended_at,
        duration_s=ending.duration_s,
        limit=limit,
        stdout_path=paths[0],
        stderr_path=paths[1],
        log_sha256=ending.log_sha256,
        wants_more_time=said.get("needs") == "time" and ending.exit_code in command.transient_exit_codes,
        metrics=_metrics(said.get("metrics"), redact),
    )


def _outcome(ending: Ending, command: Command, standing: RowState | None, complete_state: str, *, database: bool) -> Outcome:
    if ending.by is EndedBy.NOT_TAKEN:
        return Outcome.NOT_STARTED
    if ending.by is EndedBy.NOT_STARTED:  # ids too long for an argument fail their phase alone
        return Outcome.FAILED if ending.errno == errno.E2BIG else Outcome.NOT_STARTED
    if database and standing is not None and standing.state == complete_state:
        return Outcome.COMPLETE  # whatever the exit code: the command's own word counts, the code is recorded beside it
    if ending.by in {EndedBy.INTERRUPT, EndedBy.LEASE}:
        return Outcome.RELEASED
    if ending.by is EndedBy.LOST:
        return Outcome.ORPHANED
    if ending.by is EndedBy.TIMEOUT:
        return Outcome.TIMEOUT
    if database:
        return Outcome.FAILED
    return Outcome.COMPLETE if ending.exit_code in command.success_exit_codes else Outcome.FAILED


def _reason(
    ending: Ending,
    said: dict[str, Any],
    standing: RowState | None,
    limit: TimeLimit,
    paths: tuple[str, str],
    claim: Claim,
    complete_state: str,
    spoiled: str,
    redact: Redact,
) -> str:
    """Why it failed: the command's own words, else its last meaningful line; never without exit code and log file.

    `spoiled`: what is wrong with its result file. `redact` comes before every cut: half a secret is not found any more.
    """
    if ending.by is EndedBy.NOT_TAKEN:
        return f"the engine did not take it: {ending.message}"
    if ending.by is EndedBy.NOT_STARTED:
        what = "its ids cannot be passed as arguments" if ending.errno == errno.E2BIG else "it could not be started"
        return f"{what}: {ending.message}"
    if ending.by is EndedBy.LOST:
        return f"what became of it is not known: {ending.message}"
    if ending.by is EndedBy.INTERRUPT and ending.message:  # told by us, not by its log
        return ending.message
    own = said.get("reason")
    own = storable(redact(own)).strip() if isinstance(own, str) else ""
    if ending.by is EndedBy.TIMEOUT:
        text, more = f"Timed out after {limit.seconds:g} s (limit: {limit.rule})", own or spoiled
        return with_suffix(f"{text}: {more}" if more else text, _ending(ending), paths[1])
    if own:
        return own
    if standing is not None and standing.reason and standing.reason != claim.prior_reason:
        return storable(redact(standing.reason))  # the command did say why, in its own way
    line = last_line(ending.stderr_tail, redact) or last_line(ending.stdout_tail, redact)
    if standing is not None and ending.exit_code == 0:
        left = "its row is gone" if standing.state == GONE else f"the phase is {standing.state}, not {complete_state}"
        line = f"the command ended, but {left}" + (f": {line}" if line else "")
    line = line or "the command failed and printed nothing"
    return with_suffix(f"{line}; {spoiled}" if spoiled else line, _ending(ending), paths[1])


def _ending(ending: Ending) -> str:
    if ending.signal is not None:
        return f"killed by signal {ending.signal}"
    return f"exit code {ending.exit_code}"


def last_line(tail: bytes, redact: Redact) -> str:
    """The last line that says something: no blank, no rule of signs; without escapes and secrets, cut at 500 characters."""
    for raw in reversed(tail.replace(b"\r", b"\n").split(b"\n")):
        line = _ESCAPE.sub("", raw.decode(errors="replace")).strip()
        if line and not _FRAME.fullmatch(line):
            return storable(redact(line))[:_LINE_CHARS]
    return ""


def _result_of(raw: bytes) -> dict[str, Any] | None:
    """What the result file says; {} where nothing was written; None for anything that is no JSON object."""
    if not raw.strip():
        return {}
    try:
        found = json.loads(raw) if len(raw) <= RESULT_BYTES else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _metrics(found: object, redact: Redact) -> dict[str, float]:
    if not isinstance(found, dict):
        return {}
    numbers = {
        storable(redact(str(name)))[:100]: float(value)
        for name, value in list(found.items())[:_METRICS]
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300
    }
    return {name: value for name, value in numbers.items() if math.isfinite(value)}
