"""The running portal, and browsers that look at it and note whatever they dislike."""

import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    expect,
    sync_playwright,
)

from tests import mould
from tests.browser.running import Site

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_chromium = pytest.mark.skipif(PROGRAM is None, reason="no Chromium here: apt-get install chromium")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# A page with wrong answers is 422, which the browser itself reports as an error.
EXPECTED = "Failed to load resource: the server responded with a status of 422"

Visit = Callable[..., Page]
_DATABASE = "portal_browser"


@pytest.fixture(scope="package")
def _portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("site"), mould.copy(mould.SERVER, _DATABASE))
    try:
        site.prepare()
        yield site
    finally:
        site.stop()
        mould.drop(mould.SERVER, _DATABASE)


@pytest.fixture
def site(_portal: Site) -> Iterator[Site]:
    """The portal at work, whatever the test before did to it."""
    _portal.start_missing()
    web = _portal.children["web"]
    said = len(web.output())
    yield _portal
    log = web.output()[said:]
    assert "Traceback" not in log, log


# Not for the whole session: its event loop in this thread would keep other tests from the ORM.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    expect.set_options(timeout=20_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def visit(site: Site, chromium: Browser) -> Iterator[Visit]:
    """Opens a browser of its own for each person; in the end none may have had a complaint."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_browser(**options: object) -> Page:
        context = chromium.new_context(base_url=site.url, locale="vi-VN", **options)  # type: ignore[arg-type]
        context.set_default_timeout(20_000)
        _listen(context, site, complaints)
        contexts.append(context)
        return context.new_page()

    yield open_browser
    for context in contexts:
        context.close()
    assert complaints == []


def _listen(context: BrowserContext, site: Site, complaints: list[str]) -> None:
    """Note errors of scripts, of the console (violations of the CSP among them) and foreign requests."""

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(EXPECTED):
            complaints.append(f"console: {message.text} {message.location}")

    def on_request(request: Request) -> None:
        if not request.url.startswith((f"{site.url}/", "data:", "blob:")):
            complaints.append(f"foreign: {request.url}")

    context.on("console", on_console)
    context.on("weberror", lambda error: complaints.append(f"script: {error.error}"))
    context.on("request", on_request)
