"""The placeholders of a command: `{run_id}`, and `{{` for a brace. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from batchdrain.config.paths import with_home

PLACEHOLDER: Final = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


def find_placeholders(item: str) -> list[str]:
    """The names of the placeholders in an item of a command, in order and with repetitions."""
    return [match[1] for match in PLACEHOLDER.finditer(item) if match[1] is not None]


def fill(template: str, values: Mapping[str, str]) -> str:
    """Replace the placeholders once: what a value contains is never read as a placeholder."""

    def value(match: re.Match[str]) -> str:
        if match[1] is not None:
            return values[match[1]]
        return match.group()[0]

    return PLACEHOLDER.sub(value, template)


def fill_all(argv: Sequence[str], values: Mapping[str, str]) -> tuple[str, ...]:
    """Fill a whole argv. `~` is expanded only in the program; the other arguments are the command's own."""
    program, *rest = argv
    return (fill(with_home(program), values), *(fill(item, values) for item in rest))
