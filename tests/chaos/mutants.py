"""batchdrain, broken on purpose. A project's tasks.py applies one of these before it loads the tasks."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

TASKS = "from tests.chaos.mutants import MUTANTS\nMUTANTS[{name!r}]()\nfrom batchdrain.collection import ns as ns\n"


def everybody_is_dead() -> None:
    """Recovery takes every controller for dead."""
    from batchdrain.drain import liveness, recovery
    from batchdrain.execution import orphans, process_identity

    _swap(liveness, "is_alive", lambda _: False)
    _swap(recovery, "is_alive", lambda _: False)
    _swap(process_identity, "await_end", lambda *_: True)
    _swap(orphans, "end", lambda *_, **__: orphans.Orphans(0, alive=False))


def written_in_place() -> None:
    """Session files are overwritten, and a kill comes in the middle of it."""
    from batchdrain.runtime import files

    calls = []

    def replace(path: Path, parts: Iterable[bytes]) -> None:
        content = b"".join(parts)
        calls.append(path)
        with path.open("wb") as file:
            file.write(content[: len(content) // 2])
            file.flush()
            if len(calls) == 3:
                os.kill(os.getpid(), signal.SIGKILL)
            file.write(content[len(content) // 2 :])

    _swap(files, "replace", replace)


def no_guardian() -> None:
    """The guardian does not notice that its controller is gone."""
    _serve("g.Guardian._listen = lambda self: self._poll.unregister(self.sock)")


def only_the_command_is_killed() -> None:
    """Whatever descends from the command is left alone, and its group too."""
    _serve(
        "d.Descent.kill = lambda self, within_s: "
        "[self.status is None and (os.kill(self.command, 9), os.waitpid(self.command, 0))] and True"
    )


def printed_before_it_is_recorded() -> None:
    """The screen hears of a success that the database never does."""
    from batchdrain.database.ledger.claims import Claims

    def finish(self: Claims, claim: object, attempt: object, **_: object) -> object:
        return attempt

    _swap(Claims, "finish", finish)


def failures_of_the_disk_are_ignored() -> None:
    """A session file that can not be replaced is nobody's concern."""
    from batchdrain.runtime import files

    real = files.replace

    def replace(*args: Any) -> None:
        with contextlib.suppress(OSError):
            real(*args)

    _swap(files, "replace", replace)


def _serve(patch: str) -> None:
    from batchdrain.execution.guardian import hire

    names = "import os; import batchdrain.execution.guardian.descent as d; import batchdrain.execution.guardian.guardian as g"
    start = "from batchdrain.execution.guardian.server import main; main()"
    _swap(hire, "SERVE", f"import sys; sys.path.insert(0, sys.argv[1]); {names}; {patch}; {start}")


def _swap(owner: object, name: str, value: object) -> None:
    assert hasattr(owner, name)
    setattr(owner, name, value)


MUTANTS: dict[str, Callable[[], None]] = {
    mutant.__name__: mutant
    for mutant in (
        everybody_is_dead,
        written_in_place,
        no_guardian,
        only_the_command_is_killed,
        printed_before_it_is_recorded,
        failures_of_the_disk_are_ignored,
    )
}
