"""inv doctor: what stands between this project and a drain, all at once, each with its cure. Reads only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from batchdrain.cli.commands.doctor import database_checks, project_checks
from batchdrain.cli.commands.doctor.project_checks import Finding
from batchdrain.cli.commands.open import settings_of
from batchdrain.cli.commands.trust import require_own_files
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.writer import Output
from batchdrain.config.load import load, problems_of
from batchdrain.config.settings import Settings
from batchdrain.drain.project import Project
from batchdrain.model.errors import BatchDrainError, ConfigError, DatabaseUnavailable
from batchdrain.runtime.json_text import to_json
from batchdrain.runtime.text import safe_text

_SHOWN: Final = {"ok": "ok  ", "warn": "warn", "fail": "FAIL"}


def examine(invocation: Invocation, *, format_name: str) -> int:
    """Print every finding. Returns 0 when all is well, else the highest exit code of what is wrong: 74 files, 75
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
    try:
        settings = settings_of(invocation)
    except BatchDrainError as error:
        for line in str(error).splitlines():
            yield Finding("configuration", ok=False, message=line)
        settings = _load_what_is_sound(invocation)
    else:
        yield Finding("configuration", ok=True, message="is sound")
    yield from project_checks.check_plugins(settings)
    yield from project_checks.check_command(settings, invocation.root)
    yield from project_checks.check_machine()
    yield from project_checks.check_session_dir(invocation.root / settings.session_dir)
    yield from _examine_database(invocation, settings)


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
        for part in database_checks.CHECKS:
            try:
                yield from part(project)
            except DatabaseUnavailable as error:  # each further check would wait as long for it
                yield Finding("database", ok=False, message=error.message, cure=error.remedy, code=error.exit_code)
                return
            except BatchDrainError as error:
                yield Finding("database", ok=False, message=error.message, cure=error.remedy, code=error.exit_code)
    finally:
        project.close()


def _load_what_is_sound(invocation: Invocation) -> Settings:
    """The settings without the sections that can't be read, so that the rest is examined too."""
    section = invocation.section if hasattr(invocation.section, "keys") else {}
    sound: dict[str, object] = {}
    for key in section:
        if not problems_of({**sound, key: section[key]}, {}):
            sound[key] = section[key]
    settings = load(sound, {})
    try:
        require_own_files(invocation, settings)
    except ConfigError:  # code that no drain would import is imported by nobody
        return load({key: value for key, value in sound.items() if key not in {"policy", "engine"}}, {})
    return settings
