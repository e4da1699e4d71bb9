"""Looking at files beside the answers: pages of PDFs as pictures, photos upright, and what is not shown."""

import io
from collections.abc import Callable
from typing import Any

import pypdfium2  # type: ignore[import-untyped]
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image
from pypdf import PdfReader, PdfWriter

from portal.models import AccessLog, User
from procedures import attachments, viewing
from procedures.models import Attachment, Dossier
from tests.conftest import file_draft

SignIn = Callable[[User], Client]
QUEUE = "/quan-tri/procedures/dossier/"


def _pdf(pages: int = 1, size: tuple[float, float] = (595, 842)) -> bytes:
    document = pypdfium2.PdfDocument.new()
    for _ in range(pages):
        document.new_page(*size)
    out = io.BytesIO()
    document.save(out)
    document.close()
    return out.getvalue()


def _locked(data: bytes) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    writer.encrypt("mat-khau", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _photo(kind: str, size: tuple[int, int], orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    out = io.BytesIO()
    Image.new("RGB", size, "#aa0000").save(out, kind, exif=exif.tobytes())
    return out.getvalue()


def _brought(draft: Dossier, name: str, data: bytes) -> tuple[Dossier, Attachment]:
    """The dossier, filed with this file last."""
    kept = attachments.attach(draft, "id_photo", SimpleUploadedFile(name, data), actor=draft.owner)
    return file_draft(draft), kept


def _picture(dossier: Dossier, file: Attachment, page: int = 1, query: str = "") -> str:
    return f"{QUEUE}{dossier.pk}/tep/{file.pk}/trang/{page}/{query}"


def _size(response: Any) -> tuple[int, int]:
    assert response.status_code == 200
    assert response["Content-Type"] == "image/jpeg"
    with Image.open(io.BytesIO(response.content)) as image:
        return image.size


def _viewer(client: Client, dossier: Dossier, file: Attachment, query: str = "") -> str:
    asked = f"{QUEUE}{dossier.pk}/change/?tep={file.pk}{query}"
    response = client.get(asked, headers={"HX-Request": "true", "HX-Target": "viewer"})
    assert response.status_code == 200
    page: str = response.content.decode()
    assert page.lstrip().startswith("<section")
    return page


def test_the_pages_of_a_pdf_are_turned_over_one_by_one(draft: Dossier, clerk: User, sign_in: SignIn) -> None:
    filed, file = _brought(draft, "so.pdf", _pdf(500))
    client = sign_in(clerk)
    page = _viewer(client, filed, file, "&trang=499")
    assert "499" in page
    assert f"?tep={file.pk}&amp;trang=500" in page
    assert f"?tep={file.pk}&amp;trang=498" in page
    last = _viewer(client, filed, file, "&trang=9999")
    assert f"/tep/{file.pk}/trang/500/" in last
    assert "trang=501" not in last
    file.refresh_from_db()
    assert file.pages == 500
    assert _size(client.get(_picture(filed, file, 500))) == (1400, 1982)
    assert client.get(_picture(filed, file, 501)).status_code == 404


def test_the_viewer_works_as_links_and_pictures_on_a_page_of_its_own(
    draft: Dossier, clerk: User, sign_in: SignIn
) -> None:
    filed, file = _brought(draft, "so.pdf", _pdf(3))
    page = sign_in(clerk).get(f"{QUEUE}{filed.pk}/xem-tep/?tep={file.pk}&trang=2&xoay=90&phong=200")
    words = page.content.decode()
    assert page.status_code == 200
    for part in (
        f"/tep/{file.pk}/trang/2/?xoay=90&amp;to=1",
        f'href="?tep={file.pk}&amp;trang=3&amp;xoay=90&amp;phong=200#viewer"',
        f'href="?tep={file.pk}&amp;trang=2&amp;xoay=180&amp;phong=200#viewer"',
        "viewer-picture--200",
    ):
        assert part in words, part


@pytest.mark.parametrize(
    "query", ["?tep=x&trang=-1&xoay=45&phong=zzz", "?tep=99999999999999", "?trang=٣&xoay=9e9"]
)
def test_a_wrong_address_of_the_viewer_shows_the_first_file(
    query: str, filed: Dossier, clerk: User, sign_in: SignIn
) -> None:
    first = filed.attachments.all()[0]
    page = sign_in(clerk).get(f"{QUEUE}{filed.pk}/xem-tep/{query}")
    assert f"/tep/{first.pk}/trang/1/" in page.content.decode()


def test_a_page_is_turned_and_enlarged(draft: Dossier, clerk: User, sign_in: SignIn) -> None:
    filed, file = _brought(draft, "so.pdf", _pdf())
    client = sign_in(clerk)
    width, height = _size(client.get(_picture(filed, file, 1, "?xoay=90")))
    assert width > height
    assert _size(client.get(_picture(filed, file, 1, "?to=1"))) == (2800, 3963)


@pytest.mark.parametrize("size", [(144000, 20), (20, 144000), (0.01, 14400), (14400, 14400)])
def test_a_page_of_kilometres_takes_no_more_memory_than_any_other(
    size: tuple[float, float], draft: Dossier, clerk: User, sign_in: SignIn
) -> None:
    filed, file = _brought(draft, "dai.pdf", _pdf(1, size))
    width, height = _size(sign_in(clerk).get(_picture(filed, file)))
    assert width <= 1400
    assert height <= 2000


@pytest.mark.parametrize("kind", ["JPEG", "HEIF"])
def test_a_phone_photo_stands_upright_and_turns_from_there(
    kind: str, draft: Dossier, clerk: User, sign_in: SignIn
) -> None:
    filed, file = _brought(draft, "anh.jpg", _photo(kind, (80, 40), 6 if kind == "JPEG" else 1))
    client = sign_in(clerk)
    upright = (40, 80) if kind == "JPEG" else (80, 40)
    assert _size(client.get(_picture(filed, file))) == upright
    assert _size(client.get(_picture(filed, file, 1, "?xoay=270"))) == upright[::-1]
    assert client.get(_picture(filed, file, 2)).status_code == 404


@pytest.mark.parametrize(
    ("data", "words"),
    [(_locked(_pdf()), "mật khẩu"), (b"%PDF-1.4\nrac", "hỏng"), (_pdf()[:200], "hỏng")],
    ids=["locked", "junk", "cut off"],
)
def test_a_pdf_that_cannot_be_shown_says_why_and_is_still_downloaded(
    data: bytes, words: str, draft: Dossier, clerk: User, sign_in: SignIn
) -> None:
    filed, file = _brought(draft, "so.pdf", data)
    client = sign_in(clerk)
    page = _viewer(client, filed, file)
    assert words in page
    assert f"/ho-so/{filed.code}/tep/{file.pk}/?goc=1" in page
    assert "/trang/1/" not in page
    assert client.get(_picture(filed, file)).status_code == 404
    assert client.get(f"{QUEUE}{filed.pk}/change/?tep={file.pk}").status_code == 200


def test_a_file_whose_drawing_takes_too_long_or_too_much_ends(
    draft: Dossier, clerk: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    filed, file = _brought(draft, "so.pdf", _pdf())
    slow = tmp_path / "slow.py"
    slow.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(viewing, "_PROGRAM", slow)
    monkeypatch.setattr(viewing, "_SECONDS", 0.3)
    with pytest.raises(viewing.CannotShow, match="quá lâu"):
        viewing.picture(file, 1)
    greedy = tmp_path / "greedy.py"
    greedy.write_text("import os; os.abort()")
    monkeypatch.setattr(viewing, "_PROGRAM", greedy)
    monkeypatch.setattr(viewing, "_SECONDS", 15)
    with pytest.raises(viewing.CannotShow, match="hỏng"):
        viewing.picture(file, 1)
    assert sign_in(clerk).get(_picture(filed, file)).status_code == 404


def test_the_program_that_draws_knows_nothing_of_the_portal(
    draft: Dossier, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    _filed, file = _brought(draft, "so.pdf", _pdf())
    seen = tmp_path / "seen.py"
    seen.write_text("import json, os; print(json.dumps({'pages': 1, 'env': sorted(os.environ)}))")
    monkeypatch.setenv("SECRET_KEY", "x")
    monkeypatch.setattr(viewing, "_PROGRAM", seen)
    head, _image = viewing._ask(file, ["1"])
    assert not {"SECRET_KEY", "DATABASE_URL", "PATH", "HOME"} & set(head["env"])


@pytest.mark.parametrize("scan", ["infected", "waiting"])
def test_what_the_scanner_has_not_let_through_is_not_drawn(
    scan: str, draft: Dossier, clerk: User, sign_in: SignIn
) -> None:
    filed, file = _brought(draft, "so.pdf", _pdf())
    Attachment.objects.filter(pk=file.pk).update(scan=scan)
    client = sign_in(clerk)
    page = _viewer(client, filed, file)
    assert "/trang/" not in page
    assert "?goc=1" not in page
    assert client.get(_picture(filed, file)).status_code == 403
    assert not AccessLog.objects.filter(what=f"file {file.pk}").exists()
    file.refresh_from_db()
    assert file.pages is None


def test_paging_through_a_file_is_one_reading(draft: Dossier, clerk: User, sign_in: SignIn) -> None:
    filed, file = _brought(draft, "so.pdf", _pdf(3))
    client = sign_in(clerk)
    for page in (1, 2, 3, 1):
        assert client.get(_picture(filed, file, page)).status_code == 200
    other = filed.attachments.exclude(pk=file.pk)[0]
    client.get(_picture(filed, other))
    read = AccessLog.objects.filter(user=clerk, about=filed.code).values_list("what", flat=True)
    assert sorted(read) == sorted([f"file {file.pk}", f"file {other.pk}"])


def test_a_picture_stays_in_the_browser_and_is_asked_for_again(
    draft: Dossier, clerk: User, other_clerk: User, sign_in: SignIn
) -> None:
    filed, file = _brought(draft, "so.pdf", _pdf())
    first = sign_in(clerk).get(_picture(filed, file))
    assert first["Cache-Control"] == "private, no-cache"
    assert "sandbox" in first["Content-Security-Policy"]
    again = {"If-None-Match": first["ETag"]}
    assert sign_in(clerk).get(_picture(filed, file), headers=again).status_code == 304
    assert sign_in(clerk).get(_picture(filed, file, 1, "?xoay=90"), headers=again).status_code == 200
    assert sign_in(other_clerk).get(_picture(filed, file), headers=again).status_code == 404


def test_nobody_else_sees_a_page_of_a_file(
    filed: Dossier, other_clerk: User, stranger: User, sign_in: SignIn
) -> None:
    file = filed.attachments.all()[0]
    for path in (_picture(filed, file), f"{QUEUE}{filed.pk}/xem-tep/"):
        assert sign_in(other_clerk).get(path).status_code == 404
        assert sign_in(stranger).get(path).status_code == 302
        assert sign_in(filed.owner).get(path).status_code == 302
        assert Client().get(path).status_code == 302
    assert not AccessLog.objects.exists()


def test_a_file_of_another_dossier_is_not_shown_under_this_one(
    filed: Dossier, stranger: User, clerk: User, sign_in: SignIn, chance: Any
) -> None:
    from tests.conftest import make_draft

    theirs = file_draft(make_draft(stranger, chance))
    file = theirs.attachments.all()[0]
    assert sign_in(clerk).get(_picture(filed, file)).status_code == 404
