"""Globs of run ids, compiled once: a reading asks them for every run."""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import translate


def matcher(glob: str) -> Callable[[str], bool]:
    """Whether a run id is the glob itself, or matches it with case, as `fnmatchcase` does."""
    pattern = re.compile(translate(glob))
    return lambda run_id: run_id == glob or pattern.match(run_id) is not None
