"""The page of behaviour as a browser sees it: opened from disk without a network, on a laptop and on a phone."""

import pytest

pytestmark = pytest.mark.browser
SIZES = {"laptop": (1280, 900), "phone": (390, 844)}


@pytest.mark.parametrize("size", SIZES)
def test_every_picture_is_drawn_nothing_complains_and_nothing_is_wider_than_the_screen(size, chromium, overview_file):
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed; it is in the dev extra")
    width, height = SIZES[size]
    heard = []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": width, "height": height}, offline=True).new_page()
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("dialog", lambda dialog: (heard.append(dialog.message), dialog.dismiss()))
        page.goto(overview_file.with_name("behaviour.html").as_uri())
        page.wait_for_function("document.documentElement.dataset.charts")
        assert page.evaluate("document.documentElement.dataset.charts") == "5"
        assert page.locator(".chart .main-svg").count() >= 5
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert page.evaluate("document.images.length") == 0
        browser.close()
    assert heard == []
