"""The bank accounts of the offices: kept by the administrator, fixed once money moved."""

from collections.abc import Callable

import pytest
from django.test import Client

from payments.models import OfficeAccount
from portal.models import User
from procedures.models import Office
from tests.payments import money

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
ACCOUNTS = "/quan-tri/payments/officeaccount/"


def _form(**said: str) -> dict[str, str]:
    return {
        "office": str(Office.objects.get(slug="cam-ranh").pk),
        "bank": "970405",
        "number": "4700 2050 0001",
        "holder": "BHXH CAM RANH",
        "purpose": "both",
        "valid_from": "",
        "valid_to": "",
        **said,
    }


def test_the_administrator_adds_an_account_with_its_number_as_people_write_it(
    administrator: User, sign_in: SignIn
) -> None:
    assert sign_in(administrator).post(f"{ACCOUNTS}add/", _form()).status_code == 302
    assert OfficeAccount.objects.get().number == "470020500001"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"number": "12 34"}, "Số tài khoản có từ 6 đến 19"),
        ({"number": "4700-ĐỒNG"}, "Số tài khoản có từ 6 đến 19"),
        ({"valid_from": "02/01/2026", "valid_to": "01/01/2026"}, "Ngày cuối trước ngày đầu."),
    ],
)
def test_a_wrong_answer_is_told_and_nothing_typed_is_lost(
    administrator: User, sign_in: SignIn, said: dict[str, str], told: str
) -> None:
    page = sign_in(administrator).post(f"{ACCOUNTS}add/", _form(**said)).content.decode()
    assert told in page
    assert "BHXH CAM RANH" in page
    assert not OfficeAccount.objects.exists()


def test_the_same_account_is_there_once(administrator: User, sign_in: SignIn) -> None:
    client = sign_in(administrator)
    for _ in range(2):
        client.post(f"{ACCOUNTS}add/", _form())
    assert OfficeAccount.objects.count() == 1


@pytest.mark.parametrize("person", ["clerk", "supervisor", "director"])
def test_others_look_and_change_nothing(person: str, sign_in: SignIn, request: pytest.FixtureRequest) -> None:
    account, client = money.account(), sign_in(request.getfixturevalue(person))
    assert client.get(f"{ACCOUNTS}{account.pk}/change/").status_code == 200
    assert client.post(f"{ACCOUNTS}{account.pk}/change/", _form(holder="X")).status_code == 403
    assert client.post(f"{ACCOUNTS}add/", _form()).status_code == 403
    account.refresh_from_db()
    assert account.holder != "X"


def test_once_money_moved_the_number_stays_and_the_account_can_only_be_ended(
    citizen: User, administrator: User, sign_in: SignIn
) -> None:
    account = money.order(citizen).account
    number = account.number
    sign_in(administrator).post(
        f"{ACCOUNTS}{account.pk}/change/", _form(number="999999999", valid_to="31/12/2026")
    )
    account.refresh_from_db()
    assert account.number == number
    assert f"{account.valid_to}" == "2026-12-31"


def test_an_account_is_never_deleted(administrator: User, sign_in: SignIn) -> None:
    account = money.account()
    assert sign_in(administrator).post(f"{ACCOUNTS}{account.pk}/delete/").status_code == 403
