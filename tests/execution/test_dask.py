"""The engine `dask` with a real scheduler and real workers: what holds of its four words, whatever happens to the cluster."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import wait
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from batchdrain.config.plugins import ENGINES, resolve
from batchdrain.config.settings import Settings
from batchdrain.execution.engines.dask.by_source import BySource
from batchdrain.execution.engines.dask.engine import DaskEngine
from batchdrain.model.errors import ConfigError
from tests.chaos.faults import fault
from tests.support.dask_cluster import Cluster, cluster
from tests.support.workplace import wait_for

CALLS = Path(__file__).parents[1] / "support" / "calls_by_source.py"
ANSWERS_S = 60


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two workers of two threads, for tests that break nothing."""
    with cluster(tmp_path_factory.mktemp("dask") / "cluster", 2, 2) as found:
        yield found


@contextmanager
def engine_of(found: Cluster | None, *, workers: int = 2, ttl_s: float = 120.0) -> Iterator[DaskEngine]:
    options = {} if found is None else {"address": found.address}
    settings = Settings.model_validate(
        {"engine_options": options, "lease": {"ttl_s": ttl_s, "beat_s": 0.5, "margin_s": 0.5}, "command": {"grace_s": 0.5}}
    )
    engine = resolve("dask", ENGINES, "engine")(workers=workers, settings=settings)
    try:
        yield engine
    finally:
        engine.shutdown(wait=False, cancel_futures=True)


def execute(engine: DaskEngine) -> Callable[[bytes], bytes]:
    return partial(BySource(CALLS, "execute"), engine.first)


def begun(path: Path) -> list[list[str]]:
    file = Path(f"{path}.begun")
    return [line.split() for line in file.read_text().splitlines()] if file.exists() else []


@fault(110)
def test_orders_are_answered_by_workers_that_have_nothing_of_batchdrain(shared: Cluster) -> None:
    with engine_of(shared) as engine:
        found = [engine.submit(execute(engine), b"t%d -" % number) for number in range(20)]
        answers = [future.result(ANSWERS_S).split() for future in found]

    assert [answer[0] for answer in answers] == [b"t%d" % number for number in range(20)]
    assert {int(answer[2]) for answer in answers} <= {worker.pid for worker in shared.workers}


def test_an_order_does_not_wait_for_the_message_before_it(shared: Cluster) -> None:
    """dask sends no message within an interval after the last one. `interval` is the name of it in dask."""
    from distributed.batched import BatchedSend

    with engine_of(shared) as engine:
        sending = engine.client.scheduler_comm
        assert (type(sending), BatchedSend(interval="10ms").interval) == (BatchedSend, 0.01)
        assert sending.interval <= 0.001


def test_a_ticket_is_drawn_once_be_it_here_or_on_a_worker(shared: Cluster) -> None:
    with engine_of(shared) as engine:
        here = [engine.first("a"), engine.first("a")]
        withdrawn = engine.submit(execute(engine), b"a -")
        executed = engine.submit(execute(engine), b"b -").result(ANSWERS_S)

        assert here == [True, False]
        assert executed.startswith(b"b by ")
        assert engine.first("b") is False
        assert not wait([withdrawn], timeout=1).done  # whoever drew its ticket knows what became of it


def test_controllers_of_one_scheduler_have_tickets_of_their_own(shared: Cluster) -> None:
    with engine_of(shared) as one, engine_of(shared) as other:
        assert [one.first("a"), other.first("a"), one.first("a")] == [True, True, False]


def test_everybody_is_told_beside_the_tasks_and_who_does_not_answer_is_left_out(shared: Cluster, tmp_path: Path) -> None:
    go = tmp_path / "go"
    with engine_of(shared) as engine:
        busy = [engine.submit(execute(engine), f"t{number} {go}".encode()) for number in range(4)]
        wait_for(lambda: len(begun(go)) == 4, "all threads to be busy")
        everybody = engine.tell(BySource(CALLS, "answer"), b"here")
        shared.workers[0].send_signal(signal.SIGSTOP)
        try:
            others = engine.tell(BySource(CALLS, "answer"), b"here")
        finally:
            shared.workers[0].send_signal(signal.SIGCONT)
            go.touch()
        assert engine.tell(BySource(CALLS, "fail"), b"here") == []
        assert all(future.result(ANSWERS_S) for future in busy)

    assert sorted(everybody) == sorted(b"here %d" % worker.pid for worker in shared.workers)
    assert others == [b"here %d" % shared.workers[1].pid]


def test_the_threads_of_all_workers_are_its_capacity(shared: Cluster) -> None:
    with engine_of(shared) as engine:
        assert engine.capacity() == 4
    with engine_of(None, workers=3) as engine:
        assert engine.capacity() == 3


def test_what_a_call_raises_is_the_error_of_its_future(shared: Cluster) -> None:
    with engine_of(shared) as engine, pytest.raises(RuntimeError, match="broken"):
        engine.submit(BySource(CALLS, "fail"), b"broken").result(ANSWERS_S)


def test_the_answer_of_a_worker_that_retires_is_not_lost_and_nothing_is_executed_twice(tmp_path: Path) -> None:
    go = tmp_path / "go"
    with cluster(tmp_path / "cluster", 1) as found, engine_of(found) as engine:
        order = engine.submit(execute(engine), f"t {go}".encode())
        wait_for(lambda: begun(go), "the order to begin")
        retiring = next(iter(engine.workers()))
        found.add_worker(threads=1)
        engine.client.sync(engine.client.scheduler.retire_workers, workers=[retiring], close_workers=True)
        again = engine.submit(execute(engine), b"u -")
        assert again.result(ANSWERS_S) == b"u by %d" % found.workers[1].pid
        go.touch()
        assert order.result(ANSWERS_S) == b"t by %d" % found.workers[0].pid
        assert len(begun(go)) == 1


@fault(44)
def test_an_order_whose_worker_is_killed_is_not_executed_again_and_comes_to_an_end(tmp_path: Path) -> None:
    go = tmp_path / "go"
    with cluster(tmp_path / "cluster", 1) as found, engine_of(found, ttl_s=3.0) as engine:
        order = engine.submit(execute(engine), f"t {go}".encode())
        wait_for(lambda: begun(go), "the order to begin")
        found.workers[0].kill()
        found.add_worker(threads=1)

        assert order.result(ANSWERS_S) == b"twice"
        assert len(begun(go)) == 1


def test_with_the_scheduler_every_future_fails_and_nothing_is_taken_any_more(tmp_path: Path) -> None:
    go = tmp_path / "go"
    with cluster(tmp_path / "cluster", 2) as found, engine_of(found) as engine:
        order = engine.submit(execute(engine), f"t {go}".encode())
        wait_for(lambda: begun(go), "the order to begin")
        assert found.scheduler is not None
        found.scheduler.kill()

        with pytest.raises(ConnectionError, match="the connection to the scheduler was lost"):
            order.result(ANSWERS_S)
        with pytest.raises(ConnectionError, match="the connection to the scheduler was lost"):
            engine.submit(execute(engine), b"u -")
        assert (engine.tell(BySource(CALLS, "answer"), b""), engine.capacity()) == ([], None)
        with pytest.raises(OSError):  # noqa: PT011 - whichever: it is no answer
            engine.first("t")
        go.touch()


def test_nothing_of_a_session_is_left_at_the_scheduler(shared: Cluster) -> None:
    def left(dask_scheduler: Any = None) -> int:
        return len(dask_scheduler.plugins["batchdrain-desk-2"].sessions) + len(dask_scheduler.tasks)

    with engine_of(shared) as engine:
        for future in [engine.submit(execute(engine), b"t%d -" % number) for number in range(5)]:
            future.result(ANSWERS_S)
    with engine_of(shared) as watcher:
        wait_for(lambda: watcher.client.run_on_scheduler(left) == 1, "all but our own session to be forgotten")


def test_an_order_that_is_delivered_after_its_controllers_end_is_not_executed(shared: Cluster, tmp_path: Path) -> None:
    with engine_of(shared) as engine:
        late = pickle.dumps(execute(engine))
    with engine_of(shared) as other:
        future = other.submit(pickle.loads(late), b"t -")
        assert not wait([future], timeout=2).done


def test_a_cluster_of_our_own_listens_nowhere_and_ends_with_us(tmp_path: Path) -> None:
    script = tmp_path / "own.py"
    script.write_text(
        "import psutil, sys\n"
        "from batchdrain.config.settings import Settings\n"
        "from batchdrain.config.plugins import resolve_engine\n"
        "factory = resolve_engine('dask')\n"
        "assert 'distributed' not in sys.modules\n"
        "engine = factory(workers=2, settings=Settings())\n"
        "print([c.laddr for c in psutil.Process().net_connections('inet') if c.status == 'LISTEN'])\n"
        "engine.shutdown()\n"
    )
    ran = subprocess.run([sys.executable, script], env=os.environ, capture_output=True, timeout=60, check=False)

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"[]\n", b"")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"address": "somewhere"}, "engine_options.address: 'somewhere' is no address of a scheduler"),
        ({"address": "tls://h:8786"}, "needs certificates, and none are configured"),
    ],
)
def test_options_that_can_not_be_meant_are_refused(options: dict[str, Any], says: str) -> None:
    factory = resolve("dask", ENGINES, "engine")
    with pytest.raises(ConfigError) as refused:
        factory(workers=1, settings=Settings(engine_options=options))

    assert says in str(refused.value)


def test_a_controller_keeps_no_order_that_was_answered(shared: Cluster) -> None:
    """dask itself keeps a thousand messages, each with all that an order brings."""
    with engine_of(shared) as engine:
        call = execute(engine)
        for number in range(20):
            engine.submit(call, b"t%d -" % number).result(ANSWERS_S)
        assert len(engine.client.scheduler_comm.recent_message_log) <= 10
        assert engine._tasks == {}


def test_what_orders_execute_goes_to_each_worker_once_and_not_with_each_order(shared: Cluster) -> None:
    with engine_of(shared) as engine:
        call = partial(BySource(CALLS, "answer_beside"), bytes(1_000_000))
        futures = [engine.submit(call, b"%d" % number) for number in range(20)]
        assert [future.result(ANSWERS_S) for future in futures] == [b"%d beside 1000000" % number for number in range(20)]
        assert 0 < engine.client.scheduler_comm.byte_count < 1_000_000
