"""What the pages of a dossier say of a change of payment: from when it holds, and what is still to do."""

from django.urls import reverse
from django.utils.translation import gettext as _

from pension import list_days, switching
from pension.models import SwitchRequest
from procedures.hooks import Advice, Facts, advisers

State = SwitchRequest.State


def advise(facts: Facts) -> list[Advice]:
    """Before filing: the next list. Afterwards: where the change stands."""
    dossier = facts.dossier
    if dossier is None or dossier.is_draft:
        return _next_list(facts)
    switch = switching.of_dossier(dossier)
    if switch is None:
        return []
    return [Advice(words_of(switch), reverse("switch", args=[dossier.code]), _("Your change of payment"))]


def _next_list(facts: Facts) -> list[Advice]:
    day = list_days.closing_day(facts.today)
    if day is None:
        return []
    month = list_days.next_list(facts.today, day)
    words = _(
        "The next payment list that takes your change is that of %(month)s; it closes on %(day)s (expected). "
        "Until then you can take the change back. The present way of payment stays until the first payment "
        "has come through."
    )
    closes = list_days.closes_on(month, day)
    return [Advice(words % {"month": f"{month:%m/%Y}", "day": f"{closes:%d/%m/%Y}"})]


def words_of(switch: SwitchRequest) -> str:
    """Where a change stands, for its beneficiary: nothing of why it is held."""
    month = {"month": f"{switch.effective_month:%m/%Y}"}
    if switch.kind == SwitchRequest.Kind.PERSONAL_INFO and switch.state == State.WAITING:
        return _("Your new details stand on the payment list of %(month)s.") % month
    return {
        State.UNCONFIRMED: _("Please confirm the change with a code that we send you."),
        State.HELD: _("The office will call you before anything changes. You need to do nothing."),
        State.CONFIRMED: _("You have confirmed the change. The office is checking it."),
        State.WAITING: _("Your payment changes with the list of %(month)s.") % month,
        State.TRYING: _("The first payment is under way. If it fails, you are paid in cash as before."),
        State.DONE: _("The change is in force."),
        State.FAILED: _("The first payment failed, so you are paid as before: in cash at your paying point."),
        State.ENDED: _("This change has ended. You are paid as before."),
    }[State(switch.state)]


advisers[switching.SLUG] = advise
