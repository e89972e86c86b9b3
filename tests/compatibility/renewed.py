"""What is said otherwise since bd1f117, on purpose, as CHANGELOG.md has it. Both answers are brought to the present words."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Sequence
from typing import Final

from batchdrain.failures.fingerprints import cluster_id_of

_TIMEOUT: Final = "timed out after * limit timeout.default_s"
_WORDS: Final = (
    (re.compile(re.escape(_TIMEOUT)), "timed out after *"),  # who set the limit is no part of the failure
    (re.compile(re.escape(cluster_id_of(_TIMEOUT))), cluster_id_of("timed out after *")),
)
_TIME: Final = re.compile(r"(\d\d:\d\d:\d\d)\.\d{6}Z")
_UP_TO: Final = re.compile(r"(?<=Process )up to |(?<=Would drain )up to ")
_COME_SINCE: Final = re.compile(
    r"^(?:\| )?(?:Not reached(?:: | \|)|Wanted [Rr]ate(?:: | \|)|  fewer if results|  more once the runs|        in all runs: |  ! --|2 are claimed by).*\n",
    re.MULTILINE,
)
_EMPTY: Final = ("Total Processed: 0", "| Processed | 0 |")


def renew(lines: Sequence[str], *, as_json: bool) -> list[str]:
    """`as_json`: exact times stay."""
    text = "\n".join(lines)
    for pattern, word in _WORDS:
        text = pattern.sub(word, text)
    if as_json:
        return text.splitlines()
    text = _UP_TO.sub("", _COME_SINCE.sub("", text + "\n"))
    text = re.sub(r"(?<=\nSession saved to:\n) *", "  ", _TIME.sub(r"\1Z", text))
    if any(empty in lines for empty in _EMPTY):
        text = re.sub(r"(Success Rate: |\| Success rate \| )0\.0%", r"\1-", text)
    return text.splitlines()


def without_runs(lines: Sequence[str]) -> list[str]:
    """A list of clusters without the number of runs, which is of those that are asked for, since."""
    return [re.sub(r"^( +\d+ +)\d+", r"\1*", line) for line in lines]


def until_sums(lines: Sequence[str]) -> list[str]:
    """A plan without its sums: what a plan leaves out is counted by rule, since."""
    return list(itertools.takewhile(lambda line: not line.startswith("Would drain"), lines))


def without_timeouts(lines: Sequence[str]) -> list[str]:
    """A list of clusters without those of timeouts, and without their number."""
    if lines[0] == "{":
        found = json.loads("\n".join(lines))
        del found["total"]
        found["clusters"] = [cluster for cluster in found["clusters"] if cluster["category"] != "timeout"]
        return [json.dumps(found)]
    dropped = {number + more for number, line in enumerate(lines) if "  timeout  " in line for more in range(3)} | {0}
    return [line for number, line in enumerate(lines) if number not in dropped]
