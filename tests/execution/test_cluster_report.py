"""What the doctor says of a dask cluster: who is there, in which versions, whether it executes anything, and who may give it orders."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.config.settings import Settings
from batchdrain.execution.engines.dask.by_source import AT_WORKER, BySource
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

        def get_versions(*, check: bool) -> dict[str, Any]:
            assert not check, "dask would raise an error for what is told here"
            return versions

        self.client = SimpleNamespace(get_versions=get_versions)

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


def test_each_worker_is_told_with_its_place_its_threads_and_its_versions() -> None:
    """And what is to be done about it."""
    *_, one, other, third = told(Cluster({"a": None, "b": b"no such file", "c": b""}))
    versions = "python 3.13.1, dask 2026.8, distributed 2026.8"
    names = {address: f"worker w{address} ({address}, 2 threads; {versions})" for address in "abc"}
    assert [one, other, third] == [
        Examined(ok=False, message=f"{names['a']}: does not answer", cure="read its log, or end it"),
        Examined(ok=False, message=f"{names['b']}: can't execute `true`: no such file", cure="correct its PATH"),
        Examined(message=f"{names['c']}: executes `true`"),
    ]


def test_without_workers_a_drain_waits_and_nobody_is_asked() -> None:
    message = "there are no workers: a drain waits for one, for lease.ttl_s at most"
    assert told(Cluster({}))[-1] == Examined(message=message, is_warning=True, cure="start workers")


@pytest.mark.parametrize(("given", "at"), [({"scheduler": ITS}, 0), ({"workers": ITS}, 3)])
def test_other_versions_of_itself_are_a_warning_with_a_cure(given: dict[str, Any], at: int) -> None:
    found = told(Cluster({"a": b""}, **given))
    assert [one.is_warning for one in found] == [number == at for number in range(4)]
    assert [one.cure for one in found if one.is_warning] == ["dask asks for the same versions of itself on all sides"]
    assert [one.cure for one in found if not one.is_warning and "TLS" not in one.message] == ["", ""]


@pytest.mark.parametrize("packages", [{}, {"numpy": "2.0"}])
def test_what_a_version_is_not_told_of_is_unknown(packages: dict[str, str]) -> None:
    assert told(Cluster({"a": b""}, scheduler=packages))[0].message.startswith(
        "connected to tls://h:8786; scheduler: unknown; here: python"
    )
    assert told(Cluster({"a": b""}, scheduler={"dask": "1"}))[0].message.startswith(
        "connected to tls://h:8786; scheduler: dask 1; here:"
    )


def test_a_worker_that_came_after_the_question_has_no_versions_and_no_answer_yet() -> None:
    cluster = Cluster({"a": b""})
    cluster.workers = lambda: {"new": {"name": "n", "nthreads": 1}}  # type: ignore[method-assign]
    assert told(cluster)[-1].message == "worker n (new, 1 thread; unknown): does not answer"


def test_workers_are_asked_to_execute_something_by_their_own_text() -> None:
    asked, cluster = list[Any](), Cluster({"a": b""})

    def tell_each(call: BySource, message: bytes) -> dict[str, bytes | None]:
        asked.append((call.expression, message))
        return {"a": b""}

    cluster.tell_each = tell_each  # type: ignore[assignment, method-assign]
    told(cluster)
    assert asked == [(BySource(AT_WORKER, "execute_true").expression, b"")]


def test_of_many_workers_the_first_are_named_and_the_others_counted() -> None:
    found = told(Cluster({f"{number:02}": b"" for number in range(23)}))
    assert (len(found), found[-1].message) == (3 + 20 + 1, "3 more workers are not listed")
    assert len(told(Cluster({f"{number:02}": b"" for number in range(20)}))) == 3 + 20


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
    if warns:
        assert safety.message == "no TLS: whoever reaches the scheduler runs code on all workers"
        assert safety.cure == "use tls://"
    assert ("no TLS" in safety.message) is not options["address"].startswith("wss")
    own = told(Cluster({"a": b""}), DaskOptions())
    assert len(own) == 3, "a cluster of our own is reached by nobody"
    assert own[0].message.startswith("connected to a cluster of our own, in this process; scheduler: ")


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
