"""What stands in the pages is done as a reader does it: section by section, in a project with the demo's database."""

from __future__ import annotations

import itertools
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.docs.pages import ROOT, named, text_of
from tests.support.shells import folder_of_inv

LEFT_OUT: Final = "…"
CTRL_C: Final = "^C"
_WITHIN_S: Final = 110.0
_BLOCK: Final = re.compile(r"^( *)```(console|bash|yaml|sql|python)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_DIFFERS: Final = (
    (re.compile(r"sqlite:////\S*?batchdrain\.db"), "<database>"),
    (re.compile(r"\w+@[\w.-]+(?=,)"), "<somebody>"),
    (re.compile(r"\b(?=[a-z]*\d)[0-9a-f]{10}\b"), "<cluster>"),
    (re.compile(r"\d+(?:\.\d+)?"), "<number>"),
    (re.compile(r"(?<=\S) {2,}"), "  "),
)
"""From one day and machine to the next: places, people, ids, numbers, the width of columns."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """A command of a page, and the lines that the page shows of what it says."""

    command: str
    shown: Sequence[str] = ()

    @property
    def is_interrupted(self) -> bool:
        return CTRL_C in self.shown


@dataclass(frozen=True, kw_only=True)
class Section:
    """Everything below a heading of the second level."""

    page: Path
    title: str
    blocks: Sequence[tuple[str, str]]  #: the kind, and the text

    @property
    def name(self) -> str:
        return f"{named(self.page)}: {self.title}"

    def steps(self) -> Iterator[Step]:
        """The commands, in order: each of a console, a block for a shell as a whole, each line of a CI's job."""
        for kind, body in self.blocks:
            if kind == "console":
                yield from _of_console(body)
            elif kind == "bash":
                yield Step(command=body)
            elif kind == "yaml":
                yield from (Step(command=command) for command in re.findall(r"^- run: (.+)$", body, re.MULTILINE))


def sections(page: Path) -> list[Section]:
    parts = re.split(r"^## (.+)$", text_of(page), flags=re.MULTILINE)
    return [
        Section(page=page, title=title, blocks=[(kind, _flush(indent, body)) for indent, kind, body in _BLOCK.findall(body)])
        for title, body in zip(["(top)", *parts[1::2]], parts[::2], strict=True)
    ]


def _flush(indent: str, body: str) -> str:
    return "".join(line.removeprefix(indent) for line in body.splitlines(keepends=True))


def _of_console(body: str) -> Iterator[Step]:
    for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
        command, *shown = part.splitlines()
        yield Step(command=command, shown=shown)


@dataclass(kw_only=True)
class Place:
    """A folder in which commands are typed one after the other."""

    root: Path
    env: dict[str, str] = field(default_factory=dict)

    def type(self, step: Step) -> tuple[int, str]:
        """Returns the exit code, and what was said."""
        if (exported := re.fullmatch(r"export (\w+)=(.*)", step.command)) is not None:
            self.env[exported[1]] = exported[2]
            return 0, ""
        argv = ["bash", "-euo", "pipefail", "-c", step.command]
        with (self.root / "said.txt").open("wb") as said:
            process = subprocess.Popen(
                argv, cwd=self.root, env=self._environ(step), stdout=said, stderr=said, start_new_session=True
            )
        try:
            if step.is_interrupted:
                self._interrupt(process, list(step.shown[: step.shown.index(CTRL_C)]))
            code = process.wait(_WITHIN_S)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
        return code, self._said()

    def _interrupt(self, process: subprocess.Popen[bytes], before: list[str]) -> None:
        """As a terminal does it, once so much was said."""
        until = time.monotonic() + _WITHIN_S
        while difference(before, self._said()) is not None:
            assert process.poll() is None, self._said()
            assert time.monotonic() < until, self._said()
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGINT)

    def _said(self) -> str:
        return (self.root / "said.txt").read_text(errors="replace")

    def _environ(self, step: Step) -> dict[str, str]:
        """As a reader's: that of the tests does not count."""
        own = {name: value for name, value in os.environ.items()
               if not name.startswith(("COV", "PYTEST", "VIRTUAL_ENV", "INVOKE", "DATABASE_URL"))}  # fmt: skip
        programs = [Path(sys.executable).parent]
        if not step.is_interrupted:  # it is to hear what the terminal sends
            programs.insert(0, folder_of_inv())
        own["PATH"] = os.pathsep.join([*map(str, programs), own["PATH"]])
        return {**own, "PYTHONUTF8": "1", **self.env}


def repository_like(root: Path) -> Place:
    """The tasks and settings of the clone, as the demo needs them."""
    root.mkdir()
    for name in ("tasks.py", "invoke.yaml"):
        (root / name).write_bytes((ROOT / name).read_bytes())
    return Place(root=root)


def difference(shown: Sequence[str], said: str) -> str | None:
    """The first lines that a page shows together and that were not said so there; None where all were. `…` is anything,
    for lines and within one."""
    lines, at, is_anchored = [_alike(line) for line in said.splitlines()], 0, True
    for is_gap, together in itertools.groupby(shown, lambda line: line in {LEFT_OUT, CTRL_C}):
        if is_gap:
            is_anchored = False
            continue
        wanted = list(together)
        patterns = [".*".join(map(re.escape, _alike(line).split(LEFT_OUT))) for line in wanted]
        places = (at,) if is_anchored else range(at, len(lines) - len(patterns) + 1)
        found = next((place for place in places if _matches(patterns, lines[place : place + len(patterns)])), None)
        if found is None:
            return "\n".join(wanted)
        at, is_anchored = found + len(patterns), True
    return None


def _matches(patterns: Sequence[str], lines: Sequence[str]) -> bool:
    return len(patterns) == len(lines) and all(map(re.fullmatch, patterns, lines))


def _alike(line: str) -> str:
    """Without what differs everywhere."""
    for what, instead in _DIFFERS:
        line = what.sub(instead, line.rstrip())
    return line
