"""Finds out before the first claim what a foreign engine really does: it executes an order of `true`, which draws a ticket."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, wait
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Final

from batchdrain.drain.engine.errors import MOST
from batchdrain.drain.open_session import OpenSession
from batchdrain.drain.shutdown import Shutdown
from batchdrain.execution import left_files, tickets
from batchdrain.execution.delivery import Delivery
from batchdrain.execution.engines.protocol import Capabilities, Engine
from batchdrain.execution.file_names import to_files
from batchdrain.execution.messages import Beat, Terms, instance_of, read_answer
from batchdrain.execution.order import TOKEN, EndedBy, Order
from batchdrain.model.errors import ConfigError, EngineUnavailable, FilesUnavailable
from batchdrain.runtime.standard_streams import keep_standard_streams
from batchdrain.runtime.text import count_of

_TRIES: Final = MOST
_LOOK_S: Final = 0.1
_TELLS_AFTER_S: Final = 3.0
_ENDS_S: Final = 30.0
_CURE: Final = "let its workers see the folder of the sessions under the same path (session_dir), or give it a `first`"


class Probe:
    """The probe of one engine for one session."""

    def __init__(
        self, it: OpenSession, engine: Engine, has: Capabilities, shutdown: Shutdown, notice: Callable[[str], None]
    ) -> None:
        settings = it.request.settings
        self._engine = engine
        self._has = has
        self._shutdown = shutdown
        self._notice = notice
        self._lease, self._command, self._workers = settings.lease, settings.command, settings.workers
        self._instance = ""  # the process in which `true` was executed
        self._cwd = str((it.project.root / settings.command.cwd).absolute())
        uid = it.record.session.session_uid or ""
        self._folder = tickets.folder_of(str(it.record.spool.absolute()), f"{uid}.")
        self._session = uuid.uuid4().hex  # new each time: words for an earlier controller do not concern it

    def delivery(self) -> Delivery | None:
        """Probe the engine. Returns what the engine is given to call; None if the guardians are ours, as those need no tickets.

        Raises ConfigError if the engine can't keep an order from being executed twice, EngineUnavailable if it executes nothing
        now, FilesUnavailable.
        """
        if self._has.pool is not None:
            return None
        if self._has.first is None and self._has.shares_files is False:
            raise ConfigError(
                "batchdrain.engine: it shares no files with its workers, and has no `first`: an order might be executed twice",
                remedy=_CURE,
            )
        try:
            tickets.make_folder(self._folder)
        except OSError as error:
            raise FilesUnavailable(f"{self._folder}: {error.strerror}", remedy="free what is missing") from error
        self._require_fair()
        delivery = self._make_delivery()
        if self._has.tell is None:
            self._tell_lease("")
        self._try(delivery)
        self._tell_capacity()
        return self._with_words(delivery)

    def _with_words(self, delivery: Delivery) -> Delivery:
        """The delivery with a short lease if the engine's `tell` reaches the processes that execute; otherwise unchanged."""
        if self._has.tell is None or self._shutdown.signal is not None:
            return delivery
        why = "no worker answered"
        for _ in range(_TRIES):
            try:
                with keep_standard_streams():
                    answers = list(self._has.tell(delivery.call, Beat(session=self._session, grants={}).to_message()))
            except Exception as error:  # noqa: BLE001 - an engine may raise anything
                why = f"{type(error).__name__}: {error}"
                continue
            found = {instance for raw in answers if (instance := instance_of(raw))}
            if found and (not self._instance or self._instance in found):
                return replace(delivery, terms=replace(delivery.terms, lease_s=self._lease.ttl_s))
            why = "it does not reach the processes that execute" if found else "no worker answered"
        self._tell_lease(f" (its `tell`: {why})")
        return delivery

    def _tell_capacity(self) -> None:
        try:
            slots = None if self._has.capacity is None else self._has.capacity()
        except Exception as error:  # noqa: BLE001 - an engine may raise anything
            self._notice(f"The engine can't say how many slots it has: {type(error).__name__}: {error}")
            return
        if isinstance(slots, int) and slots < self._workers:
            self._notice(
                f"The engine has {count_of(slots, 'slot')} now, and {self._workers} workers are asked for: what waits for a slot "
                "is held, and nobody else may take it"
            )

    def _make_delivery(self) -> Delivery:
        """Raises FilesUnavailable."""
        from batchdrain.execution import worker_code  # imported here because local drains do not need it

        landmark = f"{self._folder}/landmark-{uuid.uuid4().hex}"
        try:
            left_files.put(landmark, b"")
        except OSError as error:
            raise FilesUnavailable(f"{landmark}: {error.strerror}", remedy="free what is missing") from error
        terms = Terms(
            session=self._session,
            tickets=self._folder,
            landmark=landmark,
            shares_files=self._has.shares_files,
            back_bytes=self._command.log_back_kb * 1000,
            lease_s=None,
        )
        call = worker_code.make_call(self._has.first)
        return Delivery(folder=self._folder, first=self._has.first, call=call, terms=terms)

    def _require_fair(self) -> None:
        if self._has.first is not None:
            token = f"probe-{uuid.uuid4().hex}"
            if not self._has.first(token) or self._has.first(token):
                raise ConfigError(
                    "batchdrain.engine: its `first` gives one ticket twice, or none",
                    remedy="it must be True for exactly one caller of a token",
                )

    def _tell_lease(self, why: str) -> None:
        more_s = self._command.grace_s + self._command.settle_s + self._lease.margin_s + self._lease.ttl_s
        self._notice(
            f"The engine can't be told to end a command{why}: each claim lasts for its time limit and {more_s:g} s more, and stays "
            "that long where the engine loses it"
        )

    def _try(self, delivery: Delivery) -> None:
        """Send orders until one has drawn its ticket where we see it. Raises ConfigError, EngineUnavailable."""
        what = ""
        for _ in range(_TRIES):
            order = self._order()
            try:
                with keep_standard_streams():
                    future = self._engine.submit(delivery.call, delivery.message_of(order))
            except Exception as error:  # noqa: BLE001 - an engine may raise anything
                delivery.withdraw(order.token)
                what = f"it takes no commands: {type(error).__name__}: {error}"
                continue
            what = f"it executes nothing, not even `true`: {self._await(future, delivery, order)}"
            if self._shutdown.signal is not None or self._is_sound(future, delivery, order):
                return
        raise EngineUnavailable(
            f"batchdrain.engine: {what}", remedy="fix the engine or its workers, then try again; nothing was claimed"
        )

    def _await(self, future: Future[bytes], delivery: Delivery, order: Order) -> str:
        """Wait for the order. Returns the engine's error, '' if there is none. Raises EngineUnavailable if no worker begins
        anything."""
        begun, told = monotonic(), False
        while not wait([future], timeout=_LOOK_S).done:
            waited_s, has_begun = monotonic() - begun, delivery.may_have_begun(order.token)
            if self._shutdown.signal is not None or (has_begun and waited_s > _ENDS_S):
                delivery.withdraw(order.token)
                return ""
            if not told and not has_begun and waited_s > _TELLS_AFTER_S:
                told = True
                self._notice(f"Waiting for a worker of the engine, at most {self._lease.ttl_s:g} s (lease.ttl_s)")
            if waited_s > self._lease.ttl_s and delivery.withdraw(order.token):
                raise EngineUnavailable(
                    f"batchdrain.engine: no worker of it began anything within {self._lease.ttl_s:g} s",
                    remedy="start workers, then try again; nothing was claimed",
                )
        try:
            future.result()
        except CancelledError:
            return "it cancelled it"
        except Exception as error:  # noqa: BLE001 - an engine may raise anything
            return f"{type(error).__name__}: {error}"
        return ""

    def _is_sound(self, future: Future[bytes], delivery: Delivery, order: Order) -> bool:
        """Whether a worker has drawn the ticket. An error of the future does not prove that none has. Raises ConfigError if workers
        can't execute `true` or draw their tickets elsewhere."""
        is_drawn = not delivery.withdraw(order.token)
        try:
            answer = future.result(timeout=0)
            self._instance = instance_of(answer)
            ending = read_answer(answer, order)
        except CancelledError:
            return is_drawn
        except Exception:  # noqa: BLE001 - an engine may raise anything; the caller reports it
            return is_drawn
        if ending.by is EndedBy.NOT_STARTED:
            raise ConfigError(f"batchdrain.engine: `true` can't be executed {ending.message}", remedy="fix its workers")
        if not is_drawn:
            why = ending.message or "it is another folder there"
            raise ConfigError(f"batchdrain.engine: its workers cannot take tickets in {self._folder}: {why}", remedy=_CURE)
        return True

    def _order(self) -> Order:
        token = f"probe-{uuid.uuid4().hex}"
        files = to_files(Path(self._folder, token))
        names = {
            "RUN_ID": "batchdrain",
            "PHASE_ID": "probe",
            "PHASE_INDEX": "",
            "ATTEMPT": "0",
            "EPOCH": "0",
            "SESSION_ID": "",
        }
        return Order(
            token=token,
            argv=("true",),
            env={**{f"BATCHDRAIN_{name}": value for name, value in names.items()}, TOKEN: token},
            without=frozenset(),
            cwd=self._cwd,
            stdout_path=files.stdout,
            stderr_path=files.stderr,
            result_path=files.result,
            timeout_s=_ENDS_S,
            grace_s=self._command.grace_s,
        )
