import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from payments import verifying
from payments.models import ContributionOrder, OfficeAccount, Posting
from tests.payments import money

pytestmark = pytest.mark.django_db


@pytest.mark.usefixtures("db")
def test_the_demo_offices_have_orders_in_every_state_and_their_ledger_holds(settings: Any) -> None:
    settings.DEBUG = True
    for said in ("12 demo orders\n", "0 demo orders\n"):
        out = io.StringIO()
        call_command("create_demo_money", stdout=out)
        assert out.getvalue() == said
    money.check_now()
    assert set(ContributionOrder.objects.values_list("state", flat=True)) == set(ContributionOrder.State)
    assert OfficeAccount.objects.count() == 2
    assert Posting.objects.exists()
    assert verifying.problems() == []


def test_real_offices_get_no_invented_money(settings: Any) -> None:
    settings.DEBUG = False
    with pytest.raises(CommandError):
        call_command("create_demo_money")
    assert not OfficeAccount.objects.exists()
