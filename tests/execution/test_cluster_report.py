"""What the doctor says of a dask cluster: who is there, in which versions, whether it executes anything, and who may give it orders."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.config.settings import Settings
from batchdrain.execution.engines.dask.cluster_report import report
from batchdrain.execution.engines.dask.options import DaskOptions, options_of
from batchdrain.execution.engines.examined import Examined
from batchdrain.model.errors import ConfigError

OURS = {"python": "3.13.1.final.0", "dask": "2026.8", "distributed": "2026.8"}
ITS = {**OURS, "distributed": "2026.9"}
TLS = DaskOptions(address="tls://h:8786")


class Cluster:
    """A scheduler and its workers, as far as they are asked."""

    def __init__(
        self, answers: dict[str, bytes | None], *, scheduler: dict[str, str] = OURS, workers: dict[str, str] = OURS
    ) -> None:
        self._answers = answers
        versions = {
            "client": {"packages": OURS}, "scheduler": {"packages": scheduler},
            "workers": {address: {"packages": workers} for address in answers},
        }  # fmt: skip
        self.client = SimpleNamespace(get_versions=lambda check: versions)

    def workers(self) -> dict[str, Any]:
        return {address: {"name": f"w{address}", "nthreads": 2} for address in self._answers}

    def tell_each(self, _: object, message: bytes) -> dict[str, bytes | None]:
        assert message == b""
        return self._answers


def told(cluster: Cluster, options: DaskOptions = TLS) -> list[Examined]:
    return list(report(cluster, options))


def verdicts(found: list[Examined]) -> list[tuple[bool, bool]]:
    return [(one.ok, one.is_warning) for one in found]


def test_a_cluster_of_equals_that_executes_is_well() -> None:
    found = told(Cluster({"a": b"", "b": b""}))
    assert verdicts(found) == [(True, False)] * 5
    versions = "python 3.13.1, dask 2026.8, distributed 2026.8"
    assert [one.message for one in found[:3]] == [
        f"connected to tls://h:8786; scheduler: {versions}; here: {versions}",
        "TLS: both sides show a certificate",
        "there: 2 workers with 4 threads",
    ]


def test_a_worker_that_does_not_answer_or_executes_nothing_is_a_problem() -> None:
    *_, one, other, third = told(Cluster({"a": None, "b": b"no such file", "c": b""}))
    assert [(found.ok, found.message.partition("; ")[2].partition("): ")[2] or found.message) for found in (one, other, third)] == [
        (False, "does not answer"), (False, "can't execute `true`: no such file"), (True, "executes `true`"),
    ]  # fmt: skip


def test_without_workers_a_drain_waits_and_nobody_is_asked() -> None:
    found = told(Cluster({}))
    assert (verdicts(found)[-1], "there are no workers" in found[-1].message) == ((True, True), True)


@pytest.mark.parametrize(("given", "at"), [({"scheduler": ITS}, 0), ({"workers": ITS}, 3)])
def test_other_versions_of_itself_are_a_warning_with_a_cure(given: dict[str, Any], at: int) -> None:
    found = told(Cluster({"a": b""}, **given))
    assert [one.is_warning for one in found] == [number == at for number in range(4)]
    assert [bool(one.cure) for one in found][at]


def test_of_many_workers_the_first_are_named_and_the_others_counted() -> None:
    found = told(Cluster({f"{number:02}": b"" for number in range(23)}))
    assert (len(found), found[-1].message) == (3 + 20 + 1, "3 more workers are not listed")


@pytest.mark.parametrize(
    ("options", "warns"),
    [
        ({"address": "tcp://10.0.0.1:8786", "insecure": True}, True),
        ({"address": "ws://10.0.0.1:8786", "insecure": True}, True),
        ({"address": "tcp://127.0.0.1:8786"}, False),
        ({"address": "wss://h:8786"}, False),
    ],
)
def test_an_open_scheduler_is_a_warning_where_others_reach_it(options: dict[str, Any], warns: bool) -> None:
    safety = told(Cluster({"a": b""}), DaskOptions(**options))[1]
    assert safety.is_warning is warns
    assert ("no TLS" in safety.message) is not options["address"].startswith("wss")
    assert len(told(Cluster({"a": b""}), DaskOptions())) == 3, "a cluster of our own is reached by nobody"


@pytest.mark.parametrize(
    ("address", "is_taken"),
    [
        ("ws://10.0.0.1:8786", False), ("tcp://10.0.0.1:8786", False), ("ws://127.0.0.1:8786", True), ("tcp://[::1]:8786", True),
        ("tcp://localhost:8786", True), ("tcp://127.0.0.1.example:8786", False), ("wss://10.0.0.1:8786", True), ("http://h:8786", False),
        ("tls://h:99999", False), ("tls://u@h:8786", False),
    ],
)  # fmt: skip
def test_a_scheduler_that_strangers_reach_is_taken_only_where_that_is_wanted(address: str, is_taken: bool) -> None:
    settings = Settings(engine_options={"address": address})
    if is_taken:
        assert options_of(settings).address == address
    else:
        with pytest.raises(ConfigError):
            options_of(settings)
    if address.split(":", maxsplit=1)[0] in {"tcp", "ws"}:
        assert options_of(Settings(engine_options={"address": address, "insecure": True})).insecure
