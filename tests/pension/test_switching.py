from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from pension import advice, list_days, pay_lists, switching
from pension.models import SwitchRequest
from portal import outbox
from portal.dated import month_after
from portal.models import Device, User
from procedures import dossiers, paying, workflow
from procedures.workflow import MoveRefused
from tests.conftest import file_draft
from tests.pension.rosters import by_account, closed, row, taken
from tests.pension.switches import approved, confirmed, draft, filed, last_code, list_month, page_of, row_of

State = SwitchRequest.State


@pytest.fixture
def mailed(citizen: User) -> User:
    citizen.email = "binh@example.com"
    citizen.save(update_fields=["email"])
    return citizen


@pytest.fixture
def on_roster(mailed: User, clerk: User) -> User:
    taken([row_of(mailed), row("5600000009")], actor=clerk)
    return mailed


# --- From cash to the bank -----------------------------------------------------------------------


@pytest.fixture
def switched(on_roster: User, clerk: User, supervisor: User, client: Client) -> SwitchRequest:
    """Filed, confirmed with the code and approved; the roster of the month still says cash."""
    dossier, _switch = filed(on_roster)
    confirmed(client, on_roster, dossier)
    approved(dossier, clerk, supervisor)
    taken([row_of(on_roster), row("5600000009")], actor=clerk, month=list_month())
    return switching.own(on_roster, str(dossier.code))


def test_a_pension_goes_from_cash_to_the_bank(switched: SwitchRequest, clerk: User) -> None:
    assert switched.state == State.WAITING
    line = closed(clerk, month=list_month()).lines.get(switch=switched)
    assert (line.method, line.bank_id, line.account_number) == ("account", "970405", "4700201001234")
    switched.refresh_from_db()
    assert switched.state == State.TRYING
    for _time in range(2):
        paying.results["pension"](line.pk, True, "")
    switched.refresh_from_db()
    assert switched.state == State.DONE
    assert switched.dossier.events.filter(action="first_payment_made").count() == 1


def test_a_failed_first_payment_falls_back_to_cash_and_both_sides_are_told(
    switched: SwitchRequest, clerk: User, client: Client
) -> None:
    line = closed(clerk, month=list_month()).lines.get(switch=switched)
    paying.results["pension"](line.pk, False, "Sai tên chủ tài khoản")
    (again,) = closed(clerk, month=list_month(), key="2").lines.all()
    assert (again.method, again.pay_point, again.follows) == ("cash", "Bưu cục Ba Ngòi", line)
    switched.refresh_from_db()
    assert (switched.state, switched.reason) == (State.FAILED, "Sai tên chủ tài khoản")
    owner = switched.dossier.owner
    assert owner.notices.filter(kind="switch_failed", facts__reason="Sai tên chủ tài khoản").exists()
    client.force_login(clerk)
    page = client.get(f"/quan-tri/pension/switchrequest/{switched.pk}/change/").content.decode()
    assert "Sai tên chủ tài khoản" in page
    assert switched.dossier.events.filter(
        action="first_payment_failed", note="Sai tên chủ tài khoản"
    ).exists()
    # The month after, cash as before.
    after = month_after(list_month())
    taken([row_of(owner)], actor=clerk, month=after)
    assert closed(clerk, month=after, key="3").lines.get().method == "cash"


def test_money_that_comes_back_later_counts_as_failed(switched: SwitchRequest, clerk: User) -> None:
    line = closed(clerk, month=list_month()).lines.get(switch=switched)
    paying.results["pension"](line.pk, True, "")
    paying.results["pension"](line.pk, False, "Hoàn trả")
    switched.refresh_from_db()
    assert switched.state == State.FAILED


def test_a_roster_that_says_something_else_counts_more(switched: SwitchRequest, clerk: User) -> None:
    owner = switched.dossier.owner
    taken(
        [by_account(owner.username, owner.full_name, account="111122223333", born=owner.date_of_birth)],
        actor=clerk,
        month=list_month(),
    )
    line = closed(clerk, month=list_month()).lines.get(beneficiary=switched.beneficiary)
    assert (line.account_number, line.switch) == ("111122223333", None)


def test_a_change_is_taken_back_until_the_list_closes(
    switched: SwitchRequest, clerk: User, client: Client
) -> None:
    address = page_of(switched.dossier)
    assert "rut" in client.get(address).content.decode()
    client.force_login(switched.dossier.owner)
    for _time in range(2):
        assert client.post(address, {"viec": "rut"}).status_code == 303
    assert closed(clerk, month=list_month()).lines.get(beneficiary=switched.beneficiary).method == "cash"


def test_after_the_list_has_closed_it_is_too_late(
    switched: SwitchRequest, clerk: User, client: Client
) -> None:
    closed(clerk, month=list_month())
    client.force_login(switched.dossier.owner)
    assert client.post(page_of(switched.dossier), {"viec": "rut"}).status_code == 422


# --- What is checked before filing ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "given", "field"),
    [
        ("cash_to_account", {"date_of_birth": "02/02/1933"}, "insurance_number"),
        ("cash_to_account", {"insurance_number": "5699999999"}, "insurance_number"),
        ("cash_to_account", {"account_again": "4700201001235"}, "account_again"),
        ("cash_to_account", {"account_number": "9704050000000005"}, "account_number"),
        ("cash_to_account", {"account_holder": "PHAN THỊ LỆ"}, "account_holder"),
        ("cash_to_account", {"bank": "000000"}, "bank"),
        ("change_place", {"place_in_province": "no"}, "place_in_province"),
        ("cash_to_account", {"effective_month": f"{timezone.localdate():%m/%Y}"}, "effective_month"),
    ],
)
def test_what_does_not_fit_is_told_at_its_question(
    case: str, given: dict[str, str], field: str, on_roster: User
) -> None:
    found = dossiers.review(draft(on_roster, case, **given), timezone.localdate())
    assert field in {name for form in found.forms for name in form.errors}


def test_who_is_authorised_may_hold_the_account(mailed: User, clerk: User) -> None:
    taken([row_of(mailed, recipient="PHAN THỊ LỆ", until="31/12/2099")], actor=clerk)
    found = dossiers.review(draft(mailed, account_holder="Phan Thi Le"), timezone.localdate())
    assert found.complete
    taken([row_of(mailed, recipient="PHAN THỊ LỆ", until="31/12/2020")], actor=clerk)
    assert not dossiers.review(draft(mailed, account_holder="Phan Thi Le"), timezone.localdate()).complete


def test_the_date_is_shown_before_filing(on_roster: User, client: Client) -> None:
    client.force_login(on_roster)
    dossier = draft(on_roster)
    page = client.get(f"/ho-so/{dossier.draft_code}/kiem-tra/").content.decode()
    today = timezone.localdate()
    month = list_days.next_list(today, 25)
    assert f"{month:%m/%Y}" in page and f"{list_days.closes_on(month, 25):%d/%m/%Y}" in page


@pytest.mark.parametrize(
    ("today", "month"),
    [
        (date(2021, 7, 25), date(2021, 8, 1)),
        (date(2021, 7, 26), date(2021, 9, 1)),
        (date(2021, 12, 26), date(2022, 2, 1)),
        (date(2021, 1, 31), date(2021, 3, 1)),
    ],
)
def test_the_next_list_is_the_first_that_is_not_closed(today: date, month: date) -> None:
    assert list_days.next_list(today, 25) == month


# --- The second channel --------------------------------------------------------------------------


def test_a_change_nobody_confirmed_is_not_approved(on_roster: User, clerk: User, supervisor: User) -> None:
    dossier, _switch = filed(on_roster)
    with pytest.raises(MoveRefused):
        approved(dossier, clerk, supervisor)


def test_a_wrong_code_counts_and_five_are_enough(on_roster: User, client: Client) -> None:
    dossier, switch = filed(on_roster)
    client.force_login(on_roster)
    client.post(page_of(dossier), {"viec": "gui-ma"})
    outbox.drain()
    code = last_code()
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    for _time in range(5):
        assert client.post(page_of(dossier), {"viec": "xac-nhan", "code": wrong}).status_code == 422
    assert client.post(page_of(dossier), {"viec": "xac-nhan", "code": code}).status_code == 422
    switch.refresh_from_db()
    assert (switch.state, switch.code_tries) == (State.UNCONFIRMED, 5)
    assert code not in switch.code_print and switch.code == ""  # sent, and forgotten


def test_a_code_ends_and_another_one_replaces_it(on_roster: User) -> None:
    _dossier, switch = filed(on_roster)
    now = timezone.now()
    switching.ask_code(switch, doubts=[], now=now)
    outbox.drain()
    first = last_code()
    with pytest.raises(MoveRefused):
        switching.confirm(switch, first, now=now + timedelta(minutes=15))
    switching.ask_code(switch, doubts=[], now=now + timedelta(seconds=1))
    outbox.drain()
    if last_code() != first:
        with pytest.raises(MoveRefused):
            switching.confirm(switch, first, now=now)
    assert switching.confirm(switch, f" {last_code()} ", now=now).state == State.CONFIRMED


def test_codes_are_not_asked_for_without_end(on_roster: User, client: Client) -> None:
    dossier, _switch = filed(on_roster)
    client.force_login(on_roster)
    said = [client.post(page_of(dossier), {"viec": "gui-ma"}).status_code for _time in range(4)]
    assert said == [303, 303, 303, 422]


def test_a_code_goes_to_the_phone_of_the_roster(
    mailed: User, clerk: User, client: Client, settings: Any, tmp_path: Any
) -> None:
    settings.SMS_FOLDER = tmp_path / "sms"
    taken([row_of(mailed, phone=mailed.phone)], actor=clerk)
    dossier, _switch = filed(mailed, phone=mailed.phone)
    mail.outbox.clear()
    client.force_login(mailed)
    client.post(page_of(dossier), {"viec": "gui-ma"})
    outbox.drain()
    (message,) = (tmp_path / "sms").iterdir()
    assert message.read_text().startswith(mailed.phone)
    assert not mail.outbox


def test_nobody_else_sees_the_page(on_roster: User, stranger: User, clerk: User, client: Client) -> None:
    dossier, _switch = filed(on_roster)
    client.force_login(stranger)
    assert client.get(page_of(dossier)).status_code == 404
    assert client.post(page_of(dossier), {"viec": "rut"}).status_code == 404
    client.force_login(clerk)
    assert client.get(page_of(dossier)).status_code == 403


# --- Held for a call-back ------------------------------------------------------------------------


def _hold(switch: SwitchRequest) -> str:
    return f"/quan-tri/pension/switchrequest/{switch.pk}/goi-lai/"


def test_an_account_many_use_is_held_and_only_staff_read_why(
    mailed: User, clerk: User, supervisor: User, client: Client
) -> None:
    taken([row_of(mailed), by_account("5600000001"), by_account("5600000002")], actor=clerk)
    dossier, switch = filed(mailed)
    assert (switch.state, switch.doubts) == (State.HELD, ["shared_account"])
    client.force_login(mailed)
    client.post(page_of(dossier), {"viec": "gui-ma"})
    page = client.get(page_of(dossier)).content.decode()
    assert "gọi" in page and "gui-ma" not in page and "nhiều người" not in page.lower()
    client.force_login(clerk)
    assert client.post(_hold(switch), {"muon": "co", "note": ""}).status_code == 422
    assert client.post(_hold(switch), {"muon": "co", "note": "Gặp chính chủ, 0905"}).status_code == 303
    switch.refresh_from_db()
    assert (switch.state, switch.called_by, switch.confirmed_by_phone) == (State.CONFIRMED, clerk, True)
    approved(dossier, clerk, supervisor)
    switch.refresh_from_db()
    assert switch.state == State.WAITING


def test_the_list_of_changes_names_dossiers_and_no_code(on_roster: User, clerk: User, client: Client) -> None:
    dossier, switch = filed(on_roster)
    SwitchRequest.objects.filter(pk=switch.pk).update(code="135790")  # not sent yet
    client.force_login(clerk)
    page = client.get("/quan-tri/pension/switchrequest/").content.decode()
    assert str(dossier.code) in page and "135790" not in page


def test_who_called_back_does_not_approve(mailed: User, clerk: User, supervisor: User) -> None:
    taken([row_of(mailed), by_account("5600000001"), by_account("5600000002")], actor=clerk)
    dossier, switch = filed(mailed)
    switching.call_back(switch, wanted=True, note="Gặp chính chủ", actor=supervisor, now=timezone.now())
    with pytest.raises(MoveRefused):
        approved(dossier, clerk, supervisor)


def test_a_change_nobody_asked_for_ends(mailed: User, clerk: User, other_clerk: User, client: Client) -> None:
    taken([row_of(mailed), by_account("5600000001"), by_account("5600000002")], actor=clerk)
    _dossier, switch = filed(mailed)
    client.force_login(other_clerk)
    assert client.post(_hold(switch), {"muon": "khong", "note": "x"}).status_code == 404
    client.force_login(clerk)
    assert client.post(_hold(switch), {"muon": "khong", "note": "Không hề đề nghị"}).status_code == 303
    switch.refresh_from_db()
    assert switch.state == State.ENDED


def test_a_change_shortly_after_a_new_phone_number_is_held(on_roster: User, client: Client) -> None:
    client.force_login(on_roster)
    changed = {"phone": "0905999888", "email": on_roster.email, "ward": on_roster.ward_id, "street": "1 A"}
    assert client.post("/tai-khoan/", changed).status_code == 303
    on_roster.refresh_from_db()
    assert "new_phone" in filed(on_roster)[1].doubts


def test_a_phone_number_other_than_the_rosters_is_held(mailed: User, clerk: User) -> None:
    taken([row_of(mailed, phone="0905000111")], actor=clerk)
    assert "other_phone" in filed(mailed)[1].doubts


def test_who_has_no_second_channel_is_called(citizen: User, clerk: User) -> None:
    taken([row_of(citizen)], actor=clerk)
    assert filed(citizen)[1].doubts == ["no_channel"]


def test_a_code_asked_for_from_a_new_device_is_held(on_roster: User, client: Client) -> None:
    dossier, switch = filed(on_roster)
    old = timezone.now() - timedelta(days=90)
    Device.objects.create(user=on_roster, fingerprint="x", first_seen=old)
    on_roster.set_password("mot-mat-khau-dai")
    on_roster.save()
    said = {"login": on_roster.username, "password": "mot-mat-khau-dai"}
    assert client.post("/tai-khoan/dang-nhap/", said).status_code == 302
    assert client.post(page_of(dossier), {"viec": "gui-ma"}).status_code == 303
    switch.refresh_from_db()
    assert (switch.state, switch.doubts, switch.code_print) == (State.HELD, ["new_device"], "")


# --- Other changes -------------------------------------------------------------------------------


def test_back_to_cash_holds_from_its_list_on(
    mailed: User, clerk: User, supervisor: User, client: Client
) -> None:
    rows = [by_account(mailed.username, mailed.full_name, born=mailed.date_of_birth)]
    taken(rows, actor=clerk)
    given = {
        "current_method": "account",
        "current_account": "4700201001234 Agribank",
        "new_place": "Bưu cục 2",
    }
    dossier, _switch = filed(mailed, "account_to_cash", **given)
    confirmed(client, mailed, dossier)
    approved(dossier, clerk, supervisor)
    taken(rows, actor=clerk, month=list_month())
    line = closed(clerk, month=list_month()).lines.get()
    assert (line.method, line.pay_point, line.payee) == ("cash", "Bưu cục 2", mailed.full_name)
    assert switching.own(mailed, str(dossier.code)).state == State.DONE


def test_a_rejected_dossier_ends_the_change(on_roster: User, clerk: User) -> None:
    dossier, switch = filed(on_roster)
    workflow.move(dossier, "refuse", actor=clerk, key="r", note="Thiếu thông tin")
    outbox.drain()
    switch.refresh_from_db()
    assert switch.state == State.ENDED


def test_who_is_on_no_roster_files_for_the_desk_alone(mailed: User, clerk: User, supervisor: User) -> None:
    dossier = file_draft(draft(mailed))
    outbox.drain()
    assert switching.of_dossier(dossier) is None
    approved(dossier, clerk, supervisor)
    assert dossier.state == "approved"


def test_the_page_of_the_dossier_leads_to_the_change(on_roster: User, client: Client) -> None:
    dossier, switch = filed(on_roster)
    client.force_login(on_roster)
    page = client.get(f"/ho-so/{dossier.code}/").content.decode()
    assert page_of(dossier) in page and advice.words_of(switch) in page


def test_every_state_has_words_for_its_beneficiary(on_roster: User) -> None:
    _dossier, switch = filed(on_roster)
    for state in State:
        switch.state = state
        assert advice.words_of(switch)


@pytest.mark.django_db
def test_the_entry_page_asks_the_question_of_the_letter(client: Client) -> None:
    page = client.get("/luong-huu/doi-cach-nhan/").content.decode()
    assert "VssID" in page and "2-CBH" in page
    assert pay_lists.KIND == "pension"
