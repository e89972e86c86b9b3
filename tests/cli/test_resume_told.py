"""What a resume says where nothing is left to resume, and which plan its dry run shows."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from batchdrain.cli.commands import resume_plan
from batchdrain.cli.commands.chain_flags import ChainFlags
from batchdrain.cli.commands.drain_flags import DrainFlags
from batchdrain.cli.commands.narrowing_flags import require_narrow
from batchdrain.cli.commands.resume_choice import tell_nothing_to_resume
from batchdrain.cli.commands.resume_plan import show_resumption
from batchdrain.config.load import Override
from batchdrain.drain.narrowing import AS_ASKED
from batchdrain.drain.request import DrainRequest
from batchdrain.model.errors import UsageError
from batchdrain.planning.filters import Filters
from batchdrain.sessions.folder import SessionFolder
from tests.cli.test_go_on import BARE, ENDED, INV, MINE, NEW, OLD, put

Capsys = pytest.CaptureFixture[str]


@pytest.fixture
def folder(tmp_path: Path) -> SessionFolder:
    found = SessionFolder(tmp_path / "sessions")
    found.prepare()
    return found


def told(folder: SessionFolder, capsys: Capsys, shape: str = "text") -> str:
    assert tell_nothing_to_resume(INV, cast("Any", SimpleNamespace(folder=folder)), shape) == 0
    return capsys.readouterr().out


def test_the_newest_session_that_was_stopped_is_named_with_the_command_that_goes_on(
    folder: SessionFolder, capsys: Capsys
) -> None:
    head = f"Nothing to resume in {folder.folder}: no session is incomplete (newest: "
    assert told(folder, capsys) == f"{head}none).\n"
    put(folder, OLD, status="stopped", completed_at=ENDED, stopped_because="stop.x: y\x1b")
    go_on = f"{BARE} --session-id={OLD}"
    assert told(folder, capsys) == f"{head}{OLD}).\nSession {OLD} was stopped (stop.x: y\\x1b). Go on with:\n{go_on}\n"
    put(folder, MINE, status="stopped", completed_at=ENDED, filters={"group": "g"})
    put(folder, NEW, status="complete", completed_at=ENDED)
    unread = folder.path("batch-drain-20251228-120009")
    unread.write_text("{")
    unread.chmod(0o600)
    assert told(folder, capsys).splitlines()[1:] == [f"Session {OLD} was stopped (stop.x: y\\x1b). Go on with:", go_on]
    put(folder, MINE, status="stopped", completed_at=ENDED)
    named = f"{BARE} --session-id={MINE}"
    assert told(folder, capsys).splitlines()[1:] == [f"Session {MINE} was stopped (no reason is known). Go on with:", named]
    assert named in json.dumps(json.loads(told(folder, capsys, "json")))


def test_the_dry_run_of_a_resume_shows_the_chain_or_what_is_left_of_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = list[Any]()
    left = SimpleNamespace(request=DrainRequest(kind=cast("Any", "failed"), filters=Filters(), settings=cast("Any", None)))

    def show(*given: Any, **more: Any) -> int:
        seen.append((given, more))
        return len(seen)

    def what_is_left(*given: Any) -> Any:
        seen.append(given)
        return left

    for name in ("show_chain_plan", "show_plan"):
        monkeypatch.setattr(resume_plan, name, show)
    monkeypatch.setattr(resume_plan, "request_to_resume", lambda project, session: (project, session))
    monkeypatch.setattr(resume_plan, "what_is_left", what_is_left)
    project, session = cast("Any", "project"), cast("Any", SimpleNamespace(session_id="s"))
    flags = DrainFlags(fail_if_nothing=True, format="json", explain=True)
    target = cast("Any", SimpleNamespace(chain="chain", session=session))
    assert show_resumption(project, target, AS_ASKED, flags) == 1
    assert seen == [(("project", "chain", AS_ASKED), {"fail_if_nothing": True, "shape": "json"})]
    target.chain = None
    assert show_resumption(project, target, AS_ASKED, flags) == 3
    asked, ((where, request, shape), more) = seen[1:]
    assert asked == ("project", "s", ("project", session), AS_ASKED)
    assert (where, request.fail_if_nothing, shape, more) == ("project", True, "json", {"view": flags.view, "left": left})


def test_flags_that_a_task_needs_or_can_not_have_are_told_with_their_cure() -> None:
    chain = ChainFlags(settings=(), max_batches=None, stop_on_first_failure=False, run_id="r")
    chain.require_run()
    with pytest.raises(UsageError) as caught:
        ChainFlags(settings=(), max_batches=None, stop_on_first_failure=False).require_run()
    assert str(caught.value) == "--run-id: is required; name the run; `inv list-run-counts` lists them"
    with pytest.raises(UsageError) as caught:
        require_narrow(DrainFlags(settings=[Override("--policy", ("policy",), "x")]))
    assert str(caught.value) == (
        "--policy: --resume continues the session as it was begun; leave the flag out, or leave out --resume"
    )


def test_each_filter_of_a_drain_is_that_of_its_flag() -> None:
    flags = DrainFlags(run_id="r", exclude_run=("x",), category=("timeout",), include_quarantined=True)
    assert flags.filters == Filters(run_id="r", exclude_runs=("x",), categories=("timeout",), include_quarantined=True)
    assert DrainFlags(cluster=("0123456789", "abcdef0123")).filters == Filters.of(cluster="0123456789,abcdef0123")
