"""Makes the order that executes a claim or a diagnosis: argv, environment, files.

Ids stay single arguments, and no shell is involved.
"""

from __future__ import annotations

import os
import shutil
import sys
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

from batchdrain.config.environment import TAKEN
from batchdrain.config.paths import absolute_folder_of, expand_home, with_home
from batchdrain.config.settings import Command, Settings
from batchdrain.execution import row_columns
from batchdrain.execution.file_names import LogFolder
from batchdrain.execution.order import TOKEN, Order
from batchdrain.execution.placeholders import PLACEHOLDER, fill, fill_all, find_placeholders
from batchdrain.model.claim import Claim, TimeLimit
from batchdrain.model.phase import Phase
from batchdrain.runtime.text import to_storable

PLACEHOLDERS: Final = ("run_id", "phase_id", "phase_index", "attempt", "epoch", "session_id", "python")
OF_DIAGNOSES: Final = ("run_id", "phase_id", "phase_index", "session_id", "python")
"""The placeholders of a diagnosis. It claims nothing, so it has neither attempt nor epoch."""
_OF_ATTEMPTS: Final = frozenset({"BATCHDRAIN_ATTEMPT", "BATCHDRAIN_EPOCH"})
EXAMPLES: Final = frozenset({"myproject.work", "myproject.diagnose"})
"""The modules that `inv init` and the documentation use as examples. If they were executed, every phase would fail."""
LONGEST_ARGUMENT: Final = 131_071  #: the most bytes of an argument or a variable that Linux accepts
_REASON_BYTES: Final = 32_768  # Linux accepts at most 128 KiB in one variable


def problems_of(
    command: Command,
    root: Path,
    *,
    setting: str = "command.argv",
    known: Sequence[str] = PLACEHOLDERS,
    columns: Sequence[str] = (),
    ids: Mapping[str, str] = MappingProxyType({}),
) -> list[str]:
    """Why a command can't be executed, whatever the phase, a line each. `root`: where relative paths start; `setting`: the name of
    the setting that holds its argv; `known`: the known placeholders; `columns`: the columns of the row that it gets; `ids`: see
    `explain_unknown`."""
    known = (*known, *row_columns.placeholders_of(columns))
    problems = find_template_problems(command.argv, f"batchdrain.{setting}", known, ids)
    problems += row_columns.find_clashes(columns)
    cwd = root / command.cwd
    if not cwd.is_dir():
        return [*problems, f"batchdrain.command.cwd: {cwd} is no folder; name one"]
    problems += _find_example_problems(command.argv, f"batchdrain.{setting}", cwd)
    if not problems and find_program(command, root) is None:
        problems.append(f"batchdrain.{setting}.0: {_explain_no_program(command.argv[0])}")
    return problems


def _explain_no_program(name: str) -> str:
    try:
        expand_home(name)
    except ValueError as error:
        return f"{name!r}: {error}"
    return (
        f"{name!r} is no program that can be executed; name one by its path, or {{python}} for the interpreter that runs "
        "batchdrain"
    )


def find_program(command: Command, root: Path) -> str | None:
    """The program that will be executed; None if there is none. If its name contains an id, it is taken for granted."""
    template = command.argv[0]
    if set(find_placeholders(template)) - {"python"}:
        return template
    name = with_home(fill(template, {"python": sys.executable}))
    if os.sep not in name:
        return shutil.which(name)
    path = root / command.cwd / name
    return str(path) if path.is_file() and os.access(path, os.X_OK) else None


def find_template_problems(
    argv: Sequence[str], setting: str, known: Sequence[str], ids: Mapping[str, str] = MappingProxyType({})
) -> list[str]:
    """What is wrong with the text of an argv, a line each. `setting`: its name; `known`: the known placeholders."""
    if not argv:
        example = "[{python}, -m, myproject.work, --run-id={run_id}, --phase-id={phase_id}]"
        return [f"{setting}: is empty; name your command, e.g. {example}"]
    problems = []
    for position, item in enumerate(argv):
        for match in PLACEHOLDER.finditer(item):
            if match.group() in {"{", "}"}:
                problems.append(
                    f"{setting}.{position}: a single {match.group()!r} in {item!r}; double it, or name a placeholder"
                )
            elif match[1] is not None and match[1] not in known:
                problems.append(f"{setting}.{position}: {row_columns.explain_unknown(match[1], known, ids)}")
    return problems


def _find_example_problems(argv: Sequence[str], setting: str, folder: Path) -> list[str]:
    """Find example modules in the argv, unless somebody really has a package of that name."""
    return [
        f"{setting}.{position}: {item} is the example of `inv init`: name your own command"
        for position, item in enumerate(argv)
        if item in EXAMPLES and not (folder / item.partition(".")[0]).is_dir()
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPlace:
    """Where the commands of a session are executed, and where their files go."""

    session_id: str
    root: Path  #: where relative paths start
    logs: LogFolder  #: for their output; absolute, and exists
    spool: Path | None = None  #: for the records of guardians; absolute, and exists; None: there are none
    is_here: bool = True  #: False: commands are executed wherever a foreign engine takes them


def make_order(claim: Claim, command: Command, place: SessionPlace, *, limit: TimeLimit, deadline_ms: int | None) -> Order:
    """Make the order for a claim. `deadline_ms`: boot time at which its lease ends; None: it has no deadline."""
    execution = _Execution(
        token=claim.token,
        phase=claim.phase,
        label=str(claim.attempt),
        unique=str(claim.epoch),
        reason=claim.prior_reason or "",
        limit=limit,
        values={"attempt": str(claim.attempt), "epoch": str(claim.epoch)},
        columns=claim.columns,
        spool_dir=str(place.spool or ""),
        deadline_ms=deadline_ms,
        python="" if place.is_here else f"python-{uuid.uuid4().hex}",  # no id can contain it
    )
    return _order_of(execution, command, place)


def make_diagnosis_order(
    phase: Phase, reason: str, settings: Settings, place: SessionPlace, columns: Mapping[str, str | None] | None = None
) -> Order:
    """Make the order of a diagnosis. `reason`: the whole failure text; `columns`: the columns of the row that the command gets.
    Raises ValueError if an id can't be an argument because it holds a NUL."""
    token = f"triage-{uuid.uuid4().hex}"
    execution = _Execution(
        token=token,
        phase=phase,
        label="",
        unique=token[-12:],
        reason=reason,
        limit=TimeLimit(seconds=settings.triage.timeout_s, rule="triage.timeout_s"),
        columns=columns or {},
    )
    order = _order_of(execution, _diagnosis_command_of(settings), place)
    if any("\x00" in item for item in order.argv):
        raise ValueError("an id with a NUL character cannot be passed as an argument")
    return replace(order, env={**order.env, "BATCHDRAIN_TRIAGE": "1"}, without=order.without | _OF_ATTEMPTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Execution:
    """What one execution has of its own within its session."""

    token: str
    phase: Phase
    label: str  #: part of the names of its files
    unique: str  #: added to these names if they are taken
    reason: str  #: the failure text of the phase before this execution
    limit: TimeLimit
    values: Mapping[str, str] = field(default_factory=dict)  #: of placeholders, besides those that every execution has
    columns: Mapping[str, str | None] = field(default_factory=dict)  #: columns of the row that the command gets
    spool_dir: str = ""
    deadline_ms: int | None = None
    python: str = ""  #: stands for the interpreter of the machine where it executes; '' for ours


def _order_of(execution: _Execution, command: Command, place: SessionPlace) -> Order:
    phase = execution.phase
    values = {
        "run_id": phase.run_id,
        "phase_id": phase.phase_id,
        "phase_index": "" if phase.phase_index is None else str(phase.phase_index),
        **execution.values,
        "session_id": place.session_id,
    }
    files = place.logs.name_files(phase.key, execution.label, execution.unique)
    env = {
        **TAKEN,
        **row_columns.variables_of(execution.columns),
        **{f"BATCHDRAIN_{name.upper()}": value for name, value in values.items()},
        "BATCHDRAIN_FAILURE_REASON": to_variable(execution.reason),
        "BATCHDRAIN_RESULT_FILE": files.result,
        TOKEN: execution.token,
    }
    return Order(
        token=execution.token,
        argv=fill_all(
            command.argv,
            {**values, **row_columns.values_of(execution.columns), "python": execution.python or sys.executable},
        ),
        env=env,
        without=hidden_names_of(command) | row_columns.unset_variables_of(execution.columns),
        cwd=absolute_folder_of(place.root, command.cwd),
        stdout_path=files.stdout,
        stderr_path=files.stderr,
        result_path=files.result,
        timeout_s=execution.limit.seconds,
        grace_s=command.grace_s,
        log_max_bytes=round(command.log_max_mb * 1_000_000),
        limit_rule=execution.limit.rule,
        python=execution.python,
        spool_dir=execution.spool_dir,
        deadline_ms=execution.deadline_ms,
    )


def hidden_names_of(command: Command) -> frozenset[str]:
    """The names of the variables that the command does not inherit."""
    secret = {"DATABASE_URL", "INVOKE_BATCHDRAIN_DATABASE_URL"} - set(command.env_allow)
    return frozenset(secret | set(command.env_deny))


def to_variable(reason: str) -> str:
    """A failure text in a form that fits into an environment variable."""
    return to_storable(reason).encode()[:_REASON_BYTES].decode(errors="ignore")


def diagnosis_problems_of(settings: Settings, root: Path) -> list[str]:
    """Why the diagnosis command can't be executed, a line each."""
    command, columns = _diagnosis_command_of(settings), settings.given_columns
    return problems_of(
        command, root, setting="triage.argv", known=OF_DIAGNOSES, columns=columns, ids=settings.id_placeholders
    )


def command_problems_of(settings: Settings, root: Path) -> list[str]:
    """Why the command of the phases can't be executed, a line each."""
    return problems_of(settings.command, root, columns=settings.given_columns, ids=settings.id_placeholders)


def _diagnosis_command_of(settings: Settings) -> Command:
    return settings.command.model_copy(update={"argv": settings.triage.argv})
