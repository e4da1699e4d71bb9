"""The main job in a real browser: a citizen files a lump-sum claim, the office decides it."""

import re
import unicodedata

import pytest
from playwright.sync_api import Page, expect

from tests.browser import pages
from tests.browser.conftest import Visit, needs_chromium
from tests.browser.pages import (
    ANSWERS,
    NAME,
    Person,
    check_accessible,
    check_no_sideways_scrolling,
    expect_path,
    fill,
    go_on,
)
from tests.browser.running import CLERK, SUPERVISOR, Site, eventually

pytestmark = [pytest.mark.browser, needs_chromium]

DESK = "/quan-tri/procedures/dossier/"
# A radio button has its outline around its label, too.
OUTLINED = "e => [e, e.closest('.choice') ?? e].some(e => getComputedStyle(e).outlineStyle != 'none')"
# Closes the lists of the day a dossier was filed and of the next, as if both were over: were beat to
# close the first one a moment before the filing, the dossier would stand on the second.
CLOSE_LISTS = """
from datetime import timedelta
from django.utils import timezone
from procedures import intake
from procedures.deadlines import start_of
from procedures.models import Dossier
dossier = Dossier.objects.get(code="{code}")
day = timezone.localdate(dossier.filed_at)
for today in intake.days_to_close(dossier.office, day + timedelta(days=1)):
    intake.close_list(dossier.office, today, actor=None, now=start_of(day + timedelta(days=2)))
print(dossier.intake_row.list_id)
"""


def test_a_citizen_files_a_claim_and_the_office_decides_it(site: Site, visit: Visit) -> None:
    tuyet = Person("5612345678", "0905123456", "056180000123")
    citizen = visit()
    pages.register(citizen, tuyet)
    pages.start(citizen)
    citizen.evaluate("window.neverLeft = true")
    _answer_with_a_mistake(citizen)
    _upload(citizen)
    code = _file(citizen, tuyet)
    first = _papers_appear(citizen, code)
    assert citizen.evaluate("window.neverLeft"), "one of these pages was loaded anew"

    clerk = visit()
    pages.sign_in(clerk, CLERK, to=DESK)
    _scan(clerk, pages.codes(pages.paper(citizen, "label"))["Code128"])
    second = _a_receipt_with_a_date(citizen, site, code)

    _propose(clerk, code)
    supervisor = visit()
    pages.sign_in(supervisor, SUPERVISOR, to=DESK)
    _act(supervisor, code, "approve")
    _the_decision_is_told(citizen, code)

    _the_intake_list_holds_it(clerk, site, code)
    anybody = visit()
    _qr_codes_prove_the_papers(anybody, code, tuyet, old=first, new=second)
    _the_state_is_told_for_four_digits(anybody, code, tuyet)
    left = "SELECT topic, state, last_error FROM portal_outboxmessage WHERE state <> 'done'"
    eventually(lambda: not site.rows(left), "every side effect is done")


def test_a_claim_can_be_filed_without_javascript(visit: Visit) -> None:
    page = visit(java_script_enabled=False)
    pages.register(page, Person("5687654321", "0935123456", "056180000456"))
    pages.start(page)
    for slug, answers in ANSWERS.items():
        expect_path(page, f"/buoc/{slug}/")
        fill(page, answers)
        go_on(page)
    expect_path(page, "/giay-to-kem/")
    page.set_input_files("#file_id_photo", pages.phone_photo())
    page.set_input_files("#file_book_photo", pages.heic_photo())
    go_on(page)
    expect_path(page, "/kiem-tra/")
    fill(page, {"declaration": "on"})
    go_on(page)
    code = pages.dossier_code(page)
    papers = page.locator("#documents a[href$='.pdf']")
    eventually(lambda: page.reload() is not None and papers.count() == 4, "the papers, on a page loaded anew")
    assert pages.codes(pages.paper(page, "label"))["Code128"] == code


def test_keys_alone_and_a_narrow_screen_are_enough(visit: Visit) -> None:
    page = visit(viewport={"width": 360, "height": 740})
    page.goto("/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.url.endswith("#main"), "the first stop skips the menu"
    pages.register(page, Person("5611223344", "0977123456", "056180000789"))
    page.goto(pages.PROCEDURE)
    _press(page, "form[action$='/bat-dau/'] button")
    _answer_with_keys(page, "ly-do", ANSWERS["ly-do"])
    _answer_with_keys(page, "dieu-kien", {**ANSWERS["dieu-kien"], "stop_date_month": "13"})
    summary = page.locator(".error-summary")
    expect(summary).to_be_focused()
    _press(page, ".error-summary a")
    expect(page.locator("#stop_date_day")).to_be_focused()
    _answer_with_keys(page, "dieu-kien", {"stop_date_month": "03"})
    expect_path(page, "/buoc/nguoi-de-nghi/")
    expect(page.locator("h1")).to_be_focused()
    check_no_sideways_scrolling(page)


def test_public_pages_are_accessible_and_narrow(visit: Visit) -> None:
    page = visit(viewport={"width": 320, "height": 640})
    for path in (
        "/",
        "/thu-tuc/",
        pages.PROCEDURE,
        "/tai-khoan/dang-ky/",
        "/tai-khoan/dang-nhap/",
        "/tra-cuu/",
    ):
        page.goto(path)
        check_accessible(page)
        check_no_sideways_scrolling(page)


@pytest.mark.parametrize("path", ["/", pages.PROCEDURE, "/tai-khoan/dang-ky/"])
def test_a_first_view_takes_at_most_60_kb(path: str, visit: Visit) -> None:
    page = visit(extra_http_headers={"Accept-Encoding": "gzip"})
    sizes: list[float] = []
    network = page.context.new_cdp_session(page)
    network.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    network.send("Network.enable")
    page.goto(path, wait_until="networkidle")
    assert len(sizes) >= 4, "page, style and two scripts"
    assert 10_000 < sum(sizes) <= 60_000


# --- Keys ----------------------------------------------------------------------------------------


def _answer_with_keys(page: Page, slug: str, answers: pages.Answers) -> None:
    """Fill in a page and send it, as somebody without a mouse does."""
    expect_path(page, f"/buoc/{slug}/")
    for name, value in answers.items():
        _tab_to(page, f"[name='{name}']")
        if page.evaluate("document.activeElement.type") == "radio":
            _choose(page, name, value)
        else:
            page.keyboard.press("ControlOrMeta+a")
            page.keyboard.type(value)
    check_no_sideways_scrolling(page)
    _press(page, "#step-form .actions button")


def _choose(page: Page, name: str, value: str) -> None:
    page.keyboard.press("Space")
    chosen = page.locator(f"[name='{name}']:checked")
    while chosen.input_value() != value:
        page.keyboard.press("ArrowDown")


def _press(page: Page, selector: str) -> None:
    _tab_to(page, selector)
    page.keyboard.press("Enter")


def _tab_to(page: Page, selector: str) -> None:
    """Go on to what ``selector`` finds, which then shows that it has the focus."""
    page.locator(selector).first.wait_for()
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            break
    focused = page.locator(selector).and_(page.locator(":focus-visible"))
    assert focused.evaluate(OUTLINED), f"{selector} does not show its focus"


# --- The citizen files ---------------------------------------------------------------------------


def _answer_with_a_mistake(page: Page) -> None:
    for slug, answers in ANSWERS.items():
        expect_path(page, f"/buoc/{slug}/")
        if slug == "nguoi-de-nghi":
            _mistakes_are_pointed_out(page, answers)
        fill(page, answers)
        if slug == "noi-nhan":
            check_accessible(page)
        go_on(page)


def _mistakes_are_pointed_out(page: Page, answers: pages.Answers) -> None:
    """Messages stand beside the fields, the summary leads to them, nothing typed is lost."""
    right = {name: page.input_value(f"[name='{name}']") for name in ("phone", "insurance_number")}
    fill(page, {**answers, "phone": "0123", "insurance_number": "561234"})
    go_on(page)
    expect(page.locator(".error-summary")).to_be_focused()
    for name, typed in {"phone": "0123", "insurance_number": "561234"}.items():
        field = page.locator(f"#{name}")
        expect(field).to_have_value(typed)
        expect(field).to_have_attribute("aria-invalid", "true")
        assert f"{name}-error" in str(field.get_attribute("aria-describedby"))
        expect(page.locator(f"#{name}-error")).to_be_visible()
    expect(page.locator("[name='street']")).to_have_value(answers["street"])
    expect(page.locator("[name='residence_kind']:checked")).to_have_value(answers["residence_kind"])
    check_accessible(page)
    page.click(".error-summary a[href='#phone']")
    expect(page.locator("#phone")).to_be_focused()
    fill(page, right)


def _upload(page: Page) -> None:
    expect_path(page, "/giay-to-kem/")
    page.set_input_files("#file_id_photo", pages.phone_photo())
    name = unicodedata.normalize("NFC", pages.CARD_NAME)
    expect(page.locator("#paper_id_photo .files").get_by_role("link", name=name)).to_be_visible()
    page.set_input_files("#file_book_photo", pages.heic_photo())
    for slug in ("id_photo", "book_photo"):
        picture = page.locator(f"#paper_{slug} .files img")
        picture.scroll_into_view_if_needed()
        page.wait_for_function("image => image.naturalWidth > 0", arg=picture.element_handle())
    wide, high = page.locator("#paper_id_photo .files img").evaluate("i => [i.naturalWidth, i.naturalHeight]")
    assert wide < high, "the photo lies on its side"
    check_accessible(page)
    go_on(page)


def _file(page: Page, person: Person) -> str:
    expect_path(page, "/kiem-tra/")
    answers = page.locator("#page").inner_text()
    for words in (NAME.upper(), "8 năm 3 tháng", "NGUYEN THI ANH TUYET", "IMG_0412.HEIC"):
        assert words in answers
    check_accessible(page)
    go_on(page)
    expect(page.locator("#declaration-error")).to_be_visible()
    fill(page, {"declaration": "on"})
    go_on(page)
    code = pages.dossier_code(page)
    assert re.fullmatch(r"BHXH056\.02-\d{6}-\d{4}", code)
    expect_path(page, f"/ho-so/{re.escape(code)}/")
    return code


def _papers_appear(page: Page, code: str) -> bytes:
    """Receipt, form and labels come without reloading; returns the receipt."""
    for kind in ("receipt", "form", "label"):
        expect(page.locator(f"#documents a[href$='/{kind}-1.pdf']")).to_be_visible()
    check_accessible(page)
    receipt = pages.paper(page, "receipt")
    assert pages.codes(receipt)["Code128"] == code
    assert NAME.upper() in pages.text(receipt)
    for paper in (pages.paper(page, "form"), pages.paper(page, "label"), pages.pdf(page, "nhan-a4")):
        assert pages.codes(paper)["Code128"] == code
    return receipt


# --- The office ----------------------------------------------------------------------------------


def _scan(page: Page, scanned: str) -> None:
    """A scanner types the code and presses Enter; a second Enter records what the envelope should hold."""
    page.goto(f"{DESK}quet/")
    expect(page.locator("#ma")).to_be_focused()
    page.keyboard.type(scanned)
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name=scanned)).to_be_visible()
    expect(page.locator(".desk-papers input[type=number]").first).to_be_focused()
    check_accessible(page, theirs=True)
    page.keyboard.press("Enter")
    expect(page.locator("#ma")).to_be_focused()
    expect(page.locator("#ma")).to_have_value("")
    expect(page.locator("body")).to_contain_text(scanned)


def _propose(page: Page, code: str) -> None:
    _act(page, code, "accept")
    check_accessible(page, theirs=True)
    _act(page, code, "propose", note="Đủ điều kiện theo NQ 93/2015/QH13.")
    # Another person must approve.
    expect(page.locator("form[action*='/hanh-dong/approve/']")).to_have_count(0)


def _act(page: Page, code: str, action: str, note: str = "") -> None:
    page.goto(f"{DESK}?q={code}")
    page.get_by_role("link", name=code).click()
    form = page.locator(f"form[action*='/hanh-dong/{action}/']")
    if note:
        form.locator("textarea").fill(note)
    form.locator("button").first.click()
    expect(form).to_have_count(0)


def _the_intake_list_holds_it(page: Page, site: Site, code: str) -> None:
    closed = site.shell(CLOSE_LISTS.format(code=code))
    page.goto(f"/quan-tri/procedures/intakelist/{closed}/change/")
    row = page.get_by_role("row").filter(has_text=code)
    expect(row).to_contain_text(NAME.upper())
    expect(row).to_contain_text("Đã xử lý xong")
    export = page.context.request.get(f"/quan-tri/procedures/intakelist/{closed}/tai-ve/csv/").body()
    assert code in export.decode("utf-8-sig")


# --- The citizen follows -------------------------------------------------------------------------


def _a_receipt_with_a_date(page: Page, site: Site, code: str) -> bytes:
    """A new receipt promises the day the page shows; the old one is kept, marked replaced."""
    page.goto(f"/ho-so/{code}/")
    expect(page.locator("aside")).to_contain_text("Đã nhận hồ sơ giấy")

    def shown() -> bool:
        return page.reload() is not None and page.locator("a[href$='/receipt-2.pdf']").count() == 1

    eventually(shown, "the second receipt")
    query = """SELECT to_char(due_at AT TIME ZONE 'Asia/Ho_Chi_Minh', 'DD/MM/YYYY')
               FROM procedures_dossier WHERE code = %s"""
    promised = site.value(query, code)
    expect(page.locator("aside")).to_contain_text(promised)
    second = pages.paper(page, "receipt", 2)
    assert promised in pages.text(second)
    assert promised not in pages.text(pages.paper(page, "receipt", 1))
    replaced = page.locator(".document--replaced")
    expect(replaced).to_have_count(1)
    expect(replaced.locator("a[href$='/receipt-1.pdf']")).to_have_count(1)
    return second


def _the_decision_is_told(page: Page, code: str) -> None:
    page.goto(f"/ho-so/{code}/")
    expect(page.locator("aside")).to_contain_text("Đã xử lý xong")
    expect(page.locator(".timeline")).not_to_contain_text("NQ 93/2015")
    check_accessible(page)
    page.goto("/ho-so/")
    notices = page.locator(f".link-list a[href='/ho-so/{code}/']")
    eventually(lambda: page.reload() is not None and notices.count() == 3, "three notices")
    check_accessible(page)


# --- Anybody -------------------------------------------------------------------------------------


def _qr_codes_prove_the_papers(page: Page, code: str, person: Person, *, old: bytes, new: bytes) -> None:
    for receipt, kind in ((old, "warning"), (new, "success")):
        page.goto(pages.codes(receipt)["QRCode"])
        expect(page.locator(f"#page .notice--{kind}")).to_be_visible()
        expect(page.locator(".facts .code")).to_have_text(code)
        _nothing_personal(page, person)
    check_accessible(page)


def _the_state_is_told_for_four_digits(page: Page, code: str, person: Person) -> None:
    page.goto("/tra-cuu/")
    check_accessible(page)
    fill(page, {"code": code.lower(), "phone": "9999"})
    go_on(page)
    expect(page.locator(".error-summary")).to_be_visible()
    fill(page, {"code": code, "phone": person.phone[-4:]})
    go_on(page)
    expect(page.locator(".facts")).to_contain_text("Đã xử lý xong")
    _nothing_personal(page, person)


def _nothing_personal(page: Page, person: Person) -> None:
    content = page.content().upper()
    for secret in (NAME.upper(), "TUYẾT", "HÙNG VƯƠNG", person.number, person.id_number, person.phone):
        assert secret not in content
