"""The command of the tests. What it does stands in the phase's id: `…~ok`, `…~fail`, `…~transient`, `…~hang`, …"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path


def main() -> int:
    phase, attempt = os.environ["BATCHDRAIN_PHASE_ID"], int(os.environ["BATCHDRAIN_ATTEMPT"])
    act, _, argument = phase.rpartition("~")[2].partition("=") if "~" in phase else ("ok", "", "")
    result = Path(os.environ["BATCHDRAIN_RESULT_FILE"])
    witness = Path("witness.txt")
    with witness.open("a") as file:
        file.write(f"{os.environ['BATCHDRAIN_RUN_ID']}/{phase} {attempt} {os.getpid()}\n")
    print("working on", ascii(phase), flush=True)
    if act == "fail":
        print("Traceback (most recent call last):\n  ...\nValueError: no luck with", argument or phase, file=sys.stderr)
        return 1
    if act == "alike":
        print("RuntimeError: the shared service is broken", file=sys.stderr)
        return 1
    if act == "silent":
        return 3
    if act == "transient":
        if attempt >= int(argument or 2):
            return 0
        print("ConnectionResetError: connection reset by peer", file=sys.stderr)
        return 75
    if act == "weather":
        if Path(argument).exists():
            print("ConnectionResetError: connection reset by peer", file=sys.stderr)
            return 75
        return 0
    if act == "needs":
        result.write_text(json.dumps({"needs": "time", "reason": "needs longer"}))
        return 0 if attempt >= 2 else 75
    if act == "hang" or (act == "while" and Path(argument).exists()):
        print("hanging", flush=True)
        time.sleep(600)
    if act == "until":
        print("waiting", flush=True)
        while not Path(argument).exists():
            time.sleep(0.02)
    if act == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("deaf", flush=True)
        time.sleep(600)
    if act == "stubborn":
        signal.signal(signal.SIGTERM, lambda *_: print("heard", flush=True))
        print("stubborn", flush=True)
        time.sleep(600)
    if act in {"grandchild", "tree"}:
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        Path("grandchild.pid").write_text(str(child.pid))
        if act == "tree":
            time.sleep(600)
    if act == "daemon":
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
        Path("grandchild.pid").write_text(str(child.pid))
        time.sleep(600)
    if act == "metrics":
        result.write_text(json.dumps({"metrics": {"tokens": 15}}))
    if act == "reason":
        result.write_text(json.dumps({"reason": argument or "No-op detected: no changes applied"}))
        return 1
    if act == "bytes":
        sys.stderr.buffer.write(b"\xff\xfe broken \x00 bytes\n")
        return 1
    if act == "env":
        Path("environ.json").write_text(json.dumps(dict(os.environ)))
        Path("argv.json").write_text(json.dumps(sys.argv[1:]))
    if act == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if act == "sleep":
        time.sleep(float(argument))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
