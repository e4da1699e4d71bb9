"""Organisations: register, wait, are confirmed by their office, file what they may file."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from portal import organisations
from portal.models import Filer, Notice, Organisation, User
from procedures import catalogue, demo, dossiers, intake, papers, workflow
from procedures.models import Dossier, Office
from procedures.offices import office_of
from tests import answers, reference
from tests.conftest import PASSWORD, file_draft

JOIN = "/tai-khoan/dang-ky-to-chuc/"
NEW = {
    "kind": "employer",
    "name": "CÔNG TY TNHH MAY ÁNH DƯƠNG",
    "code": "tk 0123.k",
    "ward": "22429",
    "street": "12 Hùng Vương",
    "contact": "Phan Thị Hạnh",
    "phone": "0258 3123 456",
    "email": "Van.Thu@Example.com",
    "password1": PASSWORD,
    "password2": PASSWORD,
}
SignIn = Callable[[User], Client]

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk_of_province() -> User:
    office = Office.objects.get(slug="khanh-hoa")
    return demo.staff("clerk.khanh-hoa", "Phạm Ngọc Ánh", office, "clerk", password=PASSWORD)


@pytest.fixture
def employer(clerk: User) -> User:
    """An employer of Cam Ranh, confirmed."""
    return demo.organisation("employer", NEW["name"], "TK0123K", ward="22429", confirmed_by=clerk)


@pytest.fixture
def waiting() -> User:
    """An employer of Cam Ranh that nobody has confirmed yet."""
    return demo.organisation("employer", "HỢP TÁC XÃ SAO MAI", "TK0999K", ward="22429", confirmed_by=None)


@pytest.fixture
def facility(clerk: User) -> User:
    return demo.organisation(
        "health_facility", "PHÒNG KHÁM AN BÌNH", "56901", ward="22429", confirmed_by=clerk
    )


# --- Registration --------------------------------------------------------------------------------


def test_an_organisation_registers_and_sees_that_it_must_wait(client: Client) -> None:
    response = client.post(JOIN, NEW)
    assert (response.status_code, response["Location"]) == (303, "/tai-khoan/")
    user = User.objects.get(username="van.thu@example.com")
    own = user.organisation
    assert (own.kind, own.code, own.contact) == ("employer", "TK0123K", "PHAN THỊ HẠNH")
    assert (user.full_name, user.phone, user.is_staff) == (NEW["name"], "02583123456", False)
    assert own.confirmed_at is None
    page = client.get("/tai-khoan/").content.decode()
    assert "Đang chờ xác nhận" in page


def test_it_signs_in_with_its_address_however_written(client: Client) -> None:
    client.post(JOIN, NEW)
    other = Client()
    other.post("/tai-khoan/dang-nhap/", {"login": "VAN.THU@example.com", "password": PASSWORD})
    assert other.get("/ho-so/").status_code == 200


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"code": "TK0123"}, "code", "7 chữ"),
        ({"kind": "health_facility", "code": "5601"}, "code", "5 chữ số"),
        ({"kind": "health_facility", "code": "79001"}, "code", "bắt đầu bằng 56"),
        ({"kind": "citizen"}, "kind", ""),
        ({"email": "van.thu"}, "email", ""),
        ({"email": ""}, "email", ""),
        ({"ward": "00000"}, "ward", ""),
        ({"phone": "123"}, "phone", ""),
        ({"password2": "khac-hoan-toan"}, "password2", "không giống nhau"),
        ({"password1": "12345678", "password2": "12345678"}, "password1", ""),
    ],
)
def test_what_is_wrong_is_said_at_its_question(
    given: dict[str, str], field: str, words: str, client: Client
) -> None:
    page = client.post(JOIN, {**NEW, **given})
    assert page.status_code == 422
    assert f'href="#{field}"' in page.content.decode()
    assert words in page.content.decode()
    assert not Organisation.objects.exists()


def test_a_code_that_is_confirmed_already_is_refused(employer: User, client: Client) -> None:
    page = client.post(JOIN, NEW)
    assert page.status_code == 422
    assert "Mã này đã có tài khoản" in page.content.decode()


def test_a_code_somebody_merely_claims_does_not_lock_the_owner_out(waiting: User, client: Client) -> None:
    assert client.post(JOIN, {**NEW, "code": waiting.organisation.code}).status_code == 303


def test_an_address_is_registered_once(client: Client) -> None:
    client.post(JOIN, NEW)
    assert Client().post(JOIN, {**NEW, "code": ""}).status_code == 422
    assert User.objects.filter(username="van.thu@example.com").count() == 1


def test_an_employer_without_a_code_yet_may_register(client: Client) -> None:
    assert client.post(JOIN, {**NEW, "code": ""}).status_code == 303


def test_registration_leads_back_to_the_procedure_but_not_to_another_site(client: Client) -> None:
    assert client.post(JOIN, {**NEW, "next": "/thu-tuc/sickness/"})["Location"] == "/thu-tuc/sickness/"
    other = {**NEW, "email": "b@example.com", "next": "https://example.org/"}
    assert Client().post(JOIN, other)["Location"] == "/tai-khoan/"


def test_registering_organisations_in_bulk_is_stopped() -> None:
    client = Client()
    codes = [client.post(JOIN, {**NEW, "phone": "x"}).status_code for _ in range(31)]
    assert codes == [422] * 30 + [429]


# --- Confirmation --------------------------------------------------------------------------------


def _settle(organisation: Organisation) -> str:
    return f"/quan-tri/portal/organisation/{organisation.pk}/xac-nhan/"


def _seen(organisation: Organisation, **pressed: str) -> dict[str, str]:
    """What the form of the page sends after somebody has looked at ``organisation``."""
    return {"seen": organisations.mark(Organisation.objects.get(pk=organisation.pk)), **pressed}


def test_a_clerk_of_its_office_confirms_it_and_it_is_told(
    waiting: User, clerk: User, sign_in: SignIn
) -> None:
    sign_in(clerk).post(_settle(waiting.organisation), _seen(waiting.organisation, confirm="1"))
    own = Organisation.objects.get(user=waiting)
    assert own.confirmed_at is not None
    assert own.confirmed_by == clerk
    assert Notice.objects.get(user=waiting).kind == "organisation_confirmed"
    assert "Đã xác nhận" in sign_in(clerk).get("/quan-tri/portal/organisation/").content.decode()
    assert sign_in(waiting).get("/ho-so/").status_code == 200
    assert "đã xác nhận lúc" in sign_in(waiting).get("/tai-khoan/").content.decode()


def test_it_reads_why_it_is_not_confirmed_corrects_itself_and_waits_again(
    waiting: User, clerk: User, sign_in: SignIn
) -> None:
    sign_in(clerk).post(
        _settle(waiting.organisation),
        _seen(waiting.organisation, reason="Mã thuộc đơn vị khác."),
    )
    client = sign_in(waiting)
    assert "Mã thuộc đơn vị khác." in client.get("/tai-khoan/").content.decode()
    assert client.post("/tai-khoan/", {**NEW, "code": "TK0777K"}).status_code == 303
    own = Organisation.objects.get(user=waiting)
    assert (own.code, own.remark, own.user.full_name) == ("TK0777K", "", NEW["name"])


def test_a_refusal_needs_a_reason(waiting: User, clerk: User, sign_in: SignIn) -> None:
    sign_in(clerk).post(_settle(waiting.organisation), _seen(waiting.organisation, refuse="1"))
    assert not Notice.objects.exists()


def test_another_office_and_the_administrator_do_not_confirm(
    waiting: User, other_clerk: User, administrator: User, director: User, sign_in: SignIn
) -> None:
    for person in (other_clerk, administrator, director):
        answer = sign_in(person).post(_settle(waiting.organisation), _seen(waiting.organisation, confirm="1"))
        assert answer.status_code == 404
    assert Organisation.objects.get(user=waiting).confirmed_at is None


def test_offices_see_their_own_organisations(
    waiting: User, facility: User, clerk: User, other_clerk: User, clerk_of_province: User, sign_in: SignIn
) -> None:
    seen = {
        person.username: [
            name
            for name in (waiting.full_name, facility.full_name)
            if name in sign_in(person).get("/quan-tri/portal/organisation/").content.decode()
        ]
        for person in (clerk, other_clerk, clerk_of_province)
    }
    assert list(seen.values()) == [[waiting.full_name], [], [facility.full_name]]
    today = timezone.localdate()
    assert office_of(waiting.organisation, today).slug == "cam-ranh"
    assert office_of(facility.organisation, today).slug == "khanh-hoa"


def test_one_account_of_a_code_is_confirmed(employer: User, clerk: User, sign_in: SignIn) -> None:
    double = demo.organisation("employer", "GIẢ DANH", "", ward="22429", confirmed_by=None)
    Organisation.objects.filter(user=double).update(code="TK0123K")
    client = sign_in(clerk)
    client.post(_settle(double.organisation), _seen(double.organisation, confirm="1"))
    page = client.get(f"/quan-tri/portal/organisation/{double.organisation.pk}/change/")
    assert "Một tài khoản khác có mã này đã được xác nhận" in page.content.decode()
    assert Organisation.objects.get(user=double).confirmed_at is None


def test_what_the_office_confirmed_is_fixed_until_the_office_takes_it_back(
    employer: User, clerk: User, sign_in: SignIn
) -> None:
    client = sign_in(employer)
    changed = {**NEW, "name": "TÊN KHÁC", "code": "AAAAAAA", "kind": "agent", "contact": "Lê Thị Yến"}
    assert client.post("/tai-khoan/", changed).status_code == 303
    own = Organisation.objects.get(user=employer)
    assert (own.user.full_name, own.code, own.kind) == (NEW["name"], "TK0123K", "employer")
    assert own.contact == "LÊ THỊ YẾN"
    sign_in(clerk).post(_settle(own), _seen(own, reason="Đơn vị đã giải thể."))
    draft = _draft("sickness", "inpatient", employer)
    with pytest.raises(workflow.MoveRefused):
        dossiers.file(draft, actor=employer, key="k")


def test_a_confirmation_has_a_name(waiting: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Organisation.objects.filter(user=waiting).update(confirmed_at=timezone.now())


# --- Filing --------------------------------------------------------------------------------------


def _draft(slug: str, case: str, who: User, **given: Any) -> Dossier:
    version = catalogue.published(slug)
    assert version is not None
    definition = catalogue.definition_of(version)
    return answers.make_draft(definition, case, who, timezone.localdate(), **given)


def test_until_it_is_confirmed_it_may_write_but_not_file(waiting: User, sign_in: SignIn) -> None:
    draft = _draft("sickness", "inpatient", waiting)
    client, address = sign_in(waiting), f"/ho-so/{draft.draft_code}/kiem-tra/"
    assert "chưa nộp được" in client.get(address).content.decode()
    page = client.post(address, {"declaration": "on", "key": "k"})
    assert page.status_code == 422
    assert "chưa xác nhận tài khoản" in page.content.decode()
    draft.refresh_from_db()
    assert draft.is_draft


def test_an_employer_files_for_an_employee_at_its_own_office(
    employer: User, clerk: User, sign_in: SignIn
) -> None:
    draft = _draft("sickness", "inpatient", employer, ward="22366", full_name="NGUYỄN VĂN AN")
    client = sign_in(employer)
    page = client.post(f"/ho-so/{draft.draft_code}/kiem-tra/", {"declaration": "on", "key": "k"})
    assert page.status_code == 303
    filed = Dossier.objects.get(owner=employer)
    assert filed.office is not None and filed.office.slug == "cam-ranh"
    assert (filed.applicant, filed.organisation_name, filed.organisation_code) == (
        "NGUYỄN VĂN AN",
        NEW["name"],
        "TK0123K",
    )
    assert filed.events.get().role == "organisation"
    assert "nộp cho NGUYỄN VĂN AN" in papers.filed_by(filed)
    assert NEW["name"] in intake._content(filed)["applicant"]
    assert (
        NEW["name"] in sign_in(clerk).get(f"/quan-tri/procedures/dossier/{filed.pk}/change/").content.decode()
    )
    assert "NGUYỄN VĂN AN" in client.get("/ho-so/").content.decode()
    found = sign_in(clerk).get("/quan-tri/procedures/dossier/?q=TK0123K").content.decode()
    assert str(filed.code) in found


def test_the_organisation_follows_answers_and_withdraws_its_dossier(
    employer: User, clerk: User, sign_in: SignIn
) -> None:
    filed = file_draft(_draft("recovery-leave", "after_sickness", employer))
    workflow.move(filed, "accept", actor=clerk, key="a")
    workflow.move(filed, "ask_supplement", actor=clerk, key="b", facts={"missing": ["Giấy ra viện"]})
    client = sign_in(employer)
    assert "Giấy ra viện" in client.get(f"/ho-so/{filed.code}/").content.decode()
    client.post(f"/ho-so/{filed.code}/bo-sung/", {"message": "Đã gửi.", "key": "c"})
    client.post(f"/ho-so/{filed.code}/rut/", {"key": "d"})
    filed.refresh_from_db()
    assert filed.state == "withdrawn"
    assert [event.role for event in filed.events.all()] == [
        "organisation",
        "clerk",
        "clerk",
        "organisation",
        "organisation",
    ]


def test_the_unit_and_its_contact_are_filled_in_but_not_as_the_employee(employer: User) -> None:
    version = catalogue.published("compulsory-insurance")
    assert version is not None
    typed = dossiers.start(employer, version).typed
    assert typed == {
        "unit_code": "TK0123K",
        "phone": employer.phone,
        "email": employer.email,
    }


def test_a_facility_finds_its_name_and_code_filled_in(facility: User) -> None:
    version = catalogue.published("bhyt-care-contract")
    assert version is not None
    typed = dossiers.start(facility, version).typed
    assert (typed["facility_code"], typed["facility_name"]) == ("56901", facility.full_name)


# --- Who may start what --------------------------------------------------------------------------


@pytest.mark.parametrize("definition", reference.shipped(), ids=lambda d: d.slug)
def test_only_the_filers_of_a_procedure_start_it(
    definition: Any, employer: User, facility: User, citizen: User, sign_in: SignIn
) -> None:
    for person, filer in ((employer, "employer"), (facility, "health_facility"), (citizen, "citizen")):
        client, address = sign_in(person), f"/thu-tuc/{definition.slug}/"
        may = filer in definition.filers
        assert (f"{address}bat-dau/" in client.get(address).content.decode()) is may
        assert client.post(f"{address}bat-dau/").status_code == (303 if may else 403)
        assert Dossier.objects.filter(owner=person).exists() is may


@pytest.mark.parametrize(
    ("slug", "employers", "citizens"),
    [("compulsory-insurance", 3, 1), ("maternity", 9, 1), ("pension", None, None)],
)
def test_cases_are_offered_to_those_who_file_them(
    slug: str, employers: int | None, citizens: int | None, employer: User, citizen: User, sign_in: SignIn
) -> None:
    version = catalogue.published(slug)
    assert version is not None
    every = len(catalogue.definition_of(version).cases)
    for person, count in ((employer, employers), (citizen, citizens)):
        draft = dossiers.start(person, version)
        first = catalogue.definition_for(draft).steps[0].slug
        page = sign_in(person).get(f"/ho-so/{draft.draft_code}/buoc/{first}/").content.decode()
        assert page.count('name="case"') == (count or every)


def test_a_case_of_employers_is_refused_to_a_citizen_who_sends_it_anyway(
    citizen: User, sign_in: SignIn
) -> None:
    version = catalogue.published("maternity")
    assert version is not None
    draft = dossiers.start(citizen, version)
    address = f"/ho-so/{draft.draft_code}/buoc/truong-hop/"
    assert sign_in(citizen).post(address, {"case": "birth"}).status_code == 422


def test_whoever_may_not_file_is_told_who_does_and_where_to_register(client: Client) -> None:
    page = client.get("/thu-tuc/sickness/").content.decode()
    assert "đơn vị sử dụng lao động" in page
    assert f'{JOIN}?next=/thu-tuc/sickness/"' in page


def test_an_employer_is_warned_of_the_same_person_only(employer: User) -> None:
    file_draft(_draft("sickness", "inpatient", employer, insurance_number="5612345679"))
    same = _draft("sickness", "inpatient", employer, insurance_number="5612345679")
    assert len(dossiers.similar(same)) == 1
    same.typed["insurance_number"] = "5612345680"
    assert dossiers.similar(same) == []


def test_deciding_is_recorded_in_the_log_of_the_admin(waiting: User, clerk: User, sign_in: SignIn) -> None:
    client = sign_in(clerk)
    client.post(
        _settle(waiting.organisation),
        _seen(waiting.organisation, reason="Chưa có trong sổ."),
    )
    history = client.get(f"/quan-tri/portal/organisation/{waiting.organisation.pk}/history/")
    assert "Chưa có trong sổ." in history.content.decode()


def test_kinds_are_the_filers_that_definitions_name() -> None:
    named = {filer for definition in reference.shipped() for filer in definition.filers}
    assert named == set(Filer.values)
    assert {value for value, _label in Organisation._meta.get_field("kind").choices or ()} < set(Filer.values)
    assert {option["value"] for option in organisations._KINDS} == set(Filer.values) - {"citizen"}
