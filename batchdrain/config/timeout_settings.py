"""The section `timeout`: how long a phase may take, and who set each number."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import PrivateAttr, model_validator

from batchdrain.config.section import Section, leaf
from batchdrain.config.values import Seconds, Truth


class Timeout(Section):
    """How long one phase may take."""

    default_s: Seconds = leaf(600.0, "the time limit of a phase while fewer than 5 durations are known")
    adaptive: Truth = leaf(True, "learn the limit from the ledger")
    min_s: Seconds = leaf(30.0, "no learnt limit is shorter")
    max_s: Seconds = leaf(3600.0, "no learnt or doubled limit is longer")
    _sources: dict[str, str] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _require_order(self) -> Timeout:
        if self.min_s > self.max_s:
            raise ValueError(f"min_s ({self.min_s:g}) is above max_s ({self.max_s:g})")
        return self

    def with_sources(self, sources: Mapping[str, str]) -> Timeout:
        """A copy that knows who set its numbers, if not the configuration file."""
        same = self.model_copy()
        same._sources = dict(sources)  # noqa: SLF001 - of our own class
        return same

    @property
    def sources(self) -> dict[str, str]:
        """Who set each number, if not the configuration file: a flag, a variable, a profile."""
        return dict(self._sources)

    def source_of(self, name: str) -> str:
        """Who set this number, for people: '--phase-timeout', or 'timeout.default_s'."""
        return self._sources.get(name, f"timeout.{name}")
