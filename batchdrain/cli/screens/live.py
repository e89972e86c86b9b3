"""The screen for a terminal: the same lines as the plain screen, and below them the progress, painted again and again."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from pathlib import Path

from batchdrain.cli.screens.cells import wrap
from batchdrain.cli.screens.display import Display
from batchdrain.cli.screens.hyperlinks import link_behind, takes_links, to_uri
from batchdrain.cli.screens.layout import Line, lay_out
from batchdrain.cli.screens.plain import LOG, PlainScreen
from batchdrain.cli.screens.stream import Outlet
from batchdrain.cli.screens.writer import Output
from batchdrain.drain.screen import Look, Opening
from batchdrain.model.claim import ScheduledAttempt
from batchdrain.runtime import clock
from batchdrain.runtime.text import can_encode, safe_text, to_printable, to_shown_path

_ID_CHARS = 200


class LiveScreen(PlainScreen):
    """Shows a drain on a terminal. At its end only the lines stay on the terminal."""

    def __init__(self, stream: Outlet, environ: Mapping[str, str]) -> None:
        """`environ`: tells what the terminal can do, and whether its user wants colours."""
        is_ascii = not can_encode("·…━─", stream.encoding)
        self._display = Display(stream, in_colour=not environ.get("NO_COLOR"), is_ascii=is_ascii)
        super().__init__(Output(self._display))  # type: ignore[arg-type]
        self._has_links = takes_links(environ)
        self._look: Look | None = None

    def begin(self, opening: Opening) -> None:
        super().begin(opening)
        self._close_gap()
        self._display.begin(self._lay_out)

    def watch(self, look: Look) -> None:
        self._look = look

    def selected(self, scheduled: ScheduledAttempt) -> None:
        """Nothing is printed here: the phase has a line as long as its command runs."""

    def end(self) -> None:
        self._display.end()
        super().end()

    def _show_result(self, scheduled: ScheduledAttempt, *lines: str) -> None:
        name = f"{safe_text(scheduled.run_id)} / {safe_text(scheduled.choice.phase.phase_id)}"
        self._out.text("".join(f"{line}\n" for line in (f"{self._place_of(scheduled)} {name}", *lines)))
        self._owes_gap = True

    def _show_log(self, path: Path) -> None:
        if not self._has_links:
            super()._show_log(path)
            return
        uri, encoding = to_uri(path, socket.gethostname()), self._display.encoding
        shown = to_printable(safe_text(to_shown_path(path), limit=None), encoding)
        self._display.put(link_behind(LOG, wrap(f"{LOG}{shown}", self._display.size()[0]), uri))

    def _place_of(self, scheduled: ScheduledAttempt) -> str:
        """The place of the phase. If the drain has no limit, its expected number of phases is shown as the total."""
        if self._target is None and self._look is not None:
            return f"[{scheduled.number}/{max(self._look().target, scheduled.number)}]"
        return super()._place_of(scheduled)

    def _lay_out(self, size: tuple[int, int]) -> Sequence[Line]:
        return [] if self._look is None else lay_out(self._look(), size, clock.now().astimezone(), self._to_shown)

    def _to_shown(self, text: str) -> str:
        return to_printable(safe_text(text, limit=_ID_CHARS), self._display.encoding)
