"""Answers that do not fit together are pointed out; nobody is kept from going on."""

import pytest
from django.test import Client
from django.utils import timezone, translation

from portal.identifiers import citizen_card_doubts
from portal.models import User
from procedures.definition import Definition
from procedures.models import Dossier
from tests import answers, reference
from tests.conftest import file_draft

WOMAN_OF_1961 = "056161000123"


@pytest.fixture
def definition() -> Definition:
    return next(d for d in reference.shipped() if d.slug == "health-insurance-only")


@pytest.fixture
def draft(definition: Definition, citizen: User) -> Dossier:
    """A complete draft: a man born in 1955 with an old identity card, a household of two."""
    return answers.make_draft(definition, "household_register", citizen, timezone.localdate(), yes_no="no")


@pytest.fixture
def browser(draft: Dossier) -> Client:
    client = Client()
    client.force_login(draft.owner)
    return client


def _url(draft: Dossier, step: str = "nguoi-de-nghi") -> str:
    return f"/ho-so/{draft.draft_code}/buoc/{step}/"


@pytest.mark.parametrize(
    ("number", "sex", "born", "count"),
    [
        (WOMAN_OF_1961, "female", "1961-03-02", 0),
        ("056 161 000 123", "female", "2/3/1961", 0),
        (WOMAN_OF_1961, "female", "//1961", 0),
        (WOMAN_OF_1961, "male", "1961", 1),
        (WOMAN_OF_1961, "female", "1960-12-31", 1),
        (WOMAN_OF_1961, "male", "1960", 2),
        ("056205000123", "male", "2005-01-01", 0),
        ("056305000123", "male", "2005-01-01", 1),
        (WOMAN_OF_1961, "", "", 0),
        ("225123456", "male", "1955", 0),
        ("B1234567", "male", "1955", 0),
        ("056961000123", "male", "1955", 0),
    ],
)
def test_a_citizen_card_tells_sex_and_year_of_birth(number: str, sex: str, born: str, count: int) -> None:
    assert len(citizen_card_doubts(number, sex=sex, born=born)) == count


def test_a_doubt_is_told_once_and_the_person_goes_on(browser: Client, draft: Dossier) -> None:
    typed = {**draft.typed, "id_number": WOMAN_OF_1961}
    first = browser.post(_url(draft), typed)
    page = first.content.decode()
    assert first.status_code == 422
    assert 'href="#id_number"' in page
    assert 'id="id_number-warning">Số CCCD này là của nữ' in page
    assert 'aria-describedby="id_number-warning"' in page
    assert "1961" in page
    assert "error-summary" not in page
    assert Dossier.objects.get(pk=draft.pk).typed["id_number"] == WOMAN_OF_1961
    seen = page.split('name="da_xem" value="')[1].split('"')[0]
    assert browser.post(_url(draft), {**typed, "da_xem": seen}).status_code == 303
    assert browser.post(_url(draft), {**typed, "gender": "female", "da_xem": seen}).status_code == 422
    fits = {**typed, "gender": "female", "date_of_birth": "1/2/1961", "da_xem": seen}
    assert browser.post(_url(draft), fits).status_code == 303


def test_the_check_page_and_the_clerk_see_the_doubt(
    browser: Client, draft: Dossier, clerk: User, definition: Definition
) -> None:
    household = draft.typed["household"]
    household = [household[0], {}, {**household[1], "id_number": "056061000123", "gender": "female"}]
    typed = {**draft.typed, "id_number": WOMAN_OF_1961, "household": household}
    Dossier.objects.filter(pk=draft.pk).update(typed=typed)
    check = browser.get(f"/ho-so/{draft.draft_code}/kiem-tra/").content.decode()
    assert "Số CCCD này là của nữ" in check
    assert "#household-2-id_number" in check
    filed = file_draft(Dossier.objects.get(pk=draft.pk))
    desk = Client()
    desk.force_login(clerk)
    with translation.override("vi"):
        page = desk.get(f"/quan-tri/procedures/dossier/{filed.pk}/change/").content.decode()
    assert page.count('class="desk-doubt"') == 2
    assert "Thành viên 2: Số CCCD này là của nam" in page
