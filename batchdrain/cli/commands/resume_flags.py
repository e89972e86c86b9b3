"""The flags of `inv resume`, whether it goes on with a session or closes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from batchdrain.config.load import Override


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeFlags:
    """The flags of resume, without --close."""

    session_id: str | None = None  #: None: the newest incomplete one
    settings: Sequence[Override] = ()
    fail_if_nothing: bool = False
    format: str = "text"
