import io
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone
from gunicorn.config import Config

from pension import list_days, paper_codes, paper_filings, paper_route, switching, tasks
from pension.models import Beneficiary, PaperFiling, SwitchRequest
from portal import identifiers, outbox
from portal.dated import month_after
from portal.logs import DiscreetFormatter
from portal.models import Heartbeat, User
from portal.web_logs import WebLogger
from procedures import catalogue, dossiers, mailroom, offices, paying, workflow
from procedures.catalogue import definition_of
from procedures.models import Closure, Dossier, Office, Parcel
from procedures.workflow import MoveRefused, verify_history
from tests import answers, pdf_text
from tests.pension.rosters import closed, row, taken
from tests.threads import at_once

SignIn = Callable[[User], Client]
START = "/luong-huu/doi-cach-nhan/giay/"
SCAN = "/quan-tri/procedures/dossier/quet/"
SLUG = "change-payment-method"
NUMBER, NAME = "5600000077", "TRẦN VĂN BÌNH"
HELPER = {
    "filled_by": "relative",
    "helper_name": "Trần Thị Hoa",
    "helper_relation": "con gái",
    "helper_phone": "0914 222 333",
}


def _month() -> date:
    return month_after(timezone.localdate(), 2)


def _typed(case: str = "cash_to_account", **given: Any) -> dict[str, Any]:
    version = catalogue.published(SLUG)
    assert version is not None
    known = {
        "full_name": NAME,
        "insurance_number": NUMBER,
        "date_of_birth": "01/02/1955",
        "effective_month": f"{_month():%m/%Y}",
        "filled_by": "self",
        **given,
    }
    nobody = User(username=NUMBER, full_name=NAME)
    return {**known, **answers.typed(definition_of(version), case, nobody, timezone.localdate(), **known)}


def _sent(typed: dict[str, Any]) -> dict[str, str]:
    """As a browser sends it: dates and months in parts."""
    sent = {}
    for name, value in typed.items():
        parts = str(value).split("/")
        names = {"date_of_birth": ("day", "month", "year"), "effective_month": ("month", "year")}.get(name)
        sent |= {f"{name}_{n}": p for n, p in zip(names, parts, strict=True)} if names else {name: value}
    return sent


def _begun(client: Client) -> str:
    response = client.post(START)
    assert response.status_code == 303
    return response["Location"].removesuffix("buoc/nguoi-dien/")


def _filled(client: Client, **given: Any) -> str:
    """Every page answered; the address of the form."""
    base, sent = _begun(client), _sent(_typed(**given))
    page = f"{base}buoc/nguoi-dien/"
    while "/buoc/" in page:
        response = client.post(page, sent)
        assert response.status_code == 303, re.findall(r'error">(.*?)<', response.content.decode())
        page = response["Location"]
    assert page == f"{base}kiem-tra/"
    return base


def _printed(client: Client, **given: Any) -> str:
    """The code that the page shows after the button was pressed."""
    base = _filled(client, **given)
    for _time in range(2):
        assert client.post(f"{base}kiem-tra/")["Location"] == base
    found = re.search(r"GIAY(-\w{4}){3}-\w", client.get(base).content.decode())
    assert found is not None
    return found[0]


def _scan(client: Client, code: str, key: str = "k") -> tuple[Parcel, str]:
    response = client.post(SCAN, {"ma": code, "key": key})
    assert response.status_code == 303
    return Parcel.objects.latest("received_at"), client.get(response["Location"]).content.decode()


@pytest.fixture
def on_roster(clerk: User) -> Beneficiary:
    taken([row(NUMBER, NAME, phone="0905123456"), row("5600000009")], actor=clerk)
    return Beneficiary.objects.get(insurance_number=NUMBER)


@pytest.fixture
def sms(settings: Any, tmp_path: Any) -> Callable[[], list[str]]:
    settings.SMS_FOLDER = tmp_path / "sms"
    return lambda: [f.read_text("utf-8") for f in sorted((tmp_path / "sms").glob("*.txt"))]


# --- The code ------------------------------------------------------------------------------------


def test_every_wrong_character_and_every_exchange_of_a_code_is_noticed() -> None:
    code = paper_codes.fresh()
    bare = code.replace("-", "").removeprefix("GIAY")
    assert paper_codes.read(f" {code.lower().replace('-', ' ')}") == code
    for place, right in enumerate(bare):
        for wrong in set("23456789ABCDEFGHJKMNPQRSTUVWXYZ") - {right}:
            assert paper_codes.read(f"GIAY{bare[:place]}{wrong}{bare[place + 1 :]}") == ""
    for place in range(len(bare) - 1):
        a, b = bare[place], bare[place + 1]
        assert a == b or paper_codes.read(f"GIAY{bare[:place]}{b}{a}{bare[place + 2 :]}") == ""
    assert not paper_codes.is_one("BHXH056.03-210801-0001")
    assert not paper_codes.is_one("RA000000014VN")


# --- On the page ---------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_start_page_leads_to_the_paper_route(client: Client) -> None:
    assert f'href="{START}"' in client.get("/luong-huu/doi-cach-nhan/").content.decode()
    assert client.get(START).status_code == 200
    assert not PaperFiling.objects.exists()


@pytest.mark.django_db
def test_the_paper_says_what_was_typed_and_carries_the_code_on_form_and_envelope(client: Client) -> None:
    base = _filled(client, **HELPER)
    client.post(f"{base}kiem-tra/")
    code = PaperFiling.objects.get().code
    response = client.get(f"{base}mau-2-cbh.pdf")
    assert response["Content-Type"] == "application/pdf"
    assert "no-store" in response["Cache-Control"]
    said = pdf_text.of(response.content)
    province = Office.objects.get(level="province")
    for words in (NAME, NUMBER, "4700201001234", "Agribank", province.name, province.address):
        assert words in said
    assert "THAY ĐỔI THÔNG TIN HƯỞNG LƯƠNG HƯU" in said
    pages = [
        page.render(scale=200 / 72).to_pil() for page in pypdfium2.PdfDocument(io.BytesIO(response.content))
    ]
    found = [[c.text for c in zxingcpp.read_barcodes(page)] for page in pages]
    assert found[0] == [code]
    assert found[-1] == [code]
    assert pages[-1].width > pages[-1].height


@pytest.mark.django_db
def test_the_envelope_goes_elsewhere_while_the_province_office_takes_no_post(client: Client) -> None:
    province = Office.objects.get(level="province")
    now = timezone.now()
    Closure.objects.create(
        office=province, scope="post", starts_at=now - timedelta(hours=1), reason="Phong tỏa"
    )
    offices.forget_closures()
    base = _filled(client)
    client.post(f"{base}kiem-tra/")
    there = offices.posting_options(province, now)[0]
    assert there != province
    assert there.address in pdf_text.of(client.get(f"{base}mau-2-cbh.pdf").content)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("account_again", "4700201001235"),
        ("account_holder", "LÊ THỊ CÚC"),
        ("account_number", "9704050000000013"),
        ("bank", "000000"),
        ("effective_month", "01/2020"),
    ],
)
def test_what_the_switching_refuses_online_is_refused_on_paper_and_nothing_typed_is_lost(
    name: str, value: str, client: Client
) -> None:
    base, typed = _begun(client), _typed()
    client.post(f"{base}buoc/nguoi-dien/", {"filled_by": "self"})
    for slug in ("truong-hop", "nguoi-de-nghi"):
        assert client.post(f"{base}buoc/{slug}/", _sent(typed))
    page = f"{base}buoc/thay-doi/"
    response = client.post(page, _sent({**typed, name: value}))
    assert response.status_code == 422
    assert f'href="#{name}' in response.content.decode()
    again = client.get(page).content.decode()
    assert value.split("/")[0] in again or name == "bank"  # a list shows what is in it
    assert typed["bank_branch"] in again
    assert client.post(f"{base}kiem-tra/").status_code == 303
    assert PaperFiling.objects.get().code is None


@pytest.mark.django_db
def test_another_province_is_another_procedure_and_an_unmarked_name_is_the_same_person(
    client: Client,
) -> None:
    base = _begun(client)
    client.post(f"{base}buoc/nguoi-dien/", {"filled_by": "self"})
    client.post(f"{base}buoc/truong-hop/", {"case": "change_place"})
    typed = _typed("change_place", place_in_province="no")
    response = client.post(f"{base}buoc/thay-doi/", _sent(typed))
    assert response.status_code == 422
    assert 'href="#place_in_province' in response.content.decode()
    assert _printed(client, account_holder="tran van binh")


def test_a_stranger_is_told_nothing_of_the_roster(on_roster: Beneficiary, client: Client) -> None:
    """The same pages for who is on it, who is not, and whose authorised recipient somebody names."""
    Beneficiary.objects.update(recipient="LÊ THỊ CÚC")
    seen = []
    for number in (NUMBER, "5600000088"):
        base = _begun(client)
        client.post(f"{base}buoc/nguoi-dien/", {"filled_by": "self"})
        client.post(f"{base}buoc/truong-hop/", {"case": "cash_to_account"})
        sent = _sent(_typed(insurance_number=number, account_holder="LÊ THỊ CÚC"))
        found = [client.post(f"{base}buoc/{slug}/", sent) for slug in ("nguoi-de-nghi", "thay-doi")]
        seen.append([(r.status_code, re.findall(r"<li><a href=.*?</li>", r.content.decode())) for r in found])
    assert seen[0] == seen[1]
    assert [status for status, _errors in seen[0]] == [303, 422]


@pytest.mark.django_db
def test_what_is_typed_is_sealed_in_the_database(client: Client) -> None:
    _printed(client, **HELPER)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM pension_paperfiling")
        stored = str(cursor.fetchall())
    for words in (NUMBER, "4700201001234", "Hoa", "HOA", NAME):
        assert words not in stored


@pytest.mark.django_db
def test_a_wrong_address_a_locked_page_and_one_whose_time_is_over_look_alike(client: Client) -> None:
    base = _filled(client)
    client.post(f"{base}kiem-tra/")
    assert client.post(base, {"xong": "1"}).status_code == 303
    over = _filled(client)
    PaperFiling.objects.filter(code=None).update(expires_at=timezone.now())
    for address in (base, f"{START}khong-co/", over):
        for page in ("", "kiem-tra/", "buoc/nguoi-dien/", "mau-2-cbh.pdf"):
            assert client.get(f"{address}{page}").status_code == 404
    assert PaperFiling.objects.exclude(code=None).count() == 1


@pytest.mark.django_db
def test_a_form_that_another_tab_throws_away_is_not_there_any_more(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = _filled(client)
    paper = PaperFiling.objects.get()
    monkeypatch.setattr(paper_filings, "get", lambda _token, now: paper)
    paper_filings.discard(paper)
    for page in ("buoc/nguoi-dien/", "kiem-tra/"):
        assert client.post(f"{base}{page}", {"filled_by": "self"}).status_code == 404


@pytest.mark.django_db
def test_no_log_holds_the_address_that_opens_what_was_typed(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    base = _begun(client)
    token = PaperFiling.objects.get().token
    assert client.post(f"{base}buoc/nguoi-dien/", {}).status_code == 422
    assert client.get(f"{base}buoc/khong-co/").status_code == 404
    lines = [DiscreetFormatter().format(record) for record in caplog.records]
    assert [line for line in lines if START in line]
    assert token not in "".join(lines)
    for name in ("Dockerfile", "portal/standalone/processes.py"):
        assert "portal.web_logs.WebLogger" in (Path(settings.BASE_DIR) / name).read_text()
    asked = {"RAW_URI": base, "PATH_INFO": f"{base}kiem-tra/", "REQUEST_METHOD": "GET", "SERVER_PROTOCOL": ""}
    answer = SimpleNamespace(status="200 OK", sent=1, headers=[])
    said = WebLogger(Config()).atoms(answer, SimpleNamespace(headers=[]), asked, timedelta(seconds=1))
    assert said["U"] == f"{START}…/kiem-tra/"


@pytest.mark.django_db
def test_a_form_that_is_made_stays_as_it_is_and_a_correction_is_another_form(client: Client) -> None:
    base = _filled(client)
    client.post(f"{base}kiem-tra/")
    made = PaperFiling.objects.get()
    assert client.post(f"{base}buoc/nguoi-dien/", {"filled_by": "post"})["Location"] == base
    made.refresh_from_db()
    assert paper_filings.typed_in(made)["filled_by"] == "self"
    again = client.post(base, {"sua": "1"})["Location"]
    assert NAME in client.get(again).content.decode()
    assert client.post(again).status_code == 303
    assert PaperFiling.objects.exclude(code=None).count() == 2


@pytest.mark.django_db
def test_too_many_forms_from_one_place_are_stopped(client: Client, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "paper_start": "2/h/ip"}
    assert [client.post(START).status_code for _time in range(3)] == [303, 303, 429]


# --- In the mailroom -----------------------------------------------------------------------------


def test_a_scan_makes_one_dossier_with_the_fields_typed_and_the_form_arrived(
    on_roster: Beneficiary, client: Client, clerk: User, sign_in: SignIn
) -> None:
    code = _printed(client)
    parcel, page = _scan(sign_in(clerk), code)
    dossier = Dossier.objects.get(procedure__slug=SLUG)
    assert str(dossier.code) in page
    assert (dossier.channel, dossier.state, dossier.case) == ("3", "submitted", "cash_to_account")
    assert dossier.office is not None
    assert dossier.office.slug == "cam-ranh"
    assert (dossier.answers["account_number"], dossier.applicant) == ("4700201001234", NAME)
    form = dossier.originals.get()
    assert (form.document, form.received_by) == ("form_2cbh", clerk)
    assert form.received_at is not None
    assert (parcel.dossier, parcel.state, parcel.tracking) == (dossier, "open", "")
    assert 'value="form_2cbh" checked' in page
    assert verify_history(dossier) == []
    outbox.drain()
    assert set(dossier.documents.values_list("kind", flat=True)) == {"receipt", "form"}
    paper = PaperFiling.objects.get()
    assert (paper.typed, paper.answers, paper.dossier) == ("", "", dossier)


def test_pressing_twice_and_scanning_twice_make_one_dossier(
    on_roster: Beneficiary, client: Client, clerk: User, sign_in: SignIn
) -> None:
    code, desk = _printed(client), sign_in(clerk)
    for key, scanned in (("k", code), ("k", code), ("l", code.lower()), ("m", code.replace("-", ""))):
        _scan(desk, scanned, key)
    assert Dossier.objects.filter(procedure__slug=SLUG).count() == 1
    assert Parcel.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_offices_that_scan_at_once_make_one_dossier(
    client: Client, clerk: User, other_clerk: User
) -> None:
    code = _printed(client)
    made = at_once(
        *[
            lambda pk=pk: paper_route.take(code, User.objects.get(pk=pk), timezone.now())
            for pk in (clerk.pk, other_clerk.pk) * 2
        ]
    )
    assert len({dossier.pk for dossier in made}) == 1
    assert Dossier.objects.filter(procedure__slug=SLUG).count() == 1


def test_an_envelope_at_another_office_is_passed_on_to_the_office_of_the_ward(
    client: Client, other_clerk: User, clerk: User, sign_in: SignIn
) -> None:
    code = _printed(client)
    parcel, _page = _scan(sign_in(other_clerk), code)
    assert parcel.state == "forward"
    again, _page = _scan(sign_in(clerk), code, "2")
    assert again == parcel
    again.refresh_from_db()
    assert (again.state, again.office.slug) == ("open", "cam-ranh")


def test_the_code_on_an_envelope_is_no_tracking_number_of_somebody_elses_dossier(
    filed: Dossier, client: Client, clerk: User, sign_in: SignIn
) -> None:
    """Who reads it at the post office could type it beside the own dossier."""
    known, erased = _printed(client), paper_codes.fresh()
    for code in (known, erased):
        number = identifiers.tracking_number(code)
        given: dict[str, Any] = {"posted_on": None, "actor": filed.owner, "key": code, "now": timezone.now()}
        mailroom.note_posted(filed, number, **given)
    desk = sign_in(clerk)
    parcel, _page = _scan(desk, known)
    assert parcel.dossier == Dossier.objects.get(procedure__slug=SLUG)
    parcel, _page = _scan(desk, erased, "2")
    assert (parcel.dossier, parcel.state) == (None, "unknown")


def test_a_misread_code_is_pointed_out_and_an_unknown_one_keeps_its_parcel(
    clerk: User, sign_in: SignIn
) -> None:
    desk, code = sign_in(clerk), paper_codes.fresh()
    wrong = code[:-1] + ("2" if code[-1] != "2" else "3")
    assert desk.post(SCAN, {"ma": wrong, "key": "k"}).status_code == 422
    assert not Parcel.objects.exists()
    parcel, page = _scan(desk, code)
    assert (parcel.state, parcel.scanned) == ("unknown", code)
    assert f'href="{START}"' in page
    assert not Dossier.objects.exists()


def test_an_expired_form_is_erased_and_its_late_envelope_becomes_a_dossier_when_typed_again(
    client: Client, clerk: User, sign_in: SignIn
) -> None:
    late = _printed(client)
    _begun(client)
    PaperFiling.objects.update(expires_at=timezone.now())
    tasks.expire_papers()
    paper = PaperFiling.objects.get()
    assert (paper.code, paper.typed, paper.answers, paper.helper) == (late, "", "", "")
    assert paper.erased_at is not None
    assert Heartbeat.objects.filter(name="expire-papers").exists()
    desk = sign_in(clerk)
    parcel, page = _scan(desk, late)
    assert parcel.state == "unknown"
    assert "quá muộn" in page
    code = _printed(client)
    page = desk.get(SCAN, {"buu": parcel.pk, "tim": code}).content.decode()
    assert f'name="ma" value="{code}"' in page
    assert desk.post(f"/quan-tri/procedures/parcel/{parcel.pk}/viec/la-cua/", {"ma": code}).status_code == 303
    parcel.refresh_from_db()
    assert parcel.dossier is not None
    assert (parcel.state, parcel.dossier.applicant) == ("open", NAME)


def test_a_copy_that_belongs_to_the_form_waits_until_it_is_counted(
    client: Client, clerk: User, sign_in: SignIn
) -> None:
    code = _printed(client, case="personal_info", id_changed="yes")
    desk = sign_in(clerk)
    parcel, _page = _scan(desk, code)
    assert parcel.dossier is not None
    here = parcel.dossier.originals
    assert list(here.filter(received_at=None).values_list("document", flat=True)) == ["id_copy"]
    counted = {"arrived": ["form_2cbh", "id_copy"], "id_copy-la": "copy"}
    assert desk.post(f"/quan-tri/procedures/parcel/{parcel.pk}/viec/dem/", counted).status_code == 303
    assert not here.filter(received_at=None).exists()


# --- Whose it is ---------------------------------------------------------------------------------


def test_the_account_of_the_beneficiary_shows_the_dossier_and_who_helped(
    client: Client, clerk: User, sign_in: SignIn, citizen: User
) -> None:
    year, month, day = citizen.date_of_birth.split("-")
    who = {
        "insurance_number": citizen.username,
        "full_name": citizen.full_name,
        "account_holder": citizen.full_name,
        "date_of_birth": f"{day}/{month}/{year}",
        "phone": citizen.phone,
    }
    begun = dossiers.start(citizen, catalogue.published(SLUG))  # type: ignore[arg-type]
    _scan(sign_in(clerk), _printed(client, **who, **HELPER))
    outbox.drain()
    dossier = Dossier.objects.exclude(pk=begun.pk).get(procedure__slug=SLUG)
    assert dossier.owner == citizen
    page = sign_in(citizen).get(f"/ho-so/{dossier.code}/").content.decode()
    assert "TRẦN THỊ HOA (con gái), 0914222333" in page
    assert citizen.notices.filter(kind="paper_arrived").count() == 1


def test_an_account_with_another_name_or_date_of_birth_gets_nothing(
    client: Client, clerk: User, citizen: User, sign_in: SignIn
) -> None:
    _scan(sign_in(clerk), _printed(client, insurance_number=citizen.username))
    dossier = Dossier.objects.get(procedure__slug=SLUG)
    assert dossier.owner != citizen
    assert not dossier.owner.is_active
    assert not dossier.owner.has_usable_password()


def test_an_account_with_another_phone_than_the_office_knows_gets_nothing(
    client: Client, clerk: User, citizen: User, sign_in: SignIn
) -> None:
    """Name, number and date of birth are all it takes to register in somebody's name."""
    year, month, day = citizen.date_of_birth.split("-")
    who = {"insurance_number": citizen.username, "date_of_birth": f"{day}/{month}/{year}"}
    names = {"full_name": citizen.full_name, "account_holder": citizen.full_name}
    roster = row(citizen.username, citizen.full_name, born=who["date_of_birth"], phone="0905123456")
    taken([roster], actor=clerk)
    _scan(sign_in(clerk), _printed(client, **who, **names, phone=citizen.phone))
    dossier = Dossier.objects.get(procedure__slug=SLUG)
    assert not dossier.owner.is_active
    assert sign_in(citizen).get(f"/ho-so/{dossier.code}/").status_code == 404


def test_the_number_can_still_be_registered_afterwards(client: Client, clerk: User, sign_in: SignIn) -> None:
    _scan(sign_in(clerk), _printed(client))
    assert not User.objects.filter(username=NUMBER).exists()


def test_the_beneficiary_is_told_at_the_number_on_the_roster_who_helped(
    on_roster: Beneficiary, client: Client, clerk: User, sign_in: SignIn, sms: Callable[[], list[str]]
) -> None:
    _scan(sign_in(clerk), _printed(client, phone="0987654321", **HELPER))
    outbox.drain()
    (said,) = [words for words in sms() if "2-CBH" in words]
    assert said.startswith("0905123456\n")
    assert "TRẦN THỊ HOA (con gái)" in said
    dossier = Dossier.objects.get(procedure__slug=SLUG)
    page = sign_in(clerk).get(f"/quan-tri/procedures/dossier/{dossier.pk}/change/").content.decode()
    assert "TRẦN THỊ HOA (con gái), 0914222333" in page


def test_a_message_of_the_office_carries_no_link_and_no_number_that_a_stranger_typed(
    on_roster: Beneficiary, client: Client, clerk: User, sign_in: SignIn, sms: Callable[[], list[str]]
) -> None:
    bait = {
        "helper_name": "NHAN QUA.EVIL",
        "helper_relation": "vào http://qua-bhxh.vn/, gọi 0900 123 456",
    }
    _scan(sign_in(clerk), _printed(client, **{**HELPER, **bait}))
    outbox.drain()
    (said,) = [words for words in sms() if "2-CBH" in words]
    for words in ("http:", "bhxh.vn", "0900", "123 456", "QUA.EVIL"):
        assert words not in said
    assert "0258 3827 443" in said


# --- The change ----------------------------------------------------------------------------------


def test_a_paper_is_held_for_a_call_back_and_then_changes_the_next_list(
    on_roster: Beneficiary,
    client: Client,
    clerk: User,
    supervisor: User,
    sign_in: SignIn,
    sms: Callable[[], list[str]],
) -> None:
    _scan(sign_in(clerk), _printed(client, **HELPER))
    outbox.drain()
    dossier = Dossier.objects.get(procedure__slug=SLUG)
    switch = switching.of_dossier(dossier)
    assert switch is not None
    assert switch.state == SwitchRequest.State.HELD
    assert {"on_paper", "helped"} <= set(switch.doubts)
    workflow.move(dossier, "accept", actor=clerk, key="a")
    workflow.move(dossier, "propose", actor=clerk, key="p")
    with pytest.raises(MoveRefused):
        workflow.move(dossier, "approve", actor=supervisor, key="x")
    switching.call_back(switch, wanted=True, note="Gặp ông Bình", actor=clerk, now=timezone.now())
    workflow.move(dossier, "approve", actor=supervisor, key="y")
    outbox.drain()
    taken([row(NUMBER, NAME, phone="0905123456"), row("5600000009")], actor=clerk, month=_month())
    line = closed(clerk, month=_month()).lines.get(switch=switch)
    assert (line.method, line.bank_id, line.account_number) == ("account", "970405", "4700201001234")
    paying.results["pension"](line.pk, False, "Sai tên chủ tài khoản")
    outbox.drain()
    told = sms()
    assert len(told) == 4  # arrived, the office will call, from which list, sent back
    assert all(words.startswith("0905123456\n") for words in told)
    assert sum("Sai tên chủ tài khoản" in words for words in told) == 1


def test_who_calls_back_is_warned_of_the_number_on_the_form(
    on_roster: Beneficiary, client: Client, clerk: User, sign_in: SignIn
) -> None:
    Beneficiary.objects.update(phone="")
    _scan(sign_in(clerk), _printed(client, phone="0987654321"))
    outbox.drain()
    page = sign_in(clerk).get(f"/quan-tri/pension/switchrequest/{SwitchRequest.objects.get().pk}/change/")
    assert "số ghi trên đơn có thể là của người lạ" in page.content.decode()
    assert "0987" not in page.content.decode()


def test_who_is_not_on_the_roster_is_an_outcome_that_staff_see_and_nobody_approves(
    on_roster: Beneficiary, client: Client, clerk: User, supervisor: User, sign_in: SignIn
) -> None:
    _scan(sign_in(clerk), _printed(client, insurance_number="5600000088"))
    outbox.drain()
    dossier = Dossier.objects.get(procedure__slug=SLUG)
    assert dossier.events.filter(action="not_on_roster").count() == 1
    assert switching.of_dossier(dossier) is None
    page = sign_in(clerk).get(f"/quan-tri/procedures/dossier/{dossier.pk}/change/").content.decode()
    assert "Không ai trong danh sách chi trả" in page
    workflow.move(dossier, "accept", actor=clerk, key="a")
    workflow.move(dossier, "propose", actor=clerk, key="p")
    with pytest.raises(MoveRefused):
        workflow.move(dossier, "approve", actor=supervisor, key="x")
    workflow.move(
        dossier, "reject", actor=supervisor, key="r", note="Không có tên", facts={"legal_basis": "QĐ 166"}
    )


def test_a_paper_that_comes_after_its_list_has_closed_takes_effect_with_the_next_one(
    on_roster: Beneficiary, client: Client, clerk: User
) -> None:
    code = _printed(client)
    late = timezone.now() + timedelta(days=80)
    with connection.cursor():
        paper_route.take(code, clerk, late)
    dossier = Dossier.objects.get(procedure__slug=SLUG)
    switch = switching.file(dossier, now=late)
    assert switch is not None
    today = timezone.localdate(late)
    day = list_days.closing_day(today)
    assert switch.effective_month == (list_days.next_list(today, day) if day else month_after(today))
    assert switch.effective_month > _month()
