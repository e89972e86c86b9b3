"""How the orders of a drain are followed: it depends on whose engine it is."""

from __future__ import annotations

from batchdrain.drain.open_session import OpenSession
from batchdrain.drain.orders import GuardedOrders, Orders
from batchdrain.drain.recorder import Recorder
from batchdrain.drain.services import Services
from batchdrain.drain.stops import Stops
from batchdrain.drain.ticketed_orders import Patience, TicketedOrders


def make_orders(it: OpenSession, services: Services, recorder: Recorder, stops: Stops) -> Orders:
    """Guardians of ours tell of each end; an engine of others draws a ticket for each order."""
    used = services.executing
    if used.delivery is None:
        return GuardedOrders(used.engine)
    lease, command, current = it.request.settings.lease, it.request.settings.command, it.request.settings.finish_current
    patience = Patience(begins_s=lease.ttl_s, grace_s=command.grace_s, finish_current=current)
    return TicketedOrders(used.engine, used.delivery, patience, stops, recorder.notice, services.remote)
