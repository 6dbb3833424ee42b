"""The page of the models as a browser sees it: opened from disk without a network, on a laptop and on a phone."""

import pytest

from service.pages import MODELS, draw_pages
from tests.service.test_model_page import BACKTEST, CURVES

pytestmark = pytest.mark.browser
SIZES = {"laptop": (1280, 900), "phone": (390, 844)}


@pytest.mark.parametrize("size", SIZES)
def test_cards_and_curves_are_drawn_nothing_complains_and_nothing_is_wider_than_the_screen(
    size, chromium, write, tables
):
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed; it is in the dev extra")
    folder = write(tables | {"score.backtest": BACKTEST, "score.backtest_curve": CURVES})
    draw_pages(folder)
    width, height = SIZES[size]
    heard = []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": width, "height": height}, offline=True).new_page()
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("dialog", lambda dialog: (heard.append(dialog.message), dialog.dismiss()))
        page.goto((folder / MODELS).as_uri())
        page.wait_for_function("document.documentElement.dataset.charts")
        drawn = page.locator(".chart .main-svg").count()
        assert drawn >= int(page.evaluate("document.documentElement.dataset.charts")) > 0
        assert "Backtest, purchase 28 days" in page.locator("body").inner_text()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        if size == "laptop":
            widths = "[...document.querySelectorAll('.scroll')].map(box => box.scrollWidth - box.clientWidth)"
            assert max(page.evaluate(widths)) <= 0
        assert page.evaluate("document.images.length") == 0
        browser.close()
    assert heard == []
