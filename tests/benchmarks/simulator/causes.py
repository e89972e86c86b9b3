"""Failure texts by category. Each place makes another problem, with another fingerprint; each number the same one again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

PLACES: Final = (
    "billing", "catalogue", "ingest", "ledger", "payments", "reports", "search", "telemetry", "mail", "maps", "media", "quota",
    "audit", "backup", "canary", "docs", "export", "feeds", "gateway", "invoices",
)  # fmt: skip
TEXTS: Final[Mapping[str, tuple[str, ...]]] = {
    "unknown": ("",),
    "transient": (
        "ConnectionResetError: connection reset by peer while {place} was read, attempt {number}",
        "503 Server Error: Service Unavailable from {place} after {number} ms",
        "lock timeout in {place} after {number} ms",
    ),
    "collection": (
        "ImportError: cannot import name 'part_{number}' in {place}",
        "pytest exited with 2: {number} errors during collection of {place}",
    ),
    "deliverable": (
        "Missing {number} required deliverables of {place}",
        "Deliverables validation failed in {place}: expected output {number}.html was not produced",
    ),
    "patch": (
        "error: patch failed in {place}: src/part_{number}.py:{number}",
        "error: corrupt patch at line {number} of {place}",
    ),
    "other": (
        "AssertionError: expected {number} rows in {place}",
        "KeyError: 'key_{number}' in {place}",
        "TypeError: unsupported operand in {place} (part_{number}.py:{number})",
    ),
    "timeout": ("Phase timed out after {number} seconds in {place}",),
}
"""Templates; {place} tells problems apart, {number} does not."""

WORDS: Final = (
    "amber", "basalt", "cedar", "dune", "ember", "fjord", "glacier", "harbour", "island", "juniper", "krill", "lagoon", "meadow",
    "nectar", "orchid", "pebble", "quarry", "ravine", "saddle", "tundra",
)  # fmt: skip
OTHERS: Final = len(WORDS) ** 2
"""In so many ways a failure may read."""


def text_of(category: str, problem: int, number: int) -> str | None:
    """Of the problem with that number among those of its category; None for 'unknown', which leaves no reason."""
    texts = TEXTS[category]
    text = texts[problem % len(texts)]
    return text.format(place=PLACES[problem % len(PLACES)], number=number) or None


def other_text_of(category: str, problem: int, number: int, other: int) -> str:
    """The same in other words, of which there are OTHERS."""
    text = text_of(category, problem, number) or "the command failed"
    return f"{text} of {WORDS[other // len(WORDS)]} {WORDS[other % len(WORDS)]}"
