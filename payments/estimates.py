"""What a citizen may expect back, and the same calculation for the office."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from payments import refund_amounts, refunds
from payments.models import Refund
from payments.models.orders import Product
from payments.refund_amounts import Breakdown, NothingDue, Paid
from procedures import rates
from procedures.models import Dossier


@dataclass(frozen=True)
class Estimate:
    """A ``breakdown``, or why there is none."""

    breakdown: Breakdown | None = None
    refusal: str = ""


def of_answers(dossier: Dossier, answers: Mapping[str, Any]) -> Estimate:
    """What the cleaned ``answers`` of a dossier lead to."""
    try:
        paid = Paid(
            refunds.month(answers["paid_from"]),
            refunds.month(answers["paid_to"]),
            Decimal(answers["paid_amount"]),
            answers["paid_method"],
        )
        day = date.fromisoformat(answers["ground_date"])
        return _estimate(refunds.PRODUCTS[dossier.procedure.slug], paid, answers["ground"], day, answers)
    except KeyError:
        return Estimate(refusal=_("Please complete the page about the refund first."))


def of_refund(refund: Refund, *, new_monthly: Decimal | None = None) -> Estimate:
    """What the confirmed payment leads to."""
    paid = Paid(refund.paid_from, refund.paid_to, Decimal(refund.paid_amount), refund.paid_method)
    answers = {**refund.dossier.answers, "new_monthly": new_monthly}
    if refund.person and refund.person.income:
        answers["paid_income"] = int(refund.person.income)
    try:
        return _estimate(refund.product, paid, refund.ground, refund.ground_date, answers)
    except KeyError:
        return Estimate(refusal=_("The income chosen is not known; please work the amount out by hand."))


def _estimate(product: str, paid: Paid, ground: str, day: date, answers: Mapping[str, Any]) -> Estimate:
    try:
        if product == Product.HOUSEHOLD:
            found = refund_amounts.household(paid, ground, day, new_monthly=answers.get("new_monthly"))
        else:
            found = refund_amounts.voluntary(
                paid,
                ground,
                day,
                income=Decimal(answers["paid_income"]),
                group=answers["support_group"],
                figure=rates.figure,
            )
    except NothingDue as refused:
        return Estimate(refusal=str(refused))
    except rates.FigureMissing as missing:
        words = _("The figure “%(name)s” for %(day)s is not loaded: an administrator must add it first.")
        return Estimate(refusal=words % {"name": missing.name, "day": f"{missing.day:%d/%m/%Y}"})
    return Estimate(found)


def steps_of(breakdown: Breakdown) -> list[dict[str, Any]]:
    """The steps as they are kept with a refund."""
    return [
        {"words": step.words, "amount": None if step.amount is None else int(step.amount)}
        for step in breakdown.steps
    ]
