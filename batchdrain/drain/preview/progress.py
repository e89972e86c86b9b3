"""What a session will have done when its drain begins, as far as can be seen beforehand. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from batchdrain.drain.preflight import leave_out_tried
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.resumption import Resumption
from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.planning.given_back import GivenBack
from batchdrain.sessions.progress import ResultCounts

_NONE: Final[Mapping[PhaseKey, Skip]] = MappingProxyType({})


def foresee_progress(
    project: Project,
    request: DrainRequest,
    left: Resumption | None,
    recovery: Sequence[GivenBack],
    refused: Mapping[PhaseKey, Skip] = _NONE,
) -> ResultCounts:
    """`left`: what is left of a session that would be resumed; `recovery`: what would be settled first; `refused`: phases that
    could not be claimed. Raises DatabaseUnavailable."""
    done = ResultCounts() if left is None else left.count()
    done.passed_over.update(refused)
    for back in recovery:
        if left is not None and back.recorded is not None and back.session_uid == left.session.session_uid:
            done.take(back.key)
    leave_out_tried(project, request, done, recovery)
    return done
