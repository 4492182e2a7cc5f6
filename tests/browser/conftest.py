"""A real Chromium on the real page, with a model that recites."""

import shutil
from collections.abc import Iterator

import pytest
from served import served, workbench

pytest.importorskip("playwright", reason="playwright is not installed: pip install -r tests/requirements.txt")
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync"


@pytest.fixture(scope="session")
def bench(tmp_path_factory):
    return workbench(tmp_path_factory.mktemp("home"), seconds_a_piece=0.03)


@pytest.fixture(scope="session")
def url(bench):
    with served(bench) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine: apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET.split())
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser, url):
    """Opens the page as a new visitor: `visit(width=360, dark=True)`. Fails if the page reaches for another host."""
    contexts: list[BrowserContext] = []
    requested: list[str] = []

    def open_page(width: int = 1280, height: int = 820, dark: bool = False) -> Page:
        scheme = "dark" if dark else "light"
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, locale="it-IT", reduced_motion="reduce"
        )
        contexts.append(context)
        page = context.new_page()
        page.on(
            "request", lambda request: None if request.url.startswith((url, "data:")) else requested.append(request.url)
        )
        page.goto(url)
        page.get_by_label("Indizio 1").wait_for()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not [address for address in requested if not address.startswith((url, "data:"))]
