"""The first signal ends a task, the next one does what it did before; and what is cut, is cut once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

import pytest

from batchdrain.runtime import signals
from batchdrain.runtime.signals import Signalled, heard_signals, keep_handlers, raise_on_signals


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("only a main thread hears signals")
    monkeypatch.setattr(signals, "_came", [False])
    monkeypatch.setattr(signals, "_foreign", [False])
    before = {number: signal.getsignal(number) for number in signals.SIGNALS}
    yield
    for number, former in before.items():
        signal.signal(number, former)


@pytest.mark.parametrize(
    ("number", "name", "code"),
    [(signal.SIGINT, "SIGINT", 130), (signal.SIGTERM, "SIGTERM", 143), (signal.SIGHUP, "SIGHUP", 129)],
)
def test_a_signal_is_raised_once_and_what_it_did_before_is_put_back(number: signal.Signals, name: str, code: int) -> None:
    heard: list[int] = []
    for one in signals.SIGNALS:
        signal.signal(one, lambda came, _: heard.append(came))
    assert not signals.is_stop_asked_for()
    with pytest.raises(Signalled) as caught, raise_on_signals():  # noqa: PT012 - the second one comes within too
        try:
            signal.raise_signal(number)
        finally:
            signal.raise_signal(number)
    assert (caught.value.name, caught.value.exit_code, str(caught.value)) == (name, code, name)
    assert (heard, signals.is_stop_asked_for()) == ([number], True)
    signal.raise_signal(signal.SIGTERM)
    assert heard == [number, signal.SIGTERM]


def test_where_no_signal_comes_the_handlers_are_those_of_before() -> None:
    before = [signal.getsignal(number) for number in signals.SIGNALS]
    with raise_on_signals():
        assert [signal.getsignal(number) for number in signals.SIGNALS] != before
    assert [signal.getsignal(number) for number in signals.SIGNALS] == before


def test_a_hang_up_that_nohup_set_aside_is_heard_by_nobody() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    assert heard_signals() == (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    assert heard_signals() == (signal.SIGINT, signal.SIGTERM)
    with raise_on_signals():
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_in_another_thread_no_handler_is_set_and_no_signal_is_heard() -> None:
    found: list[object] = []
    before = signal.getsignal(signal.SIGTERM)

    def work() -> None:
        signals.leave_to_the_main_thread()
        with raise_on_signals():
            found.append(signal.getsignal(signal.SIGTERM))
        found.append(set(signals.SIGNALS) <= signal.pthread_sigmask(signal.SIG_BLOCK, ()))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [before, True]


def test_signals_are_blocked_for_the_time_of_a_start_and_not_longer() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    with signals.block_signals():
        assert set(signals.SIGNALS) <= signal.pthread_sigmask(signal.SIG_BLOCK, ())
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before


def test_foreign_code_is_left_once() -> None:
    with signals.mark_foreign_code():
        assert [signals.leave_foreign_code(), signals.leave_foreign_code()] == [True, False]
    with signals.mark_foreign_code():
        pass
    assert not signals.leave_foreign_code()


def test_a_signal_while_code_of_others_is_loaded_is_raised_once_too() -> None:
    heard: list[int] = []
    signal.signal(signal.SIGTERM, lambda came, _: heard.append(came))
    with pytest.raises(Signalled), raise_on_signals():  # noqa: PT012 - the second one comes within too
        try:
            with keep_handlers():
                signal.raise_signal(signal.SIGTERM)
        finally:
            signal.raise_signal(signal.SIGTERM)
    assert heard == [signal.SIGTERM]


def test_handlers_that_code_of_others_sets_do_not_stay() -> None:
    ours = signal.getsignal(signal.SIGTERM)
    with keep_handlers():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    assert signal.getsignal(signal.SIGTERM) is ours


def test_in_another_thread_no_handler_is_put_back() -> None:
    """Python allows it nowhere but in the main thread."""
    set_by_us, inside = threading.Event(), threading.Event()
    errors = list[BaseException]()

    def work() -> None:
        try:
            with keep_handlers():
                inside.set()
                set_by_us.wait(60)
        except ValueError as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    inside.wait(60)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    set_by_us.set()
    thread.join()
    assert (errors, signal.getsignal(signal.SIGTERM)) == ([], signal.SIG_IGN)


def test_a_handler_that_is_not_python_s_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can put it back."""
    put = list[object]()
    monkeypatch.setattr(signal, "getsignal", lambda _: None)
    monkeypatch.setattr(signal, "signal", lambda *given: put.append(given))
    with keep_handlers():
        monkeypatch.setattr(signal, "getsignal", lambda _: signal.SIG_IGN)
    monkeypatch.undo()
    assert put == []
