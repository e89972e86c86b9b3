"""Engines of a few lines, each of which does one thing that a cluster does: they stand in a project as `stubs.py`."""

from __future__ import annotations

from pathlib import Path

from tests.support.workplace import Workplace

STUBS = '''
import json, multiprocessing, threading, time
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

class Pool(ProcessPoolExecutor):
    """Real processes, more of them than it was asked for: what it has lost runs on."""

    def __init__(self, workers):
        super().__init__(2 * workers + 1, mp_context=multiprocessing.get_context("spawn"))

def begun(message):
    while not Path(json.loads(message)["stdout_path"]).exists():
        time.sleep(0.01)

def is_probe(message):
    env = json.loads(message)["env"]
    return env["BATCHDRAIN_RUN_ID"] == "batchdrain" and env["BATCHDRAIN_PHASE_ID"] == "probe"

class Redelivers(Pool):
    """It believes a worker dead, and delivers the order again."""
    def submit(self, call, message):
        super().submit(call, message)
        begun(message)
        return super().submit(call, message)

class Cancels(Pool):
    """Its scheduler dies: each future is cancelled, the commands run on."""
    def submit(self, call, message):
        super().submit(call, message)
        begun(message)
        future = Future()
        future.cancel()
        future.set_running_or_notify_cancel()
        return future

class Loses(Pool):
    """A future fails whose command runs on, on a host that is not ours."""
    def submit(self, call, message):
        if is_probe(message):
            return super().submit(call, message)
        super().submit(elsewhere, call, message)
        begun(message)
        future = Future()
        future.set_exception(RuntimeError("the worker is lost"))
        return future

def elsewhere(call, message):
    call.load().files.system.host_id = lambda: "another-boot:1"
    return call(message)

class Refuses(Executor):
    """Its workers can't read an order."""
    def submit(self, call, message):
        future = Future()
        future.set_exception(ModuleNotFoundError("No module named 'batchdrain'"))
        return future

class RefusesLater(Pool):
    """The same, once it has answered the probe."""
    def submit(self, call, message):
        return super().submit(call, message) if is_probe(message) else Refuses().submit(call, message)

class Never(Executor):
    """It has no worker."""
    def submit(self, call, message):
        Path("submitted").touch()
        return Future()

class NeverLater(Pool):
    """Its workers go away, and nothing comes of what they were at: no ending, no error."""
    def submit(self, call, message):
        if is_probe(message):
            return super().submit(call, message)
        super().submit(call, message)
        return Future()

class GoneLater(Pool):
    """The workers are gone before they begin what they were given."""
    def submit(self, call, message):
        return super().submit(call, message) if is_probe(message) else Never().submit(call, message)

class Vanishes(Pool):
    """Worker and nanny are cut off: an order was begun there, and nothing more is heard of it."""
    def submit(self, call, message):
        if is_probe(message):
            return super().submit(call, message)
        super().submit(vanish, call, message)
        return Future()

def vanish(call, message):
    files, order = call.load().files, json.loads(message)
    files.system.host_id = lambda: "another-boot:1"
    files.draw(order["tickets"], order["token"], (2, 1))

class Late(Pool):
    """A scheduler that outlives the controller, and delivers what it was given then."""
    def submit(self, call, message):
        if is_probe(message):
            return super().submit(call, message)
        super().submit(delivered_late, call, message)
        return Future()

def delivered_late(call, message):
    Path("submitted").touch()  # here, since the pool's own threads send an order: until then it would die with its controller
    while not Path("deliver").exists():
        time.sleep(0.01)
    Path("delivered.new").write_text(json.loads(call(message))["kind"])
    Path("delivered.new").rename("delivered")

class Apart(Pool):
    """Its workers see no file of ours, and there is no `first`."""
    shares_files = False

class Hidden(Pool):
    """Its workers are to see our files, and do not."""
    shares_files = True
    def submit(self, call, message):
        return super().submit(hidden, call, message)

def hidden(call, message):
    order = json.loads(message)
    folder = Path(order["tickets"]).with_name("tickets-elsewhere")
    return call(json.dumps({**order, "tickets": str(folder), "landmark": str(folder / "landmark")}).encode())

class Fair(ThreadPoolExecutor):
    """Tickets of its own, which it gives each once."""
    def __init__(self, workers):
        super().__init__(2 * workers + 1)
        self.drawn = set()
    def first(self, token):
        is_first = token not in self.drawn
        self.drawn.add(token)
        return is_first

class FairTwice(Fair):
    def submit(self, call, message):
        super().submit(call, message)
        begun(message)
        return super().submit(call, message)

class Unfair(Fair):
    def first(self, token):
        return True

def away(*, workers, settings):
    raise TimeoutError("Timed out trying to connect to tcp://127.0.0.1:19999 after 30 s")

def badtls(*, workers, settings):
    raise TypeError("TLS expects a `ssl_context` argument")

def factory_of(kind):
    return lambda *, workers, settings: kind(*(() if kind in (Refuses, Never) else (workers,)))

redelivers, cancels, loses, refuses, refuses_later, never, never_later, gone_later, vanishes, late, apart, hidden_folder, fair, fair_twice, unfair, pool = map(
    factory_of,
    (Redelivers, Cancels, Loses, Refuses, RefusesLater, Never, NeverLater, GoneLater, Vanishes, Late, Apart, Hidden, Fair, FairTwice, Unfair, Pool),
)
'''


def use_stub(place: Workplace, name: str, **settings: object) -> dict[str, str]:
    """The project drains by this engine from now on. Returns the environment in which its workers find it."""
    Path(place.root, "stubs.py").write_text(STUBS)
    place.configure(engine=f"stubs:{name}", **settings)
    return {"PYTHONPATH": str(place.root)}
