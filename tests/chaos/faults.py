"""The fault matrix: what can break, and how often each fault is tried.

A test says which faults it tries (`@fault(1)`, `@repeated(3)`); `test_faults.py` counts how often and in how many ways they
would. `pytest` tries once what is repeated, `pytest -m soak` as often as stands here, the gate both, with a tenth of the latter.
What a machine can not try is skipped, and told by number at the end of the run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import pytest

from tests.support.soaking import share, soak


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which something breaks."""

    what: str
    times: int  #: how often it is tried, on each of `on`; 0 is at every step that there is
    on: tuple[str, ...] = ()  #: the databases that each have to be tried; none is any
    cases: int = 1  #: tests, or parameters of one, that try it in different ways: so many at least


SERVERS: Final = ("postgresql", "mariadb")
EACH: Final = ("sqlite", *SERVERS)
FAULTS: Final = {
    1: Fault("the controller is killed at a random moment", 100, EACH),
    2: Fault("the controller is killed at a step to the disk or to the server", 0, cases=4),
    3: Fault("the guardian is killed", 50),
    4: Fault("guardian and controller are killed together, either first", 50),
    5: Fault("the command is killed by a signal", 3, cases=3),
    6: Fault("SIGINT once, twice, five times", 50, cases=3),
    7: Fault("SIGTERM; the terminal is closed", 20, cases=5),
    8: Fault("Ctrl-C to a pipeline; a reader that leaves", 20, cases=2),
    9: Fault("the controller is stopped beyond its lease, and goes on", 50, EACH, cases=2),
    10: Fault("Ctrl-Z and fg", 5),
    11: Fault("a command that ignores TERM", 10),
    12: Fault("a daemon in a session of its own, which holds the output", 20),
    13: Fault("a command that leaves a background process", 10),
    14: Fault("a command that multiplies, 500 times", 3),
    15: Fault("the pid of a dead controller is another process's", 5, cases=3),
    16: Fault("a controller in another pid namespace", 5),
    17: Fault("2, 4 and 8 controllers on one database, 500 phases (every day 2 and 100, in the gate 8 and 200)", 20, EACH),
    18: Fault("the soak: four controllers, a fault every other second, ten minutes", 1, EACH),
    19: Fault("two resumes of one session", 20),
    20: Fault("the server crashes and starts again", 20, SERVERS),
    21: Fault("the server is away at a claim, a beat, a result", 10, SERVERS, cases=6),
    22: Fault("the server ends connections", 20, SERVERS),
    23: Fault("the reply to a commit is lost", 100, SERVERS),
    24: Fault("the server is silent, or does not hear", 20, SERVERS, cases=2),
    25: Fault("a slow line: 8 kB a second, each packet 50 ms late (neither 500 ms nor lost packets)", 3, SERVERS),
    26: Fault("a deadlock with a transaction of the user's", 20, SERVERS),
    27: Fault("the user locks a row, or the table", 5, SERVERS, cases=2),
    28: Fault("SQLite is locked by a writer; a reader never ends", 10, cases=2),
    29: Fault("a SQLite database that can only be read, or lies on another machine", 3, cases=4),
    30: Fault("a SQLite file that is corrupt, cut off, no database", 10, cases=3),
    31: Fault("a row is deleted or changed by hand while it executes", 10, EACH, cases=3),
    32: Fault("a row is queued between choice and claim", 20, EACH),
    33: Fault("the server's default is another isolation", 5, SERVERS, cases=2),
    34: Fault("the disk of sessions, logs, database, temporary files is full", 10, cases=4),
    35: Fault("a limit on the size of files", 5),
    36: Fault("a step to the disk fails", 0, cases=5),
    37: Fault("no descriptor, no memory, no process is to be had", 10),
    38: Fault("power loss: the order of the steps to the disk", 1),
    39: Fault("the host's clock jumps", 10),
    40: Fault("the database's clock jumps", 10, cases=2),
    41: Fault("the machine sleeps", 3, cases=2),
    42: Fault("odd time zones, a leap second", 3, cases=5),
    43: Fault("a worker of an engine is killed: of a process pool, of dask", 20, cases=2),
    44: Fault("an engine delivers an order twice; dask, as a worker dies or retires", 20, cases=3),
    45: Fault("an engine breaks, or cancels; dask's scheduler is killed", 5, cases=4),
    46: Fault("a plugin raises, hangs, leaves, closes stdout", 5, cases=7),
    47: Fault("output without end, or binary", 3, cases=2),
    48: Fault("10 000 phases of a millisecond", 1, EACH),
    49: Fault("a collation takes two words of a state for one", 9, cases=9),
    50: Fault("SQLite holds other values than a column's declared type says", 3),
    51: Fault("ids of a type that does not compare equal to what is read of it", 1, EACH),
    52: Fault("a row can't be found again by its ids", 2),
    53: Fault("a server of another time zone", 2, cases=2),
    54: Fault("an updated_at that can't hold the time of a write", 1, EACH),
    55: Fault("a table, a ledger or a trigger's table whose engine knows no transactions", 8, cases=6),
    56: Fault("the server takes no writes for a while: a failover, --read-only", 1, SERVERS),
    57: Fault("what is in one row breaks the connection, or can't be read", 5, cases=5),
    58: Fault("errors of the drivers, each provoked at a real database", 12, EACH, cases=60),
    61: Fault("a pooler gives each transaction another session of the server", 5, cases=5),
    62: Fault("a column of the table changes its type during a drain", 4, SERVERS, cases=4),
    63: Fault("a server accepts and falls silent: at once, in TLS, after the login, after a statement", 9, cases=9),
    64: Fault("a server drips: in the login, in an answer", 7, cases=7),
    65: Fault("a server never ends: logins, notices, rows, pages", 8, cases=8),
    66: Fault("a name that nobody resolves", 2, cases=2),
    67: Fault("a table refuses the row that is given back", 1, EACH, cases=6),
    68: Fault("a view keeps the state that a command left", 1, EACH, cases=4),
    69: Fault("a row is gone once its command has ended", 1, EACH, cases=6),
    70: Fault("a database is put back to a backup under an open session", 1, EACH, cases=2),
    71: Fault("batchdrain's own tables are emptied, cut, dropped, in a drain and between drains", 1, EACH, cases=6),
    72: Fault("another file is put in the place of a SQLite database that is open", 1, cases=2),
    73: Fault("a recovery finds other success codes configured than the command ran under", 1, EACH),
    74: Fault("two databases share a folder of sessions", 1, cases=2),
    75: Fault("the server of guardians is stopped", 3, cases=3),
    76: Fault("a command stops its guardian, again and again, or kills it", 5, cases=5),
    77: Fault("an engine hangs, and hears no signal", 3, cases=3),
    78: Fault("a log or a result that has no end, or is no file", 20, cases=20),
    79: Fault("a record of a guardian, or the result of an engine, may be anything", 50, cases=20),
    80: Fault("no /proc, one that hides others or is another namespace's; another time namespace", 5, cases=5),
    81: Fault("a path begins with `~` or holds a variable; the system has no name and no home for us", 12, cases=6),
    82: Fault("others may put another folder in the place of one of ours, and do", 9, cases=9),
    83: Fault("a secret is printed in another form, or held by a variable of an odd name", 20, cases=20),
    84: Fault("a run is named as a glob", 7, cases=7),
    85: Fault("a settings file stands for itself, for billions of values, or is endlessly deep", 16, cases=16),
    86: Fault("others may write a plugin, or what it is made of", 14, cases=14),
    87: Fault("rows of attacks: commands of CI runners, escapes, SQL, shell, markup", 60, cases=4),
    88: Fault("ids that no argument takes", 1, EACH, cases=3),
    89: Fault("a session, a plan, a state that would grow beyond what is read", 3, cases=4),
    91: Fault("an engine forks: a signal to the group, or to one of its processes, a death with a child left", 8, cases=8),
    92: Fault("a dry run beside what dead controllers hold, or kept", 9, EACH, cases=9),
    94: Fault("two ids have one name as a file, whatever their case, accents and signs", 6, cases=6),
    95: Fault("a result file with a field of a wrong kind, or that is no JSON", 25, cases=25),
    99: Fault("a prune is killed, meets another one, a drain, links, a disk that takes nothing", 14, cases=8),
    96: Fault(
        "a chain is killed, interrupted or left by an error: in its first part, between its parts, in its second",
        11,
        cases=11,
    ),
    97: Fault("a chain on tables of an earlier version, which wait as somebody holds a claim", 2, cases=2),
    98: Fault("the command breaks, and fails the same way whatever the phase", 10, cases=10),
    100: Fault("an engine believes a worker dead, and delivers its order again while the first runs", 1, EACH),
    101: Fault("an engine's scheduler dies: every future is cancelled, the commands run on", 1, EACH),
    102: Fault("a future fails whose command runs on, on another host", 1, EACH),
    103: Fault("an engine's workers can't begin any order", 2, EACH, cases=2),
    104: Fault("an engine has no worker, loses it, or says nothing more; then Ctrl-C, once and twice", 6, cases=6),
    105: Fault("an engine is away, wrongly set up, hides the folder of tickets, gives a ticket twice", 5, cases=5),
    106: Fault("nothing is heard of an order any more: no ending, no error", 2, EACH, cases=2),
    110: Fault("workers have nothing of batchdrain", 4, cases=4),
    111: Fault("a message is of another version, or none", 7, cases=7),
    112: Fault("a worker of dask is killed, or retires, and dask delivers its orders again", 2, EACH, cases=2),
    113: Fault("dask's scheduler is killed while commands run, and while they end", 2, cases=2),
    114: Fault("a worker of dask and its scheduler do not hear each other any more", 1),
    115: Fault("the controller of a cluster of dask is killed", 1),
    116: Fault("Ctrl-C while workers of dask execute", 1),
    117: Fault(
        "TLS: no certificates, foreign ones, an authority that is foreign, none where it is wanted, one where it is not",
        5,
        cases=5,
    ),
    118: Fault("an adaptive cluster: workers come with the orders, all of them go, and come again", 1),
    119: Fault("a signal between the two parts of a chain, whose engine is not ours, and hangs there", 10, cases=10),
    120: Fault("an engine has fewer slots than workers are asked for, and a command takes longer than a lease", 1),
}


def times(number: int) -> int:
    """How often a fault is tried now, every day and in the soak together."""
    return share(FAULTS[number].times)


def fault(number: int, each: int = 1) -> pytest.MarkDecorator:
    """The test tries this fault, `each` times."""
    return pytest.mark.fault(number, each)


def repeated(number: int, *, each: int = 1, cases: int = 1, everyday: int = 1) -> Callable[[Any], Any]:
    """The test tries this fault `each` times in each of its `cases`: `everyday` times, and in the soak as often as it is to be."""

    def decorated(test: Any) -> Any:
        numbers = range(-(-times(number) // (each * cases)))
        again = [pytest.param(number, marks=soak if number >= everyday else ()) for number in numbers]
        return fault(number, each)(pytest.mark.parametrize("again", again)(pytest.mark.usefixtures("again")(test)))

    return decorated
