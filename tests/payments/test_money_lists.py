"""The new lists of money ask the database as often for many rows as for one."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from payments.models import CashDay, CashSupply, OrderReturn
from portal.models import User
from procedures import offices
from tests import paying
from tests.payments import money, test_cash
from tests.posting import staff_of

SignIn = Callable[[User], Client]
DESK = "/quan-tri/payments/"

pytestmark = pytest.mark.django_db


def _supply(number: int) -> None:
    clerk, _supervisor = staff_of("cam-ranh")
    CashSupply.objects.create(
        office=clerk.staff.office,
        place="counter",
        account=paying.account_of(),
        amount=number,
        reference=f"SEC {number}",
        asked_by=clerk,
        asked_at=timezone.now(),
        key=str(number),
    )


def _day(number: int) -> None:
    clerk, _supervisor = staff_of("cam-ranh")
    CashDay.objects.create(
        office=clerk.staff.office,
        day=timezone.localdate() - timedelta(days=number),
        **dict.fromkeys(("opening", "supplied", "paid", "book", "counted", "last_posting"), 0),
        counted_by=clerk,
        counted_at=timezone.now(),
        key=str(number),
    )


def _return(number: int) -> None:
    clerk, _supervisor = staff_of("cam-ranh")
    order = money.order(clerk)
    OrderReturn.objects.create(
        order=order,
        amount=Decimal(number),
        payee="LE THI HANH",
        bank_id="970405",
        account_number="4700123456789",
        asked_by=clerk,
        asked_at=timezone.now(),
        key=str(number),
    )


def _voucher(number: int) -> None:
    test_cash.voucher(number)


@pytest.mark.parametrize(
    ("page", "make"),
    [("cashsupply", _supply), ("cashday", _day), ("orderreturn", _return), ("cashvoucher", _voucher)],
)
def test_a_list_asks_no_more_for_many_rows(
    page: str, make: Callable[[int], None], clerk: User, sign_in: SignIn
) -> None:
    client, counts = sign_in(clerk), []
    for rows in (range(1, 2), range(2, 6)):
        for number in rows:
            make(number)
        with CaptureQueriesContext(connection) as asked:
            offices.forget_closures()
            assert client.get(f"{DESK}{page}/").status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]
