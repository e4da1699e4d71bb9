"""A living office for a newcomer: accounts of every role and dossiers in every state.

People are invented: names are drawn from lists of common Vietnamese name parts, numbers are real in
shape. Everything goes through the same functions as real filings, with the clock set back.
"""

import io
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image, ImageDraw

from portal import outbox
from portal.models import Organisation, User
from procedures import attachments, catalogue, dossiers, mailroom, workflow
from procedures.catalogue import definition_of
from procedures.deadlines import WorkCalendar, calendar
from procedures.models import Dossier, Office, StaffMember

PASSWORD = "khanhhoa-2021"  # noqa: S105 (printed with the demo accounts; they exist only with DEBUG on)

FAMILY = (
    "Nguyễn",
    "Trần",
    "Lê",
    "Phạm",
    "Huỳnh",
    "Phan",
    "Võ",
    "Đặng",
    "Bùi",
    "Đỗ",
    "Hồ",
    "Ngô",
    "Dương",
    "Cao",
)
MIDDLE = {
    "male": ("Văn", "Hữu", "Đức", "Quốc", "Minh", "Công"),
    "female": ("Thị", "Thị Ngọc", "Thị Ánh", "Thị Mỹ", "Kim"),
}
GIVEN = {
    "male": ("An", "Bình", "Cường", "Dũng", "Hải", "Khánh", "Lộc", "Nghĩa", "Phước", "Sơn", "Thắng", "Tuấn"),
    "female": (
        "Ánh",
        "Cúc",
        "Diễm",
        "Hạnh",
        "Hường",
        "Lệ",
        "Nguyệt",
        "Phượng",
        "Quỳnh",
        "Thủy",
        "Tuyết",
        "Yến",
    ),
}
STREETS = ("Trần Phú", "Lê Hồng Phong", "Nguyễn Trãi", "Hùng Vương", "Thống Nhất", "Quang Trung", "2 Tháng 4")
WARDS = {"cam-ranh": ("22429", "22408", "22486"), "khanh-hoa": ("22366", "22327", "22384")}


@dataclass(frozen=True)
class Person:
    """An invented citizen, in the raw shape of the form."""

    number: str
    full_name: str
    sex: str
    born: date
    id_number: str
    phone: str
    ward: str
    street: str


def person(chance: random.Random, ward: str) -> Person:
    """Somebody of 30 to 62, whose citizen card number tells sex and year as real ones do."""
    sex = chance.choice(("male", "female"))
    born = date(chance.randint(1962, 1992), chance.randint(1, 12), chance.randint(1, 28))
    name = f"{chance.choice(FAMILY)} {chance.choice(MIDDLE[sex])} {chance.choice(GIVEN[sex])}"
    return Person(
        number=f"56{chance.randint(10_000_000, 29_999_999)}",
        full_name=name.upper(),
        sex=sex,
        born=born,
        id_number=f"056{0 if sex == 'male' else 1}{born:%y}{chance.randint(0, 999_999):06d}",
        phone=f"090{chance.randint(1_000_000, 9_999_999)}",
        ward=ward,
        street=f"{chance.randint(1, 250)} {chance.choice(STREETS)}",
    )


def citizen(who: Person, *, password: str | None = None) -> User:
    """An account for ``who``; without a password nobody can sign in to it."""
    user, created = User.objects.get_or_create(
        username=who.number,
        defaults={
            "full_name": who.full_name,
            "date_of_birth": who.born.isoformat(),
            "id_number": who.id_number,
            "phone": who.phone,
            "ward_id": who.ward,
            "street": who.street,
        },
    )
    if created:
        user.set_password(password)
        user.save(update_fields=["password"])
    return user


def organisation(
    kind: str, name: str, code: str, *, ward: str, confirmed_by: User | None, password: str | None = None
) -> User:
    """The account of an organisation; its user name is ``<code>@example.com`` in small letters."""
    address = f"{code.lower() or kind}@example.com"
    user, created = User.objects.get_or_create(
        username=address,
        defaults={
            "full_name": name,
            "email": address,
            "phone": "02583123456",
            "street": "12 Hùng Vương",
            "ward_id": ward,
        },
    )
    if created:
        user.set_password(password)
        user.save(update_fields=["password"])
    Organisation.objects.get_or_create(
        user=user,
        defaults={
            "kind": kind,
            "code": code,
            "contact": "PHAN THỊ HẠNH",
            "confirmed_at": timezone.now() if confirmed_by else None,
            "confirmed_by": confirmed_by,
        },
    )
    return user


def staff(username: str, full_name: str, office: Office, role: str, *, password: str) -> User:
    """A member of staff of ``office``."""
    user, created = User.objects.get_or_create(
        username=username, defaults={"full_name": full_name, "is_staff": True}
    )
    if created:
        user.set_password(password)
        user.save(update_fields=["password"])
    StaffMember.objects.get_or_create(user=user, defaults={"office": office, "role": role})
    return user


def answers(who: Person, case: str, today: date, chance: random.Random) -> dict[str, str]:
    """A complete lump-sum form as typed."""
    stopped = today - timedelta(days=chance.randint(400, 1800))
    return {
        "case": case,
        "stop_date": f"{stopped:%d/%m/%Y}",
        "contributing_now": "no",
        "gender": who.sex,
        "date_of_birth": f"{who.born:%d/%m/%Y}",
        "goes_on_voluntarily": "no",
        "commune_part_time": "no",
        "total_months": f"{chance.randint(1, 12)}/{chance.randint(0, 11)}",
        "full_name": who.full_name,
        "insurance_number": who.number,
        "id_number": who.id_number,
        "phone": who.phone,
        "ward": who.ward,
        "street": who.street,
        "residence_kind": "permanent",
        "scheme": "compulsory",
        "books_count": "1",
        "unemployment_reserved": chance.choice(("yes", "no")),
        "pay_method": "bank_transfer",
        "bank": "970405",
        "bank_branch": "Khánh Hòa",
        "account_number": f"4700{chance.randint(10**8, 10**9 - 1)}",
        "account_holder": who.full_name,
        "result_delivery": chance.choice(("post", "post", "office")),
    }


def photo(words: str) -> bytes:
    """A small JPEG that says what it stands for."""
    image = Image.new("RGB", (640, 400), "#dbe4ee")
    ImageDraw.Draw(image).text((40, 180), words, fill="#123764")
    out = io.BytesIO()
    image.save(out, "JPEG", quality=70)
    return out.getvalue()


def draft(user: User, who: Person, case: str, today: date, chance: random.Random) -> Dossier:
    """A complete draft with its uploads, ready to file."""
    version = catalogue.published("lump-sum")
    assert version is not None
    dossier = dossiers.start(user, version)
    dossier.typed, dossier.case = answers(who, case, today, chance), case
    dossier.save(update_fields=["typed", "case"])
    for paper in definition_of(version).documents_for(dossier.typed):
        if paper.uploaded and paper.required:
            upload = SimpleUploadedFile(f"{paper.slug}.jpg", photo(paper.slug))
            attachments.attach(dossier, paper.slug, upload, actor=user)
    return dossier


# --- The thirty dossiers -------------------------------------------------------------------------


@dataclass
class Day:
    """Working moments of the past, one after the other."""

    now: datetime
    work: WorkCalendar = field(default_factory=calendar)

    def later(self, days: int = 1) -> datetime:
        day = self.work.add(timezone.localdate(self.now), days)
        moment = self.now.astimezone(timezone.get_current_timezone())
        self.now = min(moment.replace(year=day.year, month=day.month, day=day.day), timezone.now())
        return self.now


Act = Callable[[Dossier, "Desk", Day], Any]


@dataclass(frozen=True)
class Desk:
    clerk: User
    supervisor: User


def _do(action: str, who: str = "clerk", note: str = "", **facts: Any) -> Act:
    def act(dossier: Dossier, desk: Desk, day: Day) -> None:
        actor = {"clerk": desk.clerk, "supervisor": desk.supervisor, "citizen": dossier.owner}[who]
        workflow.move(
            dossier, action, actor=actor, key=f"demo-{action}", note=note, facts=facts, now=day.later()
        )

    return act


def _papers(dossier: Dossier, desk: Desk, day: Day) -> None:
    every = list(dossier.originals.values_list("document", flat=True))
    mailroom.receive(dossier, every, actor=desk.clerk, key="demo-originals", now=day.later(2))


def _one_paper(dossier: Dossier, desk: Desk, day: Day) -> None:
    mailroom.receive(dossier, ["form"], actor=desk.clerk, key="demo-first", now=day.later(2))


def _posted(dossier: Dossier, desk: Desk, day: Day) -> None:
    mailroom.dispatch(dossier, "RA000000014VN", actor=desk.clerk, key="demo-dispatch", now=day.later())


_ASK = _do(
    "ask_supplement", note="Xin gửi trong 10 ngày.", missing=["Sổ BHXH thứ hai (đóng ở Ninh Hòa năm 2012)"]
)
_TO_APPROVAL = (_papers, _do("accept"), _do("propose", note="Đủ điều kiện theo NQ 93/2015/QH13."))
STORIES: tuple[tuple[Act, ...], ...] = (
    (),
    (_one_paper,),
    (_papers,),
    (_papers, _do("accept")),
    (_papers, _do("accept"), _ASK),
    (_papers, _do("accept"), _ASK, _do("answer_supplement", "citizen", message="Tôi đã gửi sổ thứ hai.")),
    _TO_APPROVAL,
    (*_TO_APPROVAL, _do("approve", "supervisor")),
    (*_TO_APPROVAL, _do("approve", "supervisor"), _posted),
    (*_TO_APPROVAL, _do("approve", "supervisor"), _do("close", note="Người dân nhận tại quầy.")),
    (*_TO_APPROVAL, _do("send_back", "supervisor", note="Kiểm tra lại thời gian đóng năm 2013.")),
    (
        _papers,
        _do("accept"),
        _do("propose_rejection", note="Đang đóng BHXH bắt buộc."),
        _do(
            "reject",
            "supervisor",
            note="Ông/bà đang tham gia BHXH bắt buộc nên chưa đủ điều kiện.",
            legal_basis="Nghị quyết 93/2015/QH13",
        ),
    ),
    (_do("refuse", note="Hồ sơ trùng với hồ sơ đã nộp trước."),),
    (_do("withdraw", "citizen"),),
)


def fill_office(office: Office, desk: Desk, chance: random.Random) -> Iterator[Dossier]:
    """One dossier of every story for ``office``, and a draft."""
    cases = ("stopped_1_year", "stopped_1_year", "emigration", "serious_illness", "armed_forces")
    for number, story in enumerate(STORIES):
        who = person(chance, chance.choice(WARDS[office.slug]))
        start = timezone.now() - timedelta(days=chance.randint(1, 4) + 2 * len(story))
        day = Day(
            start.astimezone(timezone.get_current_timezone()).replace(hour=8 + number % 8, minute=number)
        )
        dossier = draft(citizen(who), who, cases[number % len(cases)], timezone.localdate(day.now), chance)
        dossiers.file(dossier, actor=dossier.owner, key="demo", now=min(day.now, timezone.now()))
        for act in story:
            act(dossier, desk, day)
        yield dossier
    outbox.drain()


def build() -> list[tuple[str, str]]:
    """Accounts and dossiers; returns (user name, what it is) for each account. Safe to repeat."""
    accounts = []
    for slug, place, names in (
        ("cam-ranh", "Cam Ranh", ("Lê Thị Hạnh", "Trần Quốc Sơn")),
        ("khanh-hoa", "tỉnh", ("Phạm Ngọc Ánh", "Võ Minh Khánh")),
    ):
        office = Office.objects.get(slug=slug)
        clerk = staff(f"canbo.{slug}", names[0], office, "clerk", password=PASSWORD)
        head = staff(f"phutrach.{slug}", names[1], office, "supervisor", password=PASSWORD)
        accounts += [(clerk.username, f"cán bộ, BHXH {place}"), (head.username, f"phụ trách, BHXH {place}")]
        if not Dossier.objects.filter(office=office).exists():
            for _dossier in fill_office(office, Desk(clerk, head), random.Random(slug)):  # noqa: S311
                pass
    for made, what in (
        (_employer(User.objects.get(username="canbo.cam-ranh")), "đơn vị sử dụng lao động"),
        (_facility(User.objects.get(username="canbo.khanh-hoa")), "cơ sở khám chữa bệnh"),
    ):
        accounts.append((made.username, what))
    province = Office.objects.get(level=Office.Level.PROVINCE)
    boss = staff("quantri", "Đặng Hữu Phước", province, "administrator", password=PASSWORD)
    accounts.append((boss.username, "quản trị hệ thống"))
    who = person(random.Random("citizen"), "22429")  # noqa: S311
    me = citizen(Person(**{**who.__dict__, "number": "5612345678"}), password=PASSWORD)
    if not me.dossiers.exists():
        _own_dossier(me, who)
    return [(me.username, "người dân"), *accounts]


def _employer(clerk: User) -> User:
    name = "CÔNG TY TNHH MAY ÁNH DƯƠNG"
    return organisation("employer", name, "TK0123K", ward="22429", confirmed_by=clerk, password=PASSWORD)


def _facility(clerk: User) -> User:
    name = "PHÒNG KHÁM ĐA KHOA AN BÌNH"
    return organisation("health_facility", name, "56901", ward="22366", confirmed_by=clerk, password=PASSWORD)


def _own_dossier(user: User, who: Person) -> None:
    chance = random.Random(user.username)  # noqa: S311
    mine = Person(**{**who.__dict__, "number": user.username})
    dossier = draft(user, mine, "stopped_1_year", timezone.localdate(), chance)
    dossiers.file(dossier, actor=user, key="demo")
    outbox.drain()
