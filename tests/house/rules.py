"""All rules, by the names under which tests report them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from tests.house import contracts, names, order, sizes, walls

Rule = Callable[[Path], list[str]]
RULES: Final[Mapping[str, Rule]] = {
    "at most 16 entries at the root": sizes.root_entries,
    "at most 250 lines a file": sizes.file_lines,
    "at most 40 lines a function": sizes.function_lines,
    "at most 6 parameters": sizes.parameters,
    "at most 15 imports of our own": sizes.own_imports,
    "at most 300 lines a test file": sizes.lines_of_test_files,
    "imports run one way": order.wings,
    "no circles of imports": order.circles,
    "the package is lazy": order.lazy_package,
    "no retired name": names.retired,
    "no bare participle": names.participles,
    "no word, mark or said": names.empty_names,
    "no room that says nothing": names.rooms_that_say_nothing,
    "no SQL beside processes": walls.sql_beside_processes,
    "no shell": walls.shells,
    "nothing is printed past the sink": walls.past_the_sink,
    "the guardian imports the standard library alone": walls.guardian_imports,
    "the guardian loads the standard library alone": walls.guardian_loads,
    "inv --list loads nothing heavy": walls.light_listing,
    "no path of a machine": walls.paths_of_machines,
    "every public name documented": contracts.docstrings,
    "__all__ is exact": contracts.exact_all,
    "policies and engines come through one door": contracts.plugins_through_doors,
    "tests mirror the house": contracts.folders_of_tests,
}
