"""The report opened in a real browser: nothing asked for, nothing complained of, every reader served.

`make test-browser`. The screenshots in docs/images/ are made here: COPYDESK_SCREENSHOTS=1 writes them anew.
"""

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
IMAGES = Path(__file__).parents[2] / "docs" / "images"
SIZES = {"desktop": (1100, 800), "phone": (390, 844)}
MAX_IMAGE = 300_000  # bytes
SHOTS = (  # name, size, colours, the part of the page
    ("report-top", "desktop", "light", None),
    ("report-before-after", "desktop", "light", "#pages ~ details"),
    ("report-story", "desktop", "dark", "#stories ~ details"),
    ("report-phone", "phone", "light", None),
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(BROWSER is None, reason="no chromium, chromium-browser or google-chrome on the path"),
    pytest.mark.skipif(find_spec("playwright") is None, reason="requirements-browser.lock is not installed"),
]


@pytest.fixture(scope="module")
def chromium():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(params=["sample", "hostile"])
def file(request, tmp_path):
    target = tmp_path / "report.html"
    target.write_text(request.getfixturevalue(request.param).page, encoding="utf-8")
    return target


def opened(chromium, file, size="desktop", colours="light", *, bypass_csp=False):
    """The page, open, with everything it asked for or complained of."""
    width, height = SIZES[size]
    context = chromium.new_context(
        viewport={"width": width, "height": height}, color_scheme=colours, bypass_csp=bypass_csp, offline=True
    )
    page, noted = context.new_page(), []
    page.on("console", lambda message: noted.append(message.text))
    page.on("pageerror", lambda error: noted.append(str(error)))
    page.on("dialog", lambda dialog: (noted.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: noted.append(request.url))
    page.goto(file.as_uri())
    assert noted.pop(0) == file.as_uri()
    return page, noted


def test_it_asks_for_nothing_and_runs_nothing(chromium, file):
    page, noted = opened(chromium, file)

    page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
    page.mouse.move(300, 300)
    page.mouse.wheel(0, 100_000)
    page.wait_for_timeout(200)

    assert noted == []
    assert page.evaluate("document.scripts.length") == 0


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_the_accessibility_checker_finds_nothing(chromium, file, size, colours):
    from axe_playwright_python.sync_playwright import Axe

    page, _ = opened(chromium, file, size, colours, bypass_csp=True)  # the checker is a script
    page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")

    found = Axe().run(page).response["violations"]

    assert [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in found] == []


@pytest.mark.parametrize("width", [1100, 550, 390, 320])  # 550 is the desktop at 200 %
def test_nothing_sticks_out_sideways(chromium, file, width):
    page, _ = opened(chromium, file)
    page.set_viewport_size({"width": width, "height": 800})
    page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")

    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_it_skips_and_folds_with_the_keyboard_alone(chromium, file):
    page, _ = opened(chromium, file)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    details = page.locator("#pages ~ details").nth(1)
    details.locator("summary").focus()

    page.keyboard.press("Enter")
    assert details.get_attribute("open") is not None
    page.keyboard.press("Enter")
    assert details.get_attribute("open") is None


def test_what_is_folded_is_printed(chromium, file):
    page, _ = opened(chromium, file)
    folded = page.locator("#pages ~ details").nth(1).locator("ol.page")

    assert not folded.is_visible()
    page.emulate_media(media="print")
    assert folded.is_visible()


@pytest.mark.skipif(os.environ.get("COPYDESK_SCREENSHOTS") != "1", reason="COPYDESK_SCREENSHOTS=1 writes the images")
@pytest.mark.parametrize(("name", "size", "colours", "part"), SHOTS, ids=[shot[0] for shot in SHOTS])
def test_screenshots_for_the_documentation(chromium, sample, tmp_path, name, size, colours, part):
    file = tmp_path / "report.html"
    file.write_text(sample.page, encoding="utf-8")
    page, _ = opened(chromium, file, size, colours)
    if part is not None:
        page.locator(part).first.scroll_into_view_if_needed()
        page.evaluate(f"document.querySelector('{part}').scrollIntoView()")
    IMAGES.mkdir(exist_ok=True)

    page.screenshot(path=IMAGES / f"{name}.png")

    assert 10_000 < (IMAGES / f"{name}.png").stat().st_size < MAX_IMAGE
