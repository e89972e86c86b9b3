"""The command of this project. What it does stands in the phase's id: `…~ok`, `…~fail`, `…~transient`, `…~held`, …"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path


def main() -> int:
    phase, attempt = os.environ["BATCHDRAIN_PHASE_ID"], int(os.environ["BATCHDRAIN_ATTEMPT"])
    act, result = phase.rpartition("~")[2], Path(os.environ["BATCHDRAIN_RESULT_FILE"])
    with Path("witness.txt").open("a") as file:
        file.write(f"{os.environ['BATCHDRAIN_RUN_ID']}/{phase} {attempt}\n")
    print("working on", ascii(phase), flush=True)
    if act == "held":  # as long as the flag of its run is there
        run = os.environ["BATCHDRAIN_RUN_ID"]
        Path(f"running.{run}").write_text(str(os.getpid()))
        while Path(f"flag.{run}").exists():
            time.sleep(0.02)
    if act == "slow":
        time.sleep(600)
    if act == "fail":
        print("Traceback (most recent call last):\n  ...\nValueError: no luck with", ascii(phase), file=sys.stderr)
        return 1
    if act == "alike":
        print("RuntimeError: the shared service is broken", file=sys.stderr)
        return 1
    if act == "transient" and attempt < 2:
        print("ConnectionResetError: connection reset by peer", file=sys.stderr)
        return 75
    if act == "metrics":
        result.write_text(json.dumps({"metrics": {"tokens": 15}}))
    if act == "reason":
        result.write_text(json.dumps({"reason": "No-op detected: no changes applied but required deliverables missing"}))
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
