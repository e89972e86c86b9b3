"""docs/flags.md, from the table of flags that the tasks are made of."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Final

from batchdrain.cli.tasks.flag import Flag
from batchdrain.cli.tasks.flags import FLAGS
from batchdrain.collection import ns

_HEAD: Final = r"""# Flags

<!-- Made by `python -m tests.docs.generate` from the table of flags, batchdrain/cli/tasks/flags.py. Edit the texts there. -->

`inv --help drain` shows the flags of one task. Write a value behind `=` or behind a space: `--batch-size=25`, `--batch-size 25`.
A negative number needs the `=`.

- What is left out comes from the setting that the table names: see [configuration.md](configuration.md). Where it names none,
  it says what holds instead.
- A wrong or empty value is told with the flag's name, what was expected and what came. The task then ends with exit code 2, and
  nothing was changed.
- A flag stands once. Only a LIST may be repeated: Invoke takes the second value of another flag for the name of a task.
- Invoke's own flags stand before the task: `inv --dry drain` is a dry run too.

| takes | is |
|---|---|
| INT | a whole number |
| NUMBER | a number: `90`, `0.5` |
| RATE 0.0-1.0 | a share: `0.8` is 80 % |
| DURATION | seconds, or a number with a unit: `90`, `90s`, `10m`, `1h` |
| WHEN | a date, a date and time (UTC where it names no zone), or a time from now: `90s`, `12h`, `7d`, `2w` |
| NAME | one of those that the table lists; a policy or an engine of yours is named by its path, `package.module:function` |
| ID | the id of a run, a phase or a session, exactly; commas belong to it |
| CLUSTER ID | ten hex digits, from `inv clusters` |
| GLOB | a run's id, or a pattern of ids: `*` is anything, `?` one character, `[ab]` one of these |
| TEXT | any text; what is kept in the ledger has at most 500 characters |
| FILE | the path of a file |
| URL | a database's URL: `sqlite:///work.db`, `postgresql://user@host/name` (extra `postgres`), `mysql+pymysql://user@host/name` (extra `mysql`) |
| LIST of … | several of them, with commas or with the flag again: `--category=transient,collection` is `--category=transient --category=collection` |
| nothing | a switch: it is there, or it is not |

In a list `\,` is a comma that belongs to the entry: `--exclude-run='build\,7*'` leaves out the runs that begin with `build,7`. Every
other backslash stands for itself, so an entry that ends in one goes last. Quote the value, or your shell takes the backslash away. Spaces around an entry don't count, and
neither does an empty entry beside others. `--policy` takes JSON too, for policies with parameters:
`--policy='["hints", {"name": "best-yield", "prior": 0.3}]'`.
"""


def flags_page() -> str:
    return "\n".join([_HEAD, *(_section(name) for name in ns.task_names)])


def _section(name: str) -> str:
    rows = "".join(map(_row, FLAGS[name.replace("-", "_")]))
    table = (
        f"| flag | takes | when left out | means | example |\n|---|---|---|---|---|\n{rows}"
        if rows
        else "It takes no flags.\n"
    )
    says, _, examples = (ns[name].__doc__ or "").partition("\n\nExamples:\n")
    return f"## `inv {name}`\n\n{says}\n\n{table}\n```text\n{inspect.cleandoc(examples)}\n```\n"


def _row(flag: Flag) -> str:
    cells = (f"`{flag.dashed}`", flag.takes or "nothing", _unset(flag), flag.help, " or ".join(_examples(flag)))
    return f"| {' | '.join(cells)} |\n"


def _unset(flag: Flag) -> str:
    """Where the value comes from, or what holds, when nobody gives the flag."""
    if flag.unset:
        return flag.unset
    return f"setting `{flag.setting}`" if flag.setting else f"`{flag.choices[0]}`"


def _examples(flag: Flag) -> Iterator[str]:
    if not flag.kind:
        yield f"`{flag.dashed}`"
        return
    for example in flag.example.replace(" or ", ", ").split(", "):
        yield f"`{example}`" if example.startswith("--") else f"`{flag.dashed}={example}`"
