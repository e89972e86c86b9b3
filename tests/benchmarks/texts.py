"""All that is done with a failure text: linear in its length, also for texts made to be slow."""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy.engine import make_url

from batchdrain.config.redaction import redactor_of
from batchdrain.failures import categorise, fingerprint
from batchdrain.failures.suffix import strip_suffix
from batchdrain.model.failure import Failure
from tests.benchmarks.bench import Bench
from tests.benchmarks.figure import Figure, Pair

UNITS = ("(", "'", "/", "_", "a_", "\x00", "a.", "status code ", "package a", "expected output ", "connection ", "x: ",
         "postgresql://u:p@h/ ", "\n", "é", "password=a ")  # fmt: skip
LONG, SHORT, TRIES = 64_000, 8_000, 5
_REDACT = redactor_of({"ACME_PASSWORD": "hunter2-hunter2"}, make_url("postgresql://me:s3cret-s3cret@db.example/app"))


def measure(bench: Bench) -> list[Figure]:
    costs = {unit: _pairs(unit, bench.sizes.pairs) for unit in UNITS}
    figures = {unit: Figure.of("text", pairs) for unit, pairs in costs.items()}
    is_gate = bench.sizes.is_gate
    worst = max(UNITS, key=lambda unit: (figures[unit].best if is_gate else figures[unit].ratio) or 0.0)
    few, many = 20_000, 80_000
    stripped = [(_stripped(many), _stripped(few)) for _ in range(bench.sizes.pairs)]
    return [
        Figure.of("text", costs[worst], note=f"processor time, the worst of {len(UNITS)} kinds: {worst!r}"),
        Figure.of("suffixes", stripped, note="processor time", many=many, few=few),
    ]


def _pairs(unit: str, rounds: int) -> list[Pair]:
    return [(_judged(unit, LONG, number), _judged(unit, SHORT, number)) for number in range(rounds)]


def _judged(unit: str, chars: int, round_: int) -> float:
    """Each text is new: what is remembered takes no time. The whole text is judged too: an excerpt of it is short."""
    text = (unit * chars)[:chars] + f"x{round_}"

    def judge(number: int) -> None:
        one = f"{text}/{number}"
        failure = Failure.of(one, categorise, _REDACT)
        _ = failure.text, failure.category, failure.fingerprint
        categorise(one)
        fingerprint(one)

    return _least_ms(judge)


def _stripped(count: int) -> float:
    text = "boom" + " [exit code 1; log: a]" * count
    return _least_ms(lambda _: strip_suffix(text))


def _least_ms(work: Callable[[int], object]) -> float:
    """Of a few tries: another's load falls on one of them, seldom on all."""
    taken = []
    for number in range(TRIES):
        begun = time.thread_time()
        work(number)
        taken.append(time.thread_time() - begun)
    return min(taken) * 1000
