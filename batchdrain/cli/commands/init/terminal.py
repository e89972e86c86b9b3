"""Tells whether there is a user at a terminal who may be asked, and asks."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Mapping
from typing import IO, Final

from batchdrain.cli.commands.init.mapping import Mapped
from batchdrain.cli.commands.init.questions import Conversation
from batchdrain.cli.commands.init.tables import NoTable, look_for, read_table
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.writer import Output
from batchdrain.config.settings import Command
from batchdrain.database.connection import Database
from batchdrain.execution.command import problems_of
from batchdrain.model.errors import ConfigError, UsageError
from batchdrain.runtime.text import safe_text

_OF_THE_EDITOR: Final = ("enable-bracketed-paste off", "input-meta on", "output-meta on", "convert-meta off")
"""No codes but those that editing needs, and no byte is taken for a key: otherwise letters that are not ASCII vanish."""
_NOT_SET: Final = frozenset({"", "0", "false", "no"})


def may_ask(environ: Mapping[str, str]) -> bool:
    """Whether input and output are a terminal and no CI says that it runs us,
    since some CI systems give a terminal to nobody."""
    return environ.get("CI", "").lower() in _NOT_SET and _is_terminal(sys.stdin) and _is_terminal(sys.stdout)


def ask_people(invocation: Invocation, database: Database, table: str | None) -> Mapped:
    """The user's answers. Raises UsageError if the user leaves before the last one."""
    try:
        candidates = look_for(database, table)
    except ConfigError as error:
        Output().line(f"  ! {safe_text(error.message)}")
        if isinstance(error, NoTable) and error.statement:
            Output().line(f"With this view it has a state; Ctrl-C ends the questions:\n{error.statement}")
        candidates = []
    conversation = Conversation(
        ask=_ask_line,
        say=Output().line,
        look=lambda name: read_table(database, name),
        find_problems=lambda argv, columns: problems_of(Command(argv=list(argv)), invocation.root, columns=columns),
    )
    try:
        return conversation.ask_all(candidates)
    except EOFError:
        Output().line()
        raise UsageError(
            "init: the answers ended early, and nothing was written", remedy="`inv init --yes` asks nothing"
        ) from None


def _ask_line(prompt: str) -> str:
    """Ask for one line, which can be edited. Raises EOFError if no line comes any more."""
    _edit_lines()
    out = Output()
    *above, last = out.fitted(prompt).split("\n")
    for line in above:
        out.line(line)
    while True:
        try:
            line = input(last)  # the editor paints its line anew, so it must know what stands before the answer
            line.encode()  # in Python's UTF-8 mode bytes that are not text become surrogates
        except UnicodeError:
            out.line("  ! that is not valid text")
        else:
            return line


def _edit_lines() -> None:
    """Let the arrow keys move in the answer instead of adding their codes to it, if this Python has an editor."""
    with contextlib.suppress(ImportError):
        import readline

        for setting in _OF_THE_EDITOR:
            readline.parse_and_bind(f"set {setting}")


def _is_terminal(stream: IO[str] | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # the stream is closed
        return False
