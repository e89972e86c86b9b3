"""`python -m batchdrain.demo --run-id=R --phase-id=P`: the worker."""

from __future__ import annotations

from batchdrain.demo.worker import main

if __name__ == "__main__":
    raise SystemExit(main())
