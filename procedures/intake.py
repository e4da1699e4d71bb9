"""Daily intake lists: numbered per office and year, closed, hashed, never edited.

A list takes every filed dossier of the office that stands on none yet, so what commits while a list
is being closed goes to the next one, marked late. Columns: Sổ theo dõi hồ sơ, mẫu 06 of Thông tư
01/2018/TT-VPCP. What it says and how it leaves the portal: ``books``; what was put right: ``corrections``.
"""

import hashlib
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation

from portal import outbox
from portal.fields import PhoneField
from portal.models import User
from procedures.catalogue import definition_for
from procedures.deadlines import closing, start_of
from procedures.models import Dossier, IntakeCorrection, IntakeList, IntakeRow, Office
from procedures.papers.words import filed_by, filer_address, shown

CHANNELS = {"1": "Trực tiếp", "2": "Trực tuyến", "3": "Bưu chính công ích"}


class NotYet(Exception):
    """A list cannot be closed: the day is not over, or an earlier list closed after it."""


def close_list(office: Office, day: date, *, actor: User | None, now: datetime) -> IntakeList:
    """Close the list of ``office`` for ``day`` and return it; a closed one is returned as it is.

    Raises ``NotYet`` before the end of office hours of ``day`` or when a later day is closed already.
    """
    with transaction.atomic(), translation.override("vi"):
        Office.objects.select_for_update(no_key=True).get(pk=office.pk)
        done = IntakeList.objects.filter(office=office, day=day).first()
        if done is not None:
            return done
        if now < closing(day):
            raise NotYet(f"{day:%d/%m/%Y} is not over")
        last = IntakeList.objects.filter(office=office).order_by("-day").first()
        if last is not None and last.day > day:
            raise NotYet(f"the list of {last.day:%d/%m/%Y} is closed already")
        return _close(office, day, last, actor, now)


def _close(
    office: Office, day: date, last: IntakeList | None, actor: User | None, now: datetime
) -> IntakeList:
    waiting = _unlisted(office, min(now, start_of(day + timedelta(days=1))))
    contents = [(d, _is_late(d, day), _content(d)) for d in waiting]
    numbered = IntakeList.objects.filter(office=office, year=day.year).order_by("-number").first()
    number = numbered.number + 1 if numbered else 1
    previous = last.digest if last else ""
    closed = IntakeList.objects.create(
        office=office,
        day=day,
        year=day.year,
        number=number,
        opened_at=last.closed_at if last else start_of(day),
        closed_at=now,
        closed_by=actor,
        row_count=len(contents),
        previous_digest=previous,
        digest=_digest(office, day, number, previous, [(late, c) for _d, late, c in contents]),
    )
    IntakeRow.objects.bulk_create(
        [
            IntakeRow(list=closed, position=i, dossier=d, late=late, content=content)
            for i, (d, late, content) in enumerate(contents, start=1)
        ],
        batch_size=1000,
    )
    Dossier.objects.filter(pk__in=[d.pk for d in waiting]).update(listed=True)
    if office.delivery_email:
        outbox.enqueue("intake.deliver", key=str(closed.pk), list=closed.pk)
    return closed


def _unlisted(office: Office, until: datetime) -> list[Dossier]:
    """What was filed up to ``until`` and stands on no list, in the order it came; nobody moves it meanwhile.

    ``listed`` has an index of what is not yet, so a day costs the same however many dossiers there are;
    that no dossier stands on two lists does not rest on it.
    """
    waiting = (
        Dossier.objects.select_for_update(of=("self",), no_key=True)
        .filter(office=office, listed=False, filed_at__lte=until)
        .exclude(state="draft")
        .select_related("office")
        .order_by("pk")
    )
    found = list(waiting)
    known = set(IntakeRow.objects.filter(dossier__in=found).values_list("dossier", flat=True))
    return sorted((d for d in found if d.pk not in known), key=lambda d: (d.filed_at, d.pk))


def _is_late(dossier: Dossier, day: date) -> bool:
    """Filed on an earlier day than the list's, so it missed the list it belonged to."""
    assert dossier.filed_at is not None
    return timezone.localdate(dossier.filed_at) < day


def _content(dossier: Dossier) -> dict[str, Any]:
    """What the row says. ``codes`` are the portal's own names, for counting; older rows have none."""
    definition = definition_for(dossier)
    assert dossier.filed_at is not None and dossier.office is not None
    return {
        "code": dossier.code,
        "procedure": definition.title.vi,
        "sets": 1,
        "applicant": _applicant(dossier),
        "address": f"{filer_address(dossier)}; ĐT {PhoneField().display(dossier.phone)}",
        "office": dossier.office.name,
        "received": _moment(dossier.filed_at),
        "promised": _moment(dossier.due_at) if dossier.due_at else "Chưa hẹn: chờ hồ sơ giấy",
        "delivery": shown(dossier, "result_delivery"),
        "channel": CHANNELS[dossier.channel],
        "state": definition.state(dossier.state).label.vi,
        "codes": {"procedure": definition.slug, "channel": dossier.channel, "state": dossier.state},
    }


def _applicant(dossier: Dossier) -> str:
    number = f" (mã số BHXH {dossier.insurance_number})" if dossier.insurance_number else ""
    return f"{filed_by(dossier)}{number}"


def _moment(value: datetime) -> str:
    return f"{timezone.localtime(value):%H:%M %d/%m/%Y}"


def _digest(
    office: Office, day: date, number: int, previous: str, contents: list[tuple[bool, dict[str, Any]]]
) -> str:
    return digest([office.slug, day.isoformat(), number, previous, contents])


def digest(content: Any) -> str:
    """The SHA-256 of ``content`` as JSON in one fixed form."""
    return hashlib.sha256(msgspec.json.encode(content, order="sorted")).hexdigest()


# --- When ----------------------------------------------------------------------------------------


def close_due(office: Office, now: datetime) -> list[IntakeList]:
    """Close what is due: today's list from the set hour on, and those a stopped server missed."""
    today = timezone.localdate(now)
    over = timezone.localtime(now).time() >= settings.INTAKE_CLOSES_AT
    due = [day for day in days_to_close(office, today) if over or day < today]
    return [close_list(office, day, actor=None, now=now) for day in due]


def days_to_close(office: Office, today: date) -> list[date]:
    """Days up to ``today`` that have no list yet, oldest first: also those a stopped server missed."""
    last = IntakeList.objects.filter(office=office).order_by("-day").first()
    if last is None:
        first = Dossier.objects.filter(office=office).exclude(state="draft").order_by("filed_at").first()
        start = timezone.localdate(first.filed_at) if first and first.filed_at else today
    else:
        start = last.day + timedelta(days=1)
    return [start + timedelta(days=n) for n in range((today - start).days + 1)]


# --- Does it hold --------------------------------------------------------------------------------


def verify(intake: IntakeList) -> bool:
    """Whether the rows of a closed list are still those its digest was taken over."""
    rows = intake.rows.order_by("position").values_list("late", "content")
    contents = list(rows)
    expected = _digest(intake.office, intake.day, intake.number, intake.previous_digest, contents)
    return intake.digest == expected and intake.row_count == len(contents)


def broken(office: Office) -> Iterator[str]:
    """What does not hold in the books of ``office``: each list or correction by its number, and why."""
    before: IntakeList | None = None
    for closed in office.intake_lists.order_by("day").select_related("office").iterator():
        if not verify(closed):
            yield f"intake list {closed}: rows do not match the digest"
        if closed.previous_digest != (before.digest if before else ""):
            yield f"intake list {closed}: it does not follow the list before it"
        if closed.number != (before.number + 1 if before and before.year == closed.year else 1):
            yield f"intake list {closed}: a number is missing before it"
        before = closed
    yield from _broken_corrections(office)
    yield from _forgotten(office)


def _broken_corrections(office: Office) -> Iterator[str]:
    before: IntakeCorrection | None = None
    made = IntakeCorrection.objects.filter(office=office).select_related("list", "office")
    for correction in made.order_by("year", "number").iterator():
        name = f"correction {correction} of {office}"
        if correction.digest != correction_digest(correction):
            yield f"{name}: it does not match its digest"
        if correction.previous_digest != (before.digest if before else ""):
            yield f"{name}: it does not follow the correction before it"
        if correction.number != (before.number + 1 if before and before.year == correction.year else 1):
            yield f"{name}: a number is missing before it"
        before = correction


def correction_digest(correction: IntakeCorrection) -> str:
    """The digest of a correction: all it says, with the digests of its list and of the one before."""
    return digest(
        [
            correction.office.slug,
            correction.year,
            correction.number,
            correction.previous_digest,
            correction.list.digest,
            correction.kind,
            correction.row_id,
            correction.dossier_id,
            [correction.column, correction.was, correction.should, correction.content],
            correction.reason,
            correction.made_by_id,
            correction.made_at.isoformat(),
        ]
    )


def _forgotten(office: Office) -> Iterator[str]:
    """Dossiers that the lists of their day and of the days after passed over."""
    last = office.intake_lists.order_by("-day").first()
    if last is None:
        return
    missed = Dossier.objects.filter(office=office, intake_row=None, filed_at__lt=start_of(last.day))
    for dossier in missed.exclude(state="draft")[:100]:
        yield f"dossier {dossier}: it stands on no list"
