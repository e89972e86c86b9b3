"""The diagnosis command of the tests. What it does stands in diagnoses.json of its folder, by 'run/phase' or by '*'."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any


def main() -> int:
    name = f"{os.environ['BATCHDRAIN_RUN_ID']}/{os.environ['BATCHDRAIN_PHASE_ID']}"
    with Path("diagnosed.txt").open("a") as file:
        file.write(f"{name} {os.getpid()}\n")
    acts = json.loads(Path("diagnoses.json").read_text())
    act: dict[str, Any] = acts.get(name, acts.get("*", {}))
    print("looking at", ascii(name), flush=True)
    if "meet" in act:  # a rendezvous: nobody leaves before so many are there
        Path(f"here-{os.getpid()}").touch()
        while len(list(Path().glob("here-*"))) < act["meet"]:
            time.sleep(0.02)
    if "until" in act:
        while not Path(act["until"]).exists():
            time.sleep(0.02)
    if "daemon" in act:
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
        new = Path(f"daemon.{child.pid}")  # another one may write its own at the same time, and be ended in the middle
        new.write_text(str(child.pid))
        new.replace("daemon.pid")
    if "env" in act:
        Path("environ.json").write_text(json.dumps(dict(os.environ)))
        Path("argv.json").write_text(json.dumps(sys.argv[1:]))
    if "hang" in act:
        Path("hangs").touch()
        time.sleep(600)
    if "print" in act:
        print(act["print"], flush=True)
    if "raw" in act:
        Path(os.environ["BATCHDRAIN_RESULT_FILE"]).write_text(act["raw"])
    if "say" in act:
        Path(os.environ["BATCHDRAIN_RESULT_FILE"]).write_text(json.dumps(act["say"]))
    return int(act.get("exit", 0))


if __name__ == "__main__":
    raise SystemExit(main())
