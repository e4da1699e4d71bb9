"""Invented citizens who have signed in, and the papers they upload."""

import io
import random
from datetime import timedelta
from importlib import import_module

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.hashers import make_password
from django.middleware.csrf import CSRF_SECRET_LENGTH
from django.utils import timezone
from django.utils.crypto import get_random_string
from PIL import Image, ImageDraw, ImageFilter

from bench.browser import File
from bench.filing import Papers
from portal.models import Session, User
from procedures import demo

_WARDS = ("22429", "22408", "22486", "22366", "22327", "22384")


def citizens(count: int, seed: str) -> list[User]:
    """``count`` new accounts; nobody can sign in to them, see ``cookies``."""
    chance = random.Random(seed)
    taken = set(User.objects.values_list("username", flat=True))
    people: dict[str, demo.Person] = {}
    while len(people) < count:
        person = demo.person(chance, chance.choice(_WARDS))
        # The answers of a filing are the same for all: who is named in the account must be too.
        if person.sex == "female" and person.number not in taken:
            people[person.number] = person
    password = make_password(None)
    return User.objects.bulk_create(
        User(
            username=person.number,
            password=password,
            full_name="NGUYỄN THỊ ÁNH TUYẾT",
            date_of_birth=person.born.isoformat(),
            id_number=person.id_number,
            phone=person.phone,
            ward_id=person.ward,
            street=person.street,
        )
        for person in people.values()
    )


def cookies(users: list[User], *, backend: str = "") -> list[dict[str, str]]:
    """What the browser of each keeps after signing in, by way of ``backend`` or the portal's own."""
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    ends = timezone.now() + timedelta(hours=6)
    sessions = Session.objects.bulk_create(
        Session(
            user=user,
            session_key=store._get_new_session_key(),
            expire_date=ends,
            session_data=store.encode(
                {
                    SESSION_KEY: str(user.pk),
                    BACKEND_SESSION_KEY: backend or settings.AUTHENTICATION_BACKENDS[0],
                    HASH_SESSION_KEY: user.get_session_auth_hash(),
                }
            ),
        )
        for user in users
    )
    return [
        {
            settings.SESSION_COOKIE_NAME: session.session_key,
            settings.CSRF_COOKIE_NAME: get_random_string(CSRF_SECRET_LENGTH),
        }
        for session in sessions
    ]


def papers() -> Papers:
    """A photo of 12 megapixels lying on its side, as phones keep them, and a page from a scanner."""
    return Papers(
        File("IMG_20210712_081502.jpg", "image/jpeg", _photo()),
        File("so-bhxh-trang-1.pdf", "application/pdf", _scan()),
    )


def _photo() -> bytes:
    """About 1.5 MB: a card on a table, with the grain of a small sensor."""
    chance = random.Random(1)
    grain = Image.frombytes("L", (1008, 756), chance.randbytes(1008 * 756)).resize((4032, 3024))
    image = Image.blend(_card((4032, 3024)), Image.merge("RGB", (grain, grain, grain)), 0.06)
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    out = io.BytesIO()
    image.save(out, "JPEG", quality=88, exif=exif)
    return out.getvalue()


def _scan() -> bytes:
    out = io.BytesIO()
    _card((1240, 1754)).filter(ImageFilter.GaussianBlur(1)).save(out, "PDF", resolution=150)
    return out.getvalue()


def _card(size: tuple[int, int]) -> Image.Image:
    image = Image.new("RGB", size, "#b9a48a")
    draw = ImageDraw.Draw(image)
    across, down = size
    draw.rounded_rectangle((across * 0.1, down * 0.1, across * 0.9, down * 0.9), 60, fill="#dfe9e4")
    for line in range(24):
        text = f"CĂN CƯỚC CÔNG DÂN / SỔ BẢO HIỂM XÃ HỘI 05618{line:07d}"
        draw.text((across * 0.15, down * (0.15 + line * 0.03)), text, fill="#1d3557", font_size=down // 50)
    return image
