"""The page as a browser sees it: opened from disk without a network, on a laptop and on a phone."""

import pytest

pytestmark = pytest.mark.browser
SIZES = {"laptop": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="module", params=SIZES)
def opened(request, chromium, overview_file):
    """The page after its charts are drawn, and everything the browser said or asked for."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed; it is in the dev extra")
    width, height = SIZES[request.param]
    heard = {"console": [], "errors": [], "requests": [], "dialogs": []}
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_context(viewport={"width": width, "height": height}, offline=True).new_page()
        page.on("console", lambda message: heard["console"].append(message.text))
        page.on("pageerror", lambda error: heard["errors"].append(str(error)))
        page.on("request", lambda asked: heard["requests"].append(asked.url))
        page.on("dialog", lambda dialog: (heard["dialogs"].append(dialog.message), dialog.dismiss()))
        page.goto(overview_file.as_uri())
        page.wait_for_function("document.documentElement.dataset.charts")
        yield page, heard
        browser.close()


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
