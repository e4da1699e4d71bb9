"""Texts that citizens read again and again: which are offered on a dossier, and how often they are used."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import F, Q, QuerySet

from portal import text
from portal.models import User
from procedures.models import Dossier, SupplementText

Purpose = SupplementText.Purpose
_USES = {"ask_supplement": Purpose.MISSING, "reject": Purpose.REASON}
ACTIONS = frozenset(_USES)
"""The actions whose forms offer texts."""
OFFERED = 60
"""Texts on a page: the most used; who needs more looks for a better list."""


def visible_to(user: User) -> QuerySet[SupplementText]:
    """The texts of the office of ``user`` and of the province; all for who oversees the province."""
    texts = SupplementText.objects.select_related("office", "procedure")
    staff = getattr(user, "staff", None)
    if staff is None:
        return texts.filter(office=None)
    return texts if staff.oversees_province else texts.filter(Q(office=None) | Q(office=staff.office_id))


def may_edit(user: User, row: SupplementText) -> bool:
    """Of those who may edit texts: who leads an office its own, the province office all."""
    staff = getattr(user, "staff", None)
    return staff is None or staff.oversees_province or row.office_id == staff.office_id


def _for(dossier: Dossier) -> QuerySet[SupplementText]:
    here = Q(office=None) | Q(office=dossier.office_id)
    return SupplementText.objects.filter(here, Q(procedure=None) | Q(procedure=dossier.procedure_id))


def offered(dossier: Dossier) -> list[SupplementText]:
    """What may be picked on ``dossier``, the most used first."""
    return list(_for(dossier).filter(active=True)[:OFFERED])


def action_of(row: SupplementText) -> str:
    return next(action for action, purpose in _USES.items() if purpose == row.purpose)


def picked(dossier: Dossier, numbers: Iterable[str]) -> list[SupplementText]:
    """The texts of ``numbers`` as a form sent them; one retired in the meantime counts, a foreign one not."""
    chosen = [int(number) for number in numbers if number.isascii() and number.isdigit()][:OFFERED]
    return list(_for(dossier).filter(pk__in=[number for number in chosen if number < 2**63]))


def lines(typed: str, chosen: Sequence[SupplementText]) -> list[str]:
    """What was typed, a line each, and behind it what was picked and does not stand there yet."""
    written = [line for line in text.clean(typed).split("\n") if line]
    return list(dict.fromkeys([*written, *(row.text for row in chosen)]))


def count_use(chosen: Iterable[SupplementText], *, now: datetime) -> None:
    """Note that texts were sent; belongs inside the transaction of the action that sends them."""
    numbers = [row.pk for row in chosen]
    if not numbers:
        return
    locked = SupplementText.objects.filter(pk__in=numbers).order_by("pk").select_for_update(no_key=True)
    list(locked.values_list("pk"))
    SupplementText.objects.filter(pk__in=numbers).update(used=F("used") + 1, last_used_at=now)
