"""One whole lump-sum filing, request by request, as somebody at a phone causes them.

The browser follows what the pages say: addresses, hidden inputs, which answers ask for the page
anew, pictures that are shown, how often to ask whether the documents are made.
"""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from bench.browser import Browser, File, Unexpected, attribute, links, tag, value_of

# The button beside the case, on the page of the procedure.
START, CASE = "/thu-tuc/lump-sum/bat-dau/", "stopped_1_year"

# What is answered, by the first input of each question, in whatever order the pages ask. What the
# account knows already stands in the form and is only sent along.
ANSWERS: dict[str, tuple[tuple[str, str], ...]] = {
    "stop_date_day": (("stop_date_day", "31"), ("stop_date_month", "03"), ("stop_date_year", "2019")),
    "contributing_now": (("contributing_now", "no"),),
    "gender": (("gender", "female"),),
    "total_months_years": (("total_months_years", "8"), ("total_months_months", "3")),
    "residence_kind": (("residence_kind", "permanent"),),
    "scheme": (("scheme", "compulsory"),),
    "books_count": (("books_count", "2"),),
    "unemployment_reserved": (("unemployment_reserved", "yes"),),
    "regional_allowance": (("regional_allowance", "no"),),
    "pay_method": (("pay_method", "bank_transfer"),),
    "bank": (("bank", "970436"),),
    "bank_branch": (("bank_branch", "Khánh Hòa"),),
    "account_number": (("account_number", "0071 0012 34567"),),
    "account_holder": (("account_holder", "NGUYEN THI ANH TUYET"),),
    "result_delivery": (("result_delivery", "post"),),
}


@dataclass(frozen=True)
class Papers:
    """What is uploaded: a photo from a phone and a scan."""

    photo: File
    scan: File

    def files(self) -> Iterator[tuple[str, File]]:
        yield "file_id_photo", self.photo
        yield "file_book_photo", self.scan


@dataclass
class Filed:
    """A dossier whose documents are being made: where to ask for them, and when next."""

    browser: Browser
    code: str
    sent_at: float
    pause: float
    ask_at: float = field(init=False)

    def __post_init__(self) -> None:
        self.ask_at = time.monotonic() + self.pause


def file_claim(browser: Browser, papers: Papers, *, slowly: bool = False) -> Filed:
    """From *start* to the answer to *file*.

    ``slowly``: with a pause after every answer, so that each is saved as it is given.
    """
    reach_check(browser, papers, slowly=slowly)
    return press_file(browser)


def reach_check(browser: Browser, papers: Papers, *, slowly: bool = False) -> None:
    """From *start* to the page with all answers."""
    browser.ask(START, "start", data=[("csrfmiddlewaretoken", browser.token()), ("truong-hop", CASE)])
    while slug := _step_of(browser):
        _answer(browser, slug, slowly=slowly)
    _upload(browser, papers)


def press_file(browser: Browser) -> Filed:
    """Declare and file, on the page with all answers."""
    key, address = value_of(browser.page, "key"), attribute(tag(browser.page, hx_target="#page"), "hx-post")
    data = [("csrfmiddlewaretoken", browser.token()), ("key", key), ("declaration", "on")]
    sent_at = time.monotonic()
    browser.ask(address, "file", data=data)
    code = re.search(r"/ho-so/(BHXH[^/]+)/giay-to/", browser.page)
    if code is None:
        raise Unexpected(f"{address}: not filed, {browser.page[:300]}")
    return Filed(browser, code[1], sent_at, _pause(browser.page))


def collect(filed: Filed, wait: Callable[[float], None] = time.sleep) -> None:
    """Ask until the documents are made, as often as the page says, and get the receipt."""
    while not look(filed):
        wait(max(0.0, filed.ask_at - time.monotonic()))
    fetch_receipt(filed)


def look(filed: Filed) -> bool:
    """Ask for the documents once if it is time; whether all are there."""
    if time.monotonic() < filed.ask_at:
        return False
    browser = filed.browser
    address = attribute(tag(browser.page, id="documents"), "hx-get")
    if not address:
        return True
    browser.page = browser.ask(address, "poll", target="documents") or browser.page  # 204: as it was
    filed.pause = _pause(browser.page)
    filed.ask_at = time.monotonic() + filed.pause
    return not filed.pause


def fetch_receipt(filed: Filed) -> None:
    found = links(filed.browser.page, "href", r"[^\"]*/giay-to/receipt-\d+\.pdf")
    if not found:
        raise Unexpected(f"{filed.code}: the page shows no receipt")
    pdf = filed.browser.fetch(found[-1], "receipt")
    if not pdf.startswith(b"%PDF-"):
        raise Unexpected(f"{found[-1]}: not a PDF")


def _pause(page: str) -> float:
    """Seconds until the page asks for the documents again."""
    every = re.search(r'hx-trigger="every (\d+(?:\.\d+)?)(m?s)"', tag(page, id="documents"))
    if every is None:
        return 0.0
    return float(every[1]) / (1000 if every[2] == "ms" else 1)


# --- Pages of questions --------------------------------------------------------------------------


def _step_of(browser: Browser) -> str:
    """The slug of the page of questions on the screen; empty when it is another page."""
    found = re.search(r"/buoc/([a-z0-9-]+)/", attribute(tag(browser.page, id="step-form"), "hx-post"))
    return found[1] if found else ""


def _answer(browser: Browser, slug: str, *, slowly: bool) -> None:
    """Give every answer of the page and go on."""
    page = browser.page
    address = attribute(tag(page, id="step-form"), "hx-post")
    save = attribute(tag(page, hx_target="#saved"), "hx-post")
    hidden = {"csrfmiddlewaretoken": browser.token(), "revision": value_of(page, "revision")}
    given: dict[str, str] = {}
    while (question := _next_question(page, given)) is not None:
        given |= question
        redraw = attribute(tag(page, name=next(iter(question))), "hx-post")
        if redraw:
            page = browser.ask(redraw, "redraw", target="questions", data=_form(page, hidden, given))
            hidden["revision"] = value_of(page, "revision")
        elif slowly:
            drawn = browser.ask(save, "save", target="saved", data=_form(page, hidden, given))
            hidden["revision"] = value_of(drawn, "revision")
    browser.ask(address, "step", data=_form(page, hidden, given))
    if slug == _step_of(browser):
        raise Unexpected(f"{address}: the same page again")


def _next_question(page: str, given: dict[str, str]) -> dict[str, str] | None:
    """The first question of the page that is not answered yet."""
    for name in dict.fromkeys(re.findall(r'<(?:input|select)\b[^>]*\sname="([^"]+)"', page)):
        if name in ANSWERS and name not in given:
            return dict(ANSWERS[name])
    return None


def _form(page: str, hidden: dict[str, str], given: dict[str, str]) -> list[tuple[str, str]]:
    """All inputs as they stand, with the answers given."""
    standing = {}
    for element in re.findall(r"<input\b[^>]*>", page):
        if attribute(element, "type") not in {"radio", "checkbox", "file", "hidden"}:
            standing[attribute(element, "name")] = attribute(element, "value")
    for name, options in re.findall(r'<select\b[^>]*\sname="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected>', options)
        standing[name] = chosen[1] if chosen else ""
    return list((hidden | standing | given).items())


# --- Papers --------------------------------------------------------------------------------------


def _upload(browser: Browser, papers: Papers) -> None:
    """Choose both files, each sent at once, look at what pictures the page loads, and go on."""
    for name, file in papers.files():
        element = tag(browser.page, name=name)
        target = attribute(element, "hx-target").removeprefix("#")
        drawn = browser.ask(
            attribute(element, "hx-post"),
            "upload",
            target=target,
            data=[("csrfmiddlewaretoken", browser.token())],
            files={name: file},
        )
        for picture in links(drawn, "src", r"[^\"]*/xem-truoc/"):
            browser.fetch(picture, "preview")
    address = attribute(tag(browser.page, id="upload-form"), "hx-post")
    browser.ask(address, "continue", data=[("csrfmiddlewaretoken", browser.token())])
