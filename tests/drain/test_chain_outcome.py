"""How a chain ended: by the first signal, else by its worst error, else by its rate."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.drain.chain import outcome as chain_outcome
from batchdrain.drain.chain.outcome import ChainOutcome
from batchdrain.drain.shutdown import SETTLES_S
from batchdrain.model.errors import BatchDrainError, ConfigError, DatabaseUnavailable, SessionInUse
from batchdrain.sessions.session import Session, Status
from tests.drain.judging import NOW
from tests.sessions.files import result


def outcome(**facts: Any) -> ChainOutcome:
    chain: Any = SimpleNamespace(sessions={}, requests={"failed": SimpleNamespace(settings=None)}, ended=None, because=None)
    return ChainOutcome(chain=chain, **facts)


def test_the_first_signal_between_two_parts_is_the_chain_s_end_and_bounds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(chain_outcome, "monotonic", lambda: clock[0])
    ended = outcome(failures=[DatabaseUnavailable("away")])
    ended.end_by(130)
    clock[0] = 200.0
    ended.end_by(143)
    assert (ended.signal_code, ended.gone_by, ended.exit_code) == (130, 100.0 + SETTLES_S, 130)


@pytest.mark.parametrize(
    ("failures", "code"),
    [
        ([], 0),
        ([ConfigError("x", remedy="")], 78),
        ([DatabaseUnavailable("x"), ConfigError("x", remedy=""), SessionInUse("x", remedy="")], 78),
        ([SessionInUse("x", remedy=""), DatabaseUnavailable("x")], 75),
    ],
)
def test_its_worst_error_gives_it_its_code(failures: list[BatchDrainError], code: int) -> None:
    found = outcome(failures=failures)
    assert (found.exit_code, found.whole) == (code, None)


@pytest.mark.parametrize(("wanted_rate", "code"), [(None, 1), (0.9, 1), (0.5, 0)])
def test_the_rate_that_this_call_wants_is_that_of_the_whole_chain(wanted_rate: float | None, code: int) -> None:
    """Of two results one is a failure."""
    session = Session(session_id="s", started_at=NOW, status=Status.COMPLETE, results=[result(0), result(1, success=False)])
    session.recount()
    found = outcome(wanted_rate=wanted_rate)
    found.chain.sessions["failed"] = session  # type: ignore[index]
    whole = found.whole
    assert whole is not None
    assert (whole.drain_wanted_rate, found.exit_code) == (wanted_rate, code)
