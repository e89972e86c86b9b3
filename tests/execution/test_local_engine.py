"""The engine of this machine: its threads, and what it tells its guardians."""

from __future__ import annotations

import signal
import sys
from typing import Any

import pytest

from batchdrain.execution.engines.examined import Examined
from batchdrain.execution.engines.local import LocalEngine, local_engine
from batchdrain.execution.engines.own_threads import _REGISTRY, interrupt_own
from batchdrain.execution.engines.protocol import capabilities_of
from batchdrain.execution.guardian_pool import POOL, GuardianPool
from batchdrain.execution.worker import carrier
from batchdrain.runtime.signals import SIGNALS


def test_its_threads_are_all_there_hear_no_signal_and_execute_under_its_own_guardians() -> None:
    engine = local_engine(workers=3, settings="whatever else a factory gets")
    try:
        assert (len(engine._threads), engine.capacity(), engine.shares_files) == (3, 3, True)
        assert {thread.name.rpartition("_")[0] for thread in engine._threads} == {"batchdrain"}
        assert engine.submit(POOL.get).result(60) is engine.pool
        assert set(SIGNALS) <= engine.submit(signal.pthread_sigmask, signal.SIG_BLOCK, ()).result(60)
        found = capabilities_of(engine)
        assert (found.pool, found.shares_files, found.interrupt, found.first, found.tell) == (
            engine.pool, True, engine.interrupt, None, None,
        )  # fmt: skip
    finally:
        engine.shutdown()
    assert POOL.get() is None


@pytest.mark.parametrize("wait", [True, False])
def test_its_guardians_are_sent_away_once_its_last_command_has_ended(monkeypatch: pytest.MonkeyPatch, wait: bool) -> None:
    told = list[Any]()
    monkeypatch.setattr(GuardianPool, "close", lambda _: told.append("closed"))
    monkeypatch.setattr(GuardianPool, "interrupt", lambda _, kill: told.append(kill))
    engine = LocalEngine(1)
    engine.interrupt()
    engine.interrupt(kill=True)
    ended = engine.submit(lambda: told.append("ended"))
    engine.shutdown(wait, cancel_futures=False)
    ended.result(60)
    assert told == [False, True, "ended", *(["closed"] if wait else [])]
    with pytest.raises(RuntimeError, match="after shutdown"):
        engine.submit(print)


def test_each_runner_of_this_process_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _REGISTRY == carrier.REGISTRY
    monkeypatch.delitem(sys.modules, _REGISTRY, raising=False)
    interrupt_own(kill=True)
    told = list[tuple[str, bool]]()
    registry: Any = carrier._new_registry()
    for name in ("one", "two"):
        runner = type("Runner", (), {"interrupt": staticmethod(lambda *, kill, name=name: told.append((name, kill)))})
        registry.runners[name] = runner
    monkeypatch.setitem(sys.modules, _REGISTRY, registry)
    interrupt_own()
    interrupt_own(kill=True)
    assert told == [("one", False), ("two", False), ("one", True), ("two", True)]


def test_what_was_examined_is_well_unless_it_is_said() -> None:
    found = Examined(message="m")
    assert (found.ok, found.is_warning, found.cure) == (True, False, "")
