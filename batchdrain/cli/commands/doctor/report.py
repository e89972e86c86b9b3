"""inv doctor: tells everything that keeps this project from a drain at once, each with its cure. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from batchdrain.cli.commands.doctor import (
    engine_checks,
    project_checks,
    rule_checks,
    session_dir_check,
)
from batchdrain.cli.commands.doctor.database import examine_database
from batchdrain.cli.commands.doctor.project_checks import Finding
from batchdrain.cli.commands.doctor.sound_settings import load_what_is_sound
from batchdrain.cli.commands.open import settings_of
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.writer import Output
from batchdrain.config.settings import Settings
from batchdrain.model.errors import BatchDrainError
from batchdrain.runtime.json_text import to_json
from batchdrain.runtime.text import count_of, safe_text

_SHOWN: Final = {"ok": "ok  ", "warn": "warn", "fail": "FAIL"}


def examine(invocation: Invocation, *, format_name: str) -> int:
    """Print every finding. Returns 0 if nothing failed, whatever was warned of. Otherwise returns the highest exit code of
    what failed: 74 for files, 75 if the database is away, 78 for the configuration."""
    findings = _tell_once(_examine_all(invocation))
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


def _tell_once(findings: Iterable[Finding]) -> list[Finding]:
    """Merge equal findings of several checks into the first of them."""
    told: dict[tuple[str, str], Finding] = {}
    for finding in findings:
        told.setdefault((finding.message, finding.check if finding.ok else ""), finding)
    return list(told.values())


def _summarise(findings: list[Finding]) -> str:
    """The last line: the numbers of problems and warnings, or 'All is well.' if there are none."""
    problems, warnings = (sum(finding.verdict == verdict for finding in findings) for verdict in ("fail", "warn"))
    parts = [count_of(count, noun) for count, noun in ((problems, "problem"), (warnings, "warning")) if count]
    return f"{' and '.join(parts)} found." if parts else "All is well."


def _examine_all(invocation: Invocation) -> Iterator[Finding]:
    yield from project_checks.check_settings_files([path for path in invocation.files if path.is_file()])
    lost: set[str] = set()
    try:
        settings = settings_of(invocation)
    except BatchDrainError as error:
        for line in str(error).splitlines():
            yield Finding("configuration", ok=False, message=line)
        settings, lost = load_what_is_sound(invocation)
    else:
        yield Finding("configuration", ok=True, message="is sound")
        yield from rule_checks.check_profile(settings)
        yield from rule_checks.check_idle_settings(settings)
    if "the whole" in lost:
        yield Finding(
            "settings", ok=True, is_warning=True, message="nothing else was checked, because the section can't be read",
            cure="fix that, and run `inv doctor` again",
        )  # fmt: skip
        return
    for part in _PARTS:
        unread = sorted(place for place in lost if place.split(".")[0] in part.needs)
        if not unread:
            yield from part.check(invocation, settings)
        elif part.is_used(settings) or any(place.split(".")[0] == part.name for place in unread):
            yield Finding(
                part.name, ok=True, is_warning=True,
                message=f"was not checked, because {' and '.join(unread)} can't be read", cure="fix that, and run `inv doctor` again",
            )  # fmt: skip


class _Part(NamedTuple):
    """A check, with the settings without which it is not made."""

    name: str  #: as its findings are called
    needs: tuple[str, ...]  #: the keys of the section
    check: Callable[[Invocation, Settings], Iterator[Finding]]
    is_used: Callable[[Settings], bool] = lambda _: True  #: whether there is anything to check


_PARTS: Final = (
    _Part("policy", ("policy",), lambda _, settings: project_checks.check_policy(settings)),
    _Part("engine", ("engine",), lambda _, settings: engine_checks.check_engine(settings)),
    _Part("categories", ("categories",), lambda _, settings: project_checks.check_category_rules(settings)),
    _Part("command", ("triage", "command"), lambda given, settings: project_checks.check_command(settings, given.root)),
    _Part(
        "notify",
        ("notify", "command"),
        lambda given, settings: project_checks.check_notify(settings, given.root),
        lambda settings: bool(settings.notify.argv),
    ),
    _Part("machine", (), lambda *_: project_checks.check_machine()),
    _Part(
        "session_dir",
        ("session_dir",),
        lambda given, settings: session_dir_check.check_session_dir(given.root / settings.session_dir),
    ),
    _Part("database", ("patience", "source", "database_url", "database"), examine_database),
)
"""The checks, in the order in which they report."""
