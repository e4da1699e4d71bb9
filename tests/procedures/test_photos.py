"""Pictures of parcels: for the offices that hold them, checked, private and logged."""

from collections.abc import Callable
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import InternalError, transaction
from django.db.utils import IntegrityError
from django.test import Client
from django.utils import timezone
from PIL import Image

from portal.models import AccessLog, User
from procedures import parcels, photos
from procedures.models import Dossier, Parcel, ParcelPhoto
from tests import answers

SignIn = Callable[[User], Client]

pytestmark = pytest.mark.django_db


@pytest.fixture
def parcel(filed: Dossier, clerk: User) -> Parcel:
    return parcels.receive(str(filed.code), actor=clerk, key="k", now=timezone.now())[0]


def send(client: Client, parcel: Parcel, data: bytes, name: str = "anh.jpg") -> tuple[int, str]:
    upload = SimpleUploadedFile(name, data)
    response = client.post(f"/quan-tri/procedures/parcel/{parcel.pk}/viec/anh/", {"anh": upload})
    return response.status_code, response.content.decode()


def test_a_photo_is_kept_once_shown_upright_as_jpeg_and_every_look_is_logged(
    parcel: Parcel, clerk: User, sign_in: SignIn
) -> None:
    client = sign_in(clerk)
    for _twice in range(2):
        assert send(client, parcel, answers.PHOTO)[0] == 303
    photo = ParcelPhoto.objects.get()
    assert (photo.parcel, photo.taken_by) == (parcel, clerk)
    assert photo.file.name.startswith("parcels/")
    place = f"/quan-tri/procedures/parcel/{parcel.pk}/anh/{photo.pk}/"
    for path in (place, f"{place}?nho"):
        shown = client.get(path)
        assert shown["Content-Type"] == "image/jpeg"
        assert "sandbox" in shown["Content-Security-Policy"]
        assert Image.open(BytesIO(shown.content)).format == "JPEG"
    logged = AccessLog.objects.filter(user=clerk, what=f"parcel photo {photo.pk}")
    assert logged.get().about == str(parcel.dossier)
    assert place in client.get("/quan-tri/procedures/dossier/quet/", {"buu": parcel.pk}).content.decode()


@pytest.mark.parametrize(
    ("data", "name"),
    [(b"%PDF-1.4 x", "a.pdf"), (b"<svg/>", "anh.jpg"), (b"", "anh.jpg"), (b"\xff\xd8\xff", "a.jpg")],
)
def test_what_is_no_photo_is_refused_beside_the_field(
    data: bytes, name: str, parcel: Parcel, clerk: User, sign_in: SignIn
) -> None:
    status, page = send(sign_in(clerk), parcel, data, name)
    assert status == 422
    assert 'class="desk-alert"' in page
    assert not ParcelPhoto.objects.exists()


def test_a_parcel_has_only_so_many_photos(
    parcel: Parcel, clerk: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photos, "MOST", 1)
    client = sign_in(clerk)
    out = BytesIO()
    Image.new("RGB", (40, 30), "red").save(out, "JPEG")
    assert send(client, parcel, answers.PHOTO)[0] == 303
    assert send(client, parcel, out.getvalue())[0] == 422


def test_citizens_and_other_offices_see_no_photo_and_take_none(
    parcel: Parcel, clerk: User, other_clerk: User, director: User, sign_in: SignIn
) -> None:
    send(sign_in(clerk), parcel, answers.PHOTO)
    photo = ParcelPhoto.objects.get()
    place = f"/quan-tri/procedures/parcel/{parcel.pk}/anh/{photo.pk}/"
    assert parcel.dossier is not None
    owner = sign_in(parcel.dossier.owner)
    assert owner.get(place).status_code == 302
    assert "/anh/" not in owner.get(f"/ho-so/{parcel.dossier.code}/").content.decode()
    assert sign_in(other_clerk).get(place).status_code == 404
    assert send(sign_in(other_clerk), parcel, answers.PHOTO)[0] == 404
    assert sign_in(director).get(place).status_code == 200
    assert send(sign_in(director), parcel, answers.PHOTO)[0] == 403
    assert sign_in(clerk).get(f"{place[:-1]}9/").status_code == 404


def test_a_kept_photo_is_not_changed_or_deleted(parcel: Parcel, clerk: User, sign_in: SignIn) -> None:
    send(sign_in(clerk), parcel, answers.PHOTO)
    with pytest.raises((InternalError, IntegrityError)), transaction.atomic():
        ParcelPhoto.objects.all().update(size=1)
    with pytest.raises((InternalError, IntegrityError)), transaction.atomic():
        ParcelPhoto.objects.all().delete()
