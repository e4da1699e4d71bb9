"""Tell a citizen something: kept on the site at once, sent by e-mail through the outbox."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext, gettext_lazy

from portal import outbox
from portal.models import Notice, OutboxMessage, User


def notify(user: User, kind: str, *, about: str, facts: Mapping[str, Any], key: str) -> None:
    """Add a notice inside the open transaction and queue its e-mail; once for ``key``."""
    notice = Notice.objects.create(user=user, kind=kind, about=about, facts=dict(facts))
    if user.email:
        outbox.enqueue("notices.email", key=key, about=about, notice=notice.pk)


_WORDS = {
    "filed": gettext_lazy("We have received dossier %(code)s."),
    "with_agent": gettext_lazy(
        "Dossier %(code)s is with the collecting agent, who checks your payment first."
    ),
    "agent_returned": gettext_lazy(
        "The collecting agent has a question about dossier %(code)s. Its page says what to do."
    ),
    "agent_confirmed": gettext_lazy(
        "The collecting agent has confirmed your payment; dossier %(code)s is with the office now."
    ),
    "agent_task": gettext_lazy("Refund %(code)s waits for your confirmation, on the agent's desk."),
    "originals_received": gettext_lazy(
        "The papers of dossier %(code)s have arrived. Result promised for %(due)s."
    ),
    "supplement_asked": gettext_lazy("Dossier %(code)s needs something more from you."),
    "decided": gettext_lazy("Dossier %(code)s has been decided: approved."),
    "rejected": gettext_lazy("Dossier %(code)s was not approved. The reason is on its page."),
    "not_accepted": gettext_lazy("Dossier %(code)s was not accepted. The reason is on its page."),
    "dispatched": gettext_lazy("The result of dossier %(code)s was posted to you: %(tracking)s."),
    "delivered": gettext_lazy("The post has delivered the result of dossier %(code)s."),
    "undelivered": gettext_lazy(
        "The post could not deliver the result of dossier %(code)s: %(reason)s. Its page says what to do."
    ),
    "address_asked": gettext_lazy(
        "Please tell us, on the page of dossier %(code)s, where we shall post the result again."
    ),
    "kept_for_you": gettext_lazy(
        "The result of dossier %(code)s waits for you at %(office)s. Please bring an identity card."
    ),
    "payment_ordered": gettext_lazy("The payment of dossier %(code)s is on its way to your bank."),
    "payment_made": gettext_lazy("The bank has paid the money of dossier %(code)s into your account."),
    "cash_ready": gettext_lazy(
        "The money of dossier %(code)s is ready in cash at %(office)s. Please bring your identity card."
    ),
    "cash_by_post": gettext_lazy(
        "The money of dossier %(code)s is paid out in cash by the post. Please bring your identity card; "
        "%(office)s says at which post office."
    ),
    "cash_paid": gettext_lazy("The money of dossier %(code)s was paid out in cash."),
    "payment_failed": gettext_lazy(
        "The bank could not pay the money of dossier %(code)s. Please correct your account on its page."
    ),
    "account_corrected": gettext_lazy(
        "We have noted another account for dossier %(code)s; the payment is ordered again."
    ),
    "returned": gettext_lazy("The result of dossier %(code)s has been handed over."),
    "result_here": gettext_lazy("The result of dossier %(code)s is here: download it from its page."),
    "apologised": gettext_lazy(
        "We are sorry: dossier %(code)s takes longer. The result is now promised for %(due)s."
    ),
    "papers_elsewhere": gettext_lazy(
        "Please post the papers of dossier %(code)s to %(office)s from now on; a new label is on its page. "
        "What is on its way already will be passed on."
    ),
    "handed_over": gettext_lazy(
        "%(office)s looks after dossier %(code)s from now on. Its code stays, nothing is to be done again. "
        "If papers are still to be posted, a new label is on its page."
    ),
    "ward_asked": gettext_lazy("Your ward was split: please say under “My account” where you live now."),
    "papers_missing": gettext_lazy(
        "Dossier %(code)s still waits for these papers by post: %(papers)s. Please post them to: "
        "%(address)s. There is no last day: the dossier stays open and you lose nothing; the office starts "
        "counting its days when the papers have arrived."
    ),
    "parcel_lost": gettext_lazy(
        "The parcel with the papers of dossier %(code)s is noted as lost. Its page says what you can do."
    ),
    "posted_again": gettext_lazy("We have noted that you posted the papers of dossier %(code)s again."),
    "days_closed": gettext_lazy(
        "The office was closed; the result of dossier %(code)s is now promised for %(due)s."
    ),
    "switch_code": gettext_lazy(
        "Dossier %(code)s: please confirm the change of payment with a code, on the page of the dossier."
    ),
    "switch_call": gettext_lazy(
        "Dossier %(code)s: the office calls you before your payment changes. You need to do nothing."
    ),
    "paper_arrived": gettext_lazy(
        "Form 2-CBH in your name has arrived by post and is dossier %(code)s. If you know nothing of it, "
        "please call 0258 3827 443."
    ),
    "switch_waiting": gettext_lazy(
        "Dossier %(code)s: your payment changes with the list of %(month)s. Until the first payment has come "
        "through, the present way stays."
    ),
    "details_waiting": gettext_lazy(
        "Dossier %(code)s: the office has taken your new details; they stand on the payment list of "
        "%(month)s."
    ),
    "pension_handed_over": gettext_lazy(
        "%(office)s pays the benefit of dossier %(code)s from the list of %(month)s on, at a new place. "
        "Please take note under “Changes of payment”."
    ),
    "switch_done": gettext_lazy(
        "Dossier %(code)s: the first payment has come through. The change is in force."
    ),
    "switch_failed": gettext_lazy(
        "Dossier %(code)s: the bank sent the first payment back (%(reason)s). You receive the money in cash "
        "at your paying point, and as before from then on."
    ),
    "withdrawn": gettext_lazy("Dossier %(code)s was withdrawn."),
    "organisation_confirmed": gettext_lazy("The office has confirmed your account: you can file now."),
    "organisation_not_confirmed": gettext_lazy(
        "The office could not confirm your account. Please see why under “My account”."
    ),
    "order_expired": gettext_lazy(
        "Order %(code)s was not paid in time and has expired; you can order again. If you have paid, call us."
    ),
    "order_part_paid": gettext_lazy(
        "%(paid)s of order %(code)s has arrived; %(left)s is missing. Its page has a code for the rest."
    ),
    "order_lapsed": gettext_lazy(
        "The time to pay order %(code)s is over. %(paid)s had arrived: you can have it back, on its page."
    ),
    "order_reopened": gettext_lazy(
        "Order %(code)s can be paid after all: please transfer the missing %(left)s by %(until)s."
    ),
    "order_returned": gettext_lazy("The bank has paid %(paid)s of order %(code)s back to you."),
    "order_return_failed": gettext_lazy(
        "The bank could not pay the money of order %(code)s back to you. Please give another account there."
    ),
    "order_return_declined": gettext_lazy(
        "The money of order %(code)s was not paid back. The reason is on its page."
    ),
    "receipt_issued": gettext_lazy("Your payment of %(amount)s has arrived; receipt %(code)s is here."),
    "receipt_cancelled": gettext_lazy("Receipt %(code)s was cancelled: %(reason)s"),
    "file_harmful": gettext_lazy("A file you sent for dossier %(code)s is harmful and was locked: %(file)s."),
}
# Where a sentence for the subject of the mail says less than the notice.
_SUBJECTS = {"papers_missing": gettext_lazy("Dossier %(code)s: papers are still missing")}
_NEWS = gettext_lazy("Dossier %(code)s has news.")


def words(notice: Notice) -> str:
    """What ``notice`` says, in the language of the page; a day that is only ``expected`` is called so."""
    facts = {"code": notice.about, **_in_language(notice.facts)}
    if facts.get("due") and facts.get("expected"):
        facts["due"] = f"{facts['due']} ({gettext('expected')})"
    return str(_WORDS.get(notice.kind, _NEWS)) % facts


def address(notice: Notice) -> str:
    """The page a notice leads to: of the dossier it is about, or what its fact ``page`` names."""
    if not notice.about:
        return reverse("profile")
    return reverse(notice.facts.get("page", "dossier"), args=[notice.about])


def _in_language(facts: dict[str, Any]) -> dict[str, Any]:
    """``facts`` with those that end in ``_en`` in the place of their namesakes on English pages."""
    if translation.get_language() != "en":
        return facts
    return facts | {key[:-3]: value for key, value in facts.items() if key.endswith("_en")}


@outbox.handler("notices.email", remote=True)
def send_email(message: OutboxMessage) -> None:
    """Send one notice; it says where to look, never what the dossier holds."""
    notice = Notice.objects.select_related("user").get(pk=message.payload["notice"])
    if notice.emailed_at or not notice.user.email:
        return
    with translation.override("vi"):
        said = words(notice)
        body = render_to_string("emails/notice.txt", {"words": said, "site": settings.SITE_URL})
        subject = str(_SUBJECTS.get(notice.kind, said)) % {"code": notice.about}
        send_mail(subject, body, settings.DEFAULT_FROM_EMAIL, [notice.user.email])
    Notice.objects.filter(pk=notice.pk).update(emailed_at=timezone.now())
