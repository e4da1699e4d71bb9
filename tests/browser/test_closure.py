"""An office closes at noon: the citizen, the clerk, the mailroom next door and the day's list all go on."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser import pages
from tests.browser.conftest import Visit, needs_chromium
from tests.browser.running import CLERK, Site, eventually
from tests.conftest import PASSWORD

pytestmark = [pytest.mark.browser, needs_chromium]

DESK = "/quan-tri/procedures/dossier/"
LEADER, REVIEWER = "giamdoc.khanh-hoa", "canbo.cam-lam"
HOME, NEIGHBOUR = "BHXH huyện Cam Lâm", "BHXH thành phố Cam Ranh"

# A citizen of Cam Lâm with a filed dossier whose papers are awaited, and with another draft.
BEFORE = f"""
import json, random
from procedures import demo
from procedures.models import Office
from tests.conftest import file_draft, make_draft
for name, slug, role in (("{LEADER}", "khanh-hoa", "director"), ("{REVIEWER}", "cam-lam", "clerk")):
    demo.staff(name, "Võ Minh Khánh", Office.objects.get(slug=slug), role, password="{PASSWORD}")
citizen = demo.citizen(demo.person(random.Random(1207), "22453"), password="{PASSWORD}")
chance = random.Random(1207)
filed = file_draft(make_draft(citizen, chance))
draft = make_draft(citizen, chance)
print(json.dumps([citizen.username, filed.code, draft.draft_code]))
"""
# The list of the day, as if the day were over.
LIST = """
from datetime import timedelta
from django.utils import timezone
from procedures import intake
from procedures.deadlines import start_of
from procedures.models import Dossier
dossiers = [Dossier.objects.get(code=code) for code in {codes}]
day = timezone.localdate(dossiers[-1].filed_at)
for today in intake.days_to_close(dossiers[0].office, day + timedelta(days=1)):
    intake.close_list(dossiers[0].office, today, actor=None, now=start_of(day + timedelta(days=2)))
print(" ".join(str(dossier.intake_row.list_id) for dossier in dossiers))
"""


@pytest.fixture
def opened_again(site: Site) -> Iterator[None]:
    """Whatever happens, the offices are open for the tests that follow."""
    yield
    with site.connect() as connection:
        connection.execute("UPDATE procedures_closure SET ends_at = now() WHERE ends_at IS NULL")


@pytest.mark.usefixtures("opened_again")
def test_an_office_closes_at_noon_and_everybodys_work_goes_on(site: Site, visit: Visit) -> None:
    person, code, draft = json.loads(site.shell(BEFORE))
    citizen = visit()
    pages.sign_in(citizen, person, to="/ho-so/")
    citizen.goto(f"/ho-so/{code}/")
    eventually(lambda: _label(citizen, 1), "the label of the office at home")
    assert HOME in pages.text(pages.paper(citizen, "label"))

    leader = visit()
    pages.sign_in(leader, LEADER, to=DESK)
    _close(leader, site)

    _papers_go_elsewhere(citizen, code)
    filed = _files_all_the_same(citizen, draft)
    clerk = visit()
    pages.sign_in(clerk, REVIEWER, to=DESK)
    _stands_in_the_queue(clerk, filed)
    mailroom = visit()
    pages.sign_in(mailroom, CLERK, to=DESK)
    _is_passed_on(mailroom, site, code)
    _the_days_list_holds(clerk, site, [code, filed])


def _close(page: Page, site: Site) -> None:
    """The leader fills in the register; from now on, for everything, until further notice."""
    page.goto("/quan-tri/procedures/closure/add/")
    page.select_option("[name='office']", label=HOME)
    page.select_option("[name='scope']", "all")
    page.fill("[name='reason']", "Phong tỏa phòng, chống dịch")
    page.fill("[name='document']", "6225/UBND-KGVX")
    page.locator("[name='_save']").click()
    pages.expect_path(page, "/closure/")
    assert site.value("SELECT count(*) FROM procedures_closure WHERE begun_at IS NOT NULL") == 1
    page.wait_for_timeout(5_500)  # by then every process of the portal has heard of it


def _papers_go_elsewhere(page: Page, code: str) -> None:
    """Banner, address and a new label by themselves; the choice among the open offices."""
    page.goto(f"/ho-so/{code}/")
    eventually(lambda: page.reload() is not None and page.locator(".site-banner").count() == 1, "the banner")
    expect(page.locator(".site-banner")).to_contain_text(HOME)
    expect(page.locator("address.letter")).to_contain_text(NEIGHBOUR)
    for slug in ("cam-ranh", "dien-khanh", "khanh-hoa"):
        expect(page.locator(f"#place_{slug}")).to_have_count(1)
    eventually(lambda: _label(page, 2), "the new label")
    said = pages.text(pages.paper(page, "label", 2))
    assert NEIGHBOUR in said
    page.goto("/ho-so/")
    expect(page.locator("#page")).to_contain_text(NEIGHBOUR)
    page.goto("/co-quan/cam-lam/")
    expect(page.locator("#page")).to_contain_text("6225/UBND-KGVX")
    pages.check_accessible(page)


def _label(page: Page, number: int) -> bool:
    page.reload()
    return page.locator(f"#documents a[href$='/label-{number}.pdf']").count() == 1


def _files_all_the_same(page: Page, draft: str) -> str:
    """Neither cash nor the result at the counter is offered; filing goes on; returns the code."""
    page.goto(f"/ho-so/{draft}/buoc/nhan-tien/")
    expect(page.locator("[name='pay_method'][value='bank_transfer']")).to_have_count(1)
    expect(page.locator("[name='pay_method'][value='cash_office']")).to_have_count(0)
    expect(page.locator("[name='result_delivery'][value='office']")).to_have_count(0)
    page.goto(f"/ho-so/{draft}/kiem-tra/")
    pages.fill(page, {"declaration": "on"})
    pages.go_on(page)
    code = pages.dossier_code(page)
    expect(page.locator("address.letter")).to_contain_text(NEIGHBOUR)
    return code


def _stands_in_the_queue(page: Page, code: str) -> None:
    page.goto(f"{DESK}?q={code}")
    page.get_by_role("link", name=code).first.click()
    expect(page.locator("body")).to_contain_text(code)


def _is_passed_on(page: Page, site: Site, code: str) -> None:
    """A parcel for the closed office is scanned next door and set aside for it."""
    page.goto(f"{DESK}quet/")
    page.locator("#ma").fill(code)
    page.keyboard.press("Enter")
    expect(page.locator("body")).to_contain_text(HOME)
    rows = site.rows(
        """SELECT parcel.state, office.slug FROM procedures_parcel AS parcel
           JOIN procedures_office AS office ON office.id = parcel.office_id
           JOIN procedures_dossier AS dossier ON dossier.id = parcel.dossier_id
           WHERE dossier.code = %s""",
        code,
    )
    assert rows == [("forward", "cam-ranh")]


def _the_days_list_holds(page: Page, site: Site, codes: list[str]) -> None:
    """The list of the closed office has what was filed before noon and after."""
    for number, code in zip(site.shell(LIST.format(codes=codes)).split(), codes, strict=True):
        page.goto(f"/quan-tri/procedures/intakelist/{number}/change/")
        expect(page.get_by_role("row").filter(has_text=code)).to_have_count(1)
