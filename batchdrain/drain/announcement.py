"""Announces a session before its first phase: on disk, in the ledger, and on the screen."""

from __future__ import annotations

from batchdrain.database.run_counts import describe_reading
from batchdrain.drain.close import keep_head
from batchdrain.drain.liveness import describe_recovered
from batchdrain.drain.open_session import OpenSession
from batchdrain.drain.presence import Presence
from batchdrain.drain.recorder import Recorder
from batchdrain.drain.screen import Opening


def announce(it: OpenSession, recorder: Recorder, presence: Presence) -> None:
    """Announce the session; to be called before its first phase. Raises DatabaseUnavailable, and whatever a folder or a screen that
    can't be written to raises."""
    session, store = it.record.session, it.project.store
    keep_head(it.project, session)
    it.record.save()
    presence.begin()
    store.database.in_session = True
    for back in it.recovered:
        recorder.claim_recovered(back)
    store.database.silence.close()
    store.database.on_retry = recorder.database_retried
    done = len(session.results)
    opening = Opening(
        session_id=session.session_id,
        database=f"{store.where}: {describe_reading(store.read_totals(), {it.request.state.value: it.backlog.total})}",
        state=it.request.state.value,
        target=None if it.most is None else done + min(it.most, it.backlog.waiting),
        done=done,
        workers=it.request.settings.workers,
        run_id=it.request.filters.run_id,
        forecast=None if session.forecast is None or done else session.forecast.forecast,
        group=it.request.group,
        root=it.project.root,
    )
    recorder.begin(opening)
    if it.asked is not None:
        recorder.notice(f"{it.asked.ask.effect}, {it.asked}")
    for back in it.recovered:
        recorder.notice(describe_recovered(back))
