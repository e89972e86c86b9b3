"""Tells people of a signal: what is awaited, until when, and what the next signal does."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from batchdrain.config.settings import Settings
from batchdrain.drain.in_flight import Running
from batchdrain.drain.shutdown import name_of_signal
from batchdrain.model.phase import Skip
from batchdrain.runtime.text import agree

_NAMED = 3


class ShutdownNotice:
    """Tells once of the first signal and once of the next, while something runs. It is not called from the handler, which may
    interrupt the writing of a stream."""

    def __init__(self, settings: Settings, notice: Callable[[str], None]) -> None:
        self._grace_s = settings.command.grace_s
        self._finish_current = settings.finish_current
        self._notice = notice
        self._told = 0  # how many signals people were told of
        self._told_of_a_stop = False

    def tell(self, signals: int, first: int | None, running: Sequence[Running], asked: str | None = None) -> None:
        """Tell of signals. `signals`: how many came so far; `first`: the number of the first one; `asked`: who asked from
        elsewhere, in which case the first one is no signal that people sent. Raises FilesUnavailable."""
        stage = min(signals, 2)
        if first is None or stage <= self._told or not running:
            return
        self._told = stage
        name, what = asked or name_of_signal(first), _list_of(running)
        again = f"{name} again" if asked is None else "a signal"
        if stage == 2:
            self._notice(f"{again[0].upper()}{again[1:]}: {what} {_is(running)} killed")
        elif self._finish_current and asked is None:
            longest = max(one.limit.seconds for one in running)
            self._notice(
                f"{name}: nothing more is started; waiting for {what} to end, at most {longest:g} s from the beginning; "
                f"{again} kills"
            )
        else:
            self._notice(f"{name}: nothing more is started; {self._ending(running)}; {again} kills at once")

    def tell_of_a_stop(self, stopped: Skip | None, running: Sequence[Running]) -> None:
        """Tell that a stop condition ends the session and that running commands may end by themselves. Raises FilesUnavailable."""
        if stopped is not None and running and not self._told and not self._told_of_a_stop:
            self._told_of_a_stop = True
            self._notice(f"Nothing more is started, by {stopped}; waiting for {_list_of(running)} to end")

    def tell_of_an_error(self, running: Sequence[Running]) -> None:
        """Tell that an error ends the drain and that running commands are ended too. Raises FilesUnavailable."""
        if running and not self._told:
            self._told = 1
            self._notice(f"The drain ends: {self._ending(running)}")

    def _ending(self, running: Sequence[Running]) -> str:
        return f"{_list_of(running)} {_is(running)} ended and released, waiting at most {self._grace_s:g} s (command.grace_s)"


def _list_of(running: Sequence[Running]) -> str:
    names = [str(one.claim.phase.key) for one in running]
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")


def _is(running: Sequence[Running]) -> str:
    return agree(len(running), "is", "are")
