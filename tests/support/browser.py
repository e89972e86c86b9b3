"""Debian's Chromium, without a window, for the pages that batchdrain writes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright

WIDTHS = (360, 1440)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
MISSING = "no Chromium: neither chromium nor chromium-browser is on the PATH (Debian: apt-get install chromium)"


def find_chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def chromium(path: str) -> Iterator[Browser]:
    """Ended with the block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        try:
            yield browser
        finally:
            browser.close()


class Visit:
    """A page, and what it complained of or asked others for."""

    def __init__(
        self,
        browser: Browser,
        file: Path,
        *,
        width: int = 1440,
        scheme: Literal["light", "dark"] = "light",
        scripts: bool = True,
    ) -> None:
        self.complaints: list[str] = []
        self.asked: list[str] = []
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=scripts
        )
        self.page: Page = context.new_page()
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(file.as_uri())

    def shown_rows(self) -> list[str]:
        """The texts of the rows of phases that are seen."""
        return self.page.locator("#phases tbody tr:visible").all_inner_texts()

    def close(self) -> None:
        self.page.context.close()
