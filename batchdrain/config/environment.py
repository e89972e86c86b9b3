"""The INVOKE_BATCHDRAIN_… variables, taken out of Invoke's sight when the plugin is loaded.

Invoke 3.0.3 would read them before a task runs: it takes 'false' for true, and ends with a traceback for a list or for
`INVOKE_BATCHDRAIN_BATCH_SIZE=ten`. batchdrain reads them itself, with its own types and messages.
"""

from __future__ import annotations

import os
from typing import Final

PREFIX: Final = "INVOKE_BATCHDRAIN_"
TAKEN: Final[dict[str, str]] = {}
"""What was taken from the environment of this process; commands get it back."""


def take() -> None:
    """Move our variables from os.environ to TAKEN. To be called before Invoke reads the environment."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        TAKEN[name] = os.environ.pop(name)


def read_environ() -> dict[str, str]:
    """The environment as the user gave it to us."""
    return {**os.environ, **TAKEN}
