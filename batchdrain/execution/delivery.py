"""How an order goes to an engine of others: as a message, with a function that executes it wherever it comes to.

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
    """Of one session: the engine may deliver each order as often as it likes, wherever it likes."""

    folder: str  #: of tickets
    first: First | None  #: the engine's own tickets
    call: Callable[[bytes], bytes]  #: travels to workers
    terms: Terms

    @property
    def is_told(self) -> bool:
        """Whether its workers hear of us while they execute: then leases are short."""
        return self.terms.lease_s is not None

    def message_of(self, order: Order) -> bytes:
        """With which the engine has `call` run."""
        return to_message(order, self.terms)

    def prepare(self, token: str) -> None:
        """Before the order goes to the engine. Raises OSError."""
        if self.first is not None:
            tickets.lay(self.folder, token)

    def withdraw(self, token: str) -> bool:
        """Whether nothing of the order has begun, nor ever will. False where it may have, or nobody can tell."""
        try:
            return tickets.draw(self.folder, token, None) if self.first is None else self.first(token)
        except Exception:  # noqa: BLE001 - whatever an engine raises; the claim is held then, which is told
            return False

    def may_have_begun(self, token: str) -> bool:
        """Whether a delivery has drawn the ticket, as far as it can be seen from here."""
        if self.first is None:
            return tickets.is_drawn(self.folder, token)
        return tickets.read(self.folder, token) is not None
