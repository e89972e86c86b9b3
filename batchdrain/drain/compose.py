"""Composes a drain: each collaborator gets what it needs, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from batchdrain.drain.budget import Budget
from batchdrain.drain.chooser import Chooser
from batchdrain.drain.claimer import Claimer
from batchdrain.drain.finish import Finisher
from batchdrain.drain.judgements import Judgements
from batchdrain.drain.loop import Drain
from batchdrain.drain.observer import Observer
from batchdrain.drain.open_session import OpenSession
from batchdrain.drain.presence import Presence
from batchdrain.drain.recorder import Recorder
from batchdrain.drain.refresh import Refresh
from batchdrain.drain.services import Services, open_services
from batchdrain.drain.stops import Stops
from batchdrain.drain.triage.lookahead import TriageLookahead, open_lookahead
from batchdrain.drain.workers import Workers


@contextmanager
def open_drain(it: OpenSession, recorder: Recorder, presence: Presence) -> Iterator[Drain]:
    """Open the drain of a session with its services. Raises ConfigError, FilesUnavailable, EngineUnavailable."""
    it.record.counts.metric = it.request.settings.stop.metric
    with (
        open_services(it, recorder, presence) as services,
        open_lookahead(it, recorder, presence.shutdown) as lookahead,
    ):
        stops = Stops(it, recorder, presence.shutdown, presence)
        drain = _compose(it, services, lookahead, recorder, stops)
        observer = Observer(it, services, drain.chooser, drain.workers, stops)
        presence.look = partial(observer.look, presence)
        recorder.watch(presence.look)
        yield drain


def _compose(it: OpenSession, services: Services, lookahead: TriageLookahead, recorder: Recorder, stops: Stops) -> Drain:
    judgements = Judgements.of_session(it, services.breaker, recorder)
    refresh = Refresh.of_session(it, services, recorder)
    return Drain(
        chooser=Chooser(it.backlog, refresh, lookahead, Budget.of_session(it, services.pace), services.breaker, stops),
        claimer=Claimer(it, services, recorder),
        workers=Workers.of_session(it, services, recorder, stops),
        judgements=judgements,
        finisher=Finisher(judgements, services, recorder, stops),
        recorder=recorder,
        stops=stops,
        membership=services.membership,
        watch=services.watch,
    )
