"""TLS between us and a cluster of dask: right certificates, and all that can be wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.chaos.checker import violations, witnessed
from tests.chaos.faults import fault
from tests.chaos.watching import watched
from tests.support.dask_cluster import Cluster, cluster
from tests.support.tls_authority import Signed, make_certificates
from tests.support.workplace import Workplace

NAMES = [f"r{number}/p~ms=1" for number in range(4)]


@dataclass(frozen=True)
class Encrypted:
    """A cluster whose sides show certificates of one authority."""

    cluster: Cluster
    ours: Signed  #: of the same authority
    foreign: Signed  #: of another one


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Encrypted]:
    folder = tmp_path_factory.mktemp("tls")
    own, other = make_certificates(folder / "own"), make_certificates(folder / "other")
    with cluster(folder / "cluster", options=(*own["scheduler"].flags, "--protocol", "tls")) as found:
        found.options = own["worker"].flags
        found.add_worker(threads=2)
        yield Encrypted(found, own["me"], other["me"])


def use(place: Workplace, found: Encrypted, **options: str) -> None:
    place.configure(engine="dask", engine_options={"address": found.cluster.address, "connect_s": 3, **options})


@pytest.mark.parametrize("how", ["engine_options", "dask's configuration"])
def test_a_drain_with_the_right_certificates_is_executed_by_workers_over_tls(
    sqlite_project: Workplace, encrypted: Encrypted, how: str
) -> None:
    witness = watched(sqlite_project, *NAMES)
    of_engine = how == "engine_options"
    use(sqlite_project, encrypted, **(encrypted.ours.options if of_engine else {}))
    env = {} if of_engine else {**encrypted.ours.env, "PYTHONUTF8": "1"}  # dask reads them as it is loaded
    told = sqlite_project.inv("doctor", env=env)
    ran = sqlite_project.inv("drain", "--workers=2", env=env)

    assert encrypted.cluster.address.startswith("tls://")
    assert (told.code, "ok   engine: TLS: both sides show a certificate" in told.lines) == (0, True), told.out
    assert (ran.code, ran.err) == (0, ""), ran
    assert set(sqlite_project.states().values()) == {"COMPLETE"}
    assert len(witnessed(witness)) == 2 * len(NAMES)
    assert violations(sqlite_project, witness, ran.out) == []


def certificates_of(found: Encrypted, how: str) -> dict[str, str]:
    """What the engine is told, where that is wrong."""
    foreign_ca = replace(found.ours, ca=found.foreign.ca)
    chosen = {"none": {}, "foreign certificate": replace(found.foreign, ca=found.ours.ca).options}
    return {**chosen, "foreign authority": foreign_ca.options, "plain": found.ours.options}[how]


@fault(117)
@pytest.mark.parametrize(
    ("how", "says", "cure"),
    [
        ("none", "needs certificates, and none are configured", "set ca, cert and key of engine_options"),
        ("foreign certificate", "the scheduler does not accept our certificate: ", "set `cert` and `key` of engine_options"),
        ("foreign authority", "the scheduler's certificate is not trusted: ", "set `ca` of engine_options"),
        ("plain", "the scheduler speaks only TLS", "write it as tls://"),
    ],
)
def test_what_is_wrong_with_certificates_is_told_in_a_line_with_its_cure_and_nothing_is_claimed(
    sqlite_project: Workplace, encrypted: Encrypted, how: str, says: str, cure: str
) -> None:
    witness = watched(sqlite_project, *NAMES)
    use(sqlite_project, encrypted, **certificates_of(encrypted, how))
    if how == "plain":
        use(sqlite_project, encrypted, address=encrypted.cluster.address.replace("tls://", "tcp://"))
    require_told(sqlite_project, witness, says, cure)


@fault(117)
def test_a_scheduler_without_tls_that_is_asked_for_it_is_told(
    sqlite_project: Workplace, encrypted: Encrypted, tmp_path: Path
) -> None:
    witness = watched(sqlite_project, *NAMES)
    with cluster(tmp_path / "plain") as plain:
        use(sqlite_project, encrypted, address=plain.address.replace("tcp://", "tls://"), **encrypted.ours.options)
        require_told(sqlite_project, witness, "the scheduler speaks no TLS", "start it with --protocol tls")


def require_told(place: Workplace, witness: Path, says: str, cure: str) -> None:
    """By a drain, which ends with 78 before it claims anything, and by the doctor."""
    ran, told = place.inv("drain"), place.inv("doctor")
    line = ran.err.rstrip("\n")

    assert (ran.code, says in line, cure in line, "\n" in line) == (78, True, True, False), line
    [engine] = [line for line in told.lines if line.startswith("FAIL engine: ")]
    assert (told.code, says in engine, cure in told.out, "Traceback" in told.err) == (78, True, True, False), engine
    assert witnessed(witness) == []
    if sa.inspect(place.engine).has_table("batchdrain_claim"):
        assert violations(place, witness, ran.out) == []
