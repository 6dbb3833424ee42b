"""The fixture `browse`: pages opened by Chromium, on a laptop and on a phone. What a page must show stands with its tests."""

from contextlib import contextmanager
from pathlib import Path

import pytest

SCREENS = {"laptop": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="session", params=SCREENS)
def browse(request, chromium):
    """Open a page from disk, offline, on the screen of `browse.screen`: the page when drawn, and what the browser said."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed; it is in the dev extra")
    width, height = SCREENS[request.param]

    @contextmanager
    def opened(file: Path):
        heard = {"console": [], "errors": [], "requests": [], "dialogs": []}
        with sync_api.sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            page = browser.new_context(viewport={"width": width, "height": height}, offline=True).new_page()
            page.on("console", lambda message: heard["console"].append(message.text))
            page.on("pageerror", lambda error: heard["errors"].append(str(error)))
            page.on("request", lambda asked: heard["requests"].append(asked.url))
            page.on("dialog", lambda dialog: (heard["dialogs"].append(dialog.message), dialog.dismiss()))
            page.goto(file.as_uri())
            page.wait_for_function("document.documentElement.dataset.charts")
            yield page, heard
            browser.close()

    opened.screen = request.param
    return opened
