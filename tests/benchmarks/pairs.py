"""Two commands, in turns: what else the machine does meanwhile falls on both alike."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_LAUNCHER: Final = Path(__file__).with_name("launcher.py")


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one process and all that it waited for, in seconds."""

    wall_s: float
    cpu_s: float  #: user and system: another's load falls on it less than on the clock's time
    peak_mb: float  #: the most memory that one of them had


def cost(argv: Sequence[str], cwd: Path, *, code: int = 0, env: Mapping[str, str] | None = None) -> Cost:
    """Run it to its end. Raises RuntimeError where it ends otherwise."""
    reader, writer = os.pipe()
    launch = [sys.executable, "-I", "-S", str(_LAUNCHER), str(writer), *argv]
    with (cwd / "printed").open("wb") as printed, os.fdopen(reader, "rb") as told:
        process = subprocess.Popen(launch, cwd=cwd, env=env, stdout=printed, stderr=subprocess.STDOUT, pass_fds=[writer])
        os.close(writer)
        text = told.read()
        process.wait()
    found = json.loads(text) if text else {"code": f"with the launcher: {process.returncode}"}
    if found.pop("code") != code:
        raise RuntimeError(f"{argv} did not exit {code}: {(cwd / 'printed').read_text()[-500:]}")
    return Cost(**found)


def in_turns(
    ours: Callable[[], Cost], theirs: Callable[[], Cost], rounds: int, *, beside: bool = False
) -> tuple[list[Cost], list[Cost]]:
    """So many of each; who begins alternates. `beside`: the two of a turn at once, which takes half as long where processor
    time alone is asked for."""
    both = (ours, theirs)
    found: tuple[list[Cost], list[Cost]] = ([], [])
    with ThreadPoolExecutor(2 if beside else 1) as pool:
        for round_ in range(rounds):
            order = (0, 1) if round_ % 2 == 0 else (1, 0)
            for which, one in zip(order, pool.map(lambda number: both[number](), order), strict=True):
                found[which].append(one)
    return found
