"""The doctor's checks of rules that name runs and failures. A rule that matches nothing is reported. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from glob import escape
from typing import Final

from batchdrain.cli.commands.doctor.category_checks import check_categories
from batchdrain.cli.commands.doctor.project_checks import Finding
from batchdrain.config.profiles import PROFILES
from batchdrain.config.settings import Settings
from batchdrain.database.ledger.notes import NoteKind, Notes
from batchdrain.database.run_counts import RunCounts
from batchdrain.drain.project import Project
from batchdrain.model.errors import ConfigError, quote
from batchdrain.planning.acceptances import Acceptance
from batchdrain.planning.dependencies import waits_for
from batchdrain.planning.filters import has_magic, matcher
from batchdrain.planning.without_effect import describe_no_run

_LAST_CODE: Final = 255
_CURE: Final = "fix it, or remove it"
_CURE_OF_NOTES: Final = "name another run, or remove it (`--clear`)"
_CURE_OF_SHARED: Final = "remove it (`--clear`), unless it is meant for another table: an earlier batchdrain made it, and it applies to every table of the ledger"


def check_profile(settings: Settings) -> Iterator[Finding]:
    """Tell which settings of a profile are overridden by the user's own settings."""
    for section, limits in PROFILES[settings.profile].items():
        if not isinstance(limits, dict):
            if getattr(settings, section) != limits:
                yield _warn(section, f"is set, so the order of profile {settings.profile} does not apply")
            continue
        for name, value in limits.items():
            own = getattr(getattr(settings, section), name)
            if own != value:
                yield _warn(
                    f"{section}.{name}",
                    f"is set to {own:g}, so the {value:g} of profile {settings.profile} does not apply",
                )


def check_idle_settings(settings: Settings) -> Iterator[Finding]:
    """Tell which settings do nothing, or contradict others."""
    command, stop = settings.command, settings.stop
    both = sorted({*command.success_exit_codes} & {*command.transient_exit_codes})
    if both:
        yield _warn(
            "command.transient_exit_codes",
            f"{both} are in success_exit_codes too, which takes precedence: such a phase is complete",
        )
    for name in ("success_exit_codes", "transient_exit_codes"):
        if impossible := [code for code in getattr(command, name) if not 0 <= code <= _LAST_CODE]:
            yield _warn(f"command.{name}", f"{impossible} are no exit codes: these are from 0 to {_LAST_CODE}")
    if twice := sorted({*command.env_allow} & {*command.env_deny}):
        yield _warn(
            "command.env_allow",
            f"{', '.join(twice)} is in env_deny too, which takes precedence: the command does not inherit it",
        )
    if command.stuck_states is not None and command.result_from != "database":
        yield _warn("command.stuck_states", "has no effect with result_from: exit_code")
    if bool(stop.metric) is not bool(stop.max_without_metric):
        alone, lacks = ("metric", "max_without_metric") if stop.metric else ("max_without_metric", "metric")
        yield _warn(f"stop.{alone}", f"has no effect without stop.{lacks}")


def check_runs(project: Project) -> Iterator[Finding]:
    """Check depends_on and run_types: globs that match no run, rules that come too late, runs that wait for each other."""
    settings, runs = project.settings, project.store.read_run_counts()
    if not runs:
        return
    names = [(f"depends_on.{place}.{key}", glob) for place, rule in enumerate(settings.depends_on)
             for key, globs in (("run", [rule.run]), ("after", rule.after)) for glob in globs]  # fmt: skip
    names += [(f"run_types.{place}.match", rule.match) for place, rule in enumerate(settings.run_types)]
    idle = [(check, glob) for check, glob in names if not _find_matches(glob, runs)]
    for check, glob in idle:
        yield _warn(check, f"{quote(glob)}: {describe_no_run(glob, runs, is_glob=has_magic(glob))}")
    yield from _find_shadowed(settings, runs)
    try:
        waits_for({row.run_id: row.unfinished for row in runs}, settings.depends_on)
    except ConfigError as error:
        yield Finding("depends_on", ok=False, message=error.message, cure=error.remedy)
        return
    if names and not idle:
        yield Finding("rules", ok=True, message="each glob of depends_on and run_types matches a run")


def _find_shadowed(settings: Settings, runs: Sequence[RunCounts]) -> Iterator[Finding]:
    taken: set[str] = set()
    for place, rule in enumerate(settings.run_types):
        found = _find_matches(rule.match, runs)
        if found and found <= taken:
            yield _warn(
                f"run_types.{place}", f"{rule.match!r}: an earlier entry matches all of its runs, and the first match counts"
            )
        taken |= found


def _find_matches(glob: str, runs: Sequence[RunCounts]) -> set[str]:
    matches = matcher(glob)
    return {row.run_id for row in runs if matches(row.run_id)}


def check_notes(project: Project) -> Iterator[Finding]:
    """Check hints and acceptances: those of runs that do not exist, and hints that the policy ignores."""
    store, runs = project.store, project.store.read_run_counts()
    notes = Notes(store.database, store.ledger)
    hints = notes.read(NoteKind.HINT)
    accepted = [(note, one.subject) for note in notes.read(NoteKind.ACCEPTED) if (one := Acceptance.of(note)) is not None]
    names = [entry if isinstance(entry, str) else str(entry.get("name")) for entry in project.settings.policy]
    if hints and not any(name.endswith("hints") for name in names):
        yield _warn("hint", f"the configured policy ({', '.join(names)}) ignores hints, and the ledger has {len(hints)}")
    globs = [("hint", note, note.subject) for note in hints]
    globs += [
        ("accept", note, one.run_id if one.phase_id is None else escape(one.run_id))
        for note, one in accepted
        if one.run_id is not None
    ]
    for check, note, glob in globs if runs else ():
        if not _find_matches(glob, runs):
            cure = _CURE_OF_SHARED if note.is_shared else _CURE_OF_NOTES
            yield _warn(check, f"{quote(glob)}: {describe_no_run(glob, runs, is_glob=has_magic(glob))}", cure=cure)


def _warn(check: str, message: str, *, cure: str = _CURE) -> Finding:
    return Finding(check, ok=True, is_warning=True, message=message, cure=cure)


CHECKS: Final[tuple[Callable[[Project], Iterator[Finding]], ...]] = (check_runs, check_categories, check_notes)
"""The checks that need the database, in the order in which they report."""
