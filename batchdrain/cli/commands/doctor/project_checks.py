"""The doctor's checks of files, plugins and the command. Each yields findings; none writes."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from invoke.vendor import yaml

from batchdrain.cli.commands.own_files import require_own
from batchdrain.config.categories import categoriser_of
from batchdrain.config.settings import Settings
from batchdrain.execution import process_identity
from batchdrain.execution.command import command_problems_of, diagnosis_problems_of, find_program
from batchdrain.execution.notify_command import notify_problems_of, notify_refusals_of
from batchdrain.model.errors import BatchDrainError, ConfigError
from batchdrain.policies.ranking import ranking_of

_YAML_BYTES: Final = 1_000_000
_ALIASES: Final = 100
SECTION: Final = "batchdrain"


_SafeLoader: Final[Any] = yaml.SafeLoader


class _Strict(_SafeLoader):  # type: ignore[misc]
    """A YAML loader that refuses a key that occurs twice. Otherwise the last one wins silently."""

    aliases = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            self.aliases += 1
            if self.aliases > _ALIASES:
                raise yaml.YAMLError(f"more than {_ALIASES} aliases")
        return super().compose_node(parent, index)

    def construct_yaml_int(self, node: Any) -> Any:
        found = super().construct_yaml_int(node)
        if ":" in node.value or re.fullmatch(r"[-+]?0[0-7_]+", node.value):
            raise yaml.YAMLError(f"line {node.start_mark.line + 1}: YAML reads {node.value} as a number ({found}): quote it")
        return found

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.YAMLError(f"line {node.start_mark.line + 1}: the key {key!r} occurs twice")
        return super().construct_mapping(node, deep)


_Strict.add_constructor("tag:yaml.org,2002:int", _Strict.construct_yaml_int)


def _read_strictly(text: bytes) -> None:
    """Read only our section strictly: other tools may write what they like into theirs."""
    loader: Any = _Strict(text)
    top = loader.get_single_node()
    if not isinstance(top, yaml.MappingNode):
        return
    ours = [(key, value) for key, value in top.value if key.value == SECTION]
    for key, _ in ours[1:]:
        raise yaml.YAMLError(f"line {key.start_mark.line + 1}: the key {SECTION!r} occurs twice")
    for _, section in ours:
        loader.construct_document(section)


def _refuse_equal_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse equal keys in JSON, where the last one would win silently too."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {next(name for name in names if names.count(name) > 1)!r} occurs twice")
    return found


def check_settings_files(found: Sequence[Path]) -> Iterator[Finding]:
    """Check the settings files that Invoke reads. YAML is read again, since Invoke lets the last of two equal keys win."""
    if not found:
        yield Finding("invoke.yaml", ok=True, message="there is none beside the tasks file (`inv init` writes one)")
    for path in found:
        if path.suffix == ".py":
            yield Finding(path.name, ok=True, message="is code: Invoke executes it")
        else:
            yield from _check_settings_file(path)


def _check_settings_file(path: Path) -> Iterator[Finding]:
    if path.stat().st_size > _YAML_BYTES:
        yield Finding(path.name, ok=False, message=f"{path} is larger than 1 MB", cure="keep settings only in it")
        return
    try:
        if path.suffix == ".json":
            json.loads(path.read_bytes(), object_pairs_hook=_refuse_equal_keys)
        else:
            _read_strictly(path.read_bytes())
    except (yaml.YAMLError, ValueError, OSError, RecursionError) as error:
        problem = " ".join(str(error).split())
        yield Finding(path.name, ok=False, message=f"{path}: {problem}", cure="fix the file")
        return
    yield Finding(path.name, ok=True, message="can be read, no key occurs twice")


def check_policy(settings: Settings) -> Iterator[Finding]:
    """Check the policies. Imports those that the settings name."""
    yield from _check_load("policy", lambda: ranking_of(settings.policy))
    for place, entry in enumerate(settings.policy):
        if entry in settings.policy[:place]:
            yield Finding(
                f"policy.{place}", ok=True, is_warning=True, message=f"{entry!r} is listed before it already, so this entry has no effect",
                cure="remove it",
            )  # fmt: skip


def check_category_rules(settings: Settings) -> Iterator[Finding]:
    """Check only whether the patterns can be read. Which failures they match is checked in the database."""
    yield from _check_load("categories", lambda: categoriser_of(settings))


def _check_load(name: str, load: Callable[[], object]) -> Iterator[Finding]:
    try:
        load()
    except BatchDrainError as error:
        yield Finding(name, ok=False, message=error.message, cure=error.remedy, code=error.exit_code)
    else:
        yield Finding(name, ok=True, message="loads")


def check_command(settings: Settings, root: Path) -> Iterator[Finding]:
    """Check the command, and the diagnosis if there is one. Executes neither."""
    problems = command_problems_of(settings, root)
    problems += diagnosis_problems_of(settings, root) if settings.triage.argv else []
    for problem in problems:
        yield Finding("command", ok=False, message=problem, cure="fix batchdrain.command")
    if problems:
        return
    found = find_program(settings.command, root)
    yield Finding("command", ok=True, message=f"executes {found}, judged by {settings.command.result_from}")
    if found is not None:
        yield from _check_program(settings.command.argv[0], Path(found))
    if "DATABASE_URL" in os.environ and "DATABASE_URL" not in settings.command.env_allow:
        yield Finding(
            "command", ok=True, message="does not inherit DATABASE_URL (command.env_allow: [DATABASE_URL] passes it on)"
        )


def check_notify(settings: Settings, root: Path) -> Iterator[Finding]:
    """Check the command that is told of a session's end. If its program is missing a drain works all the same."""
    refused = notify_refusals_of(settings)
    for problem in refused or notify_problems_of(settings, root):
        is_warning = not refused
        yield Finding("notify", ok=is_warning, is_warning=is_warning, message=problem, cure="fix batchdrain.notify")


def _check_program(named: str, found: Path) -> Iterator[Finding]:
    """Check who may write the program, and tell if another shell might not find it."""
    try:
        require_own(found, "is executed for each phase")
    except ConfigError as error:
        yield Finding("command", ok=True, is_warning=True, message=error.message, cure=error.remedy)
    if os.sep not in named and "{" not in named:
        yield Finding(
            "command",
            ok=True,
            message=f"{named} is looked for in this shell's PATH: where cron or CI has another one, name {found}",
        )


def check_machine() -> Iterator[Finding]:
    """Check what the promises about processes need from the machine."""
    if process_identity.sees_processes():
        if process_identity.hides_others():
            hidden = "/proc hides other users' processes (hidepid): what their dead controllers held is released only when its lease expires"
            yield Finding("machine", ok=True, message=hidden)
        return
    message = (
        "there is no /proc of our own, so processes can't be seen: what a command leaves behind in a session of its own outlives"
        " its time limit, its output is not capped, and what dead controllers held is released only when its lease expires"
    )
    yield Finding("machine", ok=True, is_warning=True, message=message, cure="mount /proc: mount -t proc proc /proc")


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check: sound, sound with a warning, or wrong. With the cure."""

    check: str  #: what was checked
    ok: bool
    message: str
    cure: str = ""
    code: int = 78  #: the exit code if it is not ok
    is_warning: bool = False  #: a drain works, but something may surprise; changes no exit code

    @property
    def verdict(self) -> str:
        """The verdict as a word: ok, warn or fail."""
        return ("warn" if self.is_warning else "ok") if self.ok else "fail"
