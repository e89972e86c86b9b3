"""What orders leave on a machine of a worker goes a week after its last use."""

from __future__ import annotations

import os
from pathlib import Path

from batchdrain.execution.worker.files import Files
from batchdrain.execution.worker.tidy import hold, tidy
from tests.execution.test_worker_code import aged


def test_what_orders_left_is_removed_a_week_after_its_last_use_but_for_what_is_in_use(tmp_path: Path) -> None:
    elsewhere, here = tmp_path / "elsewhere", tmp_path / "here"
    for name in ("elsewhere", "here/order-old", "here/order-new", "here/order-held"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "stdout").write_text("long")
    (here / "old.zip").touch()
    (here / "link").symlink_to(elsewhere)
    held = hold(str(here / "order-held"))
    for path in here.rglob("*"):
        aged(path, 6 if "order-new" in path.parts else 8)
    for path in here.iterdir():
        aged(path, 6 if path.name == "order-new" else 8)
    before = os.listdir("/proc/self/fd")
    tidy(str(here))
    assert os.listdir("/proc/self/fd") == before
    os.close(held)

    assert sorted(path.name for path in here.iterdir()) == ["order-held", "order-new"]
    assert (elsewhere / "stdout").read_text() == "long"


def test_the_age_of_a_kept_log_counts_from_the_end_of_its_order(tmp_path: Path) -> None:
    """An order may run for longer than a week. Of one whose worker died the last line that it wrote counts."""
    kept = Files({"back_bytes": 3}, shared=False, beside=str(tmp_path / "code.zip"))
    kept_log = Path(kept.stdout)
    kept_log.write_text("long")
    aged(kept_log, 8)
    aged(Path(kept.folder), 8)
    kept.remove()
    died = tmp_path / "order-died"
    died.mkdir()
    (died / "stdout").write_text("its last line is of today")
    aged(died, 8)
    tidy(str(tmp_path))
    assert (kept_log.exists(), died.exists()) == (True, True)
    for path in (kept_log, kept_log.parent, died / "stdout", died):
        aged(path, 8)
    tidy(str(tmp_path))
    assert (kept_log.exists(), died.exists()) == (False, False)
