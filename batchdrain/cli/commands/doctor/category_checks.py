"""The doctor's checks of the user's own category rules: what they decide, mean and cost. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from time import thread_time
from typing import Final

from batchdrain.cli.commands.doctor.project_checks import Finding
from batchdrain.config.categories import categoriser_of
from batchdrain.database.phases.pages import redact_rows
from batchdrain.drain.project import Project
from batchdrain.failures.differing_patterns import find_differences
from batchdrain.failures.excerpt import excerpt
from batchdrain.failures.user_rule import OwnRule
from batchdrain.failures.utf8 import to_utf8
from batchdrain.model.states import PhaseState

_TEXTS: Final = 10_000
_LONG: Final = 1 << 16
"""How many bytes of text a rule is measured on."""
_DEAR_S: Final = 0.1
"""Seconds of processor time for such a text.
At this cost the 8 kB that are read of each of 100 000 long texts take twenty minutes."""
_MADE_UP: Final = ("a", "a 1.b/", "é—\n")
_CURE: Final = "fix it, or remove it"


def check_categories(project: Project) -> Iterator[Finding]:
    """Check for rules that decide for no failed phase, rules that Python's `re` would read differently,
    and rules that cost much."""
    rules = categoriser_of(project.settings).own
    if not rules:
        return
    texts = _read_texts(project)
    yield from _find_idle(rules, texts)
    for place, rule in enumerate(rules):
        for sentence in find_differences(rule.match):
            meaning, _, cure = sentence.partition(": write ")
            yield _warn(place, rule, f"means something else than in Python: {meaning}", f"write {cure}")
    yield from measure_rules(rules, texts)


def measure_rules(
    rules: Sequence[OwnRule], texts: Sequence[str], clock: Callable[[], float] = thread_time
) -> Iterator[Finding]:
    """Measure each rule on texts of 64 kB: one made of the failed phases' texts, and others invented to slow the rule down.
    `clock`: seconds of processor time."""
    samples = [_lengthen(text) for text in (_join(texts), *_MADE_UP) if text]
    costs = []
    for place, rule in enumerate(rules):
        cost = max(_measure(rule, sample, clock) for sample in samples)
        costs.append(cost)
        if cost > _DEAR_S:
            message = f"takes {cost:.1f} s for a text of 64 kB: reading the backlog may take long"
            yield _warn(place, rule, message, "shorten its repetitions: .* costs less than .{0,500}")
    if max(costs) <= _DEAR_S:
        yield Finding("categories", ok=True, message=f"a text of 64 kB takes each rule of yours less than {_DEAR_S:g} s")


def _read_texts(project: Project) -> list[str]:
    """Different failure texts of the table, without secrets."""
    texts = dict[str, None]()
    with project.store.database.read() as connection:
        for row in redact_rows(project.store.table.read_pages(connection, PhaseState.FAILED), project.store.redact):
            if row.reason and len(texts) < _TEXTS:
                texts[excerpt(row.reason)] = None
    return list(texts)


def _find_idle(rules: Sequence[OwnRule], texts: Sequence[str]) -> Iterator[Finding]:
    used = {next((place for place, rule in enumerate(rules) if rule.matches(text)), -1) for text in texts}
    for place, rule in enumerate(rules):
        if texts and place not in used:
            yield _warn(
                place,
                rule,
                "has no effect on any failed phase: it matches none, or an earlier rule matches them first",
                _CURE,
            )


def _measure(rule: OwnRule, sample: bytes, clock: Callable[[], float]) -> float:
    begun = clock()
    rule.matches(sample)
    return clock() - begun


def _join(texts: Sequence[str]) -> str:
    """As many texts as fill the long text."""
    ends = accumulate(len(text) for text in texts)
    return "\n".join(text for text, end in zip(texts, ends, strict=True) if end - len(text) < _LONG)


def _lengthen(text: str) -> bytes:
    encoded = to_utf8(text)
    return (encoded * (_LONG // len(encoded) + 1))[:_LONG]


def _warn(place: int, rule: OwnRule, message: str, cure: str) -> Finding:
    return Finding(f"categories.{place}", ok=True, is_warning=True, message=f"{rule.match!r} {message}", cure=cure)
