"""What an engine of others does is found out before the first claim, and what it can't do is told then."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.drain.engine import probe as engine_probe
from batchdrain.drain.engine.probe import Probe
from batchdrain.drain.shutdown import Shutdown
from batchdrain.execution import left_files, tickets
from batchdrain.execution.delivery import Delivery
from batchdrain.execution.engines.protocol import capabilities_of
from batchdrain.execution.order import EndedBy, Ending
from batchdrain.execution.process_identity import identify_self
from batchdrain.model.errors import BatchDrainError, ConfigError, EngineUnavailable, FilesUnavailable
from tests.support.opened import open_session, opened, request_for
from tests.support.scripted_engine import answer_of
from tests.support.workplace import Workplace

Come = Callable[[dict[str, Any], "Future[bytes]"], None]
SOUND = Ending(by=EndedBy.EXIT, exit_code=0)
NEVER_BEGUN = "Waiting for a worker of the engine, at most 120 s (lease.ttl_s)"
LONG_LEASE = "The engine can't be told to end a command{}: each claim lasts for its time limit and {:g} s more, and stays "


def draw(order: dict[str, Any]) -> None:
    tickets.draw(order["tickets"], order["token"], identify_self())


def sound(order: dict[str, Any], future: Future[bytes]) -> None:
    draw(order)
    future.set_result(answer_of(order["token"], SOUND))


def undrawn(order: dict[str, Any], future: Future[bytes]) -> None:
    future.set_result(answer_of(order["token"], SOUND))


def no_program(order: dict[str, Any], future: Future[bytes]) -> None:
    draw(order)
    future.set_result(answer_of(order["token"], Ending(by=EndedBy.NOT_STARTED, errno=2)))


def lost(order: dict[str, Any], future: Future[bytes]) -> None:
    future.set_exception(RuntimeError("no worker has its code"))


def lost_once_begun(order: dict[str, Any], future: Future[bytes]) -> None:
    draw(order)
    lost(order, future)


def cancelled(order: dict[str, Any], future: Future[bytes]) -> None:
    future.cancel()
    future.set_running_or_notify_cancel()


def refused(order: dict[str, Any], future: Future[bytes]) -> None:
    raise ValueError("an order is no text")


def nothing(order: dict[str, Any], future: Future[bytes]) -> None:
    pass


def begun(order: dict[str, Any], future: Future[bytes]) -> None:
    draw(order)


class Engine:
    """Each order that it is given comes to the next of `comes`; what it `has` beside that are its attributes."""

    def __init__(self, *comes: Come, **has: Any) -> None:
        self.comes = list(comes) or [sound]
        self.orders: list[dict[str, Any]] = []
        vars(self).update(has)

    def submit(self, call: Any, message: bytes) -> Future[bytes]:
        self.orders.append(json.loads(message))
        future: Future[bytes] = Future()
        self.comes.pop(0)(self.orders[-1], future)
        return future


class Probing:
    """A session that is about to begin."""

    def __init__(self, it: Any) -> None:
        self.it = it
        self.shutdown = Shutdown()
        self.notices: list[str] = []

    def of(self, engine: Engine) -> Delivery | None:
        found: Any = engine
        return Probe(self.it, found, capabilities_of(found), self.shutdown, self.notices.append).delivery()


@pytest.fixture
def probing(sqlite_project: Workplace) -> Iterator[Probing]:
    with opened(sqlite_project, workers=2) as project, open_session(project, request_for(project)) as it:
        yield Probing(it)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second goes by with each look."""
    now = [0.0]

    def tick() -> float:
        now[0] += 1
        return now[0]

    monkeypatch.setattr(engine_probe, "monotonic", tick)
    monkeypatch.setattr(engine_probe, "_LOOK_S", 0.0)


@pytest.mark.parametrize("bad", [refused, lost, cancelled])
def test_what_fails_less_than_three_times_is_tried_again_and_then_nothing_was_claimed(probing: Probing, bad: Come) -> None:
    engine = Engine(bad, bad, sound)
    assert probing.of(engine) is not None
    assert len({order["token"] for order in engine.orders}) == 3, "each is an order of its own"
    assert (engine.orders[0]["argv"], engine.orders[0]["env"]["BATCHDRAIN_PHASE_ID"]) == (["true"], "probe")
    assert engine.orders[0]["env"]["BATCHDRAIN_TOKEN"] == engine.orders[0]["token"]
    for order in engine.orders:
        assert not tickets.draw(order["tickets"], order["token"], None), "what failed begins nowhere any more"
    with pytest.raises(EngineUnavailable, match="nothing was claimed"):
        probing.of(Engine(bad, bad, bad, sound))


@pytest.mark.parametrize(
    ("come", "error", "says"),
    [
        (refused, EngineUnavailable, "it takes no commands: ValueError: an order is no text"),
        (lost, EngineUnavailable, "it executes nothing, not even `true`: RuntimeError: no worker has its code"),
        (cancelled, EngineUnavailable, "it executes nothing, not even `true`: it cancelled it"),
        (no_program, ConfigError, "`true` can't be executed"),
        (undrawn, ConfigError, "its workers cannot take tickets in "),
        (lost_once_begun, None, ""),
        (sound, None, ""),
    ],
)  # fmt: skip
def test_an_engine_is_sound_where_a_delivery_drew_its_ticket_whatever_its_future_says(
    probing: Probing, come: Come, error: type[BatchDrainError] | None, says: str
) -> None:
    if error is None:
        delivery = probing.of(Engine(come))
        assert delivery is not None
        assert not delivery.is_told
        return
    with pytest.raises(error) as caught:
        probing.of(Engine(come, come, come))
    assert says in str(caught.value)


def test_tickets_of_its_own_are_each_for_exactly_one(probing: Probing) -> None:
    for first in (lambda token: True, lambda token: False):
        with pytest.raises(ConfigError, match="its `first` gives one ticket twice, or none"):
            probing.of(Engine(first=first))
    drawn: list[str] = []

    def fair(token: str) -> bool:
        drawn.append(token)
        return drawn.count(token) == 1

    def come(order: dict[str, Any], future: Future[bytes]) -> None:
        fair(order["token"])
        undrawn(order, future)

    delivery = probing.of(Engine(come, first=fair, shares_files=False))
    assert delivery is not None
    assert not delivery.withdraw(drawn[-1])
    with pytest.raises(ConfigError, match="it shares no files with its workers, and has no `first`"):
        probing.of(Engine(shares_files=False))


def told(*answers: list[str] | Exception) -> Callable[..., list[bytes]]:
    """A `tell`: the workers that answer, by their names, one time after the other."""
    left = list(answers)

    def tell(call: Any, message: bytes) -> list[bytes]:
        found = left.pop(0)
        if isinstance(found, Exception):
            raise found
        return [json.dumps({"v": 1, "where": {"worker": name}}).encode() for name in found]

    return tell


@pytest.mark.parametrize(
    ("tell", "why"),
    [
        (told(["scripted", "another"]), None),
        (told(OSError("away"), [], ["scripted"]), None),
        (told(OSError("away"), [], ["another"], ["scripted"]), " (its `tell`: it does not reach the processes that execute)"),
        (told([], [], []), " (its `tell`: no worker answered)"),
        (told([], [], OSError("away")), " (its `tell`: OSError: away)"),
        (None, ""),
    ],
    ids=["at once", "the third time", "others alone", "nobody", "an error", "it has none"],
)  # fmt: skip
def test_leases_are_short_where_its_words_reach_the_process_that_executed(
    probing: Probing, tell: Any, why: str | None
) -> None:
    delivery = probing.of(Engine(**({} if tell is None else {"tell": tell})))
    assert delivery is not None
    settings = probing.it.request.settings
    assert delivery.terms.lease_s == (settings.lease.ttl_s if why is None else None)
    assert delivery.is_told is (why is None)
    command, lease = settings.command, settings.lease
    more_s = command.grace_s + command.settle_s + lease.margin_s + lease.ttl_s
    expected = [] if why is None else [LONG_LEASE.format(why, more_s) + "that long where the engine loses it"]
    assert probing.notices == expected


def test_who_executed_is_not_known_where_the_future_failed_and_any_worker_may_answer_then(probing: Probing) -> None:
    delivery = probing.of(Engine(lost_once_begun, tell=told(["another"])))
    assert delivery is not None
    assert delivery.is_told


def _raise() -> int:
    raise OSError("no scheduler")


@pytest.mark.parametrize(
    ("capacity", "says"),
    [
        (lambda: 1, "The engine has 1 slot now, and 2 workers are asked for: what waits for a slot is held, and nobody else may take it"),
        (lambda: 2, None),
        (lambda: None, None),
        (_raise, "The engine can't say how many slots it has: OSError: no scheduler"),
    ],
    ids=["too few", "enough", "not known", "an error"],
)  # fmt: skip
def test_less_slots_than_workers_are_told_of(probing: Probing, capacity: Callable[[], int | None], says: str | None) -> None:
    probing.of(Engine(capacity=capacity, tell=told(["scripted"])))
    assert probing.notices == ([] if says is None else [says])


@pytest.mark.usefixtures("quick")
def test_a_worker_is_waited_for_as_long_as_a_lease_lasts_and_that_is_told_once(probing: Probing) -> None:
    engine = Engine(nothing, tell=told())
    with pytest.raises(EngineUnavailable, match="no worker of it began anything within 120 s"):
        probing.of(engine)
    assert probing.notices == [NEVER_BEGUN]
    assert not tickets.draw(engine.orders[0]["tickets"], engine.orders[0]["token"], None), "it was withdrawn"


@pytest.mark.usefixtures("quick")
def test_what_has_begun_and_does_not_end_is_no_longer_waited_for_than_true_takes(probing: Probing) -> None:
    assert probing.of(Engine(begun, tell=told(["scripted"]))) is not None
    assert probing.notices == []


def test_an_interrupted_drain_does_not_wait_for_an_engine(probing: Probing) -> None:
    probing.shutdown.signal = 2
    engine = Engine(nothing, tell=told())
    assert probing.of(engine) is not None
    assert not tickets.draw(engine.orders[0]["tickets"], engine.orders[0]["token"], None), "nobody begins it any more"


def test_an_engine_with_guardians_of_ours_is_not_probed_and_any_other_gets_what_is_set(probing: Probing) -> None:
    ours: Any = Engine()
    has: Any = SimpleNamespace(pool="guardians")
    assert Probe(probing.it, ours, has, probing.shutdown, probing.notices.append).delivery() is None
    assert (ours.orders, probing.notices) == ([], [])
    engine = Engine(tell=told(["scripted"]))
    delivery = probing.of(engine)
    assert delivery is not None
    assert delivery.terms.back_bytes == probing.it.request.settings.command.log_back_kb * 1000
    [order] = engine.orders
    names = {name: value for name, value in order["env"].items() if name != "BATCHDRAIN_TOKEN"}
    assert names == {
        "BATCHDRAIN_RUN_ID": "batchdrain", "BATCHDRAIN_PHASE_ID": "probe", "BATCHDRAIN_PHASE_INDEX": "", "BATCHDRAIN_ATTEMPT": "0",
        "BATCHDRAIN_EPOCH": "0", "BATCHDRAIN_SESSION_ID": "",
    }  # fmt: skip
    assert (order["timeout_s"], order["cwd"]) == (30.0, str(probing.it.project.root))


def test_tickets_that_can_not_be_laid_are_told_with_their_folder(probing: Probing, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for module, name in ((tickets, "make_folder"), (left_files, "put")):
        with monkeypatch.context() as patched:
            patched.setattr(module, name, fail)
            with pytest.raises(FilesUnavailable, match=r"/.+: No space left on device"):
                probing.of(Engine())
