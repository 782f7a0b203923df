"""The report opened in a real browser: nothing asked for, nothing complained of, every reader served.

`make test-browser`: the report of the sample, of a thousand articles and of hostile text, offline, every fold open.
The screenshots in docs/images/ are made here: COPYDESK_SCREENSHOTS=1 writes them anew.
"""

import os
import shutil
from pathlib import Path

import pytest

from tests.report.reading import parsed, shown

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
QUIET = (  # a browser that looks for nothing by itself
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
IMAGES = Path(__file__).parents[2] / "docs" / "images"
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
WIDTHS = (1280, 640, 390, 320)  # 640 is the desktop at 200 %
OPEN_ALL = "document.querySelectorAll('details').forEach(details => details.open = true)"
MAX_PAGE = 3_000_000  # bytes, for a thousand articles
MAX_IMAGE = 300_000  # bytes
SHOTS = (  # name, report, size, colours, the part of the page
    ("report-top", "sample", "desktop", "light", "body"),
    ("report-before-after", "sample", "desktop", "light", "#pages ~ details"),
    ("report-story", "sample", "desktop", "dark", "#stories ~ details"),
    ("report-phone", "sample", "phone", "light", "body"),
    ("report-who-copies-whom", "thousand", "desktop", "light", "#stories"),
)

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def chromium():
    from playwright.sync_api import sync_playwright

    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert browser is not None, f"none of {', '.join(BROWSERS)} is on the path"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=browser, args=QUIET)
        yield started
        started.close()


@pytest.fixture(params=["sample", "hostile", "thousand"])
def one(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def opened(chromium, tmp_path):
    """Opens a report in a window of a size: the page, and everything it asked for or complained of."""
    contexts = []

    def at(one, size="desktop", **options):
        file = tmp_path / "report.html"
        file.write_text(one.page, encoding="utf-8")
        width, height = SIZES[size]
        contexts.append(chromium.new_context(viewport={"width": width, "height": height}, offline=True, **options))
        page, noted = contexts[-1].new_page(), []
        page.on("console", lambda message: noted.append(message.text))
        page.on("pageerror", lambda error: noted.append(str(error)))
        page.on("dialog", lambda dialog: (noted.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: noted.append(request.url))
        page.goto(file.as_uri())
        assert noted.pop(0) == file.as_uri()
        return page, noted

    yield at
    for context in contexts:
        context.close()


@pytest.mark.parametrize("size", SIZES)
def test_it_asks_for_nothing_and_runs_nothing(opened, one, size):
    page, noted = opened(one, size)

    for colours in ("light", "dark"):
        page.emulate_media(color_scheme=colours)
        page.evaluate(OPEN_ALL)
        page.mouse.move(300, 300)
        page.mouse.wheel(0, 100_000)
        page.wait_for_timeout(200)

    assert noted == []
    assert page.evaluate("document.scripts.length") == 0


@pytest.mark.parametrize(
    ("size", "colours", "rules"),
    [
        ("desktop", "light", None),
        ("phone", "light", None),
        ("desktop", "dark", ["color-contrast", "link-in-text-block"]),
    ],
)
def test_the_accessibility_checker_finds_nothing(opened, one, size, colours, rules):
    """Every rule of axe, with every fold open; in the dark those that look at colours."""
    from axe_playwright_python.sync_playwright import Axe

    page, _ = opened(one, size, color_scheme=colours, bypass_csp=True)  # the checker is a script
    page.evaluate(OPEN_ALL)
    options = {"resultTypes": ["violations"]} | ({"runOnly": rules} if rules else {})

    found = Axe().run(page, options=options).response["violations"]

    assert [(problem["id"], [node["html"][:200] for node in problem["nodes"][:3]]) for problem in found] == []


def test_a_reader_sees_what_the_file_says(opened, one):
    """The figures and texts that the other tests read from the file, as the browser has them, each with its place."""
    page, _ = opened(one)
    page.evaluate(OPEN_ALL)
    seen = "[...document.querySelectorAll({!r})].filter(node => node.getClientRects().length)"

    figures = page.evaluate(seen.format("data") + ".map(node => [node.value, node.textContent])")
    texts = page.evaluate(seen.format("bdi") + ".map(node => node.textContent)")
    struck = page.evaluate(
        seen.format("ol.page del") + ".map(node => [getComputedStyle(node).textDecorationLine, node.textContent])"
    )

    in_file = parsed(one.page)
    assert figures == [[node.attributes["value"], node.text()] for node in in_file.css("data")]
    assert [text.strip(" \n") for text in texts] == [shown(node) for node in in_file.css("bdi")]
    assert struck == [["line-through", node.text()] for node in in_file.css("ol.page del")]
    assert len(figures) > 300
    assert len(struck) > 100


def test_nothing_sticks_out_sideways(opened, one):
    page, _ = opened(one)
    page.evaluate(OPEN_ALL)

    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_it_skips_and_folds_with_the_keyboard_alone(opened, one):
    page, _ = opened(one)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    details = page.locator("#pages ~ details").nth(1)
    details.locator("summary").focus()

    page.keyboard.press("Enter")
    assert details.get_attribute("open") is not None
    page.keyboard.press("Enter")
    assert details.get_attribute("open") is None


def test_what_scrolls_is_reached_with_the_keyboard_and_shows_it(opened, one):
    page, _ = opened(one, "phone")
    page.locator(".scroll").first.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")

    assert page.evaluate("document.activeElement.className") == "scroll"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"


def test_what_is_folded_is_printed(opened, one):
    page, _ = opened(one)
    folded = page.locator("#pages ~ details").nth(1).locator("ol.page")

    assert not folded.is_visible()
    page.emulate_media(media="print")
    assert folded.is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_the_page_of_a_thousand_articles_is_small(thousand):
    assert thousand.version.manifest["counts"]["extract"]["n_written"] == 1_000
    assert len(thousand.page.encode()) < MAX_PAGE


@pytest.mark.parametrize(("name", "which", "size", "colours", "part"), SHOTS, ids=[shot[0] for shot in SHOTS])
def test_screenshots_for_the_documentation(opened, request, tmp_path, name, which, size, colours, part):
    folder = IMAGES if os.environ.get("COPYDESK_SCREENSHOTS") == "1" else tmp_path
    page, _ = opened(request.getfixturevalue(which), size, color_scheme=colours)
    page.evaluate("part => document.querySelector(part).scrollIntoView()", part)

    page.screenshot(path=folder / f"{name}.png")

    assert 10_000 < (folder / f"{name}.png").stat().st_size < MAX_IMAGE
