"""Pictures of a parcel and of what was in it, taken at the mailroom.

They prove to the offices in which condition something came. Citizens read the condition in words; a
picture may show other people's papers on the same table, so only the offices see it, and every look is
logged. It is always shown re-encoded, never as the bytes that were sent, so no scanner has to pass it.
"""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _

from portal.models import AccessLog, User
from procedures import attachments
from procedures.models import Parcel, ParcelPhoto
from procedures.workflow import MoveRefused

ACCEPT = "image/jpeg,image/png,image/heic,image/heif"
MOST = 6


def add(parcel: Parcel, upload: "UploadedFile[Any] | None", *, actor: User, now: datetime) -> ParcelPhoto:
    """Keep ``upload`` with a parcel that lies at the office of ``actor``; the same picture once.

    Raises ``MoveRefused`` with words for the clerk.
    """
    kind, digest = _checked(upload)
    assert upload is not None
    with transaction.atomic():
        locked = Parcel.objects.select_for_update(no_key=True).get(pk=parcel.pk)
        if locked.office_id != actor.staff.office_id:
            raise MoveRefused(_("The parcel lies at another office."), field="photo")
        if same := locked.photos.filter(sha256=digest).first():
            return same
        if locked.photos.count() >= MOST:
            raise MoveRefused(_("A parcel has at most %(n)d photos.") % {"n": MOST}, field="photo")
        return ParcelPhoto.objects.create(
            parcel=locked,
            file=attachments.keep(upload, "parcels", kind),
            media_type=kind,
            size=upload.size or 0,
            sha256=digest,
            taken_by=actor,
            taken_at=now,
        )


def _checked(upload: "UploadedFile[Any] | None") -> tuple[str, str]:
    if upload is None:
        raise MoveRefused(_("Take or choose a photo first."), field="photo")
    try:
        kind, digest = attachments.checked(upload)
    except ValidationError as error:
        raise MoveRefused(error.messages[0], field="photo") from error
    if not kind.startswith("image/"):
        raise MoveRefused(_("This is not a photo. Please take a picture of the parcel."), field="photo")
    return kind, digest


def show(parcel: Parcel, number: int, *, small: bool, viewer: User) -> attachments.Picture:
    """A picture of a parcel ``viewer`` has been allowed to see; the look is logged. Else ``Http404``."""
    found = parcel.photos.filter(pk=number).first()
    if found is None:
        raise Http404
    if small:
        return attachments.preview(found)
    AccessLog.objects.create(
        user=viewer, about=str(parcel.dossier or parcel), what=f"parcel photo {found.pk}"
    )
    return attachments.viewable(found)
