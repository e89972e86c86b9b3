"""The script of the recipe for Airflow against an API of our own in the shape of Airflow's: what it asks, and how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.recipes.support import block

Asked = tuple[str, str, Any]


class Api(ThreadingHTTPServer):
    """Ends each task that is cleared at once, in the state `ends_in`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.ends_in = "success"
        self.asked: list[Asked] = []
        self.tokens: set[str | None] = set()


class Answers(BaseHTTPRequestHandler):
    server: Api

    def do_GET(self) -> None:
        self.answer(None, {"state": self.server.ends_in})

    def do_POST(self) -> None:
        self.answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))), {"task_instances": []})

    def answer(self, body: Any, answer: Any) -> None:
        self.server.asked.append((self.command, self.path, body))
        self.server.tokens.add(self.headers["Authorization"])
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def api() -> Iterator[Api]:
    with Api() as found:
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield found
        found.shutdown()


def rerun(api: Api, root: Path, *argv: str) -> tuple[int, str]:
    script = root / "rerun_airflow.py"
    script.write_text(block("python", "rerun_airflow.py"))
    environ = {**os.environ, "AIRFLOW_API": f"http://127.0.0.1:{api.server_port}/api/v2", "AIRFLOW_API_TOKEN": "of a test"}
    done = subprocess.run(
        [sys.executable, str(script), *argv], env=environ, capture_output=True, text=True, check=False, timeout=100
    )
    return done.returncode, done.stderr.strip()


@pytest.mark.parametrize(
    ("index", "which", "path"), [("-1", "mail", ""), ("3", ["mail", 3], "/3")], ids=["a task", "one of a mapped task"]
)
def test_a_task_is_cleared_by_its_four_names_and_waited_for(
    api: Api, tmp_path: Path, index: str, which: Any, path: str
) -> None:
    assert rerun(api, tmp_path, "e tl", "night 1/2", "mail", index) == (0, "")
    body = {"dry_run": False, "dag_run_id": "night 1/2", "task_ids": [which], "reset_dag_runs": True}
    assert api.asked == [
        ("POST", "/api/v2/dags/e%20tl/clearTaskInstances", body),
        ("GET", f"/api/v2/dags/e%20tl/dagRuns/night%201%2F2/taskInstances/mail{path}", None),
    ]
    assert api.tokens == {"Bearer of a test"}


def test_a_task_that_fails_again_ends_the_script_with_its_state(api: Api, tmp_path: Path) -> None:
    api.ends_in = "upstream_failed"
    assert rerun(api, tmp_path, "etl", "night", "sum", "-1") == (1, "etl night sum is upstream_failed")
