"""Holding what the district really has against its intake lists: matched, missing, extra, double.

Codes are scanned one by one or come in a file, on any device and over any time; each is kept as it
comes. Every difference gets a reason in words. Signing off writes the result down, and from then on
the database refuses every change.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.models import User
from portal.text import clean
from procedures import intake, parcels, workflow
from procedures.models import (
    DifferenceReason,
    Dossier,
    FoundCode,
    IntakeCorrection,
    IntakeRow,
    Office,
    Parcel,
    Reconciliation,
)
from procedures.offices import of_office
from procedures.workflow import MoveRefused

MOST_DAYS = 31


def visible_to(user: User) -> QuerySet[Reconciliation]:
    """The reconciliations of the office of ``user``; all for who oversees the province."""
    found = Reconciliation.objects.select_related("office", "started_by", "signed_by")
    return of_office(found, user)


def get_for(user: User, pk: int) -> Reconciliation:
    """The reconciliation if ``user`` may see it; ``Http404`` alike for not there and not theirs."""
    return get_object_or_404(visible_to(user), pk=pk)


def may_work(user: User, office: int | None = None) -> bool:
    """Clerks and supervisors reconcile, each at their own office."""
    if workflow.role_of(user) not in parcels.ROLES:
        return False
    return office is None or user.staff.office_id == office


# --- Begin, scan, upload -------------------------------------------------------------------------


def begin(first: date, last: date, source: str, *, actor: User, key: str, now: datetime) -> Reconciliation:
    """Begin one for the office of ``actor``; the same ``key`` gives the same one."""
    if first > last:
        raise MoveRefused(_("The first day comes after the last."), field="from_day")
    if (last - first).days >= MOST_DAYS:
        raise MoveRefused(_("Choose at most %(n)d days.") % {"n": MOST_DAYS}, field="from_day")
    if source not in Reconciliation.Source.values:
        raise MoveRefused(_("Choose what you compare with."), field="source")
    made, _new = Reconciliation.objects.get_or_create(
        key=f"{actor.pk}:{key}"[:100],
        defaults={
            "office": actor.staff.office,
            "from_day": first,
            "to_day": last,
            "source": source,
            "started_by": actor,
            "started_at": now,
        },
    )
    return made


def scan(work: Reconciliation, scanned: str, *, actor: User, key: str, now: datetime) -> FoundCode:
    """Keep one scanned code or tracking number; the same ``key`` counts once."""
    code = normal(scanned)
    if not code:
        raise MoveRefused(_("Scan or type a code first."), field="ma")
    with transaction.atomic():
        locked = _open(work, actor)
        dossier = parcels.dossier_of(code, here=locked.office_id)
        # What another office keeps is not named here: the code stays as it was scanned.
        known = dossier is not None and dossier.office_id == locked.office_id and dossier.code
        found, _new = FoundCode.objects.get_or_create(
            reconciliation=locked,
            key=f"{actor.pk}:{key}"[:150],
            defaults={"code": known or code, "added_by": actor, "added_at": now},
        )
    return found


def normal(scanned: str) -> str:
    """A code as it is compared: no spaces, capital letters."""
    return "".join(clean(scanned).split()).upper()[:40]


def add_file(work: Reconciliation, codes: Iterable[tuple[str, str]], *, actor: User, key: str) -> int:
    """Keep the codes of a file, each with the row it stood in; the same file sent again adds nothing."""
    with transaction.atomic():
        locked = _open(work, actor)
        before = locked.found.count()
        FoundCode.objects.bulk_create(
            [
                FoundCode(
                    reconciliation=locked,
                    code=normal(code),
                    place=place,
                    added_by=actor,
                    key=f"{key}:{place}"[:150],
                )
                for code, place in codes
            ],
            batch_size=1000,
            ignore_conflicts=True,
        )
        return locked.found.count() - before


def add_parcels(work: Reconciliation, *, actor: User) -> int:
    """Keep the dossiers whose parcels the mailroom of the office received on these days."""
    received = (
        Parcel.objects.filter(
            office=work.office_id,
            dossier__office=work.office_id,
            received_at__date__range=(work.from_day, work.to_day),
        )
        .exclude(state=Parcel.State.STRUCK)
        .values_list("dossier__code", "pk")
    )
    return add_file(work, [(str(code), f"P{pk}") for code, pk in received], actor=actor, key="parcel")


def take_back(work: Reconciliation, number: int, *, actor: User) -> None:
    """Take out a code that was scanned by mistake."""
    with transaction.atomic():
        _open(work, actor).found.filter(pk=number).delete()


def explain(work: Reconciliation, reasons: dict[str, str], *, actor: User, now: datetime) -> None:
    """Keep what the clerk writes of differences, by code; an empty reason is taken out."""
    with transaction.atomic():
        locked = _open(work, actor)
        for code, typed in reasons.items():
            words = clean(typed)[:300]
            if not words:
                locked.reasons.filter(code=code).delete()
                continue
            DifferenceReason.objects.update_or_create(
                reconciliation=locked, code=code, defaults={"words": words, "by": actor, "at": now}
            )


def _open(work: Reconciliation, actor: User) -> Reconciliation:
    """The reconciliation, locked, if ``actor`` may work on it and it is not signed off."""
    if not may_work(actor, work.office_id):
        raise MoveRefused(_("Only staff of the office reconcile its lists."))
    locked = Reconciliation.objects.select_for_update(of=("self",)).select_related("office").get(pk=work.pk)
    if locked.signed_at is not None:
        raise MoveRefused(_("This reconciliation was signed off; it stays as it is."))
    return locked


# --- Compare and sign ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Difference:
    """A code that does not match: ``kind`` missing, extra or double, ``hint`` what the portal knows."""

    kind: str
    code: str
    hint: str
    reason: str = ""


@dataclass(frozen=True)
class Comparison:
    expected: int
    matched: int
    differences: list[Difference] = field(default_factory=list)

    def count(self, kind: str) -> int:
        return sum(difference.kind == kind for difference in self.differences)

    @property
    def missing(self) -> int:
        return self.count("missing")

    @property
    def extra(self) -> int:
        return self.count("extra")

    @property
    def double(self) -> int:
        return self.count("double")

    @property
    def unexplained(self) -> int:
        return sum(not difference.reason for difference in self.differences)


def compare(work: Reconciliation) -> Comparison:
    """What was found against what the closed lists say, corrections counted in.

    A code found twice is ``double`` whether it is on a list or not.
    """
    expected = _expected(work)
    found = Counter(work.found.values_list("code", flat=True))
    reasons = dict(work.reasons.values_list("code", "words"))
    extra = [code for code in found if code not in expected]
    hints = _known(work.office, extra)
    made = [Difference("missing", code, place) for code, place in expected.items() if code not in found]
    made += [Difference("extra", code, hints[code]) for code in extra]
    made += [Difference("double", code, _times(n)) for code, n in found.items() if n > 1]
    return Comparison(
        expected=len(expected),
        matched=sum(code in expected for code in found),
        differences=[Difference(d.kind, d.code, d.hint, reasons.get(d.code, "")) for d in made],
    )


def _times(n: int) -> str:
    return ngettext("found %(n)d time", "found %(n)d times", n) % {"n": n}


def _expected(work: Reconciliation) -> dict[str, str]:
    """The codes the lists of these days hold, with where they stand."""
    lists = Q(list__office=work.office_id, list__day__range=(work.from_day, work.to_day))
    rows = IntakeRow.objects.filter(lists).exclude(corrections__kind=IntakeCorrection.Kind.STRIKE)
    stands = rows.order_by("list__day", "position").values_list(
        "content__code", "list__number", "list__year", "position"
    )
    expected = {
        code: _("list %(list)s, row %(row)d") % {"list": f"{number}/{year}", "row": position}
        for code, number, year, position in stands
    }
    added = IntakeCorrection.objects.filter(lists, kind=IntakeCorrection.Kind.ADD)
    for code in added.values_list("content__code", flat=True):
        expected.setdefault(code, _("added by a correction"))
    return expected


def _known(office: Office, codes: list[str]) -> dict[str, str]:
    """What the portal knows of codes that are on none of these lists; nothing of other offices."""
    hints = dict.fromkeys(codes, _("no dossier of this office has this code"))
    here = Dossier.objects.filter(code__in=codes, office=office).exclude(state="draft")
    for code, number, year, day in here.values_list(
        "code", "intake_row__list__number", "intake_row__list__year", "intake_row__list__day"
    ):
        place = {"list": f"{number}/{year}", "day": f"{day:%d/%m/%Y}" if day else ""}
        hints[str(code)] = (
            (_("stands on list %(list)s of %(day)s") % place) if number else _("on no list yet")
        )
    return hints


def sign(work: Reconciliation, *, actor: User, now: datetime) -> Reconciliation:
    """Sign off by name: the result is written down and nothing changes any more.

    Raises ``MoveRefused`` while a difference has no reason, or when somebody signed before.
    """
    with transaction.atomic():
        locked = _open(work, actor)
        told = compare(locked)
        if told.unexplained:
            words = ngettext(
                "%(n)d difference has no reason yet.",
                "%(n)d differences have no reason yet.",
                told.unexplained,
            )
            raise MoveRefused(words % {"n": told.unexplained}, field="reasons")
        locked.result = _result(told)
        locked.signed_by, locked.signed_at = actor, now
        locked.digest = intake.digest(_signed_content(locked))
        locked.save()
    return locked


def _result(told: Comparison) -> dict[str, Any]:
    return {
        "expected": told.expected,
        "matched": told.matched,
        "differences": [[d.kind, d.code, d.hint, d.reason] for d in told.differences],
    }


def _signed_content(work: Reconciliation) -> list[Any]:
    assert work.signed_at is not None
    days = [work.from_day.isoformat(), work.to_day.isoformat()]
    signed = timezone.localtime(work.signed_at).isoformat()
    return [work.office.slug, *days, work.source, work.result, work.signed_by_id, signed]


def result_of(work: Reconciliation) -> Comparison:
    """The comparison as it was signed, or as it stands now."""
    if work.result is None:
        return compare(work)
    differences = [Difference(*row) for row in work.result["differences"]]
    return Comparison(work.result["expected"], work.result["matched"], differences)
