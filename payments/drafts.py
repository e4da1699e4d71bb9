"""A contribution from the first question to the quote: what was typed, and what comes of it."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone, translation

from payments import contributions, figures, forms, quotes
from payments.contributions import Person
from payments.models import ContributionDraft, ContributionOrder, Product
from payments.quotes import Quote
from portal.models import Organisation, User
from procedures.offices import NoOffice, office_for

_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


class Incomplete(Exception):
    """A page of the draft is not answered as it must be."""

    def __init__(self, slug: str) -> None:
        super().__init__(slug)
        self.slug = slug


@dataclass(frozen=True)
class Offer:
    """What a complete draft comes to; ``people`` and the shares of ``quote`` go together."""

    quote: Quote
    people: list[Person]
    answers: dict[str, Any]


def visible_to(user: User) -> QuerySet[ContributionDraft]:
    """The drafts of ``user``; nobody else sees them."""
    return ContributionDraft.objects.filter(owner=user)


def get_for(user: User, code: str) -> ContributionDraft:
    """The draft ``code`` of ``user``; ``Http404`` alike for not there and not theirs."""
    return get_object_or_404(visible_to(user).select_related("order", "owner"), code=code)


def open_of(user: User) -> QuerySet[ContributionDraft]:
    return visible_to(user).filter(order=None)


def start(user: User, product: str, kind: str) -> ContributionDraft:
    """The open draft of ``user`` for this, begun now if there is none."""
    code = "".join(secrets.choice(_ALPHABET) for _i in range(12))
    try:
        with transaction.atomic():
            return ContributionDraft.objects.create(
                code=code, owner=user, product=product, kind=kind, answers=_prefilled(user, product)
            )
    except IntegrityError:
        return open_of(user).get(product=product, kind=kind)


def _prefilled(user: User, product: str) -> dict[str, Any]:
    if Organisation.objects.filter(user=user).exists():
        return {}
    own = {
        "full_name": user.full_name,
        "insurance_number": user.username,
        "date_of_birth": user.date_of_birth,
    }
    return {"people": [own]} if product == Product.HOUSEHOLD else own


def save(draft: ContributionDraft, typed: Mapping[str, Any], *, now: datetime) -> None:
    """Keep what was typed on a page, valid or not; an ordered draft keeps what was ordered."""
    with transaction.atomic():
        locked = ContributionDraft.objects.select_for_update(no_key=True).get(pk=draft.pk)
        draft.answers = {**locked.answers, **typed}
        if locked.order_id is None:
            locked.answers, locked.updated_at = draft.answers, now
            locked.save(update_fields=["answers", "updated_at"])


def offer(draft: ContributionDraft, today: date) -> Offer:
    """The quote of a complete draft; raises ``Incomplete``, ``QuoteRefused`` or ``FigureMissing``."""
    answers: dict[str, Any] = {}
    for kind in forms.pages_of(draft):
        page = kind(draft, today, data=draft.answers)
        if not page.is_valid():
            raise Incomplete(kind.slug)
        answers |= page.cleaned_data
    return _household(answers, today) if draft.product == Product.HOUSEHOLD else _voluntary(answers, today)


def _voluntary(answers: dict[str, Any], today: date) -> Offer:
    answers.setdefault("first_month", f"{today:%Y-%m}")
    choice = forms.chosen(answers)
    quote = quotes.voluntary(choice, figures=figures.on(today), today=today)
    person = _person(answers, income=choice.income, method=choice.method)
    return Offer(quote, [person], answers)


def _household(answers: dict[str, Any], today: date) -> Offer:
    people = [_person(row, card_ends=_day(row.get("card_ends", ""))) for row in answers["people"]]
    quote = quotes.household(
        [quotes.Member(person.full_name, person.card_ends) for person in people],
        months=int(answers["months"]),
        already=int(answers.get("already") or 0),
        figures=figures.on(today),
        today=today,
    )
    return Offer(quote, people, answers)


def _person(row: Mapping[str, Any], **more: Any) -> Person:
    return Person(
        full_name=row["full_name"],
        insurance_number=row.get("insurance_number", ""),
        date_of_birth=row["date_of_birth"],
        **more,
    )


def _day(iso: str) -> date | None:
    return date.fromisoformat(iso) if iso else None


def order(draft: ContributionDraft, *, seen: str, now: datetime) -> ContributionOrder:
    """Order what the draft asks for, at the office of its owner's ward.

    Raises what ``offer`` raises, ``NoOffice``, ``contributions.NoAccount`` and
    ``contributions.AmountChanged``.
    """
    today = timezone.localdate(now)
    made = offer(draft, today)
    if not draft.owner.ward_id or draft.owner.ward_in_doubt:
        raise NoOffice(draft.owner.ward_id or "")
    account = contributions.account_for(office_for(draft.owner.ward_id, today), today)
    return contributions.make(
        draft, made.quote, made.people, told=told(draft, made, today), account=account, seen=seen, now=now
    )


def told(draft: ContributionDraft, made: Offer, today: date) -> dict[str, Any]:
    """How the amount came about, to be kept: answers, steps in both languages, figures with their source."""
    steps = []
    with translation.override("en"):
        english = offer(draft, today).quote.steps
    with translation.override("vi"):
        for step, other in zip(offer(draft, today).quote.steps, english, strict=True):
            steps.append({"words": step.words, "words_en": other.words, "amount": _kept(step.amount)})
    kept = {
        "on": today.isoformat(),
        "answers": made.answers,
        "amount": _kept(made.quote.amount),
        "steps": steps,
        "figures": [
            {"name": f.name, "value": f.value, "source": f.source, "confidence": f.confidence}
            for f in made.quote.figures
        ],
    }
    return kept | (_cards(made) if draft.product == Product.HOUSEHOLD else {})


def _kept(amount: Decimal) -> str:
    return str(amount.quantize(Decimal(1)))


def _cards(made: Offer) -> dict[str, Any]:
    """What dates the cards by the day of the payment, see ``quotes.card_dates``."""
    used = {figure.name: figure.value for figure in made.quote.figures}
    rules = {
        "months": int(made.answers["months"]),
        "waiting": used["household_health.waiting_days"],
        "gap": used["household_health.gap_months"],
    }
    ends = [person.card_ends.isoformat() if person.card_ends else "" for person in made.people]
    return {"card_ends": ends, "card_rules": rules}
