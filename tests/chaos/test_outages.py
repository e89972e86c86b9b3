"""The database goes away, says nothing, or loses a reply: nothing is lost, nothing is doubled, and every wait ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import sqlalchemy as sa

from tests.chaos.checker import violations, witnessed
from tests.chaos.faults import fault, repeated
from tests.chaos.proxy import Proxy, proxied
from tests.chaos.watching import running, started, watched
from tests.support.soaking import soak
from tests.support.workplace import DEADLINE_S, Workplace, wait_for

CUTS = 5
SHORT = {"ttl_s": 26, "beat_s": 0.5, "margin_s": 20}
"""What nobody renews for 5.5 s is ended: that long before its lease is over."""
QUICK = {"operation_s": 1, "outage_s": 1, "lock_s": 0.5}


@pytest.fixture(params=["postgresql", "mariadb"])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Workplace:
    """A project on a database that is reached through a socket."""
    url = request.getfixturevalue(f"{request.param}_url")
    if sa.make_url(url).host in {None, ""} or "host" in sa.make_url(url).query:
        pytest.skip("the server of this machine listens on no TCP port, so nothing can stand between")
    root = tmp_path / "project"
    root.mkdir()
    place = Workplace(root=root, url=url)
    place.make_table()
    return place


@pytest.fixture
def wire(served: Workplace) -> Iterator[Proxy]:
    with proxied(served.url) as (proxy, url):
        served.configure(database_url=url)
        yield proxy


def done(place: Workplace, witness: Path, out: str, names: list[str]) -> None:
    """Everything is complete, each by one execution."""
    assert violations(place, witness, out) == []
    assert set(place.states().values()) == {"COMPLETE"}
    assert sorted(seen.name for seen in witnessed(witness) if seen.word == "start") == sorted(names)


@repeated(23, each=CUTS)
@pytest.mark.timeout(600)
def test_a_lost_reply_to_a_commit_doubles_nothing(served: Workplace, wire: Proxy) -> None:
    names = ["run0/first~until=go", *(f"run{number % 3}/p{number}~ms=1" for number in range(CUTS + CUTS // 2))]
    witness = watched(served, *names, policy=["run-order"])
    drain = served.start("drain", "--batch-size=1000")
    started(witness, 1)
    wire.cut_commits = CUTS
    (served.root / "go").touch()
    out, err = drain.communicate(timeout=6 * CUTS + 2 * DEADLINE_S)

    assert (drain.returncode, wire.commits_cut) == (0, CUTS), (out, err)
    done(served, witness, out.decode(), names)


@fault(21)
def test_a_drain_outlasts_a_database_that_is_away_for_a_while(served: Workplace, wire: Proxy) -> None:
    names = [f"run/p{number}~{'until=go' if number == 1 else 'ms=1'}" for number in range(8)]
    witness = watched(served, *names)
    drain = served.start("drain", "--policy=run-order")
    started(witness, 2)
    wire.go_away()
    (served.root / "go").touch()
    assert drain.stdout is not None
    printed = b""
    while b"not yet recorded" not in printed and b"nothing is claimed" not in printed:
        line = drain.stdout.readline()
        assert line, printed
        printed += line
    wire.come_back()
    out, err = drain.communicate(timeout=DEADLINE_S)

    assert drain.returncode == 0, (out, err)
    done(served, witness, (printed + out).decode(), names)


@repeated(21)
@pytest.mark.parametrize("broken", ["go_away", "silence"])
def test_a_result_that_the_database_can_not_take_is_kept_and_recorded_by_the_next_command(
    served: Workplace, wire: Proxy, broken: str
) -> None:
    """Also when its server still acknowledges every packet, but never answers."""
    witness = watched(served, "run/p~until=go", patience=QUICK)
    drain = served.start("drain")
    started(witness, 1)
    getattr(wire, broken)()
    (served.root / "go").touch()
    out, err = drain.communicate(timeout=DEADLINE_S)

    assert drain.returncode == 75, (out, err)
    assert b"the result is saved locally, not yet recorded" in out
    assert served.states() == {"run/p~until=go": "EXECUTING"}

    served.configure(database_url=served.url)
    ran = served.inv("recover")

    assert "Recorded: run / p~until=go: its command had ended (complete); it is COMPLETE" in ran.lines, ran.out
    done(served, witness, out.decode(), ["run/p~until=go"])


@repeated(21)
def test_a_server_that_leaves_at_a_claim_ends_the_drain_when_patience_is_over(served: Workplace, wire: Proxy) -> None:
    witness = watched(served, "a/p~ms=1", "b/p~ms=1", policy=["run-order"], patience=QUICK)
    assert served.inv("drain", "--run-id=a").code == 0
    wire.leave_at = b"INSERT INTO batchdrain_claim"
    ran = served.inv("drain")
    states = served.states()
    wire.come_back()
    again = served.inv("drain")

    assert (ran.code, "Traceback" in ran.err, states["b/p~ms=1"]) == (75, False, "FAILED"), ran
    assert again.code == 0, again.err
    done(served, witness, ran.out + again.out, ["a/p~ms=1", "b/p~ms=1"])


@fault(21)
@repeated(24, cases=2)
@pytest.mark.parametrize(
    "way", [pytest.param({"dumb": False}, id="deaf"), pytest.param({"deaf": False}, id="dumb", marks=soak)]
)
def test_a_command_is_dead_before_a_lease_that_can_not_be_renewed_is_over(
    served: Workplace, wire: Proxy, way: dict[str, bool]
) -> None:
    """A partition of the network, one way."""
    witness = watched(served, "run/p~hang=1", lease=SHORT, patience=QUICK)
    drain = served.start("drain")
    started(witness, 1)
    [(_, guardian)] = running(served)
    wire.silence(**way)
    wait_for(lambda: not psutil.pid_exists(guardian), "the guardian to end the command")
    left = served.sql(_LEFT[served.url.partition(":")[0].partition("+")[0]])
    out, err = drain.communicate(timeout=DEADLINE_S)
    served.configure(database_url=served.url)
    ran = served.inv("drain")

    assert left[0][0] > 0, "the lease was over already"
    assert drain.returncode == 75, (out, err)
    assert ran.code == 0, ran.err
    assert violations(served, witness, ran.out) == []
    assert served.states() == {"run/p~hang=1": "COMPLETE"}


_LEFT = {
    "postgresql": "SELECT lease_until_ms - CAST(EXTRACT(EPOCH FROM clock_timestamp())*1000 AS BIGINT) FROM batchdrain_claim",
    "mysql": "SELECT lease_until_ms - TIMESTAMPDIFF(MICROSECOND,'1970-01-01',UTC_TIMESTAMP(6)) DIV 1000 FROM batchdrain_claim",
}


@repeated(25, everyday=0)
def test_a_slow_line_makes_a_drain_slow_and_nothing_else(served: Workplace, wire: Proxy) -> None:
    """8 kB a second, and every packet a twentieth of a second late."""
    witness = watched(served, "run/p~ms=1")
    wire.slow = True
    drain = served.start("drain")
    out, err = drain.communicate(timeout=2 * DEADLINE_S)
    wire.slow = False

    assert drain.returncode == 0, (out, err)
    done(served, witness, out.decode(), ["run/p~ms=1"])
