"""Two people decide about the same contribution at the same moment: never more back than was paid."""

import random
from typing import Any

import pytest
from django.db.models import Sum
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from payments import refunds
from payments.models import Posting, Refund
from portal.models import User
from procedures import demo
from procedures.models import Dossier, Office
from procedures.workflow import MoveRefused
from tests import refunding
from tests.conftest import _staff
from tests.threads import Meeting, at_once


def _two_refunds_of_one_payment() -> list[Dossier]:
    """Two citizens ask for the same person's payment; each amount alone is within it."""
    clerk = _staff("cam-ranh", "clerk", "Lê Thị Hạnh")
    agent = refunding.agent(clerk)
    found = []
    for seed in (5, 6):
        who = demo.citizen(demo.person(random.Random(seed), refunding.WARD))
        dossier = refunding.filed(who, agent, refundee_number="5612345679")
        refunding.confirmed(dossier, agent)
        refunding.proposed(dossier, clerk, 500_000)
        found.append(dossier)
    return found


def _two_approve(dossiers: list[Dossier]) -> list[Any]:
    office = Office.objects.get(slug="cam-ranh")
    heads = [demo.staff(f"head{n}", "Cao Văn Sơn", office, "supervisor", password="x") for n in (1, 2)]

    def approve(dossier: Dossier, head: User) -> Refund:
        refund = Refund.objects.get(dossier=dossier)
        actor = User.objects.get(pk=head.pk)
        return refunds.approve(refund, actor=actor, key=f"k{head.pk}", now=timezone.now())

    return at_once(*[lambda d=d, h=h: approve(d, h) for d, h in zip(dossiers, heads, strict=True)])


def _given_back() -> int:
    return int(Refund.objects.filter(state__in=Refund.DECIDED).aggregate(sum=Sum("amount"))["sum"] or 0)


@pytest.fixture
def pause_after_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold two approvals between their check of the amount and their write until both are there."""
    meeting, check = Meeting(), refunds._check_amount

    def slow(*args: Any) -> None:
        check(*args)
        meeting.wait()

    monkeypatch.setattr(refunds, "_check_amount", slow)


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_two_approvals_give_back_more_than_was_paid(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    dossiers = _two_refunds_of_one_payment()
    monkeypatch.setattr(refunds, "_hold", lambda refund: None)
    request.getfixturevalue("pause_after_check")
    assert [type(result) for result in _two_approve(dossiers)] == [Refund, Refund]
    assert _given_back() == 1_000_000


@pytest.mark.django_db(transaction=True)
def test_of_two_approvals_at_once_the_second_is_told_what_is_left(request: pytest.FixtureRequest) -> None:
    dossiers = _two_refunds_of_one_payment()
    request.getfixturevalue("pause_after_check")
    results = _two_approve(dossiers)
    assert {type(result) for result in results} == {Refund, MoveRefused}, results
    assert _given_back() == 500_000
    assert Posting.objects.filter(kind="refund_decided").count() == 1


@pytest.mark.django_db
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(amounts=st.lists(st.integers(1, 900_000), min_size=1, max_size=3), known=st.booleans())
def test_whatever_is_proposed_in_turn_no_more_is_given_back_than_was_paid(
    amounts: list[int], known: bool, db: None
) -> None:
    from django.db import transaction

    with transaction.atomic():
        clerk, head = (_staff("cam-ranh", role, "Lê Thị Hạnh") for role in ("clerk", "supervisor"))
        agent = refunding.agent(clerk)
        who = demo.citizen(demo.person(random.Random(5), refunding.WARD))
        person = refunding.order_of(who) if known else None
        for amount in amounts:
            dossier = refunding.filed(who, agent)
            refunding.confirmed(dossier, agent)
            try:
                refunding.proposed(dossier, clerk, amount, person=person)
                refunding.approved(dossier, head)
            except MoveRefused:
                continue
        assert _given_back() <= 804_600
        ledger_says = Posting.objects.filter(kind="refund_decided", entries__account="refunds")
        assert -int(ledger_says.aggregate(sum=Sum("entries__amount"))["sum"] or 0) == _given_back()
        transaction.set_rollback(True)
