"""Invented people and their accounts, and drafts of theirs: for the demo office and for tests.

People are invented: names are drawn from lists of common Vietnamese name parts, numbers are real in
shape. Everything goes through the same functions as real filings, with the clock set back.
"""

import io
import random
from dataclasses import dataclass
from datetime import date, timedelta

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image, ImageDraw

from portal.models import Organisation, User
from procedures import attachments, catalogue, dossiers, sealed_answers
from procedures.catalogue import definition_of
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
    definition = definition_of(version)
    dossier.typed = sealed_answers.sealed(definition, answers(who, case, today, chance))
    dossier.case = case
    dossier.save(update_fields=["typed", "case"])
    for paper in definition.documents_for(dossier.typed):
        if paper.uploaded and paper.required:
            upload = SimpleUploadedFile(f"{paper.slug}.jpg", photo(paper.slug))
            attachments.attach(dossier, paper.slug, upload, actor=user)
    return dossier
