"""Uploads: what they really are, their checksum, private storage, previews and downloads.

The type is read from the bytes, never from the name or the browser. Files lie under names of our
own below MEDIA_ROOT, are never served by the web server and reach people only through a view that
asked ``dossiers.get_for`` first.
"""

import hashlib
import io
import secrets
from dataclasses import dataclass
from typing import Any, BinaryIO

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Prefetch, prefetch_related_objects
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from portal import text
from portal.models import User
from procedures import scanning
from procedures.models import Attachment, Dossier, ParcelPhoto

ACCEPT = ".pdf,.jpg,.jpeg,.png,.heic,.heif,application/pdf,image/jpeg,image/png,image/heic,image/heif"
# The paper an office hands over when it closes a dossier.
RESULT = "result"
_SUFFIXES = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png", "image/heic": "heic"}
# MPO: a JPEG with more pictures behind the first, as many phones make them.
_PILLOW_TYPES = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "HEIF": "image/heic"}
# A phone takes 12 to 50 megapixels and a scanner 35; a page of one colour with far more is an attack
# on memory, which a PNG needs whole.
_MAX_PIXELS = {"image/jpeg": 64_000_000, "image/heic": 64_000_000, "image/png": 36_000_000}
# What a whole picture holds after its header.
_ENDS = {"image/jpeg": b"\xff\xd9", "image/png": b"IEND"}
_PREVIEW = (320, 320)
# What the decoders of Pillow and libheif raise at a broken picture.
_BROKEN = (OSError, ValueError, KeyError, SyntaxError, EOFError, RuntimeError, Image.DecompressionBombError)


def media_type(head: BinaryIO) -> str:
    """The type of the file by its content; raises ``ValidationError`` for all we do not take."""
    head.seek(0)
    start = head.read(1024)
    head.seek(0)
    if b"%PDF-" in start:
        return "application/pdf"
    try:
        with _opened(head) as image:
            kind = _PILLOW_TYPES[image.format or ""]
            if image.width * image.height > _MAX_PIXELS[kind]:
                raise ValidationError(
                    _("This picture is too large; please take it again with fewer megapixels.")
                )
            if not _whole(kind, head):
                raise ValidationError(_("This picture did not arrive whole. Please choose it again."))
            return kind
    except _BROKEN:
        raise ValidationError(
            _("This is neither a PDF nor a photo (JPEG, PNG, HEIC). Please choose another file.")
        ) from None
    finally:
        head.seek(0)


def _opened(picture: BinaryIO) -> Image.Image:
    """``picture``, its header read; libheif is loaded once somebody sends one of its pictures."""
    start = picture.read(8)
    picture.seek(0)
    if start[4:] != b"ftyp":
        return Image.open(picture, formats=("JPEG", "PNG"))
    import pillow_heif

    pillow_heif.register_heif_opener()
    return Image.open(picture, formats=("HEIF",))


def _whole(kind: str, picture: BinaryIO) -> bool:
    """Whether ``picture``, just opened, is there to its end; uploads from phones break off."""
    if kind in _ENDS:
        return picture.read().rfind(_ENDS[kind]) >= 0  # from the end, where it mostly stands
    at, end = 0, picture.seek(0, io.SEEK_END)
    while at < end:
        picture.seek(at)
        box = picture.read(16)
        size = int.from_bytes(box[:4], "big")
        if size == 1:
            size = int.from_bytes(box[8:], "big")
        if box[4:8] == b"mdat":
            return at + size <= end
        at += max(size, 8)
    return False


def current(dossier: Dossier, *, again: bool = False) -> list[Attachment]:
    """The files of ``dossier`` that have not been removed; read once for this object, or ``again``."""
    if again:
        dossier.__dict__.pop("files_here", None)
    here = Prefetch("attachments", Attachment.objects.filter(removed_at=None), to_attr="files_here")
    prefetch_related_objects([dossier], here)
    return dossier.files_here


def attach(dossier: Dossier, document: str, upload: "UploadedFile[Any]", *, actor: User) -> Attachment:
    """Keep ``upload`` as a file of ``document``; the same bytes twice are kept once.

    Raises ``ValidationError`` with words for the citizen.
    """
    kind, digest = checked(upload)
    with transaction.atomic():
        locked = Dossier.objects.select_for_update(no_key=True).filter(pk=dossier.pk)
        if locked.values_list("state", flat=True).get() != dossier.state:
            raise ValidationError(_("The dossier has been sent; its files stay as they are."))
        mine = current(dossier, again=True)
        same = [a for a in mine if (a.document, a.sha256) == (document, digest)]
        if same:
            return same[0]
        if len(mine) >= settings.MAX_UPLOADS_PER_DOSSIER and document != RESULT:
            raise ValidationError(
                _("A dossier holds at most %(limit)d files.") % {"limit": settings.MAX_UPLOADS_PER_DOSSIER}
            )
        path = keep(upload, "attachments", kind)
        kept = Attachment.objects.create(
            dossier=dossier,
            document=document,
            file=path,
            name=_shown_name(upload.name or "", kind),
            media_type=kind,
            size=upload.size or 0,
            sha256=digest,
            scan=scanning.first_state(),
            uploaded_by=actor,
        )
        scanning.queue(kept)
        mine.append(kept)
        return kept


def checked(upload: "UploadedFile[Any]") -> tuple[str, str]:
    """The type of ``upload`` and its SHA-256; raises ``ValidationError`` for what is not taken."""
    limit = settings.MAX_UPLOAD_MB * 1024 * 1024
    if not upload.size:
        raise ValidationError(_("This file is empty."))
    if upload.size > limit:
        raise ValidationError(
            _("This file has %(size)s MB; a file may have at most %(limit)d MB.")
            % {"size": f"{upload.size / 1024 / 1024:.1f}".replace(".", ","), "limit": settings.MAX_UPLOAD_MB}
        )
    kind, digest = media_type(upload), hashlib.sha256()  # type: ignore[arg-type]
    for chunk in upload.chunks():
        digest.update(chunk)
    upload.seek(0)
    return kind, digest.hexdigest()


def keep(upload: "UploadedFile[Any]", folder: str, kind: str) -> str:
    """Store ``upload`` below MEDIA_ROOT under a name of our own and return its path."""
    place = f"{folder}/{timezone.localdate():%Y/%m}/{secrets.token_hex(16)}.{_SUFFIXES[kind]}"
    return default_storage.save(place, upload)


def _shown_name(name: str, kind: str) -> str:
    """The person's own name for the file, for the eye only."""
    base = text.clean(name.replace("\\", "/").rsplit("/", 1)[-1]).replace("\n", " ")
    return base[-150:] or f"tep.{_SUFFIXES[kind]}"


def remove(attachment: Attachment) -> None:
    """Take a file out of a dossier that is still being written; the bytes go with it.

    Belongs inside a transaction; a dossier filed meanwhile keeps its files.
    """
    if not Dossier.objects.select_for_update(no_key=True).get(pk=attachment.dossier_id).is_draft:
        return
    Attachment.objects.filter(pk=attachment.pk, removed_at=None).update(removed_at=timezone.now())
    current(attachment.dossier, again=True)
    transaction.on_commit(lambda: attachment.file.delete(save=False))


def of_dossier(dossier: Dossier, number: int) -> Attachment:
    """The attachment ``number`` of a dossier the caller has already been allowed; else ``Http404``."""
    found = dossier.attachments.filter(pk=number, removed_at=None).first()
    if found is None:
        raise Http404
    return found


@dataclass(frozen=True)
class Picture:
    data: bytes
    media_type: str


def preview(attachment: Attachment | ParcelPhoto) -> Picture:
    """A small upright JPEG of a photo; raises ``Http404`` for what is not a photo."""
    return _jpeg(attachment, _PREVIEW)


def viewable(
    attachment: Attachment | ParcelPhoto, *, size: tuple[int, int] = (2400, 2400), turn: int = 0
) -> Picture:
    """A photo as any browser shows it: HEIC becomes JPEG, and it stands upright, or ``turn`` degrees on."""
    return _jpeg(attachment, size, turn)


def _jpeg(attachment: Attachment | ParcelPhoto, size: tuple[int, int], turn: int = 0) -> Picture:
    if not attachment.media_type.startswith("image/"):
        raise Http404
    try:
        with attachment.file.open("rb") as stored, _opened(stored) as image:  # type: ignore[arg-type]
            image.draft("RGB", size)
            image.thumbnail(size)  # before all else: a copy at full size would take as much again
            ImageOps.exif_transpose(image, in_place=True)
            out = io.BytesIO()
            image.convert("RGB").rotate(-turn, expand=True).save(out, "JPEG", quality=80)
    except _BROKEN:
        raise Http404 from None
    return Picture(out.getvalue(), "image/jpeg")


def keep_private(path: str, data: bytes) -> str:
    """Write ``data`` below MEDIA_ROOT and return the path it got."""
    return default_storage.save(path, ContentFile(data))
