"""Another receiving place and changed personal details: what they do to rosters, lists and offices."""

import io
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from python_calamine import CalamineWorkbook

from pension import hand_overs, pay_lists, roster, switching
from pension.models import Beneficiary, HandOver, PaymentList, SwitchRequest
from portal.dated import month_after
from portal.models import Notice, User
from procedures import dossiers, paying
from procedures.workflow import MoveRefused
from tests.pension.rosters import brought, closed, row, taken
from tests.pension.switches import approved, confirmed, draft, filed, list_month, row_of
from tests.posting import staff_of

State, Step = SwitchRequest.State, HandOver.Step
NHA_TRANG = "22363"


@pytest.fixture
def mailed(citizen: User) -> User:
    citizen.email = "binh@example.com"
    citizen.save(update_fields=["email"])
    return citizen


@pytest.fixture
def on_roster(mailed: User, clerk: User) -> User:
    taken([row_of(mailed), row("5600000009")], actor=clerk)
    return mailed


@pytest.fixture
def province(db: None) -> tuple[User, User]:
    """Clerk and supervisor of the office that looks after Nha Trang."""
    return staff_of("khanh-hoa")


def _moved(who: User, clerk: User, supervisor: User, client: Client, ward: str = NHA_TRANG) -> SwitchRequest:
    """A change of place that was filed, confirmed and approved."""
    dossier, _switch = filed(who, "change_place", new_ward=ward, new_place="Bưu cục Vĩnh Hải")
    confirmed(client, who, dossier)
    approved(dossier, clerk, supervisor)
    return switching.own(who, str(dossier.code))


# --- To another office ---------------------------------------------------------------------------


def test_a_benefit_moves_to_the_list_of_its_new_office(
    on_roster: User, clerk: User, supervisor: User, province: tuple[User, User], client: Client
) -> None:
    switch = _moved(on_roster, clerk, supervisor, client)
    assert (switch.state, switch.hands_over) == (State.WAITING, True)
    taken([row_of(on_roster), row("5600000009")], actor=clerk, month=list_month())
    assert pay_lists.months_open(province[0].staff.office) == [list_month()]
    (line,) = closed(province[0], month=list_month()).lines.all()
    assert (line.beneficiary.insurance_number, line.ward_id, line.pay_point) == (
        on_roster.username,
        NHA_TRANG,
        "Bưu cục Vĩnh Hải",
    )
    left = closed(clerk, month=list_month(), key="old").lines.all()
    assert [line.beneficiary.insurance_number for line in left] == ["5600000009"]
    switch.refresh_from_db()
    assert switch.state == State.DONE
    assert [step.step for step in switch.hand_overs.all()] == [Step.AGREED, Step.LISTED]


def test_before_its_month_the_benefit_stays_where_it_is(
    on_roster: User, clerk: User, supervisor: User, province: tuple[User, User], client: Client
) -> None:
    _moved(on_roster, clerk, supervisor, client)
    assert pay_lists.months_open(province[0].staff.office) == []
    with pytest.raises(MoveRefused):
        closed(province[0])
    assert closed(clerk).rows == 2


def test_a_roster_that_has_the_new_ward_counts_from_then_on(
    on_roster: User, clerk: User, supervisor: User, province: tuple[User, User], client: Client
) -> None:
    _moved(on_roster, clerk, supervisor, client)
    new = row_of(on_roster, ward=NHA_TRANG, point="Bưu cục Vĩnh Nguyên")
    taken([new], actor=province[0], month=list_month(), office="khanh-hoa")
    (line,) = closed(province[0], month=list_month()).lines.all()
    assert (line.ward_id, line.pay_point) == (NHA_TRANG, "Bưu cục Vĩnh Nguyên")


def test_the_old_office_is_told_and_takes_note_once(
    on_roster: User, clerk: User, supervisor: User, province: tuple[User, User], client: Client
) -> None:
    switch = _moved(on_roster, clerk, supervisor, client)
    told = Notice.objects.filter(kind="pension_handed_over")
    assert {notice.user for notice in told} == {clerk, supervisor}
    address = f"/quan-tri/pension/switchrequest/{switch.pk}/"
    for user, status, button in ((clerk, 200, True), (province[0], 200, False)):
        client.force_login(user)
        page = client.get(f"{address}change/")
        assert page.status_code == status
        assert ("da-biet" in page.content.decode()) is button
    assert client.post(f"{address}da-biet/").status_code == 403
    client.force_login(clerk)
    for _time in range(2):  # pressed twice
        assert client.post(f"{address}da-biet/").status_code == 303
    assert list(switch.hand_overs.values_list("step", "by")) == [
        (Step.AGREED, supervisor.pk),
        (Step.SEEN, clerk.pk),
    ]
    assert "da-biet" not in client.get(f"{address}change/").content.decode()


def test_a_third_office_does_not_see_a_hand_over(
    on_roster: User, clerk: User, supervisor: User, client: Client
) -> None:
    switch = _moved(on_roster, clerk, supervisor, client)
    client.force_login(staff_of("dien-khanh")[0])
    assert client.get(f"/quan-tri/pension/switchrequest/{switch.pk}/change/").status_code == 404
    assert client.post(f"/quan-tri/pension/switchrequest/{switch.pk}/da-biet/").status_code == 404


def test_a_hand_over_that_is_taken_back_ends_at_both_offices(
    on_roster: User, clerk: User, supervisor: User, province: tuple[User, User], client: Client
) -> None:
    switch = _moved(on_roster, clerk, supervisor, client)
    switching.take_back(switch, now=timezone.now())
    assert [step.step for step in switch.hand_overs.all()] == [Step.AGREED, Step.ENDED]
    assert not hand_overs.may_see(clerk, switch)
    taken([row_of(on_roster)], actor=clerk, month=list_month())
    assert closed(clerk, month=list_month()).lines.get().pay_point == "Bưu cục Ba Ngòi"


def test_a_roster_of_the_old_office_does_not_come_again_once_the_new_one_listed_from_it(
    on_roster: User, clerk: User, supervisor: User, province: tuple[User, User], client: Client
) -> None:
    _moved(on_roster, clerk, supervisor, client)
    taken([row_of(on_roster), row("5600000009")], actor=clerk, month=list_month())
    made = brought([row_of(on_roster)], actor=clerk, month=list_month())
    closed(province[0], month=list_month())
    with pytest.raises(MoveRefused):
        roster.accept(made, actor=clerk, now=timezone.now())
    assert closed(clerk, month=list_month(), key="old").rows == 1


def test_a_place_in_the_same_office_changes_the_list_alone(
    on_roster: User, clerk: User, supervisor: User, client: Client
) -> None:
    switch = _moved(on_roster, clerk, supervisor, client, ward="22411")
    assert not switch.hands_over and not switch.hand_overs.exists()
    taken([row_of(on_roster)], actor=clerk, month=list_month())
    line = closed(clerk, month=list_month()).lines.get()
    assert (line.ward_id, line.pay_point) == ("22411", "Bưu cục Vĩnh Hải")
    switch.refresh_from_db()
    assert switch.state == State.DONE


def test_a_place_and_a_later_account_hold_together(
    on_roster: User, clerk: User, supervisor: User, province: tuple[User, User], client: Client
) -> None:
    _moved(on_roster, clerk, supervisor, client)
    taken([row_of(on_roster)], actor=clerk, month=list_month())
    closed(province[0], month=list_month())
    dossier, _switch = filed(on_roster)
    confirmed(client, on_roster, dossier)
    approved(dossier, clerk, supervisor)
    after = month_after(list_month())
    taken([row_of(on_roster)], actor=clerk, month=after)
    line = closed(province[0], month=after, key="2").lines.get()
    assert (line.method, line.ward_id) == ("account", NHA_TRANG)
    paying.results["pension"](line.pk, True, "")
    assert switching.own(on_roster, str(dossier.code)).state == State.DONE


# --- Personal details ----------------------------------------------------------------------------

NEW = {
    "id_changed": "yes",
    "new_id_number": "056155000123",
    "phone_changed": "yes",
    "new_phone": "0905777666",
    "address_changed": "yes",
    "new_home_ward": "22411",
    "new_street": "12 Hùng Vương",
}


def _told(who: User, clerk: User, supervisor: User, client: Client, **given: Any) -> SwitchRequest:
    dossier, _switch = filed(who, "personal_info", **{**NEW, **given})
    confirmed(client, who, dossier)
    approved(dossier, clerk, supervisor)
    return switching.own(who, str(dossier.code))


def _listed(who: User, clerk: User, on: date, **said: Any) -> PaymentList:
    taken([row_of(who, **said), row("5600000009")], actor=clerk, month=on)
    return closed(clerk, month=on)


def test_new_details_stand_on_the_next_list_and_stay(
    on_roster: User, clerk: User, supervisor: User, client: Client
) -> None:
    switch = _told(on_roster, clerk, supervisor, client)
    who = switch.beneficiary
    assert (switch.state, who.phone, who.address) == (State.WAITING, "", "")
    made = _listed(on_roster, clerk, list_month())
    who.refresh_from_db()
    assert (who.phone, who.id_number) == ("0905777666", "056155000123")
    assert who.address.startswith("12 Hùng Vương, ") and who.address.endswith("Khánh Hòa")
    switch.refresh_from_db()
    assert switch.state == State.DONE
    assert made.lines.get(news=switch).beneficiary == who
    client.force_login(clerk)
    assert (
        client.get(f"/quan-tri/pension/paymentlist/{made.pk}/change/").content.decode().count("thông tin mới")
        == 1
    )
    data = client.get(f"/quan-tri/pension/paymentlist/{made.pk}/tien-mat/").getvalue()
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
    assert [line[9] for line in sheet[3:] if line[9]] == [
        f"CCCD 056155000123; ĐT 0905777666; Địa chỉ {who.address}"
    ]
    assert pay_lists.verify(made)
    # A later roster that repeats the old number changes nothing back; one with another number does.
    after = month_after(list_month())
    assert not _listed(on_roster, clerk, after).lines.exclude(news=None).exists()
    who.refresh_from_db()
    assert who.phone == "0905777666"
    _listed(on_roster, clerk, month_after(after), phone="0905111222")
    assert Beneficiary.objects.get(pk=who.pk).phone == "0905111222"


def test_only_what_changes_is_asked_and_changed(
    on_roster: User, clerk: User, supervisor: User, client: Client
) -> None:
    Beneficiary.objects.filter(insurance_number=on_roster.username).update(address="Nhà cũ")
    switch = _told(on_roster, clerk, supervisor, client, id_changed="no", address_changed="no")
    assert (switch.id_number, switch.address, switch.phone) == ("", "", "0905777666")
    _listed(on_roster, clerk, list_month())
    assert Beneficiary.objects.get(pk=switch.beneficiary_id).address == "Nhà cũ"


def test_a_change_of_nothing_is_not_filed(on_roster: User) -> None:
    nothing = {"id_changed": "no", "phone_changed": "no", "address_changed": "no"}
    found = dossiers.review(draft(on_roster, "personal_info", **nothing), timezone.localdate())
    assert "id_changed" in {name for form in found.forms for name in form.errors}


def test_the_beneficiary_reads_on_which_list_new_details_stand(
    on_roster: User, clerk: User, supervisor: User, client: Client
) -> None:
    switch = _told(on_roster, clerk, supervisor, client)
    assert on_roster.notices.filter(kind="details_waiting").exists()
    client.force_login(on_roster)
    page = client.get(f"/luong-huu/doi-cach-nhan/{switch.dossier.code}/").content.decode()
    assert f"{list_month():%m/%Y}" in page


def test_a_new_account_shortly_after_a_new_phone_of_the_roster_is_held(
    on_roster: User, clerk: User, supervisor: User, client: Client
) -> None:
    _told(on_roster, clerk, supervisor, client)
    _dossier, switch = filed(on_roster)
    assert "new_phone" in switch.doubts


def test_a_new_phone_that_was_asked_for_long_ago_is_new_from_its_list_on(
    on_roster: User, clerk: User, supervisor: User, client: Client
) -> None:
    old = _told(on_roster, clerk, supervisor, client)
    _listed(on_roster, clerk, list_month())
    SwitchRequest.objects.filter(pk=old.pk).update(filed_at=timezone.now() - timedelta(days=90))
    _dossier, switch = filed(on_roster)
    assert switch.beneficiary.phone == "0905777666"
    assert "new_phone" in switch.doubts
