"""The numbers of a drain are one sum where ids are of several columns, too."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import hypothesis
from hypothesis import given
from hypothesis import strategies as st

from batchdrain.cli.commands.drain_flags import DrainFlags
from tests.drain.test_counts import INPUTS, Row, drain_and_check
from tests.drain.test_counts_of_words import WORDS, to_words
from tests.support.scripted_project import OF_RUN


@hypothesis.settings(max_examples=15, deadline=None)
@given(*INPUTS)
def test_header_skips_results_and_balance_are_one_sum_where_ids_are_of_several_columns(
    rows: list[Row], section: dict[str, Any], flags: DrainFlags, happens: dict[int, str], accepted: bool
) -> None:
    drain_and_check(rows, *of_several(section, flags), happens, accepted, several=True)


def of_several(section: dict[str, Any], flags: DrainFlags) -> tuple[dict[str, Any], DrainFlags]:
    """The same with runs that are named as ids of several columns are."""
    waits = [{"run": f"*/{one['run']}", "after": [f"*/{run}" for run in one["after"]]} for one in section["depends_on"]]
    run_id = None if flags.run_id is None else OF_RUN + flags.run_id
    asked = replace(flags, run_id=run_id, exclude_run=tuple(f"*/{run}" for run in flags.exclude_run))
    return {**section, "depends_on": waits}, asked


@hypothesis.settings(max_examples=6, deadline=None, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
@given(*INPUTS, st.permutations(WORDS))
def test_they_are_one_sum_on_a_server_too_with_several_words_and_null(
    servers_url: str,
    rows: list[Row],
    section: dict[str, Any],
    flags: DrainFlags,
    happens: dict[int, str],
    accepted: bool,
    words: list[str | None],
) -> None:
    asked = of_several(section, flags)
    drain_and_check(to_words(rows, words), *asked, happens, accepted, WORDS, several=True, url=servers_url)
