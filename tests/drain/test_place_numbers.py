"""Each phase of a session has a place of its own, whatever runs beside it."""

from __future__ import annotations

import re

from batchdrain.drain.place_numbers import PlaceNumbers
from tests.support.workplace import Workplace

_RETRY_RUNS_BESIDE_ALL_OTHERS = """
import os, sys, time
if os.environ["BATCHDRAIN_RUN_ID"] != "first":
    raise SystemExit(0)
if not os.path.exists("tried"):
    open("tried", "w").close()
    print("ConnectionResetError: connection reset by peer", file=sys.stderr)
    raise SystemExit(75)
until = time.monotonic() + 30
while time.monotonic() < until and not os.path.exists("go"):
    time.sleep(0.02)
"""
_LAST = "import os\nif os.environ['BATCHDRAIN_RUN_ID'] == 'r5': open('go', 'w').close()\n"


def test_two_phases_never_have_one_place() -> None:
    numbers = PlaceNumbers(before=3)
    assert [numbers.draw(), numbers.draw(), numbers.draw()] == [4, 5, 6]
    numbers.give_back(5)
    assert [numbers.draw(), numbers.draw()] == [5, 7]


def test_a_phase_that_is_tried_again_beside_others_takes_nobodys_place(sqlite_project: Workplace) -> None:
    code = _LAST + _RETRY_RUNS_BESIDE_ALL_OTHERS
    sqlite_project.configure(command={"argv": ["{python}", "-S", "-c", code]})
    sqlite_project.fail("first/p", *(f"r{number}/p" for number in range(1, 6)))

    ran = sqlite_project.inv("drain", "--workers=2", "--policy=run-order")

    assert ran.code == 0, ran.out
    selected = re.findall(r"^\[(\d+)/6\] Selecting", ran.out, re.MULTILINE)
    assert sorted(map(int, selected)) == [1, 2, 3, 4, 5, 6]
    assert re.findall(r"^\[(\d+)/6\] Trying again", ran.out, re.MULTILINE) == ["1"]
