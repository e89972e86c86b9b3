"""What the parts of a chain share, and what a session that goes on takes along."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.drain import resume
from batchdrain.drain.chain import run as chain_run
from batchdrain.drain.chain.chain import Chain
from batchdrain.drain.chain.outcome import ChainOutcome
from batchdrain.drain.narrowing import Narrowing
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.session_run import SessionOutcome
from batchdrain.model.errors import BadData, DatabaseUnavailable
from batchdrain.planning.filters import Filters
from batchdrain.sessions.session import Kind, Session, Status
from tests.drain.judging import settings_of

START = datetime(2026, 1, 1, tzinfo=UTC)
REQUEST = DrainRequest(kind=Kind.QUEUED, filters=Filters(), settings=settings_of())
NOTHING: Any = None


def new_chain() -> Chain:
    return Chain.of("drain-all", {Kind.QUEUED: REQUEST})


def test_what_was_tried_again_in_a_part_leaves_the_next_its_share_of_this_time(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session(session_id="s", started_at=START, kind=Kind.QUEUED, status=Status.COMPLETE, completed_at=START)
    came, sizes = SessionOutcome(session=session, exit_code=0, took=3, phases=1), list[int | None]()

    def begin(*given: Any) -> SessionOutcome:
        sizes.append(given[3].batch_size)
        return came

    monkeypatch.setattr(chain_run, "begin", begin)
    outcome, less = ChainOutcome(chain=new_chain()), Narrowing(batch_size=2, is_of_chain=True)
    assert chain_run._drain_part(NOTHING, outcome, Kind.QUEUED, lambda: NOTHING, lambda _: None, less)
    assert (sizes, outcome.took, outcome.phases) == ([2], 3, 1)


def test_of_several_errors_the_worst_gives_the_code_of_a_chain_whichever_came_first() -> None:
    errors = [BadData("bad", remedy="mend it"), DatabaseUnavailable("away", remedy="wait")]
    for failures in (errors, errors[::-1]):
        assert ChainOutcome(chain=new_chain(), failures=failures).exit_code == max(error.exit_code for error in errors)
    assert ChainOutcome(chain=new_chain(), failures=errors, signal_code=130).exit_code == 130


def test_a_session_that_goes_on_with_a_mended_mapping_goes_on_with_it_the_next_time_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It would else be refused as one of other rows, once the reason for which it was let through is gone."""
    session = Session(session_id="s", started_at=START, session_uid="u" * 32, database={"uid": "d"})
    session.settings = {"source_sha256": "old", "workers": 2}
    monkeypatch.setattr(resume, "digests", lambda _: {"source_sha256": "new", "command_sha256": "x"})
    monkeypatch.setattr(resume, "has_same_source", lambda *_: False)
    project: Any = SimpleNamespace(settings=None)
    assert resume._reopen(project, session, None).settings == {"source_sha256": "new", "workers": 2}
