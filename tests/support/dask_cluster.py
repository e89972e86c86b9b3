"""A real scheduler and real workers of dask, started by its own commands, on ports that they choose."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.support.workplace import DEADLINE_S, wait_for

DASK = [sys.executable, "-m", "dask"]
_QUICK = {"DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "5s", "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False"}
_WITHOUT = """
import sys

class Without:
    def find_spec(self, name, path=None, target=None):
        if name == "batchdrain" or name.startswith("batchdrain."):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Without())
"""


@dataclass(kw_only=True)
class Cluster:
    """Ended with the test. Its workers have a folder of their own, and nothing of batchdrain."""

    folder: Path
    options: tuple[str, ...] = ()  #: of the scheduler and of each worker
    env: Mapping[str, str] = field(default_factory=dict)
    scheduler: subprocess.Popen[bytes] | None = None
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def address(self) -> str:
        found: str = json.loads(self._file.read_text())["address"]
        return found

    @property
    def options_of_engine(self) -> dict[str, Any]:
        return {"engine": "dask", "engine_options": {"address": self.address}}

    def start(self) -> None:
        self._file.unlink(missing_ok=True)
        options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(self._file)]
        self.scheduler = self._run("scheduler", *options, *self.options)
        wait_for(lambda: self._file.exists() and self._file.read_text().endswith("}"), "a scheduler")

    def add_worker(self, *options: str, threads: int = 2, scheduler: str | None = None) -> subprocess.Popen[bytes]:
        """Without a nanny unless the options say otherwise: what is killed stays dead."""
        name = f"w{len(self.workers)}"
        log = self.folder / f"{name}.log"
        nanny = () if "--nanny" in options else ("--no-nanny",)
        where = (scheduler,) if scheduler else ("--scheduler-file", str(self._file))
        worker = self._run(
            "worker", *where, *nanny, "--no-dashboard", "--nthreads", str(threads), "--name", name, "--memory-limit", "0",
            "--local-directory", str(self.folder / name), *self.options, *options, log=log,
        )  # fmt: skip
        self.workers.append(worker)
        wait_for(lambda: "Registered to" in log.read_text(), f"worker {name}: {log}")
        return worker

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            if process is not None and process.poll() is None:
                end_tree(process)

    def _run(self, what: str, *options: str, log: Path | None = None) -> subprocess.Popen[bytes]:
        path = log or self.folder / f"{what}.log"
        with path.open("wb") as out:
            return subprocess.Popen(
                [*DASK, what, *options],
                cwd=self.folder,
                env={**os.environ, **_QUICK, "PYTHONPATH": str(self.folder / "without"), **self.env},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    @property
    def _file(self) -> Path:
        return self.folder / "scheduler.json"


def end_tree(process: subprocess.Popen[Any]) -> None:
    """It, and what it has started."""
    try:
        children = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        children = []
    found: list[subprocess.Popen[Any] | psutil.Process] = [process, *children]
    for one in found:
        try:
            one.send_signal(signal.SIGKILL)
        except (psutil.NoSuchProcess, ProcessLookupError):
            continue
    process.wait(timeout=DEADLINE_S)


def hide_batchdrain(folder: Path) -> dict[str, str]:
    """Make the folder. Returns an environment in which no Python finds batchdrain."""
    without = folder / "without"
    without.mkdir(parents=True)
    (without / "sitecustomize.py").write_text(_WITHOUT)
    return {**os.environ, **_QUICK, "PYTHONPATH": str(without)}


@contextmanager
def cluster(
    folder: Path, *workers: int, options: tuple[str, ...] = (), env: Mapping[str, str] | None = None
) -> Iterator[Cluster]:
    """`workers`: threads of each."""
    hide_batchdrain(folder)
    found = Cluster(folder=folder, options=options, env=env or {})
    try:
        found.start()
        for threads in workers:
            found.add_worker(threads=threads)
        yield found
    finally:
        found.close()
