"""Asks the questions of `inv init` about table, columns, words and command, each with a guess. Enter takes the guess."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from batchdrain.cli.commands.init.answers import NOTHING, from_argv, to_argv, to_column, to_typed, to_words
from batchdrain.cli.commands.init.candidates import choose
from batchdrain.cli.commands.init.facts import ColumnFacts, TableFacts
from batchdrain.cli.commands.init.mapping import MAY_BE_NULL, Mapped
from batchdrain.cli.commands.init.render import EXAMPLE_ARGV
from batchdrain.cli.commands.init.state_words import OURS, StateWords, choose_words
from batchdrain.config.load import problems_of
from batchdrain.execution.command import PLACEHOLDERS, find_template_problems
from batchdrain.execution.row_columns import PREFIX, find_asked, placeholders_of
from batchdrain.model.errors import BatchDrainError
from batchdrain.runtime.text import safe_text

_COLUMNS: Final = {
    "run_id": "Column that names the run (several with commas)",
    "phase_id": "Column that names the phase (several with commas)",
    "phase_index": f"Column with the order of the phases, or {NOTHING}",
    "state": "Column with the state",
    "last_failure_reason": f"Column with the failure text, or {NOTHING}",
    "updated_at": f"Column with the time of the last change, or {NOTHING}",
}
_WORDS: Final = {
    "failed": "Word for failed (several with commas)",
    "queued": "Word for never tried",
    "executing": "Word for running",
    "complete": "Word for done",
}
_WHAT_THEY_ARE: Final = "A phase is a row that your command tries again; a run is a set of phases that belong together."
_IDS: Final = ("run_id", "phase_id")
_SHOWN: Final = 20
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A conversation with the user at the terminal."""

    ask: Callable[[str], str]  #: shows a prompt and returns the line; EOFError if none comes
    say: Callable[[str], None]
    look: Callable[[str], TableFacts]  #: looks at the named table; BatchDrainError if it can't be used
    find_problems: Callable[[Sequence[str], Sequence[str]], Sequence[str]]  #: why a command and its columns can't be executed

    def ask_all(self, candidates: Sequence[Mapped]) -> Mapped:
        """A mapping that the user agreed to.
        `candidates`: the guesses, the likeliest first; empty if no table looks right."""
        self.say("Enter accepts the value in brackets. Ctrl-C ends it, and nothing is written.")
        facts, guess = self._ask_table(candidates)
        for doubt in guess.doubts:
            self.say(f"  ! {safe_text(doubt)}")
        columns = self._ask_columns(facts, guess)
        words = self._ask_words(facts.by_name[str(columns["state"])], columns, guess)
        command = self._ask_command(guess, facts, columns)
        return replace(
            guess,
            columns=columns,
            states=StateWords(words=words, sure=frozenset(words)),
            source=guess.source if columns["updated_at"] == guess.columns["updated_at"] else _without_unit(guess.source),
            command={**guess.command, **command},
            doubts=(),
            is_answered=True,
        )

    def _ask_table(self, candidates: Sequence[Mapped]) -> tuple[TableFacts, Mapped]:
        for other in candidates[1:]:
            self.say(f"It may be {safe_text(other.table)} as well: {safe_text(other.reason_beside)}.")
        known = {one.table: one for one in candidates}
        facts = self._ask_until("Table with the phases", to_typed(next(iter(known), None)), self.look)
        return facts, known.get(facts.full_name) or choose(facts)

    def _ask_columns(self, facts: TableFacts, guess: Mapped) -> dict[str, object]:
        self._list("Its columns are ", facts.by_name)
        self.say(_WHAT_THEY_ARE)
        while True:
            found: dict[str, object] = {}
            for ours, prompt in _COLUMNS.items():
                value = guess.columns[ours]
                typed = to_typed(value) or (NOTHING if ours in MAY_BE_NULL else "")
                found[ours] = self._ask_until(prompt, typed, lambda text, ours=ours: to_column(ours, text, facts), value)  # type: ignore[misc]
            if not self._tell(problems_of({"source": {"columns": found}}, {})):
                return found

    def _ask_words(self, column: ColumnFacts, columns: Mapping[str, object], guess: Mapped) -> dict[str, object]:
        guessed = guess.states if columns["state"] == guess.columns["state"] else choose_words(column)
        self._list(f"Values of {safe_text(column.name)} are ", column.counts or column.words)
        while True:
            found: dict[str, object] = {}
            for ours in OURS:
                value = guessed.words.get(ours)
                found[ours] = self._ask_until(_WORDS[ours], to_typed(value), lambda text: to_words(text, column), value)
            if not self._tell(problems_of({"source": {"states": found}}, {})):
                return found

    def _ask_command(self, guess: Mapped, facts: TableFacts, columns: Mapping[str, object]) -> dict[str, object]:
        """The answer for `command`: the command, and the table's columns that it names and that its ids are not made of. If it
        can't be executed that is told, but Enter takes it all the same: it may be made later. One that never could is refused."""
        argv = guess.command.get("argv")
        first = list(argv) if isinstance(argv, list) else EXAMPLE_ARGV
        found, told = first, True
        parts = [name for one in columns.values() if isinstance(one, list) for name in one]
        meant = _placeholders_of(columns, facts)
        names = [f"{{{ours}}} is column {safe_text(repr(column))}" for column, ours in meant.items() if ours in _IDS]
        self.say(f"It runs once for each phase, without a shell{': ' if names else ''}{', '.join(names)}.")
        while True:
            answer = self._ask_until("Command for a phase", from_argv(found), to_argv, found)
            asked = [name for name in find_asked(answer) if name in facts.by_name and name not in parts]
            if self._tell(_find_faults(answer, facts, meant)):
                continue
            if (answer == found and told) or not self._tell(self.find_problems(answer, [*parts, *asked])):
                return {} if answer == EXAMPLE_ARGV else {"argv": answer, **({"columns": asked} if asked else {})}
            found, told = answer, True

    def _ask_until(self, prompt: str, typed: str, read: Callable[[str], Answer], guess: Answer | None = None) -> Answer:
        """Ask until the answer can be read.
        `typed`: the guess as it is shown, '' for none; `guess`: its value, None: `typed` is read."""
        shown = f" [{safe_text(typed)}]" if typed else ""
        while True:
            text = self.ask(f"{prompt}{shown}: ").strip()
            if not text and typed and guess is not None:
                return guess
            try:
                if text or typed:
                    return read(text or typed)
            except (ValueError, BatchDrainError) as error:
                self._tell(str(error).splitlines())

    def _tell(self, problems: Sequence[str]) -> bool:
        """Tell the problems. Returns whether there are any."""
        for problem in problems:
            self.say(f"  ! {safe_text(problem)}")
        return bool(problems)

    def _list(self, what: str, found: object) -> None:
        counts = dict(found) if isinstance(found, Mapping) else dict.fromkeys(found if isinstance(found, tuple) else ())
        terms = [f"{name!r} ({count})" if isinstance(count, int) else str(name) for name, count in counts.items()]
        more = f" and {len(terms) - _SHOWN} more" if len(terms) > _SHOWN else ""
        if terms:
            self.say(safe_text(f"{what}{', '.join(terms[:_SHOWN])}{more}."))


def _without_unit(source: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in source.items() if key != "updated_at_unit"}


def _placeholders_of(columns: Mapping[str, object], facts: TableFacts) -> dict[str, str]:
    """The placeholder of each column, without braces, for those who write the column's name instead."""
    ids = {str(columns[ours]): ours for ours in _IDS if isinstance(columns[ours], str)}
    return {name: ids.get(name, f"{PREFIX}{name}") for name in facts.by_name}


def _find_faults(argv: Sequence[str], facts: TableFacts, meant: Mapping[str, str]) -> list[str]:
    """Why the command could never be executed, whatever is installed later."""
    missing = [name for name in find_asked(argv) if name not in facts.by_name]
    known = (*PLACEHOLDERS, *placeholders_of(find_asked(argv)))
    return [
        *(f"{{{PREFIX}{name}}}: {facts.full_name} has no column {name!r}" for name in missing),
        *find_template_problems(argv, "command.argv", known, {name: one for name, one in meant.items() if name not in known}),
    ]
