"""What is said otherwise since bd1f117, on purpose, as CHANGELOG.md has it. Both answers are brought to the present words."""

from __future__ import annotations

import html
import itertools
import json
import re
from collections.abc import Iterator, Sequence
from typing import Final

from batchdrain.failures.fingerprints import cluster_id_of

_TIMEOUT: Final = "timed out after * limit timeout.default_s"
_WORDS: Final = (
    (re.compile(re.escape(_TIMEOUT)), "timed out after *"),  # who set the limit is no part of the failure
    (re.compile(re.escape(cluster_id_of(_TIMEOUT))), cluster_id_of("timed out after *")),
    (re.compile(r"(?<=its lease ended <n> s ago): `inv recover` releases it"), ""),  # a cure, which there was none
    (re.compile(r"skipped by batch is full: (?=\d)"), "does not fit into the batch: "),
    (re.compile(r"^( +1) batch is full$", re.MULTILINE), r"\1 does not fit into the batch"),
    (re.compile(r"^( +\d+) batch is full$", re.MULTILINE), r"\1 do not fit into the batch"),
    # a count of one goes with the singular
    (re.compile(r"\bAll 1 (failed|queued) phases are skipped:"), r"The only \1 phase is skipped:"),
    (re.compile(r"\b1 ((?:failed |queued |complete )?)phases come first"), r"1 \1phase comes first"),
    (re.compile(r"\b1 (failed|queued|complete) phases\b"), r"1 \1 phase"),
    (re.compile(r"\bin 1 (run|cluster)s\b"), r"in 1 \1"),
    (re.compile(r"\b1 are skipped\b"), "1 is skipped"),
    (re.compile(r"\b1 finds? the batch full\b"), "1 does not fit into the batch"),
    (re.compile(r"\bfind the batch full\b"), "do not fit into the batch"),
    (re.compile(r"\bfinds the batch full\b"), "does not fit into the batch"),
    (re.compile(r" \((?:\d+ )?accepted\)$", re.MULTILINE), ""),  # what is accepted by now is said beside a cluster
    # the field's terms for what had words of our own
    (re.compile(r"\| Run \| Succeeded \| Of \|\n\|---\|---:\|---:\|$(?!\n\|)", re.MULTILINE), "no phase has a result"),
    (re.compile(r"(?<=, never tried) to an end(?=, )"), ""),  # of a phase whose attempts were released or orphaned
    (re.compile(r"\bgiven back (?=\d+ times in a row)"), "orphaned "),
    (re.compile(r"\bwhat ails its run is known\b"), "why its run fails is known"),
    (re.compile(r"(?<=\d) a minute(?=[;)])"), " per minute of execution"),
    # phases without a reason have nothing in common
    (re.compile(r"(?:systemic|run-specific) +(?=e3b0c44298$)", re.MULTILINE), "no cluster    "),
    (
        re.compile(r'(?<="scope": ")(?:systemic|run-specific)(?=",\s+"category": "\w+",\s+"fingerprint": "")'),
        "no cluster",
    ),
)
_TIME: Final = re.compile(r"(\d\d:\d\d:\d\d)\.\d{6}Z")
_UP_TO: Final = re.compile(r"(?<=Process )up to |(?<=Would drain )up to ")
_COME_SINCE: Final = re.compile(
    r"^(?:\| )?(?:Not reached(?:: | \|)|Wanted [Rr]ate(?:: | \|)|  fewer if results|  more once the runs|        in all runs: |  ! --|2 are claimed by|Continue with \| |inv (?:resume|drain)|  no phase has a result$|Exit code (?:\d|\|)|\| Exit code |Left undone|\| Left undone|  Try again: |  Once fixed: |  If it is known: |(?:  |and )?\d+ (?:more|failed phases?) waits? for a retry).*\n(?:\n(?=## F))?",
    re.MULTILINE,
)
_WORST: Final = re.compile(r"^Worst failures, one of each cluster first:\n(?:  .*\n)+|^\| Metric .*\n", re.MULTILINE)
_CLUSTERS_OF_A_PAGE: Final = re.compile(
    r"^## (?:Worst failures, one of each cluster first|Failures by cluster)\n\n(?:\|.*\n)+\n?", re.MULTILINE
)
_ROW_OF_A_PAGE: Final = re.compile(r"^(?:\|.*|# Batch drain .*)$", re.MULTILINE)
_ESCAPED: Final = re.compile(r"\\([\\`*_{}\[\]()<>#+!|~&:@$-])")
"""Ids, paths and commands of a page were escaped, and stand as code."""
_BALANCE_OF: Final = re.compile(r"(?<=\| Balance \| )(\d+) (?:failed|queued) before")
_EMPTY: Final = ("Total Processed: 0", "| Processed | 0 |")


def renew(lines: Sequence[str], *, as_json: bool) -> list[str]:
    """`as_json`: exact times stay."""
    text = "\n".join(lines)
    for pattern, word in _WORDS:
        text = pattern.sub(word, text)
    if as_json:
        return text.splitlines()
    text = _UP_TO.sub("", _COME_SINCE.sub("", text + "\n"))
    text = _ROW_OF_A_PAGE.sub(lambda found: html.unescape(_ESCAPED.sub(r"\1", found[0])).replace("`", ""), text)
    text = _BALANCE_OF.sub(r"\1 before", _CLUSTERS_OF_A_PAGE.sub("", _WORST.sub("", text)))
    text = re.sub(r"(?<=\nSession saved to:\n) *", "  ", _TIME.sub(r"\1Z", text))
    text = re.sub(r"(Success Rate: |\| Success rate \| )66\.7%", r"\g<1>66.6%", text)  # 2 of 3: a rate is cut since
    if any(empty in lines for empty in _EMPTY):
        text = re.sub(r"(Success Rate: |\| Success rate \| )0\.0%", r"\1-", text)
    return list(_in_order_of_ids(text.splitlines()))


def _in_order_of_ids(lines: Sequence[str]) -> Iterator[str]:
    """The reasons of `--explain` come by their ids, since."""
    for is_reason, some in itertools.groupby(lines, lambda line: line.startswith(("  - ", "  + "))):
        found = list(some)
        yield from sorted(found, key=lambda line: line[4:]) if is_reason else found


def without_runs(lines: Sequence[str]) -> list[str]:
    """A list of clusters without the number of runs, which is of those that are asked for, since."""
    return [re.sub(r"^( +\d+ +)\d+", r"\1*", line) for line in lines]


def until_sums(lines: Sequence[str]) -> list[str]:
    """A plan without its sums: what a plan leaves out is counted by rule, since."""
    return list(itertools.takewhile(lambda line: not line.startswith("Would drain"), lines))


def without_timeouts(lines: Sequence[str]) -> list[str]:
    """A list of clusters without those of timeouts, and without their number; as text without examples, which are cut elsewhere
    since."""
    if lines[0] == "{":
        found = json.loads("\n".join(lines))
        del found["total"]
        found["clusters"] = [cluster for cluster in found["clusters"] if cluster["category"] != "timeout"]
        return [json.dumps(found)]
    dropped = {number + more for number, line in enumerate(lines) if "  timeout  " in line for more in range(3)} | {0}
    examples = {number for number, line in enumerate(lines) if line.startswith("        e.g. ")}
    return [line for number, line in enumerate(lines) if number not in dropped | examples]
