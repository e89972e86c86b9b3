"""inv doctor: what stands between this project and a drain, all at once, each with its cure. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from batchdrain.cli.commands.doctor import claim_checks, database_checks, project_checks, rule_checks, state_checks
from batchdrain.cli.commands.doctor.project_checks import Finding
from batchdrain.cli.commands.open import settings_of
from batchdrain.cli.commands.trust import require_own_files, require_own_names
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.writer import Output
from batchdrain.config.settings import Settings
from batchdrain.config.sound_part import load_sound_part
from batchdrain.drain.project import Project
from batchdrain.model.errors import BatchDrainError, ConfigError, DatabaseUnavailable
from batchdrain.runtime.json_text import to_json
from batchdrain.runtime.text import safe_text

_SHOWN: Final = {"ok": "ok  ", "warn": "warn", "fail": "FAIL"}


def examine(invocation: Invocation, *, format_name: str) -> int:
    """Print every finding. Returns 0 where nothing failed, whatever it warns of, else the highest exit code of what is wrong: 74 files, 75
    the database is away, 78 the configuration."""
    findings = list(dict.fromkeys(_examine_all(invocation)))  # what several checks met is told once
    out = Output()
    if format_name == "json":
        rows = [{"check": f.check, "ok": f.ok, "verdict": f.verdict, "said": f.message, "cure": f.cure} for f in findings]
        out.json(to_json(rows, indent=True).decode())
    else:
        for finding in findings:
            out.line(f"{_SHOWN[finding.verdict]} {finding.check}: {safe_text(finding.message, limit=4_000)}")
            if finding.cure:
                out.text("".join(f"       {line}\n" for line in finding.cure.splitlines()))
        out.line(_summarise(findings))
    codes = [finding.code for finding in findings if not finding.ok]
    return max(codes, default=0)


def _summarise(findings: list[Finding]) -> str:
    """'All is well.' is said where nothing else is to be said."""
    problems, warnings = (sum(finding.verdict == verdict for finding in findings) for verdict in ("fail", "warn"))
    parts = [
        f"{count} {noun}{'s' if count > 1 else ''}" for count, noun in ((problems, "problem"), (warnings, "warning")) if count
    ]
    return f"{' and '.join(parts)} found." if parts else "All is well."


def _examine_all(invocation: Invocation) -> Iterator[Finding]:
    yield from project_checks.check_settings_files([path for path in invocation.files if path.is_file()])
    lost: set[str] = set()
    try:
        settings = settings_of(invocation)
    except BatchDrainError as error:
        for line in str(error).splitlines():
            yield Finding("configuration", ok=False, message=line)
        settings, lost = _load_what_is_sound(invocation)
    else:
        yield Finding("configuration", ok=True, message="is sound")
        yield from rule_checks.check_profile(settings)
    for part, check in _PARTS:
        if unread := sorted(place for place in lost if place.split(".")[0] in {*part, "the whole"}):
            yield Finding(
                part[-1], ok=True, is_warning=True,
                message=f"was not looked at, as {' and '.join(unread)} can't be read", cure="mend that, and ask again",
            )  # fmt: skip
        else:
            yield from check(invocation, settings)


def _examine_database(invocation: Invocation, settings: Settings) -> Iterator[Finding]:
    try:
        project = Project.open(settings, invocation.environ, invocation.root)
    except DatabaseUnavailable as error:
        yield Finding("database", ok=False, message=error.message, cure=error.remedy, code=error.exit_code)
        return
    except BatchDrainError as error:
        for line in error.message.splitlines():
            yield Finding("database", ok=False, message=line, cure=error.remedy)
        return
    try:
        for part in _OF_DATABASE:
            try:
                yield from part(project)
            except DatabaseUnavailable as error:  # each further check would wait as long for it
                yield Finding("database", ok=False, message=error.message, cure=error.remedy, code=error.exit_code)
                return
            except BatchDrainError as error:
                yield Finding("database", ok=False, message=error.message, cure=error.remedy, code=error.exit_code)
    finally:
        project.close()


def _load_what_is_sound(invocation: Invocation) -> tuple[Settings, set[str]]:
    """The settings without what can't be read, so that the rest is examined too; and the places of that."""
    settings, lost = load_sound_part(invocation.section, invocation.environ)
    try:
        require_own_names(invocation)
        require_own_files(invocation, settings)
    except ConfigError:  # code that no drain would import is imported by nobody
        return settings.model_copy(update={"policy": Settings().policy, "engine": Settings().engine}), lost | {
            "policy",
            "engine",
        }
    return settings, lost


_PARTS: Final[tuple[tuple[tuple[str, ...], Callable[[Invocation, Settings], Iterator[Finding]]], ...]] = (
    (("policy",), lambda _, settings: project_checks.check_policy(settings)),
    (("engine",), lambda _, settings: project_checks.check_engine(settings)),
    (("categories",), lambda _, settings: project_checks.check_category_rules(settings)),
    (("triage", "command"), lambda invocation, settings: project_checks.check_command(settings, invocation.root)),
    ((), lambda *_: project_checks.check_machine()),
    (("session_dir",), lambda invocation, settings: project_checks.check_session_dir(invocation.root / settings.session_dir)),
    (("patience", "source", "database_url", "database"), _examine_database),
)
"""What is looked at, each with the settings that it needs; where they can't be read the last one names what was not looked at."""
_OF_DATABASE: Final[tuple[Callable[[Project], Iterator[Finding]], ...]] = (
    database_checks.check_connection, database_checks.check_storage, database_checks.check_columns,
    state_checks.check_states, state_checks.check_condition,
    database_checks.check_ids, database_checks.check_names, database_checks.check_rows, database_checks.check_privileges,
    state_checks.check_writes,
    rule_checks.check_runs, rule_checks.check_categories, rule_checks.check_notes,
    claim_checks.check_source_kind, claim_checks.check_ledger_shape, claim_checks.check_claims, claim_checks.check_strays,
)  # fmt: skip
