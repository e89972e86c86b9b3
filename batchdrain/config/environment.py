"""The INVOKE_BATCHDRAIN_… variables. They are hidden from Invoke when the plugin is loaded.

Invoke 3.0.3 would read them before a task runs. It takes 'false' for true, and fails with a traceback for a list or for
`INVOKE_BATCHDRAIN_BATCH_SIZE=ten`. So batchdrain reads them itself, with its own types and messages.
"""

from __future__ import annotations

import os
from typing import Final

PREFIX: Final = "INVOKE_BATCHDRAIN_"
TAKEN: Final[dict[str, str]] = {}
"""The variables that were taken out of this process's environment. Commands get them back."""


def take() -> None:
    """Move our variables from os.environ to TAKEN. Call this before Invoke reads the environment."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        TAKEN[name] = os.environ.pop(name)


def read_environ() -> dict[str, str]:
    """The environment as the user set it."""
    return {**os.environ, **TAKEN}
