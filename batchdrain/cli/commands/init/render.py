"""Renders the section as YAML: settings that differ from the defaults, and the defaults as comments. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from batchdrain.cli.commands.init.mapping import Mapped
from batchdrain.config.settings import Source
from batchdrain.database.url import mask_url, parse_url
from batchdrain.runtime.json_text import to_ascii, to_json

_DEFAULTS: Final = Source().model_dump()
EXAMPLE_ARGV: Final = ["{python}", "-m", "myproject.work", "--run-id={run_id}", "--phase-id={phase_id}"]
"""An example: nobody has this command, so it is refused until the user replaces it."""
_EXAMPLE: Final = '["{python}", -m, myproject.work, "--run-id={run_id}", "--phase-id={phase_id}"]   # an example: name yours'


def render_section(url: str | None, candidates: Sequence[Mapped]) -> str:
    """Render the first candidate, and name the others. Settings win over a profile, so defaults are only comments. A password
    is never written: then the whole URL stays in DATABASE_URL."""
    mapped = candidates[0]
    columns = [_render_column(ours, value, mapped) for ours, value in mapped.columns.items()
               if value is not None or ours in mapped.without]  # fmt: skip
    states = [_render_state(ours, value, mapped) for ours, value in mapped.states.words.items()]
    table = _Line(f"    table: {quote(mapped.table)}", is_default=mapped.table == _DEFAULTS["table"])
    others = [_Line(f"    {key}: {flow(value)}", is_default=False) for key, value in mapped.source.items()]
    source = [
        table,
        *others,
        *_below("    columns:", columns),
        *_below("    states:                     # your words", states),
    ]
    lines = [
        _render_url(url),
        _Line("  batch_size: 10                # phases of one `inv drain`"),
        _Line("  workers: 1                    # sequential is the safe way; with more, phases of different runs are executed at the same time"),
        _Line("  profile: classic              # or conservative, triage, throughput; what you set yourself wins over it"),
        *_below("  source:                       # your table; batchdrain never alters it", source),
        _Line("  command:                      # executed for each phase, without a shell; {python} is this interpreter", False),
        *_render_command(mapped),
        _Line("    transient_exit_codes: [75]"),
        _Line("  timeout: {default_s: 600}"),
        _Line("  retry: {max_attempts: 2}      # transient failures only"),
    ]  # fmt: skip
    head = ["# Made by `inv init`. A line behind a # shows a default. Every key: docs/configuration.md of batchdrain."]
    return "\n".join([*head, *_explain(candidates), "batchdrain:", *(str(line) for line in lines)]) + "\n"


def _explain(candidates: Sequence[Mapped]) -> list[str]:
    first, *others = candidates
    told = [f"#: Chosen: {quote(first.table)}: {first.reason}."] if first.reason else []
    told += [f"#: It may be meant as well (--table): {quote(one.table)}: {one.reason_beside}." for one in others]
    told += [f"#: ! {doubt}" for doubt in first.doubts]
    return [to_ascii(line) for line in told]


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of the section. A default becomes a comment."""

    text: str
    is_default: bool = True

    def __str__(self) -> str:
        bare = self.text.lstrip()
        return f"{self.text[: -len(bare)]}# {bare}" if self.is_default else self.text


def _below(key: str, inner: Sequence[_Line]) -> list[_Line]:
    """A key with its lines. If all lines are comments the key is one too."""
    return [_Line(key, is_default=all(line.is_default for line in inner)), *inner]


def _render_column(ours: str, value: object, mapped: Mapped) -> _Line:
    is_default = value == _DEFAULTS["columns"][ours]
    if value is None and ours in mapped.without:
        told = "" if mapped.is_known or mapped.is_answered else "   # no column looks like it: name yours"
        return _Line(f"      {ours}: null{told}", is_default)
    return _Line(f"      {ours}: {flow(value)}", is_default)


def _render_state(ours: str, value: object, mapped: Mapped) -> _Line:
    if value is None:
        known = ", ".join(map(flow, mapped.states.known))
        told = f"none of these looks like it: name one of them: {known}" if known else "no word is known: name yours"
        return _Line(f"      {ours}:   # {told}")
    doubt = "" if ours in mapped.states.sure else "   # a guess: no row shows it"
    return _Line(f"      {ours}: {flow(value)}{doubt}", is_default=value == _DEFAULTS["states"][ours])


def _render_command(mapped: Mapped) -> list[_Line]:
    argv = mapped.command.get("argv")
    told = "" if mapped.is_answered else "   # docs/tables.md has this script"
    result = mapped.command.get("result_from", "exit_code")
    lines = [_Line(f"    argv: {flow(argv) + told if argv else _EXAMPLE}", is_default=False)]
    if result == "exit_code":
        lines.append(_Line("    result_from: exit_code      # or database: the command itself sets the phase's state"))
    else:
        lines.append(_Line(f"    result_from: {result}       # the command itself sets the phase's state", is_default=False))
    others = {key: value for key, value in mapped.command.items() if key not in {"argv", "result_from"}}
    return lines + [_Line(f"    {key}: {flow(value)}", is_default=False) for key, value in others.items()]


def _render_url(url: str | None) -> _Line:
    if url is None:
        return _Line('  database_url: ""              # DATABASE_URL, else sqlite:///batchdrain.db')
    parsed = parse_url(url)
    if mask_url(parsed) != parsed.render_as_string(hide_password=False):
        return _Line('  database_url: ""              # it holds a secret: set DATABASE_URL in the environment')
    return _Line(f"  database_url: {quote(url)}", is_default=False)


def flow(value: object) -> str:
    """A YAML value on one line. Texts from the database are quoted, so that they are read as nothing else."""
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(inner)}" for key, inner in value.items()) + "}"
    if value is None or isinstance(value, int):
        return "null" if value is None else str(value)
    return quote(str(value))


def quote(text: str) -> str:
    """A YAML string that is read as nothing else. JSON's quoting is valid in YAML."""
    return to_ascii(to_json(text).decode())
