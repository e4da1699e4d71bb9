"""The main job in a real browser: a citizen files a lump-sum claim, the office decides it."""

import re
import unicodedata

import pytest
from playwright.sync_api import Page, expect

from tests.browser import pages
from tests.browser.conftest import Visit
from tests.browser.pages import ANSWERS, NAME, Person, check_accessible, expect_path, fill, go_on
from tests.browser.running import CLERK, SUPERVISOR, Site

pytestmark = pytest.mark.browser

DESK = "/quan-tri/procedures/dossier/"
ON_PHONE = {"viewport": {"width": 360, "height": 740}}
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
    tuyet = Person("5612345678", "0905 123 456", "056180000123")
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
    pages.sign_in(clerk, CLERK, to="/quan-tri/")
    _scan(clerk, pages.codes(pages.paper(citizen, "label"))["Code128"])
    second = _a_receipt_with_a_date(citizen, code)

    _propose(clerk, code)
    supervisor = visit()
    pages.sign_in(supervisor, SUPERVISOR, to=DESK)
    _act(supervisor, code, "approve")
    _the_decision_is_told(citizen, code)

    _the_intake_list_holds_it(clerk, site, code)
    anybody = visit()
    _qr_codes_prove_the_papers(anybody, code, tuyet, old=first, new=second)
    _the_state_is_told_for_four_digits(anybody, code, tuyet)


# --- The citizen files ---------------------------------------------------------------------------


def _answer_with_a_mistake(page: Page) -> None:
    for slug, answers in ANSWERS.items():
        expect_path(page, f"/buoc/{slug}/")
        if slug == "nguoi-de-nghi":
            _mistakes_are_pointed_out(page, answers)
        fill(page, answers)
        if slug == "nhan-tien":
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
    for kind in ("receipt", "form", "label", "label-sheet"):
        expect(page.locator(f"#documents a[href$='/{kind}-1.pdf']")).to_be_visible()
    check_accessible(page)
    receipt = pages.paper(page, "receipt")
    assert pages.codes(receipt)["Code128"] == code
    assert NAME.upper() in pages.text(receipt)
    for kind in ("form", "label", "label-sheet"):
        assert pages.codes(pages.paper(page, kind))["Code128"] == code
    return receipt


# --- The office ----------------------------------------------------------------------------------


def _scan(page: Page, scanned: str) -> None:
    """A scanner types the code and presses Enter; a second Enter records what the envelope should hold."""
    page.goto(f"{DESK}quet/")
    expect(page.locator("#ma")).to_be_focused()
    page.keyboard.type(scanned)
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name=scanned)).to_be_visible()
    expect(page.locator(".desk-card button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#ma")).to_be_focused()
    expect(page.locator("#ma")).to_have_value("")
    expect(page.locator("body")).to_contain_text(scanned)


def _propose(page: Page, code: str) -> None:
    _act(page, code, "accept")
    _act(page, code, "propose", note="Đủ điều kiện theo NQ 93/2015/QH13.")
    # Another person must approve.
    expect(page.locator("form[action*='/hanh-dong/approve/']")).to_have_count(0)


def _act(page: Page, code: str, action: str, note: str = "") -> None:
    page.goto(f"{DESK}?q={code}")
    page.get_by_role("link", name=code).click()
    form = page.locator(f"form[action$='/hanh-dong/{action}/']")
    if note:
        form.locator("textarea").fill(note)
    form.locator("button").click()
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


def _a_receipt_with_a_date(page: Page, code: str) -> bytes:
    """A new receipt promises the day the page shows; the old one is kept, marked replaced."""
    page.goto(f"/ho-so/{code}/")
    expect(page.locator("aside")).to_contain_text("Đã nhận hồ sơ giấy")

    def shown() -> bool:
        return page.reload() is not None and page.locator("a[href$='/receipt-2.pdf']").count() == 1

    pages.eventually(shown, "the second receipt")
    promised = re.search(r"\d\d:\d\d, (\d\d/\d\d/\d{4})", page.locator("aside dd").nth(4).inner_text())
    assert promised
    second = pages.paper(page, "receipt", 2)
    assert promised[1] in pages.text(second)
    assert promised[1] not in pages.text(pages.paper(page, "receipt", 1))
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
    pages.eventually(lambda: page.reload() is not None and notices.count() == 3, "three notices")
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
    fill(page, {"code": code, "phone": person.phone[-4:].strip()})
    go_on(page)
    expect(page.locator(".facts")).to_contain_text("Đã xử lý xong")
    _nothing_personal(page, person)


def _nothing_personal(page: Page, person: Person) -> None:
    content = page.content().upper()
    digits = person.phone.replace(" ", "")
    for secret in (NAME.upper(), "TUYẾT", "HÙNG VƯƠNG", person.number, person.id_number, digits):
        assert secret not in content
