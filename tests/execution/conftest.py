"""An order for a Python program, and the guardians that execute it."""

from tests.execution.orders import order, pool

__all__ = ["order", "pool"]
