"""Signs of a switch that its beneficiary may know nothing of. Staff read them, citizens never."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from pension.models import BenefitEntry, PaperFiling, RosterImport, SwitchRequest
from portal.models import User

DOUBTS: dict[str, Any] = {
    "shared_account": _("Several beneficiaries use this account"),
    "new_phone": _("Phone number or e-mail address of the account was changed shortly before"),
    "other_phone": _("The phone number is not the one on the roster"),
    "new_device": _("Asked from a device seen for the first time"),
    "on_paper": _("Came on paper, from somebody who has no account here to confirm with"),
    "helped": _("Somebody else filled in the form; see the history of the dossier"),
    "no_channel": _("There is no second channel: neither an e-mail address nor a phone number"),
}


def of_filing(switch: SwitchRequest, owner: User, phone: str, now: datetime) -> list[str]:
    """The doubts there are when a switch is filed, by name."""
    found = {
        "shared_account": _is_shared(switch),
        "new_phone": _is_recent(owner.contact_changed_at, settings.SWITCH_PHONE_DAYS, now)
        or _has_new_phone(switch, now),
        "other_phone": bool(switch.beneficiary.phone and phone and switch.beneficiary.phone != phone),
    }
    return [name for name, is_so in found.items() if is_so and switch.method == "account"]


def of_paper(paper: PaperFiling | None, owner: User) -> list[str]:
    """The doubts about a change that came on paper: nobody had to sign in for it."""
    if paper is None:
        return []
    found = {"on_paper": not owner.is_active, "helped": bool(paper.helper)}
    return [name for name, is_so in found.items() if is_so]


def of_device(first_seen: datetime | None, others_before: bool, now: datetime) -> list[str]:
    """The doubt about a device somebody who used another one before confirms from."""
    is_new = _is_recent(first_seen, settings.SWITCH_DEVICE_DAYS, now)
    return ["new_device"] if is_new and others_before else []


def _is_recent(moment: datetime | None, days: int, now: datetime) -> bool:
    return moment is not None and now - moment < timedelta(days=days)


def _has_new_phone(switch: SwitchRequest, now: datetime) -> bool:
    """Whether the beneficiary's phone was changed by another dossier shortly before: asked for, or in force.

    A change that was asked for long ago may wait for its month.
    """
    since = now - timedelta(days=settings.SWITCH_PHONE_DAYS)
    others = SwitchRequest.objects.filter(
        Q(filed_at__gt=since) | Q(told_on__list__closed_at__gt=since), beneficiary=switch.beneficiary
    )
    return others.exclude(phone="").exclude(state=SwitchRequest.State.ENDED).exists()


def _is_shared(switch: SwitchRequest) -> bool:
    """Whether more people than allowed would be paid to the account, ``switch`` counted in."""
    if not switch.account_print:
        return False
    newest = RosterImport.objects.filter(state=RosterImport.State.TAKEN).order_by("-month").first()
    paid = BenefitEntry.objects.none()
    if newest is not None:
        paid = BenefitEntry.objects.filter(account_print=switch.account_print, month=newest.month)
    asked = SwitchRequest.objects.filter(account_print=switch.account_print).exclude(
        state__in=[SwitchRequest.State.ENDED, SwitchRequest.State.FAILED]
    )
    people = {
        *paid.values_list("beneficiary", flat=True),
        *asked.values_list("beneficiary", flat=True),
        switch.beneficiary_id,
    }
    return len(people) > int(settings.SWITCH_ACCOUNT_SHARED_BY)
