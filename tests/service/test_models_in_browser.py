"""The page of the models as a browser sees it: opened from disk without a network, on a laptop and on a phone."""

import pytest

from service.pages import MODELS, draw_pages
from tests.service.test_model_page import BACKTEST, CURVES

pytestmark = pytest.mark.browser


def test_cards_and_curves_are_drawn_nothing_complains_and_nothing_is_wider_than_the_screen(browse, write, tables):
    folder = write(tables | {"score.backtest": BACKTEST, "score.backtest_curve": CURVES})
    draw_pages(folder)
    with browse(folder / MODELS) as (page, heard):
        drawn = page.locator(".chart .main-svg").count()
        assert drawn >= int(page.evaluate("document.documentElement.dataset.charts")) > 0
        assert "Backtest, purchase 28 days" in page.locator("body").inner_text()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        if browse.screen == "laptop":
            widths = "[...document.querySelectorAll('.scroll')].map(box => box.scrollWidth - box.clientWidth)"
            assert max(page.evaluate(widths)) <= 0
        assert page.evaluate("document.images.length") == 0
    assert heard == {"console": [], "errors": [], "requests": [(folder / MODELS).as_uri()], "dialogs": []}
