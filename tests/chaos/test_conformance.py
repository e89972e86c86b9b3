"""The five rules that hold for every engine (docs/engines.md), tried with each that we have, sound or broken.

Whoever writes an engine tries it with the same: `BATCHDRAIN_TEST_ENGINE=package.module:factory pytest tests/chaos/test_conformance.py -k own`.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import time
from typing import Any, Final

import pytest

from tests.chaos.checker import still_running, violations, witnessed
from tests.chaos.stub_engines import use_stub
from tests.chaos.test_stub_engines import settle
from tests.chaos.watching import started, watched
from tests.support.workplace import DEADLINE_S, Workplace, wait_for

OWN: Final = json.loads(os.environ.get("BATCHDRAIN_TEST_ENGINE_OPTIONS", "{}"))
SOUND: Final[dict[str, dict[str, Any]]] = {
    "local": {"engine": "local"},
    "threads": {"engine": "plain:threads"},
    "processes": {"engine": "plain:processes"},
    "dask": {"engine": "dask"},
    "parsl": {"engine": "parsl_engine:parsl_engine"},
    "own": {"engine": os.environ.get("BATCHDRAIN_TEST_ENGINE", ""), "engine_options": OWN},
}
BROKEN: Final = [
    "redelivers",
    "fair_twice",
    "cancels",
    "loses",
    "refuses",
    "refuses_later",
    "gone_later",
    "never_later",
    "vanishes",
]
SHORT: Final = {"ttl_s": 4.0, "beat_s": 1.0, "margin_s": 0.5}
PLAIN: Final = """
import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor


def threads(*, workers, settings):
    return ThreadPoolExecutor(workers)


def processes(*, workers, settings):
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
"""
RECIPE: Final = """
import parsl
from concurrent.futures import Executor
from parsl.config import Config
from parsl.executors import ThreadPoolExecutor


def _execute(call, message):
    return call(message)


class Parsl(Executor):
    def __init__(self, workers):
        pool = ThreadPoolExecutor(max_threads=workers)
        self._kernel = parsl.load(Config(executors=[pool], retries=0, usage_tracking=0, initialize_logging=False))
        self._execute = parsl.python_app(_execute)

    def submit(self, call, message):
        return self._execute(call, message)

    def shutdown(self, wait=True, *, cancel_futures=False):
        self._kernel.cleanup()
        parsl.clear()


def parsl_engine(*, workers, settings):
    return Parsl(workers)
"""


def use(place: Workplace, name: str) -> dict[str, str]:
    """The environment for its drains."""
    if name in BROKEN:
        return use_stub(place, name, lease=SHORT, timeout={"default_s": 2, "adaptive": False})
    if name == "own" and not SOUND["own"]["engine"]:
        pytest.skip("BATCHDRAIN_TEST_ENGINE names no engine")
    (place.root / "plain.py").write_text(PLAIN)
    if name == "parsl":
        if importlib.util.find_spec("parsl") is None:
            pytest.skip("parsl is not installed")
        (place.root / "parsl_engine.py").write_text(RECIPE)
    place.configure(**SOUND[name])
    return {"PYTHONPATH": str(place.root)}


@pytest.mark.parametrize("name", [*SOUND, *BROKEN])
def test_nothing_is_lost_nothing_is_doubled_and_0_is_said_of_what_is_done_alone(sqlite_project: Workplace, name: str) -> None:
    """Rules 1 to 4."""
    project = sqlite_project
    witness = watched(project, *(f"r{number}/p~ms=200" for number in range(6)))
    ran = project.inv("drain", "--workers=2", env=use(project, name))
    settle(project)
    words = [seen.word for seen in witnessed(witness)]
    states = list(project.states().values())

    assert violations(project, witness, ran.out) == [], ran
    assert "Traceback" not in ran.err
    assert (ran.code == 0) == (states.count("COMPLETE") == 6), ran
    if name in SOUND:
        assert (ran.code, words.count("start")) == (0, 6), ran
    if name in {"refuses", "refuses_later", "gone_later"}:
        assert words == []
        told = project.sql("SELECT 1 FROM batchdrain_claim WHERE orphan_count > 0 OR attempts > 0")
        assert told == [], "an order that never began counted"


@pytest.mark.parametrize("name", [*SOUND, "cancels", "never_later"])
def test_ctrl_c_ends_it_within_the_grace_time_and_five_seconds(sqlite_project: Workplace, name: str) -> None:
    """Rule 5."""
    project = sqlite_project
    witness = watched(project, "a/p~until=go", "b/p~until=go")
    drain = project.start("drain", "--workers=2", env=use(project, name))
    started(witness, 1)
    begun = time.monotonic()
    drain.send_signal(signal.SIGINT)
    out, err = (text.decode() for text in drain.communicate(timeout=DEADLINE_S))
    took_s = time.monotonic() - begun
    (project.root / "go").touch()
    wait_for(lambda: not list(still_running(project)), "the end of what ran on")
    settle(project)

    assert (drain.returncode, "Traceback" in err) == (130, False), (out, err)
    assert took_s < 0.5 + 5 + 2, took_s
    assert violations(project, witness, out) == []
