"""The page as a browser sees it: opened from disk without a network, on a laptop and on a phone."""

import pytest

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def opened(browse, overview_file):
    """The page after its charts are drawn, and everything the browser said or asked for."""
    with browse(overview_file) as drawn:
        yield drawn


def test_every_chart_is_drawn_and_nothing_complains(opened, overview_file) -> None:
    page, heard = opened
    assert page.evaluate("document.documentElement.dataset.charts") == "6"
    assert page.locator(".chart .main-svg").count() >= 6
    assert page.locator(".chart .bars path").count() > 10
    assert heard == {"console": [], "errors": [], "requests": [overview_file.as_uri()], "dialogs": []}


def test_hostile_names_stay_text_also_in_hovers(opened) -> None:
    page, heard = opened
    page.locator("#chart-personas").scroll_into_view_if_needed()
    bar = page.locator("#chart-personas .bars path").first.bounding_box()
    page.mouse.move(bar["x"] + 5, bar["y"] + bar["height"] / 2)
    page.wait_for_selector("#chart-personas .hoverlayer text")
    hover = page.locator("#chart-personas .hoverlayer").text_content()
    assert "Champions <script>alert('x')</script><img src=x onerror=alert(1)>&amp;" in hover
    assert "{{ 7 * 7 }} %{x} $a$" in hover
    assert page.evaluate("document.images.length") == 0
    assert heard["dialogs"] == []
    assert heard["console"] == []


def test_the_page_is_no_wider_than_the_screen(opened) -> None:
    page, _ = opened
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    clipped = page.evaluate(
        "[...document.querySelectorAll('.value, .number, .label, dd, h1, h2, h3')]"
        ".filter(e => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline').map(e => e.textContent)"
    )
    assert clipped == []


def test_an_injected_script_may_not_run(opened) -> None:
    page, heard = opened
    ran = page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = 'window.ran = 1'; document.body.append(s);"
        " return window.ran === 1; }"
    )
    assert ran is False
    heard["console"].clear()
