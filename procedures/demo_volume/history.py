"""The years of an office, day by day, as rows: people, dossiers, their history and papers, closed lists."""

import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any

from django.utils import timezone

from portal.models import AccessLog, User
from procedures import workflow
from procedures.demo_volume.book import LISTS, ROWS, Book, closing_of
from procedures.demo_volume.filed import Filed, Task, named_on, owner_of
from procedures.demo_volume.people import Citizen, Neighbours
from procedures.demo_volume.plan import PROVINCIAL, Days, of_day
from procedures.demo_volume.rows import Batch, Lines, Sealed, encoded
from procedures.demo_volume.story import CLERK, OWNER, Step, lived, tracking
from procedures.demo_volume.templates import Template, for_desk
from procedures.models import (
    Attachment,
    Dossier,
    DossierEvent,
    IssuedDocument,
    Original,
    PostalItem,
)

_BATCH = 2500  # dossiers; a few MB of lines
_CHANNELS, _CHANNEL_SHARES = ("2", "1", "3"), (74, 16, 10)
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"

_USERS = Lines(
    User,
    (
        *("id", "password", "username", "full_name", "date_of_birth", "id_number", "phone", "street"),
        *("ward_id", "date_joined"),
    ),
)
_DOSSIERS = Lines(
    Dossier,
    (
        *("id", "draft_code", "code", "version_id", "procedure_id", "owner_id", "filer", "organisation_name"),
        *("organisation_code", "case", "state", "final", "channel", "office_id", "typed", "answers"),
        *("applicant", "applicant_bare", "insurance_number", "urgent", "phone", "filed_at"),
        *("clock_started_on", "days_left", "due_at", "decided_at", "created_at", "updated_at"),
        *("listed", "assignee_id"),
    ),
)
_EVENTS = Lines(
    DossierEvent,
    (
        *("dossier_id", "sequence", "action", "from_state", "to_state", "actor_id", "role", "note", "facts"),
        *("key", "at", "previous_hash", "hash"),
    ),
)
_ORIGINALS = Lines(
    Original,
    (
        *("dossier_id", "document", "label_vi", "label_en", "copies", "position", "received_at"),
        "received_by_id",
    ),
)
_POST = Lines(
    PostalItem,
    ("dossier_id", "direction", "tracking", "checked", "posted_on", "recorded_by_id", "recorded_at"),
)
_FILES = Lines(
    Attachment,
    (
        *("dossier_id", "document", "file", "name", "media_type", "size", "sha256", "uploaded_by_id"),
        "uploaded_at",
    ),
)
_PAPERS = Lines(
    IssuedDocument, ("dossier_id", "kind", "number", "file", "sha256", "size", "token", "made_at")
)
_READINGS = Lines(AccessLog, ("user_id", "about", "what", "at"))
# In the order in which rows refer to each other.
TABLES = (
    *(_USERS, _DOSSIERS, _EVENTS, _ORIGINALS, _POST, _FILES, _PAPERS, _READINGS),
    *(LISTS, ROWS),
)


def written(task: Task) -> Iterator[Sealed]:
    """The years of an office in batches, the oldest first."""
    batch, book = Batch(), Book(task)
    for day in _days(task):
        for filed, is_new in day.dossiers:
            _write(batch, task, filed, is_new)
            batch.dossiers += 1
        book.close(batch, day.date, [filed for filed, _is_new in day.dossiers])
        if batch.dossiers >= _BATCH:
            yield batch.sealed()
            batch = Batch()
    yield batch.sealed()


@dataclass(frozen=True)
class _Day:
    date: date
    dossiers: list[tuple[Filed, bool]]


def _days(task: Task) -> Iterator[_Day]:
    visitors = random.Random(f"{task.seed}:{task.desk.slug}")  # noqa: S311
    people = Neighbours(task.desk, visitors, first=task.firsts.user, offset=task.firsts.serial)
    month, chosen = date.min, for_desk([], task.desk, PROVINCIAL)
    for share in task.shares:
        if share.day.replace(day=1) != month:
            month = share.day.replace(day=1)
            chosen = for_desk(task.templates[month], task.desk, PROVINCIAL)
        chance = of_day(task.seed, share.day, task.desk.slug)
        templates = chance.choices(*chosen, k=share.count) if share.count else []
        moments = sorted(_moment(share.day, task.days, chance) for _ in templates)
        number = task.desk.taken.get(share.day, 0)
        made = []
        for place, ((at, channel), template) in enumerate(zip(moments, templates, strict=True)):
            citizen, is_new = people.next(at)
            life = lived(template, at, task.days, chance, task.end)
            code = f"BHXH056.{task.desk.number}-{share.day:%y%m%d}-{number + place + 1:04d}"
            made.append((Filed(share.first + place, code, citizen, template, life, channel), is_new))
        yield _Day(share.day, made)


def _moment(day: date, days: Days, chance: random.Random) -> tuple[datetime, str]:
    """(when, by what channel) somebody files: at the counter in office hours, online until late."""
    channel = chance.choices(_CHANNELS, _CHANNEL_SHARES)[0] if days.is_working(day) else "2"
    first, last = (6, 23) if channel == "2" else (8, 16)
    clock = time(chance.randrange(first, last), chance.randrange(60), chance.randrange(60))
    return datetime.combine(day, clock, tzinfo=timezone.get_default_timezone()), channel


# --- A dossier -----------------------------------------------------------------------------------


def _write(batch: Batch, task: Task, filed: Filed, is_new: bool) -> None:
    if is_new:
        _write_person(batch, filed.citizen)
    _write_dossier(batch, task, filed)
    _write_events(batch, task, filed)
    _write_originals(batch, task, filed)
    _write_papers(batch, task, filed)


def _write_person(batch: Batch, who: Citizen) -> None:
    batch.add(
        _USERS,
        *(who.pk, "!generated", who.number, who.full_name, who.born, who.id_number, who.phone),
        *(who.street, who.ward, who.since),
    )


def _write_dossier(batch: Batch, task: Task, filed: Filed) -> None:
    template, life, who = filed.template, filed.life, filed.citizen
    named = named_on(filed)
    accepted = any(step.action == "accept" for step, _before, _after in life.steps)
    listed = filed.filed_at <= closing_of(task.shares[-1].day)
    batch.add(
        _DOSSIERS,
        *(filed.pk, _draft_code(filed.pk), filed.code, template.version, template.procedure),
        *(owner_of(filed), template.filer, named.organisation_name, named.organisation_code),
        *(template.case, life.state, life.ended, filed.channel, task.desk.pk),
        *(_form(template, template.typed, who, raw=True), _form(template, template.answers, who, raw=False)),
        *(named.applicant, named.bare),
        *(named.insurance_number, template.urgent, who.phone, filed.filed_at),
        *(life.clock_started_on, life.rest_of_days, life.due_at, life.decided_at),
        *(filed.filed_at - timedelta(minutes=20), life.at),
        *(listed, _of(task.desk.clerks, filed) if accepted else None),
    )


def _form(template: Template, form: dict[str, Any], who: Citizen, *, raw: bool) -> str:
    """The answers of the template with the person in them, as JSON."""
    born = f"{who.born[8:]}/{who.born[5:7]}/{who.born[:4]}" if raw else who.born
    own = {
        "full_name": who.full_name,
        "insurance_number": who.number,
        "card_number": f"DN456{who.number}",
        "id_number": who.id_number,
        "phone": who.phone,
        "ward": who.ward,
        "street": who.street,
        "gender": who.gender,
        "account_holder": who.full_name if raw else who.bare.upper(),
        "date_of_birth": form.get("date_of_birth") if template.case == "retirement_age" else born,
    }
    return encoded({name: own.get(name, value) for name, value in form.items()})


def _draft_code(number: int) -> str:
    """Ten letters and digits that no other number gives."""
    left, letters = number * 387_420_489 % len(_LETTERS) ** 10, []
    for _ in range(10):
        left, letter = divmod(left, len(_LETTERS))
        letters.append(_LETTERS[letter])
    return "nhap-" + "".join(letters)


def _write_events(batch: Batch, task: Task, filed: Filed) -> None:
    previous = ""
    for sequence, (step, before, after) in enumerate(filed.life.steps, start=1):
        actor = _actor(task, filed, step)
        role = _role(filed, step)
        event = SimpleNamespace(
            dossier_id=filed.pk,
            sequence=sequence,
            action=step.action,
            from_state=before,
            to_state=after,
            actor_id=actor,
            role=role,
            note=step.note,
            facts=step.facts,
            key=f"demo:{sequence}",
            at=step.at,
            previous_hash=previous,
        )
        digest = workflow._hash(event)  # type: ignore[arg-type]
        batch.add(
            _EVENTS,
            *(filed.pk, sequence, step.action, before, after, actor, role, step.note, encoded(step.facts)),
            *(event.key, step.at, previous, digest),
        )
        previous = digest
        _write_traces(batch, filed, step, actor)


def _write_traces(batch: Batch, filed: Filed, step: Step, actor: int) -> None:
    """What a step leaves elsewhere: who read, what went by post."""
    if step.action == "accept":
        batch.add(_READINGS, actor, filed.code, "dossier", step.at)
    elif step.action == "dispatch":
        item = (filed.pk, "out", step.facts["tracking"], True, timezone.localdate(step.at))
        batch.add(_POST, *item, actor, step.at)


def _actor(task: Task, filed: Filed, step: Step) -> int:
    if step.who == OWNER:
        return owner_of(filed)
    return _of(task.desk.clerks if step.who == CLERK else task.desk.heads, filed)


def _of(people: tuple[int, ...], filed: Filed) -> int:
    """Who of ``people`` looks after a dossier, from the first step to the last."""
    return people[filed.pk % len(people)]


def _role(filed: Filed, step: Step) -> str:
    if step.who == OWNER:
        return "organisation" if filed.template.owner else "citizen"
    return "clerk" if step.who == CLERK else "supervisor"


def _write_originals(batch: Batch, task: Task, filed: Filed) -> None:
    arrived = next((s for s, _b, _a in filed.life.steps if s.action == "record_originals"), None)
    by = _actor(task, filed, arrived) if arrived else None
    for position, (slug, vi, en, copies) in enumerate(filed.template.posted):
        batch.add(_ORIGINALS, filed.pk, slug, vi, en, copies, position, arrived and arrived.at, by)
    if arrived and filed.template.posted:
        number = tracking("EA", filed.pk % 10**8)
        posted = timezone.localdate(arrived.at) - timedelta(days=1)
        batch.add(_POST, filed.pk, "in", number, True, posted, owner_of(filed), filed.filed_at)


def _write_papers(batch: Batch, task: Task, filed: Filed) -> None:
    """The files and the receipt. All point at one photo and one page that says it is a specimen."""
    photo, paper = task.photo, task.paper
    for slug in filed.template.uploads:
        file = (filed.pk, slug, photo.path, f"{slug}.jpg", "image/jpeg", photo.size, photo.sha256)
        batch.add(_FILES, *file, owner_of(filed), filed.filed_at)
    token = hashlib.sha256(f"{task.seed}:{filed.code}".encode()).hexdigest()[:24]
    made_at = filed.filed_at + timedelta(seconds=2)
    batch.add(_PAPERS, filed.pk, "receipt", 1, paper.path, paper.sha256, paper.size, token, made_at)
