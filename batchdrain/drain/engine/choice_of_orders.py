"""Chooses how the orders of a drain are followed, which depends on the kind of engine."""

from __future__ import annotations

from batchdrain.drain.engine.orders import GuardedOrders, Orders
from batchdrain.drain.engine.ticketed_orders import Patience, TicketedOrders
from batchdrain.drain.open_session import OpenSession
from batchdrain.drain.recorder import Recorder
from batchdrain.drain.services import Services
from batchdrain.drain.stops import Stops


def make_orders(it: OpenSession, services: Services, recorder: Recorder, stops: Stops) -> Orders:
    """Our own guardians report each end. With a foreign engine, each order draws a ticket."""
    used = services.executing
    if used.delivery is None:
        return GuardedOrders(used.engine)
    lease, command, current = it.request.settings.lease, it.request.settings.command, it.request.settings.finish_current
    patience = Patience(begins_s=lease.ttl_s, grace_s=command.grace_s, finish_current=current)
    return TicketedOrders(used.engine, used.delivery, patience, stops, recorder.notice, services.remote)
