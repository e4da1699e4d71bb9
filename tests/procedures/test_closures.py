"""An office closes: filing goes on, paper goes elsewhere, and opening again undoes the routing."""

import io
from collections.abc import Callable
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from pypdf import PdfReader

from portal import outbox
from portal.models import Notice, User
from procedures import closures, mailroom, offices, workflow
from procedures.deadlines import closing
from procedures.models import AdjoiningOffice, Closure, Dossier, Office, OfficeArea
from tests.conftest import file_draft, make_draft

SignIn = Callable[[User], Client]
ADD = "/quan-tri/procedures/closure/add/"
HTMX = {"HX-Request": "true", "HX-Target": "questions"}

pytestmark = pytest.mark.django_db


def shut(slug: str, scope: str = "all", **more: Any) -> Closure:
    """Close an office at once, as saving it in the admin does."""
    made = Closure.objects.create(
        office=Office.objects.get(slug=slug),
        scope=scope,
        reason="Phong tỏa phòng chống dịch",
        document="6225/UBND-KGVX",
        **{"starts_at": timezone.now() - timedelta(minutes=1), **more},
    )
    closures.follow_up(timezone.now())
    return made


def reopen(closure: Closure) -> None:
    closure.ends_at = timezone.now()
    closure.save()
    closures.follow_up(timezone.now() + timedelta(seconds=1))


def options(slug: str) -> list[str]:
    home = Office.objects.get(slug=slug)
    return [office.slug for office in offices.posting_options(home, timezone.now())]


def label(dossier: Dossier) -> str:
    """The words of the valid posting label."""
    made = dossier.documents.get(kind="label", replaced_at=None)
    with made.file.open("rb") as pdf:
        return " ".join(PdfReader(io.BytesIO(pdf.read())).pages[0].extract_text().split())


# --- Where paper goes ----------------------------------------------------------------------------


def test_the_letters_example_cam_lam_posts_to_cam_ranh_dien_khanh_or_the_province() -> None:
    assert options("cam-lam") == ["cam-lam"]
    shut("cam-lam")
    assert options("cam-lam") == ["cam-ranh", "dien-khanh", "khanh-hoa"]


def test_neighbours_that_are_closed_too_are_left_out_and_the_next_one_is_named() -> None:
    shut("cam-lam", "post")
    shut("cam-ranh")
    shut("dien-khanh", "counter")
    assert options("cam-lam") == ["dien-khanh", "khanh-son", "khanh-hoa"]


def test_an_office_closed_for_visits_alone_still_takes_post() -> None:
    shut("cam-lam", "counter")
    assert options("cam-lam") == ["cam-lam"]


def test_when_every_office_is_closed_filing_goes_on_and_paper_waits(draft: Dossier, sign_in: SignIn) -> None:
    for office in Office.objects.all():
        shut(office.slug)
    assert options("cam-ranh") == []
    client = sign_in(draft.owner)
    response = client.post(f"/ho-so/{draft.draft_code}/kiem-tra/", {"declaration": "on", "key": "f"})
    assert response.status_code == 303
    page = client.get(response["Location"]).content.decode()
    assert "Hiện chưa cơ quan nào nhận bưu phẩm" in page
    assert "tạm đóng cửa" in client.get("/").content.decode()


def test_who_files_while_the_office_is_closed_posts_to_the_nearest_open_one(draft: Dossier) -> None:
    shut("cam-ranh")
    filed = file_draft(draft)
    outbox.drain()
    assert (filed.office.slug, filed.post_to.slug) == ("cam-ranh", "cam-lam")  # type: ignore[union-attr]
    assert "BHXH huyện Cam Lâm" in label(filed)


def test_the_citizen_chooses_among_the_open_offices(draft: Dossier, stranger: User, sign_in: SignIn) -> None:
    shut("cam-ranh")
    filed = file_draft(draft)
    outbox.drain()
    address = f"/ho-so/{filed.code}/noi-gui/"
    assert sign_in(stranger).post(address, {"office": "khanh-hoa"}).status_code == 404
    client = sign_in(filed.owner)
    page = client.get(f"/ho-so/{filed.code}/").content.decode()
    assert all(f'value="{slug}"' in page for slug in ("cam-lam", "khanh-son", "khanh-hoa"))
    for slug, kept in (("ninh-hoa", "cam-lam"), ("khanh-hoa", "khanh-hoa")):
        assert client.post(address, {"office": slug, "key": slug}).status_code == 303
        filed.refresh_from_db()
        assert filed.post_to.slug == kept  # type: ignore[union-attr]
    outbox.drain()
    assert "BHXH tỉnh Khánh Hòa" in label(filed)
    assert filed.documents.filter(kind="label").count() == 2


def test_labels_already_printed_are_found_and_their_owners_told(filed: Dossier) -> None:
    outbox.drain()
    assert "thành phố Cam Ranh" in label(filed)
    shut("cam-ranh")
    outbox.drain()
    filed.refresh_from_db()
    assert filed.post_to.slug == "cam-lam"  # type: ignore[union-attr]
    assert "BHXH huyện Cam Lâm" in label(filed)
    told = Notice.objects.get(user=filed.owner, kind="papers_elsewhere")
    assert told.facts["office"] == "BHXH huyện Cam Lâm"


def test_opening_again_undoes_the_routing_and_keeps_the_history(filed: Dossier) -> None:
    closure = shut("cam-ranh")
    outbox.drain()
    reopen(closure)
    outbox.drain()
    filed.refresh_from_db()
    assert filed.post_to is None
    assert "thành phố Cam Ranh" in label(filed)
    assert list(filed.events.values_list("action", flat=True)) == ["file", "rerouted", "rerouted"]
    assert workflow.verify_history(filed) == []


def test_looking_twice_changes_nothing(filed: Dossier) -> None:
    shut("cam-ranh")
    assert closures.follow_up(timezone.now()) == 0
    outbox.drain()
    assert filed.events.filter(action="rerouted").count() == 1


def test_a_closure_of_tomorrow_takes_effect_tomorrow(filed: Dossier) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    shut("cam-ranh", starts_at=tomorrow)
    assert options("cam-ranh") == ["cam-ranh"]
    assert closures.follow_up(tomorrow + timedelta(minutes=1)) == 1


def test_whose_papers_have_come_is_left_in_peace(filed: Dossier, clerk: User) -> None:
    mailroom.receive(filed, ["form", "insurance_book"], actor=clerk, key="o", now=timezone.now())
    shut("cam-ranh")
    outbox.drain()
    assert not filed.events.filter(action="rerouted").exists()


# --- What the pages say --------------------------------------------------------------------------


def test_the_site_and_the_office_say_so(client: Client) -> None:
    assert "site-banner" not in client.get("/").content.decode()
    shut("cam-lam", ends_at=timezone.now() + timedelta(days=14))
    for path in ("/", "/thu-tuc/", "/co-quan/"):
        page = client.get(path).content.decode()
        assert "site-banner" in page
        assert "BHXH huyện Cam Lâm" in page
    page = client.get("/co-quan/cam-lam/").content.decode()
    for words in ("Phong tỏa phòng chống dịch", "6225/UBND-KGVX", "BHXH huyện Diên Khánh", "BHXH tỉnh"):
        assert words in page
    assert client.get("/co-quan/khong-co/").status_code == 404


def test_what_needs_the_counter_is_not_offered(draft: Dossier, sign_in: SignIn) -> None:
    client, address = sign_in(draft.owner), f"/ho-so/{draft.draft_code}/buoc/nhan-tien/"
    assert 'value="cash_office"' in client.get(address).content.decode()
    shut("cam-ranh", "counter")
    page = client.get(address).content.decode()
    assert 'value="cash_office"' not in page
    assert 'value="office"' not in page
    assert "Phong tỏa phòng chống dịch" in page
    refused = client.post(address, {"pay_method": "cash_office", "result_delivery": "office"})
    assert refused.status_code == 422


def test_an_answer_that_needs_the_counter_stops_the_filing_of_an_older_draft(
    draft: Dossier, sign_in: SignIn
) -> None:
    Dossier.objects.update(typed={**draft.typed, "pay_method": "cash_office"})
    shut("cam-ranh", "counter")
    response = sign_in(draft.owner).post(f"/ho-so/{draft.draft_code}/kiem-tra/", {"declaration": "on"})
    assert response.status_code == 422
    assert Dossier.objects.get().is_draft


# --- Deadlines -----------------------------------------------------------------------------------


def _running(draft: Dossier, clerk: User, now: datetime) -> Dossier:
    filed = file_draft(draft, now=now)
    mailroom.receive(filed, ["form", "insurance_book"], actor=clerk, key="o", now=now)
    return Dossier.objects.get(pk=filed.pk)


@pytest.mark.parametrize(("source", "due"), [("NĐ 01/2021 Đ.1", date(2021, 7, 23)), ("", date(2021, 7, 19))])
def test_days_closed_count_only_where_no_rule_says_otherwise(
    source: str, due: date, citizen: User, clerk: User, chance: Random, time_machine: Any
) -> None:
    time_machine.move_to(timezone.make_aware(datetime(2021, 7, 12, 9)), tick=False)
    dossier = _running(make_draft(citizen, chance), clerk, timezone.now())
    assert dossier.due_at == closing(date(2021, 7, 19))
    time_machine.move_to(timezone.make_aware(datetime(2021, 7, 13, 7)), tick=False)
    closure = shut("cam-ranh", pauses_clock=bool(source), pause_source=source)
    time_machine.move_to(timezone.make_aware(datetime(2021, 7, 16, 18)), tick=False)
    reopen(closure)
    outbox.drain()
    dossier.refresh_from_db()
    assert dossier.due_at == closing(due)
    assert dossier.events.filter(action="days_closed").exists() is bool(source)


def test_who_was_decided_before_the_office_opened_gets_no_other_day(
    citizen: User, clerk: User, supervisor: User, chance: Random, time_machine: Any
) -> None:
    time_machine.move_to(timezone.make_aware(datetime(2021, 7, 12, 9)), tick=False)
    dossier = _running(make_draft(citizen, chance), clerk, timezone.now())
    closure = shut("cam-ranh", pauses_clock=True, pause_source="Điều lệ thử")
    for action, actor in (("accept", clerk), ("propose", clerk), ("approve", supervisor)):
        workflow.move(dossier, action, actor=actor, key=action, note="x")
    promised = dossier.due_at
    time_machine.move_to(timezone.make_aware(datetime(2021, 7, 16, 18)), tick=False)
    reopen(closure)
    outbox.drain()
    dossier.refresh_from_db()
    assert dossier.due_at == promised
    assert not dossier.events.filter(action="days_closed").exists()


# --- The register --------------------------------------------------------------------------------


def _entry(office: str, **more: str) -> dict[str, str]:
    now = timezone.localtime()
    return {
        "office": str(Office.objects.get(slug=office).pk),
        "scope": "all",
        "starts_at_0": f"{now:%d/%m/%Y}",
        "starts_at_1": f"{now - timedelta(minutes=1):%H:%M:%S}",
        "ends_at_0": "",
        "ends_at_1": "",
        "reason": "Phong tỏa",
        "document": "6225/UBND-KGVX",
        "pause_source": "",
        **more,
    }


def test_a_supervisor_closes_the_office_and_it_takes_effect_at_once(
    filed: Dossier, supervisor: User, sign_in: SignIn
) -> None:
    response = sign_in(supervisor).post(ADD, _entry("cam-ranh"))
    assert response.status_code == 302, response.content.decode()[-3000:]
    made = Closure.objects.get()
    assert made.entered_by == supervisor
    outbox.drain()
    filed.refresh_from_db()
    assert filed.post_to.slug == "cam-lam"  # type: ignore[union-attr]


def test_a_district_closes_no_other_office(supervisor: User, director: User, sign_in: SignIn) -> None:
    assert sign_in(supervisor).post(ADD, _entry("ninh-hoa")).status_code == 200
    assert not Closure.objects.exists()
    assert sign_in(director).post(ADD, _entry("ninh-hoa")).status_code == 302
    made = Closure.objects.get()
    page = sign_in(supervisor).post(f"/quan-tri/procedures/closure/{made.pk}/change/", _entry("ninh-hoa"))
    assert page.status_code == 403


def test_who_may_not_close_is_refused(clerk: User, citizen: User, client: Client, sign_in: SignIn) -> None:
    for visitor in (sign_in(clerk), sign_in(citizen), client):
        assert visitor.post(ADD, _entry("cam-ranh")).status_code in {302, 403}
    assert not Closure.objects.exists()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "đã được ghi là đóng cửa"),
        ({"ends_at_0": "01/01/2020", "ends_at_1": "10:00:00"}, "phải sau lúc bắt đầu"),
        ({"pauses_clock": "on"}, "căn cứ cho phép"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(
    more: dict[str, str], words: str, director: User, sign_in: SignIn
) -> None:
    shut("cam-ranh")
    place = "cam-ranh" if not more else "ninh-hoa"
    response = sign_in(director).post(ADD, _entry(place, **more))
    assert response.status_code == 200
    assert words in response.content.decode()
    assert Closure.objects.count() == 1


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({}, "starts_at"),
        ({"ends_at_0": "01/01/2020", "ends_at_1": "10:00:00"}, "ends_at"),
        ({"pauses_clock": "on"}, "pause_source"),
    ],
)
def test_the_reason_stands_at_its_field_and_names_what_is_in_the_way(
    more: dict[str, str], field: str, director: User, sign_in: SignIn
) -> None:
    shut("cam-ranh")
    place = "cam-ranh" if not more else "ninh-hoa"
    form = sign_in(director).post(ADD, _entry(place, **more)).context["adminform"].form
    assert set(form.errors) == {field}
    if not more:
        assert "6225/UBND-KGVX" in form.errors[field][0]


def test_closures_that_follow_each_other_do_not_overlap(director: User, sign_in: SignIn) -> None:
    now = timezone.now()
    shut("cam-ranh", starts_at=now - timedelta(days=2), ends_at=now - timedelta(hours=1))
    shut("cam-ranh", starts_at=now + timedelta(days=2))
    end = timezone.localtime(now + timedelta(days=1))
    until = {"ends_at_0": f"{end:%d/%m/%Y}", "ends_at_1": f"{end:%H:%M:%S}"}
    assert sign_in(director).post(ADD, _entry("cam-ranh", **until)).status_code == 302
    assert sign_in(director).post(ADD, _entry("cam-ranh")).status_code == 200


def test_an_office_is_not_its_own_neighbour_nor_a_district_of_two_offices() -> None:
    office, other = Office.objects.get(slug="cam-ranh"), Office.objects.get(slug="ninh-hoa")
    with pytest.raises(ValidationError, match="chính nó"):
        AdjoiningOffice(office=office, other=office, km=1).full_clean()
    area = office.areas.get()
    with pytest.raises(ValidationError, match="cơ quan khác phụ trách"):
        OfficeArea(office=other, district=area.district, valid_from=date(2021, 1, 1)).full_clean()
    with pytest.raises(IntegrityError, match="one_office_a_district"), transaction.atomic():
        OfficeArea.objects.create(office=other, district=area.district, valid_from=date(2021, 1, 1))
