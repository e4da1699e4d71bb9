"""Urgent dossiers that nobody has taken up: what every desk page of their office tells its staff."""

import hashlib
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse

from portal.models import User
from procedures import papers
from procedures.catalogue import definition_for
from procedures.models import Dossier, DossierEvent, StaffMember

SHOWN = 5


def waiting(user: User | AnonymousUser) -> QuerySet[Dossier]:
    """Open urgent dossiers of the office where ``user`` works that were not accepted yet, oldest first."""
    staff = StaffMember.objects.filter(user_id=user.pk or 0, user__is_active=True, user__is_staff=True)
    accepted = DossierEvent.objects.filter(dossier=OuterRef("pk"), action="accept")
    found = Dossier.objects.filter(urgent=True, final=False, decided_at=None)
    return (
        found.filter(office__in=staff.values("office"))
        .exclude(state="draft")
        .exclude(Exists(accepted))
        .order_by("filed_at")
    )


def is_open(dossier: Dossier) -> bool:
    """Whether somebody still waits who needs the result for treatment now."""
    return dossier.urgent and not dossier.final and dossier.decided_at is None


def banner(user: User | AnonymousUser) -> dict[str, Any]:
    """What ``admin/procedures/urgent.html`` shows; ``known`` changes when the dossiers do."""
    found = list(waiting(user)[: SHOWN + 1])
    codes = " ".join(str(dossier.code) for dossier in found)
    return {
        "rows": [_row(dossier) for dossier in found[:SHOWN]],
        "more": len(found) > SHOWN,
        "known": hashlib.sha256(codes.encode()).hexdigest()[:12],
    }


def _row(dossier: Dossier) -> dict[str, Any]:
    case = definition_for(dossier).case(dossier.case)
    return {
        "code": dossier.code,
        "url": reverse("admin:procedures_dossier_change", args=[dossier.pk]),
        "case": case.label if case else "",
        "facility": papers.shown(dossier, "urgent_facility"),
        "filed_at": dossier.filed_at,
        "due_at": dossier.due_at,
    }
