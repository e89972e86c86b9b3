"""Delivers orders to a foreign engine: each is a message, with a function that executes it wherever it arrives.

ordered --ticket drawn by a delivery--> running --its command ends--> ended
   |
   |--ticket drawn by the controller, or by recovery--> withdrawn: it never began
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from batchdrain.execution import tickets
from batchdrain.execution.engines.protocol import First
from batchdrain.execution.messages import Terms, to_message
from batchdrain.execution.order import Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Delivers the orders of one session. The engine may deliver each order as often and wherever it likes."""

    folder: str  #: the folder of tickets
    first: First | None  #: the engine's own tickets
    call: Callable[[bytes], bytes]  #: travels to the workers
    terms: Terms

    @property
    def is_told(self) -> bool:
        """Whether the workers hear from this controller while they execute. Then leases are short."""
        return self.terms.lease_s is not None

    def message_of(self, order: Order) -> bytes:
        """The message with which the engine calls `call`."""
        return to_message(order, self.terms)

    def prepare(self, token: str) -> None:
        """Prepare the ticket before the order goes to the engine. Raises OSError."""
        if self.first is not None:
            tickets.lay(self.folder, token)

    def withdraw(self, token: str) -> bool:
        """Withdraw an order. Returns whether nothing of it has begun or ever will. False if it may have begun, or if that can't be
        told."""
        try:
            return tickets.draw(self.folder, token, None) if self.first is None else self.first(token)
        except Exception:  # noqa: BLE001 - an engine may raise anything; the claim is then held, which is reported
            return False

    def may_have_begun(self, token: str) -> bool:
        """Whether a delivery is known to have drawn the ticket, as far as can be seen from here."""
        if self.first is None:
            return tickets.is_drawn(self.folder, token)
        return tickets.read(self.folder, token) is not None
