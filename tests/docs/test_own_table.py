"""docs/own-table.md records an hour: its table is made as it stands there, and what it shows is still what is printed."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
import yaml

from tests.docs.pages import DOCS, blocks
from tests.docs.scenes import Place, Step, difference

PAGE: Final = DOCS / "own-table.md"
PARTNERS: Final = (
    "alder",
    "birch",
    "cedar",
    "dogwood",
    "elm",
    "fir",
    "ginkgo",
    "hazel",
    "ironwood",
    "juniper",
    "katsura",
    "larch",
)
KINDS: Final = (
    (90, "paramiko.ssh_exception.SSHException: Error reading SSH protocol banner from sftp-a1.partners.example:22 after {n} s"),
    (76, "row {n}: column 'net_weight' holds '{n},{n}', expected a decimal number"),
    (64, "psycopg.errors.DeadlockDetected: deadlock detected\nDETAIL:  Process {n} waits for ShareLock on transaction {n}."),
    (52, ("Traceback (most recent call last):\n  File \"/opt/feeds/load.py\", line {n}, in load\n    raise QuotaExceeded(bucket)\n"
         "feeds.errors.QuotaExceeded: bucket s3://landing-{partner}/2026/{n} is over its quota of 512 GiB")),
    (26, "duplicate delivery: {partner} sent parcel 46366{n:05} twice, refusing to guess"),
    (17, None),
)  # fmt: skip
"""A tenth of the rows of each kind that the page shows, and its text."""
_HEALS: Final = "import os, sys; sys.exit('net_weight' in os.environ.get('BATCHDRAIN_FAILURE_REASON', ''))"
_EXAMPLE: Final = re.compile(r"e\.g\. (\w+).*… \(([\w-]+) / ([\w-]+)\)$", re.MULTILINE)


def rows() -> list[dict[str, Any]]:
    """The phases that the page names as examples come first in the order of the ids."""
    named = {beginning: (run, step) for beginning, run, step in _EXAMPLE.findall(shown_after("inv clusters"))}
    assert set(named) == {"paramiko", "row", "psycopg", "feeds", "duplicate"}
    found, numbers = [], itertools.count(100)
    for count, text in KINDS:
        for place in range(count):
            number, partner = next(numbers), PARTNERS[min(place, 14) % len(PARTNERS) if place < 12 else 3]
            run, step = f"{partner}-of-{number % 200}", f"step-{number}"
            if place == 0:
                run, step = next((one for start, one in named.items() if text and start in text), (run, step))
            problem = text and text.format(n=number, partner=partner)
            found.append({"feed": run, "step": step, "seq": number, "status": "broken", "problem": problem})
    return [
        *found,
        *({**found[0], "feed": "z", "step": word, "status": word, "problem": None} for word in ("waiting", "finished")),
    ]


def shown_after(command: str) -> str:
    """The block of the page that begins as the output of the command does."""
    begins = {"inv clusters": r"\d+ failed phases in ", "inv explain": r"\d+ failed phases: "}[command]
    return next(block for block in blocks(PAGE, "text") if re.match(begins, block))


def is_still_said(command: str, said: str) -> None:
    """Counts are of another width here."""
    wanted = [line.strip() for line in shown_after(command).replace("postgresql://postgres@db/feeds", "…").splitlines()]
    assert difference(wanted, "\n".join(line.strip() for line in said.splitlines())) is None, said


def test_the_table_of_the_page_is_guessed_and_shown_as_the_page_says(tmp_path: Path, postgresql_url: str) -> None:
    engine = sa.create_engine(postgresql_url)
    with engine.begin() as connection:
        connection.exec_driver_sql(blocks(PAGE, "sql")[0])
        columns = ("feed", "step", "seq", "status", "problem")
        connection.execute(sa.table("feed_steps", *map(sa.column, columns)).insert(), rows())
    engine.dispose()
    (tmp_path / "tasks.py").write_text("from batchdrain.collection import ns as ns\n")
    place = Place(root=tmp_path, env={"DATABASE_URL": postgresql_url})

    code, said = place.type(Step(command="inv init --yes"))
    assert (code, "no column looks like updated_at" in said) == (0, True), said
    settings = yaml.safe_load((tmp_path / "invoke.yaml").read_text())
    source = settings["batchdrain"]["source"]
    assert (source["table"], source["columns"], source["states"]) == (
        "feed_steps",
        {"run_id": "feed", "phase_id": "step", "phase_index": "seq", "state": "status", "last_failure_reason": "problem"},
        {"failed": "broken", "queued": "waiting", "executing": "active", "complete": "finished"},
    )
    settings["batchdrain"]["command"]["argv"] = ["{python}", "-c", _HEALS]
    (tmp_path / "invoke.yaml").write_text(yaml.safe_dump(settings))
    assert place.type(Step(command="inv doctor"))[1].splitlines()[-1] == "All is well."

    said = place.type(Step(command="inv clusters"))[1]
    is_still_said("inv clusters", said)
    one_of = dict(re.findall(r"^ +\d+ .* ([0-9a-f]{10})\n +(\w+)", said, re.MULTILINE))
    full, wrong, broken = (
        next(key for key, word in one_of.items() if word == told) for told in ("quotaexceeded", "row", "sshexception")
    )
    for command in (
        f"inv accept --cluster={full} --reason='asked for more' --until=14d",
        f"inv drain --batch-size=1 --cluster={wrong}",
        f"inv drain --batch-size=1 --cluster={broken}",
    ):
        assert place.type(Step(command=command))[0] in {0, 1}
    is_still_said("inv explain", place.type(Step(command="inv explain"))[1])
