"""What a session has done, as far as a look tells, before a drain of it would begin. Reads only."""

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
    """`left`: of a session that would go on; `recovery`: what would be settled first; `refused`: what could not be claimed.
    Raises DatabaseUnavailable."""
    done = ResultCounts() if left is None else left.count()
    done.passed_over.update(refused)
    for back in recovery:
        if left is not None and back.recorded is not None and back.session_uid == left.session.session_uid:
            done.take(back.key)
    leave_out_tried(project, request, done, recovery)
    return done
