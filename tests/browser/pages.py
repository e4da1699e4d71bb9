"""What people do on the pages of the portal: fill them in, take photos, read papers."""

import io
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pillow_heif
import pypdfium2  # type: ignore[import-untyped]
import zxingcpp
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from tests.conftest import PASSWORD

Answers = Mapping[str, str]
PROCEDURE = "/thu-tuc/lump-sum/"
NAME = "Nguyễn Thị Ánh Tuyết"


@dataclass(frozen=True)
class Person:
    number: str
    phone: str
    id_number: str

    @property
    def registration(self) -> Answers:
        return {
            "username": self.number,
            "full_name": NAME,
            "date_of_birth_day": "1",
            "date_of_birth_month": "2",
            "date_of_birth_year": "1980",
            "id_number": self.id_number,
            "phone": f"+84 {self.phone[1:]}",
            "email": f"tuyet.{self.number}@example.com",
            "ward": "22429",
            "password1": PASSWORD,
            "password2": PASSWORD,
        }


# What the account does not fill in by itself, page by page.
ANSWERS: Mapping[str, Answers] = {
    "ly-do": {"case": "stopped_1_year"},
    "dieu-kien": {
        "stop_date_day": "31",
        "stop_date_month": "03",
        "stop_date_year": "2020",
        "contributing_now": "no",
        "gender": "female",
        "total_months_years": "8",
        "total_months_months": "3",
    },
    "nguoi-de-nghi": {"street": "12 Hùng Vương", "residence_kind": "permanent"},
    "qua-trinh-dong": {"scheme": "compulsory", "books_count": "2", "unemployment_reserved": "yes"},
    "nhan-tien": {"pay_method": "bank_transfer", "result_delivery": "post"},
    "noi-nhan": {
        "bank": "970436",
        "bank_branch": "Khánh Hòa",
        "account_number": "0071 0012 34567",
        "account_holder": NAME.lower(),
    },
}


def fill(page: Page, answers: Answers) -> None:
    """Answer questions by the names of their inputs, in the order given."""
    for name, value in answers.items():
        asked = page.locator(f"main [name='{name}']")
        asked.first.wait_for()
        match asked.first.evaluate("input => input.type"):
            case "radio" | "checkbox":
                page.check(f"main [name='{name}'][value='{value}']")
            case "select-one":
                asked.select_option(value)
            case _:
                asked.fill(value)


def go_on(page: Page) -> None:
    """The button that leads to the next page."""
    page.locator("#page .actions button:visible").first.click()


def expect_path(page: Page, path: str) -> None:
    """The path of the page ends with ``path``, a pattern."""
    expect(page).to_have_url(re.compile(rf"{path}(#.*)?$"))


def register(page: Page, person: Person) -> None:
    page.goto("/tai-khoan/dang-ky/")
    fill(page, person.registration)
    go_on(page)
    expect_path(page, "/ho-so/")


def sign_in(page: Page, name: str, *, to: str) -> None:
    page.goto(f"/tai-khoan/dang-nhap/?next={to}")
    fill(page, {"login": name, "password": PASSWORD})
    go_on(page)
    expect_path(page, to)


def start(page: Page) -> None:
    page.goto(PROCEDURE)
    page.locator("form[action$='/bat-dau/'] button").click()
    expect_path(page, "/buoc/ly-do/")


def dossier_code(page: Page) -> str:
    """The code of the dossier on the page, once it is filed."""
    expect(page.locator(".panel")).to_be_visible()
    return page.locator(".panel .code").inner_text()


def paper(page: Page, kind: str, number: int = 1) -> bytes:
    """A paper that was issued, see ``pdf``."""
    return pdf(page, f"{kind}-{number}")


def pdf(page: Page, name: str) -> bytes:
    """A PDF of the dossier page, taken with the person's own session."""
    link = page.locator(f"#documents a[href$='/{name}.pdf']")
    response = page.context.request.get(str(link.get_attribute("href")))
    assert response.headers["content-type"] == "application/pdf"
    return response.body()


def check_accessible(page: Page, *, theirs: bool = False) -> None:
    """No complaint of axe; on pages of the admin theme (``theirs``) none that WCAG 2.2 AA backs."""
    wcag = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    found = Axe().run(page, options={"runOnly": wcag} if theirs else None)
    assert found.violations_count == 0, f"{page.url}: {found.generate_report()}"


def check_no_sideways_scrolling(page: Page) -> None:
    wide, window = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= window, page.url


# --- Photos --------------------------------------------------------------------------------------

CARD_NAME = unicodedata.normalize("NFD", "Ảnh căn cước mặt trước.jpg")


def phone_photo() -> FilePayload:
    """Three megapixels held upright: phones store them lying down and note the rotation."""
    image = Image.linear_gradient("L").resize((2048, 1536)).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6
    return _photo(CARD_NAME, "image/jpeg", image, "JPEG", exif=exif.tobytes())


def heic_photo() -> FilePayload:
    pillow_heif.register_heif_opener()
    image = Image.linear_gradient("L").resize((1200, 900)).convert("RGB")
    # Many browsers do not know the type.
    return _photo("IMG_0412.HEIC", "application/octet-stream", image, "HEIF")


def _photo(name: str, media_type: str, image: Image.Image, form: str, **options: Any) -> FilePayload:
    out = io.BytesIO()
    image.save(out, form, quality=60, **options)
    return {"name": name, "mimeType": media_type, "buffer": out.getvalue()}


# --- Reading papers ------------------------------------------------------------------------------


def codes(pdf: bytes) -> dict[str, str]:
    """What a scanner reads from the first page at 200 dpi, by kind of code."""
    document = pypdfium2.PdfDocument(pdf)
    image = document[0].render(scale=200 / 72).to_pil()
    document.close()
    return {found.format.name: found.text for found in zxingcpp.read_barcodes(image)}


def text(pdf: bytes) -> str:
    """The words of a paper, with single blanks between them."""
    document = pypdfium2.PdfDocument(pdf)
    words = " ".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    return " ".join(words.split())
