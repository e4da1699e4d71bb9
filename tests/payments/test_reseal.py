"""Keys of sealed columns are changed: everything is sealed anew, then the old key may go."""

from typing import Any

import pytest
from cryptography.fernet import InvalidToken
from django.core.management import call_command
from django.db import connection

from payments.models import PaymentOrder
from tests import paying

pytestmark = pytest.mark.django_db


def kept(order: PaymentOrder) -> str:
    """What the database holds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT account_number FROM payments_paymentorder WHERE id = %s", [order.pk])
        return str(cursor.fetchone()[0])


def test_the_account_number_is_sealed_in_the_database() -> None:
    order = paying.owed(1)
    assert order.account_number not in kept(order)


def test_after_resealing_the_old_key_may_go(settings: Any, capsys: Any) -> None:
    settings.DATA_KEYS = ["cũ"]
    order = paying.owed(1)
    number, before = order.account_number, kept(order)
    settings.DATA_KEYS = ["mới", "cũ"]
    assert PaymentOrder.objects.get().account_number == number
    call_command("reseal")
    assert "payments.PaymentOrder.account_number: 1" in capsys.readouterr().out
    assert kept(order) != before
    settings.DATA_KEYS = ["mới"]
    assert PaymentOrder.objects.get().account_number == number
    settings.DATA_KEYS = ["cũ"]
    with pytest.raises(InvalidToken):
        PaymentOrder.objects.get()


def test_a_value_no_key_opens_stops_it_and_nothing_is_lost(settings: Any) -> None:
    settings.DATA_KEYS = ["cũ"]
    order = paying.owed(1)
    before = kept(order)
    settings.DATA_KEYS = ["khác"]
    with pytest.raises(InvalidToken):
        call_command("reseal")
    assert kept(order) == before
