"""What each office needs to write its years: its people, its share of the filings, ids of its own."""

import hashlib
import io
import random
from datetime import date, timedelta
from functools import cache
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import connection
from django.utils import timezone
from PIL import Image, ImageDraw

from portal.dated import valid
from portal.models import User, Ward
from procedures import demo, offices
from procedures.attachments import keep_private
from procedures.deadlines import calendar
from procedures.demo_volume import templates
from procedures.demo_volume.filed import Firsts, Stored, Task
from procedures.demo_volume.plan import Days, Desk, in_order, shares
from procedures.models import Dossier, DossierNumber, IntakeList, Office, StaffMember

_CLERKS = 4


def for_offices(*, dossiers: int, until: date, seed: str, files: tuple[Stored, Stored]) -> list[Task]:
    """A task for every office, the busiest first; its ids are given to nobody else."""
    work, province = calendar(), Office.objects.get(level=Office.Level.PROVINCE)
    desks = [_desk(office, until) for office in in_order(list(offices.in_force(timezone.now())))]
    first = _reserved(Dossier, dossiers)
    found = shares(desks, dossiers=dossiers, until=until, seed=seed, work=work, first=first)
    days = [share.day for share in found[desks[0].slug]]
    fast = Days(work, days[0] - timedelta(days=10), until + timedelta(days=400))
    owners = _organisations(desks[0])
    filings = {m: templates.of_month(m, owners, province) for m in {day.replace(day=1) for day in days}}
    person = serial = _reserved(User, dossiers)
    book = _reserved(IntakeList, len(desks) * len(days))
    tasks = []
    for desk in desks:
        firsts = Firsts(person, serial, book)
        tasks.append(Task(desk, found[desk.slug], firsts, filings, fast, seed, *files))
        person += sum(share.count for share in found[desk.slug])
        book += len(days)
    return tasks


def stored() -> tuple[Stored, Stored]:
    """The photo and the page that all generated rows point at, written now."""
    page = io.BytesIO()
    image = Image.new("RGB", (595, 842), "white")
    ImageDraw.Draw(image).text((120, 400), "SPECIMEN / MAU", fill="#123764", font_size=40)
    image.save(page, "PDF")
    return _kept("demo/photo.jpg", demo.photo("SPECIMEN")), _kept("demo/specimen.pdf", page.getvalue())


def _kept(path: str, data: bytes) -> Stored:
    return Stored(keep_private(path, data), hashlib.sha256(data).hexdigest(), len(data))


def _desk(office: Office, on: date) -> Desk:
    districts = [area.district_id for area in offices.areas(office, on)]
    wards = Ward.objects.filter(valid(on), district__in=districts).select_related("district").order_by("code")
    return Desk(
        pk=office.pk,
        slug=office.slug,
        name=office.name,
        number=office.number,
        province=office.level == Office.Level.PROVINCE,
        wards=tuple((ward.code, offices.full_address("", ward)) for ward in wards),
        clerks=tuple(_member(office, "clerk", number) for number in range(1, _CLERKS + 1)),
        heads=(_member(office, "supervisor", 1),),
        taken=dict(DossierNumber.objects.filter(office=office).values_list("day", "last")),
    )


_NAMES = {"clerk": "canbo", "supervisor": "phutrach"}


def _member(office: Office, role: str, number: int) -> int:
    """A member of staff; the first of each role is the one of the demo office."""
    username = f"{_NAMES[role]}{number if number > 1 else ''}.{office.slug}"
    who = demo.person(random.Random(username), "")  # noqa: S311
    name = " ".join(part.capitalize() for part in who.full_name.split())
    user, _created = User.objects.get_or_create(
        username=username, defaults={"full_name": name, "is_staff": True, "password": _password()}
    )
    StaffMember.objects.get_or_create(user=user, defaults={"office": office, "role": role})
    return user.pk


@cache
def _password() -> str:
    """One hash for everybody: making it is slow on purpose."""
    return make_password(demo.PASSWORD)


def _organisations(desk: Desk) -> dict[str, User]:
    """Who files what only an organisation may, by its kind."""
    clerk = User.objects.get(pk=desk.clerks[0])
    made = [
        demo.organisation(kind, name, code, ward=ward, confirmed_by=clerk)
        for kind, name, code, ward in (
            ("employer", "CÔNG TY TNHH MAY ÁNH DƯƠNG", "TK0123K", "22429"),
            ("health_facility", "PHÒNG KHÁM ĐA KHOA AN BÌNH", "56901", "22366"),
        )
    ]
    found = User.objects.filter(pk__in=[user.pk for user in made])
    return {user.organisation.kind: user for user in found.select_related("organisation", "ward__district")}


def _reserved(model: Any, count: int) -> int:
    """The first of ``count`` ids that the sequence of the table gives to nobody else."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [model._meta.db_table])
        (sequence,) = cursor.fetchone()
        cursor.execute("SELECT setval(%s, nextval(%s) + %s)", [sequence, sequence, count])
        (last,) = cursor.fetchone()
    return int(last) - count
