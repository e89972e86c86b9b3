"""A claim, or a phase that is to be diagnosed -> the order that executes it: argv, environment, files.

Ids stay single arguments; nothing sees a shell.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from batchdrain.config.environment import TAKEN
from batchdrain.config.settings import Command, Settings
from batchdrain.execution.order import TOKEN, Order
from batchdrain.model.claim import Claim, TimeLimit
from batchdrain.model.phase import Phase
from batchdrain.runtime.text import slug, storable

PLACEHOLDERS: Final = ("run_id", "phase_id", "phase_index", "attempt", "epoch", "session_id", "python")
OF_DIAGNOSES: Final = ("run_id", "phase_id", "phase_index", "session_id", "python")
"""The placeholders of a diagnosis: it claims nothing, so it has neither attempt nor epoch."""
_OF_ATTEMPTS: Final = frozenset({"BATCHDRAIN_ATTEMPT", "BATCHDRAIN_EPOCH"})
_PLACEHOLDER: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
EXAMPLES: Final = frozenset({"myproject.work", "myproject.diagnose"})
"""The modules that `inv init` and the documentation name: executed, they would fail every phase."""
_REASON_BYTES: Final = 32_768  # Linux takes at most 128 KiB in one variable


def problems_of(
    command: Command, root: Path, *, setting: str = "command.argv", known: Sequence[str] = PLACEHOLDERS
) -> list[str]:
    """Why a command can't be executed, whatever the phase, a line each. `root`: where relative paths start; `setting`:
    where its argv stands; `known`: its placeholders."""
    problems = _template_problems(command.argv, f"batchdrain.{setting}", known)
    cwd = root / command.cwd
    if not cwd.is_dir():
        return [*problems, f"batchdrain.command.cwd: {cwd} is no folder; name one"]
    problems += _example_problems(command.argv, f"batchdrain.{setting}", cwd)
    if not problems and program(command, root) is None:
        problems.append(
            f"batchdrain.{setting}.0: {command.argv[0]!r} is no program that can be executed; name one by its path, or "
            "{python} for the interpreter that runs batchdrain"
        )
    return problems


def program(command: Command, root: Path) -> str | None:
    """The program that will be executed; None where there is none. One that an id names is taken for granted."""
    template = command.argv[0]
    if {match[1] for match in _PLACEHOLDER.finditer(template)} - {None, "python"}:
        return template
    name = filled(template, {"python": sys.executable})
    if os.sep not in name:
        return shutil.which(name)
    path = root / command.cwd / name
    return str(path) if path.is_file() and os.access(path, os.X_OK) else None


def _template_problems(argv: Sequence[str], setting: str, known: Sequence[str]) -> list[str]:
    if not argv:
        example = "[{python}, -m, myproject.work, --run-id={run_id}, --phase-id={phase_id}]"
        return [f"{setting}: is empty; name your command, e.g. {example}"]
    problems = []
    for position, item in enumerate(argv):
        for match in _PLACEHOLDER.finditer(item):
            if match.group() in {"{", "}"}:
                problems.append(
                    f"{setting}.{position}: a single {match.group()!r} in {item!r}; double it, or name a placeholder"
                )
            elif match[1] is not None and match[1] not in known:
                problems.append(
                    f"{setting}.{position}: {{{match[1]}}} is no placeholder (known: {', '.join(known)}); double the braces that are your own"
                )
    return problems


def _example_problems(argv: Sequence[str], setting: str, folder: Path) -> list[str]:
    """Nobody has the module of the examples, but for whoever has made it."""
    return [
        f"{setting}.{position}: {item} is the example of `inv init`: name your own command"
        for position, item in enumerate(argv)
        if item in EXAMPLES and not (folder / item.partition(".")[0]).is_dir()
    ]


def filled(template: str, values: Mapping[str, str]) -> str:
    """The template with its placeholders replaced, once: what a value holds is never read as a placeholder."""

    def value(match: re.Match[str]) -> str:
        if match[1] is not None:
            return values[match[1]]
        return match.group()[0]

    return _PLACEHOLDER.sub(value, template)


def order_for(
    claim: Claim,
    command: Command,
    *,
    limit: TimeLimit,
    session_id: str,
    logs: Path,
    spool: Path,
    root: Path,
    deadline_ms: int | None,
) -> Order:
    """The order for a claim. `logs` and `spool` are absolute and exist; `deadline_ms`: boot time at which its lease is
    over."""
    phase = claim.phase
    stem = logs / f"{phase.key.digest[:16]}-{slug(phase.phase_id)}-{claim.epoch}"
    index = "" if phase.phase_index is None else str(phase.phase_index)
    values = {
        "run_id": phase.run_id,
        "phase_id": phase.phase_id,
        "phase_index": index,
        "attempt": str(claim.attempt),
        "epoch": str(claim.epoch),
        "session_id": session_id,
        "python": sys.executable,
    }
    result_path = f"{stem}.result.json"
    env = {
        **TAKEN,
        "BATCHDRAIN_RUN_ID": phase.run_id,
        "BATCHDRAIN_PHASE_ID": phase.phase_id,
        "BATCHDRAIN_PHASE_INDEX": index,
        "BATCHDRAIN_ATTEMPT": str(claim.attempt),
        "BATCHDRAIN_EPOCH": str(claim.epoch),
        "BATCHDRAIN_SESSION_ID": session_id,
        "BATCHDRAIN_FAILURE_REASON": passable(claim.prior_reason or ""),
        "BATCHDRAIN_RESULT_FILE": result_path,
        TOKEN: claim.token,
    }
    return Order(
        token=claim.token,
        argv=tuple(filled(item, values) for item in command.argv),
        env=env,
        without=hidden_from(command),
        cwd=str((root / command.cwd).absolute()),
        stdout_path=f"{stem}.stdout.txt",
        stderr_path=f"{stem}.stderr.txt",
        result_path=result_path,
        timeout_s=limit.seconds,
        grace_s=command.grace_s,
        spool_dir=str(spool),
        deadline_ms=deadline_ms,
        log_max_bytes=round(command.log_max_mb * 1_000_000),
        limit_rule=limit.rule,
    )


def hidden_from(command: Command) -> frozenset[str]:
    """The names of variables that it does not inherit."""
    secret = {"DATABASE_URL", "INVOKE_BATCHDRAIN_DATABASE_URL"} - set(command.env_allow)
    return frozenset(secret | set(command.env_deny))


def passable(reason: str) -> str:
    """A failure text as a variable of the environment."""
    return storable(reason).encode()[:_REASON_BYTES].decode(errors="ignore")


def diagnosis_problems(settings: Settings, root: Path) -> list[str]:
    """Why the diagnosis command can't be executed, a line each."""
    return problems_of(_diagnosis_command(settings), root, setting="triage.argv", known=OF_DIAGNOSES)


def diagnosis_order(phase: Phase, reason: str, settings: Settings, *, session_id: str, folder: Path, root: Path) -> Order:
    """`reason`: the whole failure text. `folder`: for its output, absolute; it exists. Raises ValueError when an id can't
    be an argument (NUL)."""
    command, token = _diagnosis_command(settings), f"triage-{uuid.uuid4().hex}"
    stem = folder / f"{phase.key.digest[:16]}-{slug(phase.phase_id)}-{token[-12:]}"
    index = "" if phase.phase_index is None else str(phase.phase_index)
    values = {
        "run_id": phase.run_id,
        "phase_id": phase.phase_id,
        "phase_index": index,
        "session_id": session_id,
        "python": sys.executable,
    }
    env = {
        **TAKEN,
        "BATCHDRAIN_TRIAGE": "1",
        "BATCHDRAIN_RUN_ID": phase.run_id,
        "BATCHDRAIN_PHASE_ID": phase.phase_id,
        "BATCHDRAIN_PHASE_INDEX": index,
        "BATCHDRAIN_SESSION_ID": session_id,
        "BATCHDRAIN_FAILURE_REASON": passable(reason),
        "BATCHDRAIN_RESULT_FILE": f"{stem}.result.json",
        TOKEN: token,
    }
    argv = tuple(filled(item, values) for item in command.argv)
    if any("\x00" in item for item in argv):
        raise ValueError("an id with a NUL character cannot be passed as an argument")
    return Order(
        token=token,
        argv=argv,
        env=env,
        without=hidden_from(command) | _OF_ATTEMPTS,
        cwd=str((root / command.cwd).absolute()),
        stdout_path=f"{stem}.stdout.txt",
        stderr_path=f"{stem}.stderr.txt",
        result_path=f"{stem}.result.json",
        timeout_s=settings.triage.timeout_s,
        grace_s=command.grace_s,
        log_max_bytes=round(command.log_max_mb * 1_000_000),
        limit_rule="triage.timeout_s",
    )


def _diagnosis_command(settings: Settings) -> Command:
    return settings.command.model_copy(update={"argv": settings.triage.argv})
