"""The connection to the database: how it is opened, what a transaction is, and which errors are tried again.

A writing transaction is BEGIN IMMEDIATE on SQLite and READ COMMITTED elsewhere. It is repeated as a whole after the listed
transient errors, so every function given to `write` must be safe to repeat.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from batchdrain.config.settings import Patience
from batchdrain.database.deadlines import Deadlines
from batchdrain.database.dialects import login_s_of
from batchdrain.database.driver_errors import (
    REMEDY_OF_AN_OUTAGE,
    REMEDY_OF_SILENCE,
    RowLocked,
    StatementLost,
    first_line_of,
    is_lost_statement,
    is_row_lock,
    is_transient,
    may_be_said_by_a_trigger,
    to_batchdrain_error,
)
from batchdrain.database.engine import make_engine, require_synchronous
from batchdrain.database.lost_statement import roll_back_quietly
from batchdrain.database.network_disk import REMEDY, network_disk_problem_of
from batchdrain.database.silence_notice import SilenceNotice
from batchdrain.database.url import file_of, is_place_of, mask_url, parse_url, place_of, require_file, require_user
from batchdrain.model.errors import BatchDrainError, ConfigError, DatabaseUnavailable

if TYPE_CHECKING:
    from tenacity import Retrying

    from batchdrain.database.retrying import Hurry

T = TypeVar("T")


class Database:
    """An open database. Reads never write, not even a journal mode; writes are whole transactions."""

    def __init__(self, url: URL, engine: sa.Engine, patience: Patience, silence: SilenceNotice) -> None:
        self.url = url
        self.engine = engine
        self.patience = patience
        self.on_retry: Callable[[str, int], None] | None = None
        self.hurry: Hurry | None = None  #: ends the waits between two tries, once somebody wants the process to end
        self.in_session = False  #: whether a session has begun on it, so that something is recorded and `resume` can go on
        self.silence = silence  #: tells people what the command waits for, until it is closed
        silence.listen(engine, patience.operation_s)
        self._is_on_local_disk = False
        self._was_reached = False  # a server answered or a file was written: a refusal from now on is an outage
        self._deadlines = (
            None if self.dialect == "sqlite" else Deadlines(engine, patience.operation_s, login_s_of(url, patience), silence)
        )

    @property
    def name(self) -> str:
        """The URL with its secrets masked, for messages."""
        return mask_url(self.url)

    @property
    def place(self) -> str:
        """The file, or the host and database name: tells people which database was used."""
        return place_of(self.url)

    def is_at(self, place: object) -> bool:
        """Whether a file's `place` is that of this database, as this or an earlier version wrote it."""
        return is_place_of(place, self.url)

    @property
    def dialect(self) -> str:
        """SQLAlchemy's name of the kind of database: sqlite, postgresql or mysql."""
        return self.engine.dialect.name

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A connection for reading. Raises DatabaseUnavailable."""
        self._take_problem()
        try:
            with self.engine.connect().execution_options(reads_only=True) as connection:
                self._was_reached = self._was_reached or self.dialect != "sqlite"
                with roll_back_quietly(connection):
                    yield connection
        except SQLAlchemyError as error:
            raise self._to_error(error) from error

    def write(self, work: Callable[[sa.Connection], T], *, may_wait: bool = True) -> T:
        """Run `work` in one transaction. After transient errors it is repeated for up to `patience.operation_s`.

        Raises DatabaseUnavailable after the last try, or StatementLost if another connection works. Raises RowLocked for a
        row that can't be had now, unless it `may_wait`. Raises ConfigError for a SQLite file on another machine's disk.
        """
        self.require_local_disk()
        self._take_problem()
        try:
            try:
                return self._run_once(work)
            except SQLAlchemyError as error:
                if not may_wait and is_row_lock(error):
                    raise RowLocked.of(error) from error
                return self._retry(work, error, may_wait=may_wait)
        except sa.exc.IntegrityError:
            raise
        except SQLAlchemyError as error:
            if not may_wait and self._may_be_said_by_a_trigger(error):
                return self._run_anew(work)
            raise self._to_error(error, was_repeated=True) from error

    def _to_error(self, error: SQLAlchemyError, *, was_repeated: bool = False) -> BatchDrainError:
        """The error to raise for a failed operation.
        If we ended the operation ourselves, our reason counts and not the driver's error."""
        problem = self._take_problem()
        if problem is not None:
            remedy = REMEDY_OF_AN_OUTAGE if self.in_session else REMEDY_OF_SILENCE
            return DatabaseUnavailable(f"database {self.name}: {problem}", remedy=remedy)
        found = to_batchdrain_error(error, self.name, was_reached=self._was_reached, in_session=self.in_session)
        if isinstance(found, DatabaseUnavailable) and self.dialect != "sqlite":
            self.engine.dispose()  # the next try may find another server: after a failover the present one stays read-only
        if was_repeated and is_lost_statement(error) and self._answers():
            why = "at the last try at one statement, while a new connection works; is a text larger than max_allowed_packet?"
            return StatementLost(f"{found.message}, {why}", remedy=found.remedy)
        return found

    def _take_problem(self) -> str | None:
        return None if self._deadlines is None else self._deadlines.take_problem()

    def _answers(self) -> bool:
        """Whether a new connection works."""
        try:
            with self.engine.connect().execution_options(reads_only=True) as connection:
                return bool(connection.exec_driver_sql("SELECT 1").scalar() == 1)
        except SQLAlchemyError:
            return False

    def _retry(self, work: Callable[[sa.Connection], T], error: SQLAlchemyError, *, may_wait: bool) -> T:
        """Try again after the first try failed with `error`, if that can help."""
        if not is_transient(error):
            raise error
        if self.on_retry is not None:
            self.on_retry(first_line_of(error), 1)
        try:
            return cast("T", self._make_retrying(may_wait=may_wait)(self._run_once, work))
        except SQLAlchemyError as last:
            if not may_wait and is_row_lock(last):
                raise RowLocked.of(last) from last
            raise

    def _may_be_said_by_a_trigger(self, error: SQLAlchemyError) -> bool:
        return self.dialect != "sqlite" and may_be_said_by_a_trigger(error) and self.takes_writes()

    def _run_anew(self, work: Callable[[sa.Connection], T]) -> T:
        """Try once more in a new session, since one that began in a read-only moment stays read-only. Raises RowLocked if the
        same error comes again although the server takes writes: then a trigger raises it for this one row, and other rows may
        work."""
        self.engine.dispose()
        try:
            return self._run_once(work)
        except sa.exc.IntegrityError:
            raise
        except SQLAlchemyError as error:
            if may_be_said_by_a_trigger(error):
                raise RowLocked(first_line_of(getattr(error, "orig", error))) from error
            raise self._to_error(error, was_repeated=True) from error

    def takes_writes(self) -> bool:
        """Whether a new connection works and its server is not read-only now."""
        self.engine.dispose()
        asked = (
            "SELECT NOT (pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean)"
            if self.dialect == "postgresql"
            else "SELECT @@read_only IN ('0', 'OFF')"  # a number, or of later servers a word
        )
        try:
            with self.engine.connect().execution_options(reads_only=True) as connection:
                return bool(connection.exec_driver_sql(asked).scalar())
        except SQLAlchemyError:
            return False

    def _run_once(self, work: Callable[[sa.Connection], T]) -> T:
        with self.engine.connect() as connection, roll_back_quietly(connection):
            transaction = connection.begin()
            result = work(connection)
            transaction.commit()
        self._was_reached = True
        return result

    def prepare_for_writing(self) -> None:
        """Switch SQLite to WAL, so that a reader does not make a controller wait. Durable commits are set on every
        connection.

        Raises ConfigError for a file on another machine's disk, and DatabaseUnavailable.
        """
        if self.dialect == "sqlite":
            self.require_local_disk()
            try:
                self._make_retrying(may_wait=True)(self._switch_to_wal)
            except SQLAlchemyError as error:
                raise self._to_error(error) from error

    def require_local_disk(self) -> None:
        """Check before the first write that a SQLite file lies on a local disk. Raises ConfigError."""
        if not self._is_on_local_disk:
            problem = network_disk_problem_of(file_of(self.url)) if self.dialect == "sqlite" else None
            if problem is not None:
                raise ConfigError(f"database {self.name}: {problem}", remedy=REMEDY)
            self._is_on_local_disk = True

    def _switch_to_wal(self) -> None:
        # Whatever the busy timeout is, SQLite does not wait for this lock: if two processes switch at once, one is refused.
        with self.engine.connect().execution_options(reads_only=True) as connection:
            mode = connection.exec_driver_sql("PRAGMA journal_mode=WAL").scalar()
        if mode != "wal":
            raise ConfigError(
                f"database {self.name}: SQLite answers {mode!r} to journal_mode=WAL: its file system, a network's perhaps, can't "
                "share memory between processes",
                remedy="put the file on a local disk, or use PostgreSQL",
            )

    def close(self) -> None:
        """Close the idle connections and stop watching them."""
        self.engine.dispose()
        self.silence.close()
        if self._deadlines is not None:
            self._deadlines.close()

    def _make_retrying(self, *, may_wait: bool) -> Retrying:
        from batchdrain.database.retrying import make_retrying

        return make_retrying(self.patience, self.on_retry, self.hurry, may_wait=may_wait)


def open_database(text: str, on_silence: Callable[[str], None] | None = None, patience: Patience | None = None) -> Database:
    """Open the database. `on_silence`: see SilenceNotice. Raises ConfigError for a bad URL, a missing driver or a missing
    SQLite file; opening never makes the file."""
    url, patience = parse_url(text), patience or Patience()
    require_synchronous(url)
    if url.get_backend_name() == "sqlite":
        require_file(url)
    require_user(url)
    return Database(url, make_engine(url, patience), patience, SilenceNotice(mask_url(url), on_silence))
