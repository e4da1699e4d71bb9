"""Orders that are paid in part: they end with their money in suspense, or are opened once more.

An order that ends takes its charge back and holds what came in: Dr receivable / Cr suspense. Opened once
more it is charged again and takes the money up: Dr suspense / Cr receivable. From suspense the money goes
back to the payer (``order_returns``).
"""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from payments import contributions, drafts, ledger, quotes
from payments.models import Account, ContributionDraft, ContributionOrder, OrderReturn, Product
from payments.quotes import Quote
from payments.statements import bulk
from portal import notices
from portal.models import User
from portal.text import dong
from procedures import workflow
from procedures.rates import FigureMissing
from procedures.workflow import MoveRefused

State = ContributionOrder.State
HELD, TAKEN_UP = "part_held", "part_taken_up"
WORKERS = frozenset({"clerk", "supervisor"})


def may_work(user: User, order: ContributionOrder) -> bool:
    """Clerks and supervisors of the office of ``order``."""
    return workflow.role_of(user) in WORKERS and user.staff.office_id == order.office_id


def held() -> QuerySet[ContributionOrder]:
    """Ended orders whose money nobody gives back yet."""
    standing = OrderReturn.objects.filter(state__in=OrderReturn.STANDING)
    ended = ContributionOrder.objects.filter(state__in=[State.EXPIRED, State.CANCELLED], paid__gt=0)
    return ended.exclude(pk__in=standing.values("order"))


# --- They end ------------------------------------------------------------------------------------


def lapse_due(now: datetime) -> int:
    """End the orders whose time to pay is over with a part missing, each by itself; return how many.

    They wait ``ORDER_GRACE_DAYS`` longer than people are told, as those nobody paid for.
    """
    late = now - timedelta(days=settings.ORDER_GRACE_DAYS)
    due = ContributionOrder.objects.filter(state=State.OPEN, expires_at__lt=late, paid__gt=0).order_by("pk")
    return sum(lapse(pk, now=now) for pk in list(due.values_list("pk", flat=True)))


def lapse(order_id: int, *, now: datetime) -> bool:
    """End an open order that is paid in part; False where it is not one any more."""
    with transaction.atomic():
        order = contributions.locked(order_id)
        if order.state != State.OPEN or not order.paid:
            return False
        end(order, State.EXPIRED, now=now)
        facts = {"page": "contribution", "paid": dong(order.paid)}
        key = f"order:{order.pk}:lapsed:{order.expires_at:%Y-%m-%d}"
        notices.notify(order.payer, "order_lapsed", about=order.reference, facts=facts, key=key)
    return True


def end(order: ContributionOrder, state: str, *, now: datetime, actor: User | None = None) -> None:
    """End the locked ``order``: nothing is receivable any more, what came in waits in suspense."""
    contributions.withdraw(order, state, now, actor)
    lines = ledger.transfer(order.paid, debit=Account.RECEIVABLE, credit=Account.SUSPENSE)
    _post(order, HELD, lines, now, actor)
    bulk.look_again([order.pk])


def _post(
    order: ContributionOrder, kind: str, lines: list[ledger.Line], now: datetime, actor: User | None
) -> None:
    key = contributions.key_of(order, kind)
    ledger.post(kind, lines, office=order.office, document=order, key=key, now=now, actor=actor)


# --- Or they are paid after all ------------------------------------------------------------------


def quote_of(order: ContributionOrder, now: datetime) -> Quote | None:
    """What the same answers cost today; None where that is not known any more."""
    draft = ContributionDraft.objects.select_related("owner").filter(order=order).first()
    if draft is None:
        return None
    try:
        return drafts.offer(draft, timezone.localdate(now)).quote
    except (drafts.Incomplete, quotes.QuoteRefused, FigureMissing):
        return None


def may_reopen(user: User, order: ContributionOrder) -> bool:
    """Whether ``user`` may let ``order`` be paid once more: it expired with a part paid, still held."""
    return (
        may_work(user, order)
        and order.state == State.EXPIRED
        and order.paid > 0
        and not order.returns.filter(state__in=OrderReturn.STANDING).exists()
    )


def reopen(order: ContributionOrder, *, actor: User, now: datetime) -> ContributionOrder:
    """Let the rest be paid after all, while the same answers cost the same today. Raises ``MoveRefused``.

    Pressing twice opens once.
    """
    with transaction.atomic():
        locked = contributions.locked(order.pk)
        if locked.state == State.OPEN:
            return locked
        if not may_reopen(actor, locked):
            raise MoveRefused(_("This order cannot be opened once more. Please look again."))
        quote = _same(locked, now)
        contributions.charge(locked, locked.amount, "ordered", now, actor)
        lines = ledger.transfer(locked.paid, debit=Account.SUSPENSE, credit=Account.RECEIVABLE)
        _post(locked, TAKEN_UP, lines, now, actor)
        locked.state, locked.closed_at = State.OPEN, None
        locked.expires_at = contributions.expires(quote, now)
        locked.save(update_fields=["state", "closed_at", "expires_at"])
        bulk.look_again([locked.pk])
        _tell_reopened(locked)
    return locked


def _same(order: ContributionOrder, now: datetime) -> Quote:
    """The quote of today, where it is for the same amount and, of voluntary insurance, the same months."""
    quote = quote_of(order, now)
    if quote is None or (order.product == Product.VOLUNTARY and _months(quote) != _ordered_months(order)):
        raise MoveRefused(_("What this costs today is not known: give the money back instead."))
    if quote.amount != order.amount:
        words = _("The same costs %(amount)s today: give the money back, and let it be ordered anew.")
        raise MoveRefused(words % {"amount": dong(quote.amount)})
    return quote


def _months(quote: Quote) -> list[tuple[date, date]]:
    return [(share.first_month, share.last_month) for share in quote.shares]


def _ordered_months(order: ContributionOrder) -> list[tuple[date, date]]:
    return [(person.first_month, person.last_month) for person in order.people.all()]


def _tell_reopened(order: ContributionOrder) -> None:
    until = timezone.localtime(order.expires_at)
    facts = {
        "page": "contribution",
        "left": dong(order.amount - order.paid),
        "until": f"{until:%d/%m/%Y}",
    }
    key = f"order:{order.pk}:reopened:{until:%Y-%m-%d}"
    notices.notify(order.payer, "order_reopened", about=order.reference, facts=facts, key=key)
