"""The command of the tests. What it does stands in the phase's id: `…~ok`, `…~fail`, `…~transient`, `…~hang`, …

It is started thousands of times: what only a few acts need is imported there.
"""

from __future__ import annotations

import os
import sys
import time


def main() -> int:
    phase, attempt = os.environ["BATCHDRAIN_PHASE_ID"], int(os.environ["BATCHDRAIN_ATTEMPT"])
    act, _, argument = phase.rpartition("~")[2].partition("=") if "~" in phase else ("ok", "", "")
    write("witness.txt", f"{os.environ['BATCHDRAIN_RUN_ID']}/{phase} {attempt} {os.getpid()}\n", mode="a")
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
        if os.path.exists(argument):
            print("ConnectionResetError: connection reset by peer", file=sys.stderr)
            return 75
        return 0
    if act == "needs":
        result(needs="time", reason="needs longer")
        return 0 if attempt >= 2 else 75
    if act == "hang" or (act == "while" and os.path.exists(argument)):
        print("hanging", flush=True)
        time.sleep(600)
    if act == "until":
        print("waiting", flush=True)
        while not os.path.exists(argument):
            time.sleep(0.02)
    if act in {"deaf", "stubborn"}:
        import signal

        signal.signal(signal.SIGTERM, signal.SIG_IGN if act == "deaf" else lambda *_: print("heard", flush=True))
        print("is", act, flush=True)
        time.sleep(600)
    if act in {"grandchild", "tree", "daemon"}:
        leave_a_child(start_new_session=act == "daemon")
        if act != "grandchild":
            time.sleep(600)
    if act == "metrics":
        result(metrics={"tokens": 15})
    if act == "reason":
        result(reason=argument or "No-op detected: no changes applied")
        return 1
    if act == "bytes":
        sys.stderr.buffer.write(b"\xff\xfe broken \x00 bytes\n")
        return 1
    if act == "env":
        import json

        write("environ.json", json.dumps(dict(os.environ)))
        write("argv.json", json.dumps(sys.argv[1:]))
    if act == "killed":
        os.kill(os.getpid(), 9)
    if act == "sleep":
        time.sleep(float(argument))
    return 0


def write(path: str, text: str, mode: str = "w") -> None:
    with open(path, mode) as file:
        file.write(text)


def result(**said: object) -> None:
    import json

    write(os.environ["BATCHDRAIN_RESULT_FILE"], json.dumps(said))


def leave_a_child(*, start_new_session: bool) -> None:
    import subprocess

    argv = [sys.executable, "-c", "import time; time.sleep(600)"]
    child = subprocess.Popen(argv, start_new_session=start_new_session)
    write("grandchild.pid", str(child.pid))


if __name__ == "__main__":
    raise SystemExit(main())
