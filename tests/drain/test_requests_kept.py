"""What a session was asked for is kept in its file and comes back as it was; a file may narrow nothing into code that is not configured."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from batchdrain.config.settings import Settings
from batchdrain.drain.request import DrainRequest, has_same_command, has_same_source, request_of, require_same_source
from batchdrain.drain.table_watch import WHILE_IT_RAN
from batchdrain.model.errors import BadData, ConfigError
from batchdrain.model.states import PhaseState
from batchdrain.planning.filters import Filters
from batchdrain.planning.plan_file import PlannedPhase
from batchdrain.sessions.session import Kind, Session
from tests.sessions.files import START

SETTINGS = Settings.model_validate({"batch_size": 4, "workers": 3, "retry": {"max_attempts": 7}, "stop": {"max_repeats": 2}})
PLAN = tuple(PlannedPhase(run_id="r", phase_id=name, category="other", fingerprint="boom", reason="first") for name in "ab")
BASE = DrainRequest(kind=Kind.FAILED, filters=Filters(), settings=SETTINGS)
REQUESTS = {
    "plain": BASE,
    "filters": replace(
        BASE, filters=Filters.of(run_id="r*", exclude_runs=["x", "y*"], categories=["patch"], cluster="a" * 10, include_quarantined=True)
    ),
    "a run that looks like a glob": replace(BASE, filters=Filters.of(run_id="r*", run_id_is_glob=False)),
    "a plan": replace(BASE, plan=PLAN),
    "triage": replace(BASE, triage=True),
    "a group": replace(BASE, group="nightly"),
    "the first failure": replace(BASE, stop_on_first_failure=True),
    "attempts": replace(BASE, flags=frozenset({"--max-attempts"})),
    "queued": replace(BASE, kind=Kind.QUEUED, max_batches=3),
    "queued, all, to the first failure": replace(BASE, kind=Kind.QUEUED, stop_on_first_failure=True),
    "sources": replace(BASE, settings=SETTINGS.model_copy(update={"timeout": SETTINGS.timeout.with_sources({"default_s": "--phase-timeout"})})),
}  # fmt: skip


def kept(request: DrainRequest, **more: Any) -> Session:
    """As the file holds it."""
    fields = json.loads(Session(session_id="s", started_at=START, **request.as_fields()).model_dump_json())
    return Session.model_validate({**fields, **more})


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_comes_back_as_it_was_whatever_is_configured_by_then(name: str) -> None:
    request, configured = REQUESTS[name], Settings(batch_size=99, workers=9)
    found = request_of(kept(request), configured)
    assert replace(found, settings=configured) == replace(request, settings=configured)
    assert found.settings.model_dump() == request.settings.model_dump()
    assert found.settings.timeout.sources == request.settings.timeout.sources


@pytest.mark.parametrize(
    ("request_", "most", "batch", "state"),
    [
        (BASE, 4, None, PhaseState.FAILED),
        (replace(BASE, plan=PLAN), 2, None, PhaseState.FAILED),
        (replace(BASE, plan=PLAN * 3), 4, None, PhaseState.FAILED),
        (replace(BASE, kind=Kind.QUEUED), None, 4, PhaseState.QUEUED),
        (replace(BASE, kind=Kind.QUEUED, max_batches=3), 12, 4, PhaseState.QUEUED),
    ],
)
def test_a_session_takes_its_batch_or_its_plan_and_a_queued_one_its_batches(
    request_: DrainRequest, most: int | None, batch: int | None, state: PhaseState
) -> None:
    assert (request_.most, request_.batch, request_.state) == (most, batch, state)


def test_a_file_without_a_size_has_that_of_its_settings() -> None:
    assert request_of(kept(BASE, batch_size=None), Settings(batch_size=99)).settings.batch_size == 4
    assert request_of(kept(BASE, batch_size=2), Settings(batch_size=99)).settings.batch_size == 2


def test_a_file_says_only_what_was_asked_for() -> None:
    plain, queued = BASE.as_fields()["filters"], REQUESTS["queued"].as_fields()["filters"]
    assert {"plan", "triage", "group", "max_batches", "stop_on_first_failure", "flags"}.isdisjoint(plain)
    assert (queued["max_batches"], queued["stop_on_first_failure"]) == (3, False)


def test_what_somebody_wrote_as_the_source_of_a_limit_is_not_shown() -> None:
    settings: dict[str, Any] = dict(BASE.as_fields()["settings"])
    odd = {"default_s": "x\n\x1b", "min_s": "MIN", "max_s": 7, "beyond": "y" * 101}
    found = request_of(kept(BASE, settings={**settings, "timeout_sources": odd}), SETTINGS)
    assert found.settings.timeout.source_of("min_s") == "MIN"
    assert [found.settings.timeout.source_of(name) for name in ("default_s", "max_s")] == [
        "timeout.default_s",
        "timeout.max_s",
    ]
    assert request_of(kept(BASE, settings={**settings, "timeout_sources": ["x"]}), SETTINGS).settings.timeout.sources == {}


@pytest.mark.parametrize("entry", ["evil:rank", {"name": "evil:rank"}])
def test_a_file_imports_no_policy_that_is_not_configured(entry: Any) -> None:
    session = kept(BASE, settings={**BASE.as_fields()["settings"], "policy": ["smart", entry]})
    with pytest.raises(ConfigError, match="was begun with policy 'evil:rank', which is not configured"):
        request_of(session, SETTINGS)
    assert request_of(session, SETTINGS.model_copy(update={"policy": [entry]})).settings.policy == ["smart", entry]


@pytest.mark.parametrize(
    "odd",
    [{"max_batches": 0}, {"max_batches": "3"}, {"categories": ["none"]}, {"plan": [{"run_id": "r"}]}, {"cluster": "x"},
     {"cluster": "a" * 10, "cluster_version": 0}],
)  # fmt: skip
def test_a_request_that_can_not_be_read_is_no_request(odd: dict[str, Any]) -> None:
    with pytest.raises(BadData, match="session s: its settings can't be read"):
        request_of(kept(BASE, filters={**BASE.as_fields()["filters"], **odd}), SETTINGS)


def test_a_session_goes_on_only_over_the_rows_that_it_was_begun_with_unless_it_ended_because_they_changed() -> None:
    session = kept(BASE)
    other = Settings.model_validate({"source": {"where": "team = 'x'"}})
    assert (has_same_source(session, SETTINGS), has_same_source(session, other)) == (True, False)
    require_same_source(session, SETTINGS)
    with pytest.raises(BadData, match="was begun with another"):
        require_same_source(session, other)
    require_same_source(session.model_copy(update={"stopped_because": f"{WHILE_IT_RAN} x"}), other)
    for name in ("source_sha256", "command_sha256"):
        settings = {key: value for key, value in BASE.as_fields()["settings"].items() if key != name}
        unlike = other.model_copy(update={"command": SETTINGS.command.model_copy(update={"argv": ["another"]})})
        session = kept(BASE, settings=settings)
        assert (has_same_source(session, unlike), has_same_command(session, unlike)) == (
            name == "source_sha256",
            name == "command_sha256",
        )
    assert has_same_source(kept(BASE, settings=None), other), "a session of the earlier program does not know"


@pytest.mark.parametrize(
    ("command", "is_same"),
    [
        ({"argv": ["x"]}, False),
        ({"cwd": "y"}, False),
        ({"result_from": "database"}, False),
        ({"grace_s": 99}, True),
        ({}, True),
    ],
)
def test_another_command_is_one_that_does_something_else(command: dict[str, Any], is_same: bool) -> None:
    configured = SETTINGS.model_copy(update={"command": SETTINGS.command.model_copy(update=command)})
    assert has_same_command(kept(BASE), configured) is is_same
