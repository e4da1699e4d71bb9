"""Files from citizens: what is taken, what they are kept and served as, and what they cannot do."""

import hashlib
import io
import stat
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from PIL import Image, ImageDraw

from portal.models import User
from procedures import attachments, demo, mailroom, workflow
from procedures.models import Attachment, Dossier
from tests.conftest import file_draft

SignIn = Callable[[User], Client]
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
HOSTILE_PDF = (
    b"%PDF-1.4\n<html><script>alert(document.cookie)</script></html>\n"
    b"1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n%%EOF\n"
)


@pytest.fixture
def empty(draft: Dossier) -> Dossier:
    """A draft whose files have been taken out."""
    draft.attachments.all().delete()
    return draft


def _picture(kind: str, size: tuple[int, int] = (60, 40), **options: Any) -> bytes:
    image = Image.new("RGB", size, "#dbe4ee")
    ImageDraw.Draw(image).rectangle((0, 0, size[0] // 4, size[1] // 4), fill="#aa0000")
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def _send(client: Client, dossier: Dossier, name: str, data: bytes, slug: str = "id_photo") -> HttpResponse:
    """Post a file as a browser does, whatever its name."""
    line = "xxLINExx"
    head = f'Content-Disposition: form-data; name="file_{slug}"; filename="{name}"\r\n\r\n'
    body = f"--{line}\r\n".encode() + head.encode() + data + f"\r\n--{line}--\r\n".encode()
    address = f"/ho-so/{dossier.draft_code}/giay-to-kem/?tai=1"
    return client.generic("POST", address, body, f"multipart/form-data; boundary={line}")


def _body(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


# --- What is taken -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("giấy.pdf", PDF, "application/pdf"),
        ("anh.jpg", _picture("JPEG"), "image/jpeg"),
        ("anh-luy-tien.jpg", _picture("JPEG", progressive=True), "image/jpeg"),
        ("anh.png", _picture("PNG"), "image/png"),
        ("IMG_0412.HEIC", _picture("HEIF"), "image/heic"),
        ("khong-duoi", _picture("JPEG"), "image/jpeg"),
        ("sai-duoi.pdf", _picture("PNG"), "image/png"),
        ("sai-duoi.exe", PDF, "application/pdf"),
    ],
)
def test_pdf_jpeg_png_and_heic_are_taken_by_their_content(
    name: str, data: bytes, kind: str, empty: Dossier, sign_in: SignIn
) -> None:
    assert _send(sign_in(empty.owner), empty, name, data).status_code == 200
    kept = empty.attachments.get()
    assert (kept.media_type, kept.name, kept.size) == (kind, name, len(data))
    assert kept.sha256 == hashlib.sha256(data).hexdigest()
    with kept.file.open("rb") as stored:
        assert stored.read() == data


def test_a_phone_photo_with_a_second_picture_inside_is_a_jpeg(empty: Dossier, sign_in: SignIn) -> None:
    inner = Image.new("RGB", (30, 20), "white")
    photo = _picture("MPO", save_all=True, append_images=[inner])
    assert _send(sign_in(empty.owner), empty, "samsung.jpg", photo).status_code == 200
    assert empty.attachments.get().media_type == "image/jpeg"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("anh.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
        ("anh.jpg", b"<!doctype html><script>alert(1)</script>"),
        ("anh.jpg", b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'),
        (
            "anh.jpg",
            b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;",
        ),
        ("anh.jpg", _picture("WEBP")),
        ("anh.jpg", _picture("BMP")),
        ("anh.jpg", _picture("TIFF")),
        ("so.pdf", b"PK\x03\x04" + b"\0" * 200),
        ("so.pdf", b"MZ" + b"\0" * 2000),
        ("so.pdf", b"\0" * 1024 + b"%PDF-1.4"),
        ("so.pdf", "Chỉ là chữ".encode()),
        ("so.pdf", b"\x89PNG\r\n\x1a\n"),
        ("so.pdf", b"\xff\xd8\xff\xe0"),
        ("so.pdf", b"\0\0\0\x1cftypheic\0\0\0\0"),
        ("rong.pdf", b""),
    ],
)
def test_everything_else_is_refused_whatever_it_is_called(
    name: str, data: bytes, empty: Dossier, sign_in: SignIn, settings: Any
) -> None:
    response = _send(sign_in(empty.owner), empty, name, data)
    assert response.status_code == 422
    assert name in response.content.decode()
    assert not empty.attachments.exists()
    assert not [path for path in Path(settings.MEDIA_ROOT).rglob("*.???") if path.stat().st_size == len(data)]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "HEIF"])
@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
def test_a_picture_cut_off_on_its_way_is_refused(
    kind: str, part: float, empty: Dossier, sign_in: SignIn
) -> None:
    whole = _picture(kind, (400, 300))
    assert _send(sign_in(empty.owner), empty, "anh.jpg", whole[: int(len(whole) * part)]).status_code == 422
    assert not empty.attachments.exists()


def test_a_cut_off_photo_is_not_taken_for_whole_by_the_small_picture_inside_it(
    empty: Dossier, sign_in: SignIn
) -> None:
    """Cameras put a small JPEG, with an end of its own, before the large one."""
    exif = Image.Exif()
    exif[0x010E] = "x"
    thumbnail = b"Exif\0\0" + exif.tobytes()[6:] + _picture("JPEG", (16, 12))
    whole = _picture("JPEG", (400, 300), exif=thumbnail)
    client = sign_in(empty.owner)
    assert _send(client, empty, "anh.jpg", whole[: len(whole) // 2]).status_code == 422
    assert _send(client, empty, "anh.jpg", whole).status_code == 200


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(width: int, height: int, *extra: bytes) -> bytes:
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    pixels = _chunk(b"IDAT", zlib.compress(b"\0" * 10_000))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(extra) + pixels + _chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(6001, 6000), (60_000, 60_000), (1, 36_000_001), (2**31 - 1, 2**31 - 1)])
def test_a_small_file_that_unfolds_into_a_huge_picture_is_refused(
    size: tuple[int, int], empty: Dossier, sign_in: SignIn
) -> None:
    assert _send(sign_in(empty.owner), empty, "anh.png", _png(*size)).status_code == 422
    assert not empty.attachments.exists()


def test_a_scan_of_a_whole_page_at_600_dpi_is_not_too_large() -> None:
    assert attachments.media_type(io.BytesIO(_png(4960, 7016))) == "image/png"


def test_text_that_unfolds_without_end_inside_a_picture_does_no_harm(empty: Dossier, sign_in: SignIn) -> None:
    bomb = _chunk(b"zTXt", b"a\0\0" + zlib.compress(b"a" * 50_000_000))
    client = sign_in(empty.owner)
    if _send(client, empty, "anh.png", _png(100, 100, bomb)).status_code == 200:
        number = empty.attachments.get().pk
        assert client.get(f"/ho-so/{empty.draft_code}/tep/{number}/xem-truoc/").status_code == 404


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "HEIF"])
def test_a_picture_broken_in_the_middle_opens_nowhere_and_breaks_nothing(
    kind: str, empty: Dossier, sign_in: SignIn
) -> None:
    whole = bytearray(_picture(kind, (400, 300)))
    middle = len(whole) * 2 // 3
    whole[middle : middle + 40] = b"\x13" * len(whole[middle : middle + 40])
    client = sign_in(empty.owner)
    if _send(client, empty, "anh", bytes(whole)).status_code == 200:
        address = f"/ho-so/{empty.draft_code}/tep/{empty.attachments.get().pk}/"
        assert client.get(f"{address}xem-truoc/").status_code in {200, 404}
        assert client.get(address).status_code in {200, 404}
        assert _body(client.get(f"{address}?goc=1")) == bytes(whole)


# --- How much ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("extra", "status"), [(0, 200), (1, 422)])
def test_the_limit_is_one_setting_to_the_byte(
    extra: int, status: int, empty: Dossier, sign_in: SignIn, settings: Any
) -> None:
    settings.MAX_UPLOAD_MB = 1
    client = sign_in(empty.owner)
    data = PDF + b"\0" * (1024 * 1024 - len(PDF) + extra)
    response = _send(client, empty, "so.pdf", data)
    assert response.status_code == status
    assert empty.attachments.exists() is (status == 200)
    assert "1 MB" in client.get(f"/ho-so/{empty.draft_code}/giay-to-kem/").content.decode()


def test_a_dossier_holds_only_so_many_files(empty: Dossier, sign_in: SignIn, settings: Any) -> None:
    settings.MAX_UPLOADS_PER_DOSSIER = 3
    client = sign_in(empty.owner)
    statuses = [_send(client, empty, f"{n}.pdf", PDF + str(n).encode()).status_code for n in range(4)]
    assert statuses == [200, 200, 200, 422]
    assert empty.attachments.count() == 3


def test_the_same_file_sent_twice_is_kept_once(empty: Dossier, sign_in: SignIn, settings: Any) -> None:
    client = sign_in(empty.owner)
    _send(client, empty, "a.pdf", PDF)
    _send(client, empty, "b.pdf", PDF)
    assert empty.attachments.get().name == "a.pdf"
    _send(client, empty, "b.pdf", PDF, slug="book_photo")
    assert empty.attachments.count() == 2


def test_a_request_with_more_files_than_a_person_sends_is_refused(empty: Dossier, sign_in: SignIn) -> None:
    files = [SimpleUploadedFile(f"{n}.pdf", PDF + str(n).encode()) for n in range(101)]
    address = f"/ho-so/{empty.draft_code}/giay-to-kem/"
    assert sign_in(empty.owner).post(address, {"file_id_photo": files}).status_code == 400
    assert not empty.attachments.exists()


@pytest.mark.parametrize("slug", ["supplement", "form", "insurance_book", "emigration_proof", "../x", ""])
def test_a_file_for_a_paper_that_is_not_asked_for_is_left_out(
    slug: str, empty: Dossier, sign_in: SignIn
) -> None:
    _send(sign_in(empty.owner), empty, "x.pdf", PDF, slug=slug)
    assert not empty.attachments.exists()


# --- Names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../../etc/cron.d/x.pdf", "x.pdf"),
        ("..\\..\\windows\\x.pdf", "x.pdf"),
        ("C:\\fakepath\\so bhxh.pdf", "so bhxh.pdf"),
        ("so\x00bhxh.pdf", "sobhxh.pdf"),
        ("so\x07\x1bbhxh.pdf", "sobhxh.pdf"),
        ("So\u0302\u0309 BHXH trang đâ\u0300u.pdf", "Sổ BHXH trang đầu.pdf"),
        ("so\u00adbhxh.pdf", "sobhxh.pdf"),
        ("anh\u202efdp.exe", "anhfdp.exe"),
        ("a" * 300 + ".pdf", "a" * 146 + ".pdf"),
        ("<script>alert(1)<script>.pdf", "<script>alert(1)<script>.pdf"),
        ("=cmd()|'x'.pdf", "=cmd()|'x'.pdf"),
        ("😀.pdf", "😀.pdf"),
    ],
)
def test_a_name_is_kept_for_the_eye_and_never_used_as_a_path(
    sent: str, kept: str, empty: Dossier, sign_in: SignIn, settings: Any
) -> None:
    client = sign_in(empty.owner)
    assert _send(client, empty, sent, PDF).status_code == 200
    found = empty.attachments.get()
    assert found.name == kept
    stored = Path(found.file.path).resolve()
    assert stored.is_relative_to(Path(settings.MEDIA_ROOT).resolve() / "attachments")
    assert stored.stem.isalnum() and len(stored.stem) == 32
    assert stat.S_IMODE(stored.stat().st_mode) == 0o600
    response = client.get(f"/ho-so/{empty.draft_code}/tep/{found.pk}/?goc=1")
    assert response["Content-Disposition"].startswith("attachment")
    assert not set("\r\n\0") & set(response["Content-Disposition"])
    assert _body(response) == PDF


@pytest.mark.parametrize("name", ["", ".", "..", "/", "\u200b"])
def test_a_file_without_a_usable_name_breaks_nothing(name: str, empty: Dossier, sign_in: SignIn) -> None:
    assert _send(sign_in(empty.owner), empty, name, PDF).status_code in {200, 422}
    assert all(found.name for found in empty.attachments.all())


# --- Serving -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "query", "kind", "disposition"),
    [
        (HOSTILE_PDF, "", "application/pdf", "inline"),
        (HOSTILE_PDF, "?goc=1", "application/pdf", "attachment"),
        (_picture("JPEG"), "", "image/jpeg", ""),
        (_picture("JPEG"), "?goc=1", "image/jpeg", "attachment"),
        (_picture("HEIF"), "", "image/jpeg", ""),
        (_picture("HEIF"), "?goc=1", "image/heic", "attachment"),
    ],
)
def test_nothing_in_a_file_runs_as_a_page_of_ours(
    data: bytes, query: str, kind: str, disposition: str, empty: Dossier, sign_in: SignIn
) -> None:
    client = sign_in(empty.owner)
    _send(client, empty, "x.html", data)
    response = client.get(f"/ho-so/{empty.draft_code}/tep/{empty.attachments.get().pk}/{query}")
    assert response["Content-Type"] == kind
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response.headers.get("Content-Disposition", "").split(";")[0] == disposition
    policy = response["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; frame-ancestors 'none'")
    assert "script-src" not in policy
    if kind == "image/jpeg" and not query:
        assert "sandbox" in policy
    assert "no-store" in response["Cache-Control"]
    _body(response)


def test_a_photo_taken_sideways_stands_upright_and_loses_where_it_was_taken(
    empty: Dossier, sign_in: SignIn
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright
    exif.get_ifd(0x8825)[2] = (12.0, 14.0, 20.0)  # latitude
    client = sign_in(empty.owner)
    _send(client, empty, "anh.jpg", _picture("JPEG", (600, 400), exif=exif))
    address = f"/ho-so/{empty.draft_code}/tep/{empty.attachments.get().pk}/"
    for page, size in ((address, (400, 600)), (f"{address}xem-truoc/", (213, 320))):
        shown = Image.open(io.BytesIO(client.get(page).content))
        assert (shown.format, shown.size) == ("JPEG", size)
        assert not shown.getexif()
        red, green, _blue = shown.getpixel((size[0] - 5, 5))  # the marked corner is at the top right
        assert red > 120 > green


def test_a_preview_is_small_whatever_the_picture(empty: Dossier, sign_in: SignIn) -> None:
    client = sign_in(empty.owner)
    _send(client, empty, "anh.png", _picture("PNG", (3000, 10)))
    response = client.get(f"/ho-so/{empty.draft_code}/tep/{empty.attachments.get().pk}/xem-truoc/")
    assert Image.open(io.BytesIO(response.content)).size == (320, 1)


def test_a_pdf_has_no_preview(empty: Dossier, sign_in: SignIn) -> None:
    client = sign_in(empty.owner)
    _send(client, empty, "x.pdf", PDF)
    address = f"/ho-so/{empty.draft_code}/tep/{empty.attachments.get().pk}/xem-truoc/"
    assert client.get(address).status_code == 404


def test_no_address_serves_the_folder_of_files(empty: Dossier, sign_in: SignIn) -> None:
    client = sign_in(empty.owner)
    _send(client, empty, "x.pdf", PDF)
    path = str(empty.attachments.get().file)
    for address in (f"/{path}", f"/media/{path}", f"/static/{path}", f"/static/../{path}"):
        assert client.get(address).status_code == 404, address


# --- Taking out ----------------------------------------------------------------------------------


def test_a_file_taken_out_of_a_draft_is_gone_with_its_bytes(
    empty: Dossier, sign_in: SignIn, django_capture_on_commit_callbacks: Any
) -> None:
    client = sign_in(empty.owner)
    _send(client, empty, "x.pdf", PDF)
    found = empty.attachments.get()
    stored = Path(found.file.path)
    assert stored.exists()
    with django_capture_on_commit_callbacks(execute=True):
        client.post(f"/ho-so/{empty.draft_code}/tep/{found.pk}/xoa/")
    assert not stored.exists()
    assert client.get(f"/ho-so/{empty.draft_code}/tep/{found.pk}/").status_code == 404
    assert client.get(f"/ho-so/{empty.draft_code}/tep/{found.pk}/xem-truoc/").status_code == 404


def test_a_filed_dossier_keeps_its_files(filed: Dossier, sign_in: SignIn) -> None:
    client, before = sign_in(filed.owner), list(filed.attachments.values())
    for found in filed.attachments.all():
        client.post(f"/ho-so/{filed.draft_code}/tep/{found.pk}/xoa/")
        client.post(f"/ho-so/{filed.code}/tep/{found.pk}/xoa/")
    _send(client, filed, "them.pdf", PDF)
    client.post(f"/ho-so/{filed.draft_code}/xoa-nhap/")
    assert list(filed.attachments.values()) == before


def test_a_request_begun_before_the_filing_changes_no_file_after_it(draft: Dossier) -> None:
    late = Dossier.objects.get(pk=draft.pk)
    found = draft.attachments.all()[0]
    filed = file_draft(draft)
    before = list(filed.attachments.values())
    with pytest.raises(ValidationError):
        attachments.attach(late, "id_photo", SimpleUploadedFile("x.pdf", PDF), actor=late.owner)
    attachments.remove(found)
    assert list(filed.attachments.values()) == before


def test_files_are_added_to_a_filed_dossier_only_when_the_office_asks(
    filed: Dossier, clerk: User, sign_in: SignIn
) -> None:
    client, address = sign_in(filed.owner), f"/ho-so/{filed.code}/bo-sung/"

    def send(name: str) -> None:
        upload = SimpleUploadedFile(name, PDF + name.encode())
        client.post(address, {"file_supplement": upload, "file_id_photo": upload, "upload": "1"})

    send("truoc.pdf")
    mailroom.receive(
        filed, ["form", "insurance_book"], actor=clerk, key="o", now=filed.filed_at or filed.created_at
    )
    workflow.move(filed, "ask_supplement", actor=clerk, key="s", facts={"missing": ["Sổ BHXH"]})
    send("dung-luc.pdf")
    client.post(address, {"message": "Đã gửi", "key": "a"})
    send("sau.pdf")
    added = Attachment.objects.filter(dossier=filed, media_type="application/pdf")
    assert [(a.document, a.name) for a in added] == [("supplement", "dung-luc.pdf")]


def test_what_the_demo_uploads_is_taken_as_any_other_file(empty: Dossier, sign_in: SignIn) -> None:
    assert _send(sign_in(empty.owner), empty, "x.jpg", demo.photo("x")).status_code == 200
