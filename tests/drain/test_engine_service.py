"""An engine is made or refused with the reason, and is left: its end is waited for, unless the drain is to be gone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any, Self

import pytest

from batchdrain.config.settings import Settings
from batchdrain.drain.engine import service as engine_service
from batchdrain.drain.engine.service import open_engine
from batchdrain.drain.shutdown import Shutdown
from batchdrain.model.errors import BatchDrainError, ConfigError, EngineUnavailable, UsageError
from batchdrain.runtime import leaving

LOOKS = 5


class Engine:
    """Its end comes when it may."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.may_end = threading.Event()
        self.may_end.set()
        self.ends = 0
        self.failure = failure

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.ends += 1
        self.may_end.wait()
        if self.failure is not None:
            raise self.failure


class Watching(Shutdown):
    """Looked at so often, it lets the engine end. `came`: as if a signal had."""

    engine_to_end: Engine | None = None
    came: int | None = None
    looks = 0

    @property
    def signal(self) -> int | None:
        self.looks += 1
        if self.engine_to_end is not None and self.looks == LOOKS:
            self.engine_to_end.may_end.set()
        return self.came

    @signal.setter
    def signal(self, found: int | None) -> None:
        self.came = found


MADE: list[Any] = []


def factory(*, workers: int, settings: Settings) -> Any:
    made = MADE[0]
    if isinstance(made, Exception):
        raise made
    assert (workers, settings.command.grace_s) == (3, 7)
    return made


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing hangs before, nor after."""
    monkeypatch.setattr(engine_service, "_LOOK_S", 0.001)
    monkeypatch.setattr(engine_service, "_LEAVES_S", 0.01)
    yield
    leaving._hangs[0] = False


def settings_for(made: Any) -> Settings:
    MADE[:] = [made]
    return Settings.model_validate(
        {"command": {"argv": ["true"], "grace_s": 7}, "workers": 3, "engine": f"{__name__}:factory"}
    )


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        (
            TimeoutError("no scheduler"),
            EngineUnavailable,
            "batchdrain.engine: it can't be reached: TimeoutError: no scheduler",
        ),
        (ValueError("no such pool"), ConfigError, "batchdrain.engine: it can't be made: ValueError: no such pool"),
        (UsageError("its own words"), UsageError, "its own words"),
    ],
    ids=["not reached", "not made", "its own error"],
)
def test_what_keeps_an_engine_from_being_made_is_told_by_its_kind(
    error: Exception, kind: type[BatchDrainError], says: str
) -> None:
    with pytest.raises(BatchDrainError) as caught, open_engine(settings_for(error), Shutdown()):
        pass
    assert (type(caught.value), caught.value.message) == (kind, says)


def test_a_signal_ends_what_an_engine_executes_within_its_grace_time_and_a_bound_that_is_its_own() -> None:
    shutdown, engine = Shutdown(), Engine()
    with open_engine(settings_for(engine), shutdown) as (entered, capabilities):
        found: list[Any] = [entered, shutdown.engine, shutdown.bound_s, engine.ends]
        assert found == [engine, capabilities, 7 + 4.5, 0]
    assert engine.ends == 1


def test_an_engine_whose_guardians_are_ours_needs_no_bound_as_they_end_its_commands() -> None:
    shutdown, settings = Shutdown(), Settings.model_validate({"command": {"argv": ["true"]}})
    with open_engine(settings, shutdown) as (engine, capabilities):
        found: list[Any] = [engine.pool, shutdown.engine, shutdown.bound_s]  # type: ignore[attr-defined]
        assert found == [capabilities.pool, capabilities, None]
        assert capabilities.pool is not None


@pytest.mark.usefixtures("hanging")
def test_the_end_of_an_engine_is_waited_for_however_long_it_takes() -> None:
    shutdown, engine = Watching(), Engine()
    engine.may_end.clear()
    shutdown.engine_to_end = engine
    with open_engine(settings_for(engine), shutdown):
        pass
    assert (engine.ends, shutdown.looks >= LOOKS, leaving.is_hanging()) == (1, True, False)


@pytest.mark.usefixtures("hanging")
@pytest.mark.parametrize("why", ["an error", "a signal", "something stays held"])
def test_an_end_that_hangs_is_not_waited_for_where_the_drain_is_to_be_gone(why: str) -> None:
    shutdown, engine = Watching(), Engine()
    engine.may_end.clear()
    try:
        if why == "an error":
            with pytest.raises(ZeroDivisionError), open_engine(settings_for(engine), shutdown):
                raise ZeroDivisionError
        else:
            with open_engine(settings_for(engine), shutdown):
                shutdown.came = 2 if why == "a signal" else None
                shutdown.leaves_held = why == "something stays held"
        assert (engine.ends, leaving.is_hanging()) == (1, True)
    finally:
        engine.may_end.set()


@pytest.mark.usefixtures("hanging")
def test_what_its_end_raises_is_the_error_of_the_drain() -> None:
    with (
        pytest.raises(ValueError, match="lost a worker"),
        open_engine(settings_for(Engine(ValueError("lost a worker"))), Shutdown()),
    ):
        pass
    assert not leaving.is_hanging()
