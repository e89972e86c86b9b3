"""inv demo: makes a sample database."""

from __future__ import annotations

from batchdrain.cli.commands.open import settings_of
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.lines_or_json import LinesOrJson
from batchdrain.database.url import file_of, parse_url
from batchdrain.demo.backlog import make_backlog, require_free
from batchdrain.drain.project import database_url
from batchdrain.model.errors import ConfigError, FilesUnavailable
from batchdrain.runtime.text import count_of, to_shown_path

_PHASES = 60
_SEED = 7


def make_demo(invocation: Invocation, *, phases: int | None, seed: int | None, shape: str = "text") -> None:
    """Write the demo's database where the settings point to. Raises ConfigError unless that is a SQLite file that does not
    exist yet, or is a demo's."""
    count = phases or _PHASES
    url = parse_url(database_url(settings_of(invocation), invocation.environ, invocation.root))
    if url.get_backend_name() != "sqlite" or not url.database:
        raise ConfigError(
            "inv demo makes a SQLite file, and the configured database is another",
            remedy="unset batchdrain.database_url and DATABASE_URL, then run it again",
        )
    path, out = file_of(url), LinesOrJson(shape)
    try:
        require_free(path)
        if invocation.dry:
            out.line(f"Would make {to_shown_path(path)} with {count_of(count, 'failed phase')}")
            out.end(0, database=str(path), made=None)
            return
        made = make_backlog(path, phases=count, seed=_SEED if seed is None else seed)
    except FileExistsError as error:
        raise ConfigError(f"inv demo: {error}", remedy="the demo never replaces a database of yours") from None
    except OSError as error:
        raise FilesUnavailable(f"inv demo: {path}: {error.strerror}", remedy="make the folder writable") from error
    then = ", ".join(f"inv {invocation.mount}{task}" for task in ("dry-run", "drain", "summary"))
    out.line(
        f"Made {to_shown_path(path)}: {made['FAILED']} failed, {made['QUEUED']} queued, {count_of(made['COMPLETE'], 'complete phase')}. "
        f"Now: {then}"
    )
    out.end(0, database=str(path), made={name.lower(): count for name, count in made.items()})
