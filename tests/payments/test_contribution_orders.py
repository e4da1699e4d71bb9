"""Orders of contributions: made once, settled, expired or cancelled, each with its posting."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.http import Http404
from django.utils import timezone
from django.utils.timezone import make_aware

from payments import contributions, drafts, ledger, references
from payments.contributions import AmountChanged, NoAccount, OrderClosed
from payments.models import Account, ContributionDraft, ContributionOrder, OfficeAccount
from portal import outbox
from portal.models import Notice, OutboxMessage, User
from procedures.models import LegalFigure
from procedures.offices import NoOffice
from tests.payments import ordering

pytestmark = pytest.mark.django_db
MORNING = make_aware(datetime(2021, 7, 15, 9))


@pytest.fixture(autouse=True)
def _receipts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Receipts are queued; what becomes of them is not asked here."""
    monkeypatch.setitem(outbox.handlers, "payments.receipt", lambda _message: None)


@pytest.fixture
def order(citizen: User) -> ContributionOrder:
    return ordering.ordered(citizen, now=MORNING)


def kinds(order: ContributionOrder) -> list[str]:
    return [posting.kind for posting in ledger.postings_of(order)]


def settle(
    order: ContributionOrder, amount: int, key: str = "line:1", now: datetime = MORNING
) -> ContributionOrder:
    with transaction.atomic():
        ordering.received(order, Decimal(amount), key=f"{key}:in", now=now)
        return contributions.settle(order.pk, Decimal(amount), line=None, key=key, now=now)


def test_an_order_keeps_how_its_amount_came_about(order: ContributionOrder) -> None:
    assert order.amount == 804_600 + 563_220
    assert [p.amount for p in order.people.all()] == [804_600, 563_220]
    steps = order.quote["steps"]
    assert steps[0]["words"].startswith("Người thứ nhất mỗi tháng: 1.490.000 đ × 4,5%")
    assert steps[0]["words_en"].startswith("The first person a month: 1.490.000 đ × 4,5%")
    assert steps[-1]["amount"] == str(order.amount)
    assert {f["name"]: f["confidence"] for f in order.quote["figures"]}["base_salary"] == "sure"
    assert references.spelt(order.reference[2:12]) == order.reference


def test_an_order_charges_the_payer(order: ContributionOrder) -> None:
    assert kinds(order) == ["ordered"]
    assert ledger.balance(Account.RECEIVABLE) == order.amount == -ledger.balance(Account.FUND)


def test_a_draft_is_ordered_once_however_often_it_is_asked(order: ContributionOrder) -> None:
    again = drafts.order(order.draft, seen=str(order.amount), now=MORNING + timedelta(minutes=1))
    assert again == order
    assert ContributionOrder.objects.count() == 1 and kinds(order) == ["ordered"]


def test_an_amount_that_changed_since_the_page_was_drawn_is_not_ordered(citizen: User) -> None:
    ordering.account()
    draft = ordering.household_draft(citizen)
    with pytest.raises(AmountChanged):
        drafts.order(draft, seen="1", now=MORNING)
    assert not ContributionOrder.objects.exists()


def test_the_money_goes_to_the_office_of_the_ward_on_the_account_valid_that_day(citizen: User) -> None:
    ordering.account("ninh-hoa")
    out = ordering.account(purpose=OfficeAccount.Purpose.OUT)
    draft = ordering.household_draft(citizen)
    with pytest.raises(NoAccount) as none:
        drafts.order(draft, seen=ordering.seen(draft, MORNING), now=MORNING)
    assert none.value.office.slug == "cam-ranh"
    OfficeAccount.objects.filter(pk=out.pk).update(purpose="both", valid_to=date(2021, 7, 14))
    with pytest.raises(NoAccount):
        drafts.order(draft, seen=ordering.seen(draft, MORNING), now=MORNING)
    OfficeAccount.objects.filter(pk=out.pk).update(valid_to=date(2021, 7, 15))
    assert drafts.order(draft, seen=ordering.seen(draft, MORNING), now=MORNING).account == out


@pytest.mark.parametrize("facts", [{"ward": None}, {"ward_in_doubt": True}])
def test_whose_ward_is_not_known_has_no_office_to_pay(citizen: User, facts: dict[str, object]) -> None:
    User.objects.filter(pk=citizen.pk).update(**facts)
    citizen.refresh_from_db()
    draft = ordering.household_draft(citizen)
    with pytest.raises(NoOffice):
        drafts.order(draft, seen=ordering.seen(draft, MORNING), now=MORNING)


def test_an_order_expires_at_the_end_of_a_day_and_not_after_a_figure_it_used(citizen: User) -> None:
    assert timezone.localtime(ordering.ordered(citizen, now=MORNING).expires_at).isoformat()[:19] == (
        "2021-07-22T23:59:59"
    )
    LegalFigure.objects.filter(name="base_salary", valid_from="2019-07-01").update(valid_to="2021-07-17")
    assert f"{timezone.localdate(ordering.ordered(citizen, now=MORNING).expires_at)}" == "2021-07-17"


# --- Settled -------------------------------------------------------------------------------------


def test_paid_in_full_it_is_settled_and_its_receipt_queued(order: ContributionOrder) -> None:
    settled = settle(order, 1_367_820)
    assert (settled.state, settled.paid, settled.closed_at) == ("paid", 1_367_820, MORNING)
    assert kinds(order) == ["ordered", "settled"]
    assert ledger.balance(Account.RECEIVABLE) == ledger.balance(Account.SUSPENSE) == 0
    queued = OutboxMessage.objects.get(topic="payments.receipt")
    assert (queued.key, queued.payload) == ("line:1", {"order": order.pk})


def test_the_same_line_settles_once(order: ContributionOrder) -> None:
    settle(order, 1_367_820)
    again = settle(order, 1_367_820)
    assert again.paid == 1_367_820 and kinds(order) == ["ordered", "settled"]
    assert OutboxMessage.objects.filter(topic="payments.receipt").count() == 1


def test_paid_in_parts_it_stays_open_until_the_last(order: ContributionOrder) -> None:
    assert settle(order, 1_000_000).state == "open"
    assert not OutboxMessage.objects.filter(topic="payments.receipt").exists()
    assert settle(order, 367_820, "line:2").state == "paid"
    assert ledger.balance(Account.RECEIVABLE) == 0


@pytest.mark.parametrize("amount", [0, -5, 1_367_821])
def test_never_more_than_is_left_to_pay(order: ContributionOrder, amount: int) -> None:
    with pytest.raises(ValueError):
        contributions.settle(order.pk, Decimal(amount), line=None, key="x", now=MORNING)
    order.refresh_from_db()
    assert order.paid == 0 and kinds(order) == ["ordered"]


@pytest.mark.parametrize("ended", ["expired", "cancelled", "paid"])
def test_money_for_an_order_that_is_closed_is_not_taken(order: ContributionOrder, ended: str) -> None:
    if ended == "paid":
        settle(order, 1_367_820)
    elif ended == "expired":
        contributions.expire(order.pk, now=MORNING)
    else:
        contributions.cancel(order, actor=order.payer, now=MORNING)
    with pytest.raises(OrderClosed):
        contributions.settle(order.pk, Decimal(5), line=None, key="late", now=MORNING)


def test_cards_are_dated_by_the_day_the_bank_booked_the_money(order: ContributionOrder) -> None:
    assert order.people.all()[0].card_from == date(2021, 8, 14)
    contributions.settle(
        order.pk, order.amount, line=None, key="x", now=MORNING + timedelta(days=5), paid_on=date(2021, 7, 17)
    )
    person = order.people.all()[0]
    assert (person.card_from, person.card_to) == (date(2021, 8, 16), date(2022, 8, 15))
    assert (person.first_month, person.last_month) == (date(2021, 8, 1), date(2022, 7, 1))


# --- Not paid ------------------------------------------------------------------------------------


def test_nobody_is_made_to_hurry_by_the_bank(order: ContributionOrder) -> None:
    assert contributions.expire_due(order.expires_at + timedelta(days=2)) == 0
    assert contributions.expire_due(order.expires_at + timedelta(days=4)) == 1
    order.refresh_from_db()
    assert order.state == "expired" and kinds(order) == ["ordered", "withdrawn"]
    notice = Notice.objects.get(user=order.payer)
    assert (notice.kind, notice.about) == ("order_expired", order.reference)
    assert ledger.balance(Account.RECEIVABLE) == ledger.balance(Account.FUND) == 0
    assert contributions.expire_due(order.expires_at + timedelta(days=4)) == 0


def test_what_is_partly_paid_neither_expires_nor_is_cancelled(order: ContributionOrder) -> None:
    settle(order, 5)
    assert contributions.expire_due(order.expires_at + timedelta(days=40)) == 0
    with pytest.raises(OrderClosed):
        contributions.cancel(order, actor=order.payer, now=MORNING)


def test_cancelled_twice_it_is_withdrawn_once(order: ContributionOrder) -> None:
    for _i in range(2):
        assert contributions.cancel(order, actor=order.payer, now=MORNING).state == "cancelled"
    assert kinds(order) == ["ordered", "withdrawn"]
    assert ledger.postings_of(order)[1].posted_by == order.payer
    with pytest.raises(OrderClosed):
        contributions.settle(order.pk, order.amount, line=None, key="x", now=MORNING)


# --- Who sees it ---------------------------------------------------------------------------------


def test_an_order_is_seen_by_its_payer_and_the_staff_of_its_office(
    order: ContributionOrder, citizen: User, stranger: User, clerk: User, other_clerk: User, director: User
) -> None:
    for who in (citizen, clerk, director):
        assert contributions.get_for(who, order.reference) == order
    for who in (stranger, other_clerk):
        with pytest.raises(Http404):
            contributions.get_for(who, order.reference)
    assert not ContributionDraft.objects.filter(order=None).exists()
