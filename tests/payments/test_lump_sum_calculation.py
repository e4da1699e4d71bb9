"""The calculator and the amount of a lump sum: prefilled, compared, both kept, a difference explained."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from payments import lump_sums
from payments.models import LumpSum
from portal.models import User
from procedures import reckoning
from procedures.reckoning import NotReckoned
from procedures.workflow import MoveRefused
from tests.posting import approved

SignIn = Callable[[User], Client]
DESK = "/quan-tri/payments/lumpsum/"
TABLE = "01/2012 12/2013 3.000.000\n01/2014 12/2018 5.000.000"
DAY = date(2021, 7, 12)

pytestmark = pytest.mark.django_db


def typed(**given: str) -> dict[str, str]:
    return {"periods": TABLE, "day": "12/07/2021", "amount": "", "decision": "", "difference": "", **given}


def calculated(seed: int = 1) -> Decimal:
    return reckoning.of(approved(seed), TABLE, DAY).amount


def words(amount: Decimal) -> str:
    return f"{int(amount):,}".replace(",", ".")


def test_the_desk_calculates_and_fills_the_amount_in(clerk: User, sign_in: SignIn) -> None:
    dossier, client = approved(1), sign_in(clerk)
    amount = reckoning.of(dossier, TABLE, DAY).amount
    page = client.post(f"{DESK}ghi/{dossier.pk}/", typed(tinh="1", decision="12/QĐ"))
    told = page.content.decode()
    assert page.status_code == 200
    assert f'name="amount" value="{words(amount)}"' in told
    assert 'value="12/QĐ"' in told
    assert "84 tháng" in told
    assert "Luật BHXH" in told
    assert not LumpSum.objects.exists()


def test_an_amount_as_calculated_is_kept_with_its_steps_and_figures(
    clerk: User, supervisor: User, sign_in: SignIn
) -> None:
    dossier = approved(1)
    amount = reckoning.of(dossier, TABLE, DAY).amount
    answer = sign_in(clerk).post(
        f"{DESK}ghi/{dossier.pk}/", typed(amount=words(amount), decision="12/QĐ", ghi="1", key="k")
    )
    assert answer.status_code == 303
    row = LumpSum.objects.get()
    assert (row.amount, row.calculated, row.difference) == (amount, amount, "")
    assert row.calculation["periods"] == TABLE
    assert row.calculation["steps"] and row.calculation["figures"]
    page = sign_in(supervisor).get(answer["Location"]).content.decode()
    assert row.calculation["steps"][-1]["words"] in page
    assert "khớp" in page


def test_another_amount_needs_a_reason_and_both_are_kept(clerk: User, sign_in: SignIn) -> None:
    dossier, client = approved(1), sign_in(clerk)
    other = calculated(2) + 1000
    given = typed(amount=words(other), decision="12/QĐ", ghi="1", key="k")
    refused = client.post(f"{DESK}ghi/{dossier.pk}/", given)
    assert refused.status_code == 422
    assert TABLE.splitlines()[0] in refused.content.decode()
    reason = "Truy thu tháng 5/2016"
    assert client.post(f"{DESK}ghi/{dossier.pk}/", {**given, "difference": reason}).status_code == 303
    row = LumpSum.objects.get()
    assert (row.amount, row.calculated, row.difference) == (other, other - 1000, reason)


def test_what_the_browser_says_was_calculated_does_not_count(clerk: User) -> None:
    dossier = approved(1)
    kept = reckoning.of(dossier, TABLE, DAY).kept()
    with pytest.raises(MoveRefused, match="lý do"):
        lump_sums.record(dossier, Decimal(1), "1", actor=clerk, key="k", now=timezone.now(), calculation=kept)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"periods": "03/2012 3.000.000"}, "Dòng 1"),
        ({"periods": "không có gì"}, "Dán quá trình đóng"),
        ({"periods": "01/2012 12/2013 3.000.000\n05/2013 12/2014 4.000.000"}, "05/2013"),
        ({"periods": "01/2012 12/2031 3.000.000"}, "Giai đoạn 1"),
        ({"day": "31/02/2021"}, "05/07/2021"),
        ({"day": "12/07/2011"}, "01/01/2018"),
    ],
)
def test_periods_that_make_no_sense_are_named_and_nothing_typed_is_lost(
    given: dict[str, str], told: str, clerk: User, sign_in: SignIn
) -> None:
    dossier = approved(1)
    page = sign_in(clerk).post(f"{DESK}ghi/{dossier.pk}/", typed(tinh="1", decision="12/QĐ", **given))
    assert page.status_code == 422
    assert told in page.content.decode()
    assert 'value="12/QĐ"' in page.content.decode()


def test_a_figure_nobody_has_loaded_is_named_and_nothing_guessed() -> None:
    with pytest.raises(NotReckoned, match="chưa được nạp"):
        reckoning.of(approved(1), "01/1990 12/1994 50.000", date(2099, 1, 1))


def test_the_states_support_stays_with_the_seriously_ill() -> None:
    dossier = approved(1)
    table = "01/2019 12/2020 700.000 tự nguyện"
    usual = reckoning.of(dossier, table, DAY).amount
    dossier.case = "serious_illness"
    assert reckoning.of(dossier, table, DAY).amount >= usual


def test_periods_stand_in_the_form_again_after_it_was_sent_back(
    clerk: User, supervisor: User, sign_in: SignIn
) -> None:
    dossier = approved(1)
    kept = reckoning.of(dossier, TABLE, DAY).kept() | {"periods": TABLE}
    row = lump_sums.record(
        dossier,
        Decimal(kept["amount"]),
        "12/QĐ",
        actor=clerk,
        key="k",
        now=timezone.now(),
        calculation=kept,
    )
    lump_sums.send_back(row, actor=supervisor, reason="Xem lại", now=timezone.now())
    page = sign_in(clerk).get(f"{DESK}ghi/{dossier.pk}/").content.decode()
    assert TABLE.splitlines()[1] in page
    assert 'value="12/QĐ"' in page


def test_the_database_lets_no_difference_go_unexplained(clerk: User) -> None:
    lump_sums.record(approved(1), Decimal(5), "1", actor=clerk, key="k", now=timezone.now(), difference="x")
    with pytest.raises(IntegrityError, match="lump_sum_difference_explained"), transaction.atomic():
        LumpSum.objects.update(calculated=6, difference="")
