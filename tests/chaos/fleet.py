"""A cluster in some lines: workers in processes of their own that have no batchdrain, a scheduler in the controller, `first` and
`tell`. It stands in a project as `clusters.py`."""

from __future__ import annotations

from pathlib import Path

from tests.support.workplace import Workplace

WORKER = Path(__file__).with_name("fleet_worker.py")
CLUSTERS = '''
import pickle, queue, runpy, socket, subprocess, sys, threading, time
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path

WORKER = "@WORKER@"
Line = runpy.run_path(WORKER, run_name="line")["Line"]

class First:
    """Tickets of the scheduler's; on a worker it asks for them over the line."""
    def __init__(self):
        self.guard, self.drawn = threading.Lock(), set()
    def __call__(self, token):
        with self.guard:
            is_first = token not in self.drawn
            self.drawn.add(token)
            return is_first
    def __reduce__(self):
        return eval, ("lambda token: __import__('_fleet').first(token)",)

class Fleet(Executor):
    def __init__(self, workers, *, apart=()):
        self.first, self.tasks, self.lines, self.waits = First(), queue.Queue(), [], {}
        self.guard, self.number = threading.Lock(), 0
        self.server = socket.create_server(("127.0.0.1", 0))
        self.processes = []
        for number in range(workers):
            folder = Path(f"worker-{number}").absolute()
            folder.mkdir(exist_ok=True)
            self.processes.append(subprocess.Popen(
                [*apart, sys.executable, "-I", "-S", WORKER, str(self.server.getsockname()[1])],
                cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                env={"PATH": "/usr/bin:/bin", "HERE": folder.name, "TMPDIR": str(folder)},
            ))
        for _ in range(workers):
            line = Line(self.server.accept()[0])
            self.lines.append(line)
            threading.Thread(target=self.hear, args=(line,), daemon=True).start()
            threading.Thread(target=self.feed, args=(line,), daemon=True).start()
    def feed(self, line):
        """One order after another, each once the one before has ended."""
        while (task := self.tasks.get()) is not None:
            future, raw = task
            self.ask(line, "task", raw, future)
            over = threading.Event()
            future.add_done_callback(lambda _: over.set())
            over.wait()
    def ask(self, line, kind, raw, future):
        with self.guard:
            self.number += 1
            self.waits[self.number] = future
        line.send(kind, self.number, raw)
    def hear(self, line):
        try:
            while True:
                kind, key, *rest = line.receive()
                if kind == "first":
                    line.send("first", key, self.first(key))
                elif kind != "here":
                    future = self.waits.pop(key)
                    if not future.done():
                        future.set_result(rest[0])
        except (EOFError, OSError):
            pass
    def submit(self, call, message):
        future = Future()
        self.tasks.put((future, pickle.dumps((call, message))))
        return future
    def tell(self, call, message):
        futures, until = [Future() for _ in self.lines], time.monotonic() + 0.5
        for line, future in zip(self.lines, futures):
            self.ask(line, "tell", pickle.dumps((call, message)), future)
        found = []
        for future in futures:
            try:
                found.append(future.result(max(0.0, until - time.monotonic())))
            except TimeoutError:
                pass
        return found
    def capacity(self):
        return len(self.lines)
    def shutdown(self, wait=True, *, cancel_futures=False):
        for process in self.processes:
            process.kill()
            process.wait()

class Distant(Fleet):
    """Its workers see no file of ours."""
    shares_files = False

class Forgets(Fleet):
    """Its scheduler restarts: each future is cancelled once its command runs, the workers go on."""
    def submit(self, call, message):
        future = super().submit(call, message)
        if b'"probe"' in message:
            return future
        def forget():
            while not list(Path("witness").glob("events")):
                time.sleep(0.01)
            future.cancel()
            future.set_running_or_notify_cancel()
        threading.Thread(target=forget, daemon=True).start()
        return future

class Redelivers(Fleet):
    """It believes a worker dead, delivers the order to another one, and hands on what that says."""
    def submit(self, call, message):
        first = super().submit(call, message)
        return first if b'"probe"' in message else super().submit(call, message)

class Threads(ThreadPoolExecutor):
    """Threads of the controller, which hear its words too."""
    def __init__(self, workers):
        super().__init__(workers)
        self.first = First()
    def tell(self, call, message):
        return [call(message)]

class Elsewhere(Fleet):
    """Its `tell` reaches processes that execute nothing."""
    def tell(self, call, message):
        return [call(message)]

class Deaf(Fleet):
    def tell(self, call, message):
        raise TimeoutError("no route to the workers")

def fleet(*, workers, settings):
    return Fleet(workers)

def apart(*, workers, settings):
    return Distant(workers, apart=["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"])

def distant(*, workers, settings):
    return Distant(workers)

def forgets(*, workers, settings):
    return Forgets(workers)

def redelivers(*, workers, settings):
    return Redelivers(workers + 1)

def threads(*, workers, settings):
    return Threads(workers)

def elsewhere(*, workers, settings):
    return Elsewhere(workers)

def deaf(*, workers, settings):
    return Deaf(workers)
'''


def use_fleet(place: Workplace, name: str, **settings: object) -> dict[str, str]:
    """The project drains by this cluster from now on. Returns the environment in which it is found."""
    Path(place.root, "clusters.py").write_text(CLUSTERS.replace("@WORKER@", str(WORKER)))
    place.configure(engine=f"clusters:{name}", **settings)
    return {"PYTHONPATH": str(place.root)}
