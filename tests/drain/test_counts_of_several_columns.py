"""The numbers of a drain are one sum where ids are of several columns, too."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import hypothesis
from hypothesis import given

from batchdrain.cli.commands.drain_flags import DrainFlags
from tests.drain.test_counts import INPUTS, Row, drain_and_check
from tests.support.scripted_project import OF_RUN


@hypothesis.settings(max_examples=15, deadline=None)
@given(*INPUTS)
def test_header_skips_results_and_balance_are_one_sum_where_ids_are_of_several_columns(
    rows: list[Row], section: dict[str, Any], flags: DrainFlags, happens: dict[int, str], accepted: bool
) -> None:
    waits = [{"run": f"*/{one['run']}", "after": [f"*/{run}" for run in one["after"]]} for one in section["depends_on"]]
    run_id = None if flags.run_id is None else OF_RUN + flags.run_id
    asked = replace(flags, run_id=run_id, exclude_run=tuple(f"*/{run}" for run in flags.exclude_run))
    drain_and_check(rows, {**section, "depends_on": waits}, asked, happens, accepted, several=True)
