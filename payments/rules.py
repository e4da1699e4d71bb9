"""Rules that definitions name: a refund is decided on the refunds desk, where its amount is."""

from django.utils.translation import gettext as _

from payments import refunds
from payments.models import Refund
from procedures.hooks import Facts, Refusal, rule


def _refund(facts: Facts) -> Refund | None:
    assert facts.dossier is not None
    return Refund.objects.filter(dossier=facts.dossier).first()


@rule("payments.refund_proposed")
def refund_proposed(facts: Facts) -> Refusal | None:
    """A refund is proposed together with its amount."""
    assert facts.dossier is not None
    if not refunds.asked(facts.dossier):
        return None
    refund, said = _refund(facts), facts.answers.get("refund")
    if refund and refund.state == Refund.State.PROPOSED and said == int(refund.amount or 0):
        return None
    return Refusal(_("Please propose the amount on the refunds desk."))


@rule("payments.refund_decided")
def refund_decided(facts: Facts) -> Refusal | None:
    """A refund is approved where its amount is checked against what was paid."""
    assert facts.dossier is not None
    if not refunds.asked(facts.dossier):
        return None
    refund = _refund(facts)
    if refund and refund.state in Refund.DECIDED:
        return None
    return Refusal(_("Please approve the amount on the refunds desk."))


@rule("payments.refund_paid")
def refund_paid(facts: Facts) -> Refusal | None:
    """The dossier stays open until the money has come."""
    refund = _refund(facts)
    if refund is None or refund.state == Refund.State.PAID:
        return None
    return Refusal(_("The money is still on its way: the dossier closes when the bank has paid it."))
