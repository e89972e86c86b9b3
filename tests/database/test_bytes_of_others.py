"""Tables of other people from `inv init` to what it drains: of all that stands in their database, only what is mapped is written."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from batchdrain.config.settings import Source
from tests.recipes.support import block, safe_load
from tests.support import foreign_tables as tables
from tests.support.table_dumps import changes, everything
from tests.support.workplace import DEADLINE_S, Ran, Workplace, wait_for

pytestmark = pytest.mark.everyday("sqlite", "postgresql", "mariadb")

CODES = {
    "table": "codes",
    "columns": {"run_id": "job", "phase_id": "step", "phase_index": None, "last_failure_reason": "result"},
    "states": {"failed": [4, 5], "queued": [0, 1], "executing": 2, "complete": 3},
}
DOES = """
import sys, sqlalchemy as sa

url, code, *statements = sys.argv[1:]
with sa.create_engine(url, poolclass=sa.pool.NullPool).begin() as connection:
    for statement in statements:
        connection.execute(sa.text(statement))
sys.exit(int(code))
"""


@pytest.fixture
def place(tmp_path: Path, database_url: str) -> Workplace:
    """A database without any table, and no invoke.yaml."""
    root = tmp_path / "project"
    root.mkdir()
    found = Workplace(root=root, url=database_url)
    (root / "invoke.yaml").unlink()
    return found


def make(place: Workplace, script: str) -> None:
    for statement in script.split(";\n"):
        place.sql(statement.replace(":", r"\:"))


def init(place: Workplace) -> Ran:
    return place.inv("init", env={"DATABASE_URL": place.url})


def section_of(place: Workplace) -> dict[str, Any]:
    found: dict[str, Any] = safe_load((place.root / "invoke.yaml").read_text())["batchdrain"]
    return found


def edit(place: Workplace, section: dict[str, Any], *argv: str) -> None:
    """The section that `init` wrote with another command, the one edit that is needed."""
    place.source = section["source"]
    place.configure(command={**section.get("command", {}), "argv": ["{python}", *argv], "settle_s": 0.2})


def test_phases_of_a_run_of_tiers_are_drained_as_init_wrote_it(place: Workplace) -> None:
    make(place, tables.AUTOPACK)
    before = everything(place)
    assert init(place).code == 0

    edit(place, section_of(place), "-c", "pass")
    ran = place.inv("drain")

    assert ran.code == 0, ran
    now = changes(before, everything(place))
    updated_at = now["phases 2"].pop("updated_at")
    assert (now, "2025" in updated_at) == ({"phases 2": {"state": "'COMPLETE'", "last_failure_reason": "None"}}, False)


@pytest.mark.parametrize("code", [4, 5])
def test_a_phase_of_codes_that_is_given_back_has_the_code_that_it_had(place: Workplace, code: int) -> None:
    make(place, tables.CODES)
    place.sql(f"UPDATE codes SET state = {code} WHERE job = 1 AND step = 1")
    place.source = CODES
    waits = "import os, time\nopen('begun', 'w').close()\nwhile not os.path.exists('go'): time.sleep(0.02)"
    place.configure(command={"argv": ["{python}", "-c", waits]})
    before = everything(place)
    drain = place.start("drain")
    wait_for((place.root / "begun").exists, "the first command")
    drain.send_signal(signal.SIGKILL)
    drain.communicate(timeout=DEADLINE_S)
    assert changes(before, everything(place)) == {"codes 1 1": {"state": "2"}}

    recovered = place.inv("recover")
    assert (recovered.lines[-1], everything(place)) == ("1 recovered, 0 still held.", before)

    (place.root / "go").touch()
    ran = place.inv("drain")
    done = {"state": "3", "result": "None"}
    assert (ran.code, place.taken()) == (0, ["1/1", "1/2", "1/10"]), ran
    assert changes(before, everything(place)) == {f"codes 1 {step}": done for step in (1, 2, 10)}


@pytest.mark.parametrize("stuck", ["as the recipe says", "by default"])
def test_a_job_of_several_tables_that_is_left_ready_is_recorded_and_its_command_alone_wrote(
    place: Workplace, stuck: str
) -> None:
    make(place, tables.SOLID_QUEUE)
    place.sql(init(place).out.strip().rstrip(";").replace(":", r"\:"))
    assert init(place).code == 0
    section, recipe = section_of(place), safe_load(block("yaml", "script/rerun_job.rb"))
    assert (section["source"], section["command"]) == (recipe["source"], recipe["command"])
    (place.root / "does.py").write_text(DOES)
    if stuck == "by default":
        del section["command"]["stuck_states"]
    ready = (
        "DELETE FROM solid_queue_failed_executions WHERE job_id = 1",
        "INSERT INTO solid_queue_ready_executions VALUES (9, 1, 'default')",
    )
    finished = (
        "DELETE FROM solid_queue_failed_executions WHERE job_id = 4",
        "UPDATE solid_queue_jobs SET finished_at = '2026-11-02 00:00:00' WHERE id = 4",
    )
    before = everything(place)
    edit(place, section, "does.py", place.url, "1", *ready)

    looked, ran = place.inv("doctor"), place.inv("drain", "--run-id=default")
    edit(place, section, "does.py", place.url, "0", *finished)
    went_on = place.inv("drain")

    warned = "warn view: a phase that its command leaves in claimed or ready stays in that state" in looked.out
    told = "default / 1 stays ready as its command left it" in ran.out
    assert (looked.code, warned, ran.code, told) == (0, stuck == "by default", 1, stuck == "by default"), (looked, ran)
    assert "ready" in ran.out, ran
    assert (went_on.code, place.taken()) == (0, ["mailers/4"]), went_on
    assert place.inv("recover").lines[0] == "0 recovered, 0 still held."
    after = everything(place)
    assert (len(before.pop("solid_queue_failed_executions")), after.pop("solid_queue_failed_executions")) == (2, {})
    assert after["solid_queue_ready_executions"].pop(("9",))["job_id"] == "1"
    now = changes(before, after)
    assert {key: list(columns) for key, columns in now.items()} == {"solid_queue_jobs 4": ["finished_at"]}


def test_task_instances_are_drained_by_their_four_columns_and_written_by_their_own_scheduler_alone(place: Workplace) -> None:
    make(place, tables.AIRFLOW)
    assert init(place).code == 0
    written, recipe = section_of(place), safe_load(block("yaml", "rerun_airflow.py"))
    assert Source.model_validate(written["source"]) == Source.model_validate(recipe["source"])
    assert written["command"] == recipe["command"]
    before = everything(place)
    (place.root / "does.py").write_text(DOES)
    sets = "UPDATE task_instance SET state = 'success' WHERE dag_id = '{column:dag_id}' AND run_id = '{column:run_id}' AND task_id = "
    sets += "'{column:task_id}' AND map_index = {column:map_index} AND map_index < 3"

    edit(place, written, "does.py", place.url, "0", sets)
    ran = place.inv("drain")

    assert (ran.code, sorted(place.taken())) == (1, [
        "etl/night 1\\/2/load/-1", "etl/night 1\\/2/mail/3", "etl/night 1\\/2/sum/-1",
    ]), ran  # fmt: skip
    done = {"state": "'success'"}
    assert changes(before, everything(place)) == {f"task_instance etl {task} night 1/2 -1": done for task in ("load", "sum")}


def test_the_text_within_json_is_read_through_a_view_and_the_document_stays(tmp_path: Path, postgresql_url: str) -> None:
    place = Workplace(root=tmp_path, url=postgresql_url)
    make(place, tables.WORDS_JSON)
    place.sql(
        "CREATE VIEW wr AS SELECT run_id, phase_id, state, reason -> 'error' ->> 'message' AS message, "
        "CASE state WHEN 'ERROR' THEN 'FAILED' ELSE state END AS alike FROM words"
    )
    columns = {"phase_index": None, "last_failure_reason": "message"}
    states = {"failed": ["FAILED", "ERROR"], "queued": "NEW", "executing": "RUNNING", "complete": "OK"}
    place.source = {"table": "wr", "columns": columns, "states": states}
    place.configure(
        command={"argv": [sys.executable, "-c", "raise SystemExit(__import__('os').environ['BATCHDRAIN_PHASE_ID'] == 'p2')"]}
    )
    before = everything(place)

    looked, found = place.inv("doctor"), place.inv("clusters", "--format=json").json()["clusters"]
    ran = place.inv("drain")

    assert (looked.code, ran.code, [one["count"] for one in found]) == (0, 1, [2]), (looked, ran)
    assert changes(before, everything(place)) == {"words r1 p1": {"state": "'OK'"}, "words r1 p2": {"state": "'FAILED'"}}
    place.source["columns"] = {**columns, "state": "alike"}
    place.configure()
    before = everything(place)
    refused = [place.inv("doctor"), place.inv("drain")]
    assert [(one.code, "state is computed in this view" in one.out + one.err) for one in refused] == [(78, True)] * 2, refused
    assert everything(place) == before
