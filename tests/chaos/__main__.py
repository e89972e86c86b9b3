"""The soak: several controllers on one database, one of them killed, stopped or cut off every other second.

    python -m tests.chaos --minutes=10 --database=sqlite|postgresql|mariadb --seed=1

Prints the figures, and every broken promise; exits 1 when there is one.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.chaos.checker import rows_of, violations, witnessed
from tests.chaos.cutting import cut
from tests.chaos.watching import watched
from tests.support import servers
from tests.support.databases import own_database
from tests.support.workplace import Beside, Workplace

CONTROLLERS = 4
PHASES = 300
EVERY_S = 2.0


@contextmanager
def project(database: str) -> Iterator[Workplace]:
    """A project on a database of its own."""
    with tempfile.TemporaryDirectory(prefix="batchdrain-soak-") as home, contextlib.ExitStack() as stack:
        root = Path(home, "project")
        root.mkdir()
        if database == "sqlite":
            Path(home, "work.db").touch()
            url = f"sqlite:///{home}/work.db"
        else:
            server = stack.enter_context(servers.postgresql()) if database == "postgresql" else servers.mariadb()
            if server is None:
                raise SystemExit("no MariaDB answers: set BATCHDRAIN_TEST_MYSQL_URL")
            url = stack.enter_context(own_database(server))
        place = Workplace(root=root, url=url)
        place.make_table()
        yield place


class Soak:
    def __init__(self, place: Workplace, witness: Path, seed: int) -> None:
        self.place = place
        self.witness = witness
        self.dice = random.Random(seed)
        self.done: Counter[str] = Counter()
        self.made = 0
        self.printed: list[str] = []
        self.drains: list[Beside] = []
        self.listeners: list[threading.Thread] = []

    def add_phases(self) -> None:
        acts = ["ms=1", "ms=30", "ms=200", "daemon", "fail"]
        names = [f"run{self.made + n}/p~{self.dice.choice(acts)}" for n in range(PHASES)]
        self.place.add(*rows_of(names))
        self.made += len(names)

    def keep_up(self) -> None:
        """As many controllers as there should be."""
        self.drains = [drain for drain in self.drains if drain.poll() is None]
        while len(self.drains) < CONTROLLERS:
            drain = self.place.start("drain", "--batch-size=100000", "--workers=2")
            self.listeners.append(threading.Thread(target=self._listen, args=(drain,), daemon=True))
            self.listeners[-1].start()
            self.drains.append(drain)
            self.done["controllers started"] += 1

    def harm(self) -> None:
        """One fault."""
        served = not self.place.url.startswith("sqlite")
        fault = self.dice.choice(["kill", "kill", "kill", "guardian", "stop", "interrupt", *(["cut"] if served else [])])
        drain = self.dice.choice(self.drains)
        with contextlib.suppress(ProcessLookupError):
            if fault == "guardian":
                guards = [pid for (pid,) in self.place.sql("SELECT guard_pid FROM batchdrain_claim WHERE owner IS NOT NULL")]
                for pid in guards[:1]:
                    os.kill(pid, signal.SIGKILL)
            elif fault == "cut":
                cut(self.place)
            elif fault == "stop":
                drain.send_signal(signal.SIGSTOP)
                threading.Timer(6.0, drain.send_signal, (signal.SIGCONT,)).start()
            else:
                drain.send_signal(signal.SIGINT if fault == "interrupt" else signal.SIGKILL)
        self.done[f"faults: {fault}"] += 1

    def run(self, minutes: float) -> None:
        end = time.monotonic() + minutes * 60
        self.add_phases()
        while time.monotonic() < end:
            self.keep_up()
            time.sleep(EVERY_S)  # the load runs meanwhile
            left = "SELECT count(*) FROM phases WHERE state = 'FAILED' AND phase_id <> 'p~fail'"
            if self.place.sql(left) < [(PHASES // 2,)]:
                self.add_phases()
            self.harm()
        for drain in self.drains:
            with contextlib.suppress(ProcessLookupError):
                drain.send_signal(signal.SIGCONT)
                drain.send_signal(signal.SIGTERM)
        for drain in self.drains:
            drain.wait()
        for listener in self.listeners:
            listener.join()
        while self.place.sql("SELECT count(*) FROM batchdrain_claim WHERE owner IS NOT NULL") != [(0,)]:
            self.place.inv("recover")

    def report(self) -> list[str]:
        broken = violations(self.place, self.witness, "".join(self.printed))
        outcomes = dict(self.place.sql("SELECT outcome, count(*) FROM batchdrain_attempt GROUP BY outcome"))
        states = Counter(self.place.states().values())
        seen = Counter(line.word for line in witnessed(self.witness))
        for name, count in sorted({**self.done, **{f"attempts: {name}": count for name, count in outcomes.items()}}.items()):
            print(f"{count:>8} {name}")
        print(f"{sum(states.values()):>8} phases: {dict(states)}; lost: {self.made - sum(states.values())}")
        print(f"{seen['start']:>8} executions, overlaps: {seen['overlap']}")
        print(f"{len(broken):>8} broken promises")
        return broken

    def _listen(self, drain: Beside) -> None:
        self.printed.append(drain.communicate()[0].decode(errors="replace"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--database", choices=["sqlite", "postgresql", "mariadb"], default="sqlite")
    parser.add_argument(
        "--seed", type=int, default=random.SystemRandom().getrandbits(32), help="drawn anew unless it is given"
    )
    asked = parser.parse_args()
    print(f"seed: {asked.seed}", flush=True)
    with project(asked.database) as place:
        witness = watched(place, lease={"ttl_s": 4, "beat_s": 0.5, "margin_s": 0.5})
        soak = Soak(place, witness, asked.seed)
        soak.run(asked.minutes)
        broken = soak.report()
    for line in broken[:50]:
        print("BROKEN", line)
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
