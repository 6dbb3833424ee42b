"""The page of behaviour as a browser sees it: opened from disk without a network, on a laptop and on a phone."""

import pytest

pytestmark = pytest.mark.browser


def test_every_picture_is_drawn_nothing_complains_and_nothing_is_wider_than_the_screen(browse, overview_file):
    file = overview_file.with_name("behaviour.html")
    with browse(file) as (page, heard):
        assert page.evaluate("document.documentElement.dataset.charts") == "5"
        assert page.locator(".chart .main-svg").count() >= 5
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert page.evaluate("document.images.length") == 0
    assert heard == {"console": [], "errors": [], "requests": [file.as_uri()], "dialogs": []}
