"""Makes the outputs: runs every cause of causes/*.sh four times, each time with other names, in other company.

    python tests/data/outputs/make.py [--path=DIR:DIR] [--pg=HOST] [GROUP ...]

A cause is a script for bash under `#: <name>`, with `#: must <regex>` and `#: not <regex>` of what a good reason holds, as a
person judges it. @w@ @v@ are words (@W@ with a capital), @n@ @m@ numbers, @p@ a package, @x@ a port where nobody listens.
The variants: 1 plain; 2 with progress on stdout and a deprecation on stderr before it; 3 with dated log lines before it and
a word of farewell after it; 4 in company that changes from cause to cause, see `_COMPANY`.
A program that is not installed is passed over. What is found goes to <group>.jsonl; no path of the machine stays in it.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent
_VALUES: Final = (
    {"w": "tax", "W": "Tax", "v": "ledger", "V": "Ledger", "n": "41", "m": "7", "p": "left-pad", "x": "9"},
    {"w": "invoice", "W": "Invoice", "v": "customer", "V": "Customer", "n": "1203", "m": "12", "p": "lodash", "x": "19"},
    {"w": "region", "W": "Region", "v": "shipment", "V": "Shipment", "n": "8", "m": "365", "p": "react", "x": "29"},
    {"w": "payroll", "W": "Payroll", "v": "warehouse", "V": "Warehouse", "n": "77", "m": "3", "p": "chalk", "x": "39"},
)
_BEFORE: Final = {
    2: r"""for i in 1 2 3; do printf '\rloading %d of 3' $i; done; echo; echo 'warning: option --legacy is deprecated, use --mode instead' >&2
""",
    3: """echo '2026-01-05 10:20:31,007 INFO app: step 3 of 7 begins'; echo '2026-01-05 10:20:31,112 INFO app: 3 inputs found' >&2
""",
}
_AFTER: Final = {3: "\necho 'Cleaning up temporary files' >&2\n"}
_COMPANY: Final = (
    'printf "run:\\n\\t@bash ../cause.sh\\n" > ../outer.mk; make --no-print-directory -f ../outer.mk run',
    "bash ../cause.sh 2> >(sed -u 's/^/2026-01-05T10:20:30.123Z /' >&2)",
    "bash ../cause.sh 2>&1",
    "bash ../cause.sh; r=$?; echo \"Build step 'run' failed with exit code $r\" >&2; exit $r",
    "bash ../cause.sh 2> >(sed -u 's/^/app-1  | /' >&2)",
)
_TIMEOUT_S: Final = 120
_MOST_CHARS: Final = 6_000
_MOST_OF_LATEST: Final = 1_500
"""Of the groups whose name begins with 'fresh' or 'unseen'."""
_MISSING: Final = re.compile(r"bash: line \d+: \S+: command not found|cause\.sh: line \d+: \S+: command not found")


@dataclass(kw_only=True)
class Cause:
    """One way to fail."""

    program: str
    name: str
    must: list[str] = field(default_factory=list)
    must_not: list[str] = field(default_factory=list)
    script: list[str] = field(default_factory=list)


def read_causes(path: Path) -> Iterator[Cause]:
    """Those of one file, in its order."""
    cause: Cause | None = None
    for line in path.read_text().splitlines():
        kind, _, text = line.removeprefix("#: ").partition(" ") if line.startswith("#: ") else ("", "", "")
        if cause is not None and kind == "must":
            cause.must.append(text)
        elif cause is not None and kind == "not":
            cause.must_not.append(text)
        elif cause is not None and kind == "program":
            cause.program = text
        elif line.startswith("#: "):
            if cause is not None:
                yield cause
            cause = Cause(program=path.stem, name=line.removeprefix("#: "))
        elif cause is not None:
            cause.script.append(line)
    if cause is not None:
        yield cause


def _fill(text: str, variant: int) -> str:
    return re.sub(r"@(\w)@", lambda found: _VALUES[variant - 1][found[1]], text)


def _run(cause: Cause, number: int, variant: int, options: argparse.Namespace) -> dict[str, Any] | None:
    """None where the program is not there, or the cause does not fail."""
    with tempfile.TemporaryDirectory() as above:
        folder = Path(above, "app")
        folder.mkdir()
        script = _BEFORE.get(variant, "") + _fill("\n".join(cause.script), variant)
        if variant in _AFTER:
            script = f"{script}\nr=$?{_AFTER[variant]}exit $r"
        Path(above, "cause.sh").write_text(script + "\n")
        command = _COMPANY[number % len(_COMPANY)] if variant == 4 else "bash ../cause.sh"
        env = {
            "PATH": f"{options.path}:{os.environ['PATH']}", "HOME": above, "LANG": "C.UTF-8", "TERM": "dumb", "PGHOST": options.pg, "PGUSER": "postgres",
            "RUSTUP_HOME": os.environ.get("RUSTUP_HOME", f"{Path.home()}/.rustup"), "NODE_PATH": options.node, "GOFLAGS": "-mod=mod",
            "GOPROXY": "off", "GOCACHE": f"{tempfile.gettempdir()}/outputs-go", "COLUMNS": "100",
        }  # fmt: skip
        try:
            ran = subprocess.run(
                ["bash", "-c", command],
                cwd=folder,
                env=env,
                capture_output=True,
                stdin=subprocess.DEVNULL,
                timeout=_TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return None
        known = "not found" in " ".join(cause.must)
        stdout, stderr = (_clean(raw, above, options) for raw in (ran.stdout, ran.stderr))
        if ran.returncode == 0 or (not known and _MISSING.search(stdout + stderr)):
            print(f"passed over: {cause.program}: {cause.name} ({variant}): exit {ran.returncode} {stderr[-200:]!r}")
            return None
        return {
            "program": cause.program,
            "cause": cause.name,
            "variant": variant,
            "exit": ran.returncode,
            "must": [_fill(one, variant) for one in cause.must],
            "not": [_fill(one, variant) for one in cause.must_not],
            "stdout": stdout,
            "stderr": stderr,
        }


def _clean(raw: bytes, above: str, options: argparse.Namespace) -> str:
    """Without paths of this machine; of a long text its two ends."""
    text = raw.decode("utf-8", "replace").replace(f"{above}/app", "/srv/app").replace(above, "/srv")
    for folder in filter(
        None, (*options.path.split(":"), *options.away.split(":"), options.node.removesuffix("/node_modules"))
    ):
        text = text.replace(folder, "/usr/lib/tools")
    text = re.sub(r"https?://registry\.[\w.]+", "https://registry.example", text).replace(str(Path.home()), "/home/app")
    if len(text) <= options.most:
        return text
    head, tail = text[: options.most // 3], text[-2 * options.most // 3 :]
    return f"{head.rpartition(chr(10))[0]}\n{tail.partition(chr(10))[2]}"


def main() -> None:
    """Write a file of each group."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--path", default="/usr/bin", help="folders with programs, before those of PATH")
    parser.add_argument("--node", default="", help="node_modules")
    parser.add_argument("--away", default="", help="more folders that are not to be named")
    parser.add_argument("--pg", default="127.0.0.1", help="where PostgreSQL runs")
    parser.add_argument("groups", nargs="*")
    options = parser.parse_args()
    for path in sorted((HERE / "causes").glob("*.sh")):
        if options.groups and path.stem not in options.groups:
            continue
        options.most = _MOST_OF_LATEST if path.stem.startswith(("fresh", "unseen")) else _MOST_CHARS
        found = []
        for number, cause in enumerate(read_causes(path)):
            rows = [_run(cause, number, variant, options) for variant in (1, 2, 3, 4)]
            found += [json.dumps(row, ensure_ascii=True) for row in rows if row is not None]
        (HERE / f"{path.stem}.jsonl").write_text("".join(f"{line}\n" for line in found))
        print(f"{path.stem}: {len(found)}", flush=True)


if __name__ == "__main__":
    main()
