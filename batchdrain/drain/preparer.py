"""Makes an order of a claim: what is executed, under which limit, and where its output goes."""

from __future__ import annotations

from dataclasses import replace
from time import time

from batchdrain.drain.in_flight import Claimed, Running
from batchdrain.drain.open_session import OpenSession
from batchdrain.drain.services import Services
from batchdrain.execution.command import SessionPlace, make_order
from batchdrain.execution.file_names import LogFolder
from batchdrain.execution.guardian.wire import boottime_ms


class Preparer:
    """Prepares the orders of one session. Executes nothing."""

    def __init__(self, it: OpenSession, services: Services) -> None:
        self._record = it.record
        self._command = it.request.settings.command
        self._place = SessionPlace(
            session_id=it.record.session.session_id,
            root=it.project.root,
            logs=LogFolder(it.record.logs.absolute(), it.record.recorded_logs),
            spool=it.record.spool.absolute(),
            is_here=services.executing.delivery is None,
        )
        self._begins_s = it.request.settings.lease.ttl_s if services.remote is None else None

    def prepare(self, claimed: Claimed) -> Running:
        """Make the order. If workers can't hear from this controller, the order itself says until what clock time it may begin."""
        limit, shorten = claimed.limit, self._record.shorten
        order = make_order(claimed.claim, self._command, self._place, limit=limit, deadline_ms=claimed.deadline_ms)
        if claimed.held_until_ms is not None and self._begins_s is not None:
            begin_by_ms = round(time() * 1000) + claimed.claimed_ms - boottime_ms() + round(self._begins_s * 1000)
            order = replace(order, begin_by_ms=begin_by_ms)
        return Running(
            scheduled=claimed.scheduled,
            claim=claimed.claim,
            order=order,
            guardian=None if claimed.guardian is None else claimed.guardian.identity,
            limit=limit,
            paths=(shorten(order.stdout_path), shorten(order.stderr_path)),
            claimed_ms=claimed.claimed_ms,
            held_until_ms=claimed.held_until_ms,
        )
