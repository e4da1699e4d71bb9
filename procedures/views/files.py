"""The files a citizen brings: taking them, listing them, showing them."""

from collections import defaultdict
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal.http import UserRequest, sign_in_required
from portal.models import AccessLog
from procedures import attachments, desk, dossiers, scanning
from procedures.models import Attachment, Dossier


def take_files(request: UserRequest, dossier: Dossier, slugs: list[str]) -> dict[str, str]:
    """Keep every file sent for one of ``slugs``; return what was wrong, a line a file, by slug."""
    errors: dict[str, str] = {}
    for slug in slugs:
        for upload in request.FILES.getlist(f"file_{slug}"):
            assert isinstance(upload, UploadedFile)
            try:
                attachments.attach(dossier, slug, upload, actor=request.user)
            except ValidationError as error:
                line = f"{upload.name}: {error.messages[0]}"
                errors[slug] = f"{errors[slug]}\n{line}" if slug in errors else line
    return errors


def file_rows(dossier: Dossier, *, removable: bool) -> defaultdict[str, list[dict[str, Any]]]:
    """The files of each paper, by its slug, as ``components/file_list.html`` wants them."""
    rows: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for attachment in attachments.current(dossier):
        rows[attachment.document].append(_file_row(dossier, attachment, removable=removable))
    return rows


def _file_row(dossier: Dossier, attachment: Attachment, *, removable: bool) -> dict[str, Any]:
    place = [dossier.code or dossier.draft_code, attachment.pk]
    photo = attachment.media_type.startswith("image/")
    harmful = attachment.scan == Attachment.Scan.INFECTED
    return {
        "name": attachment.name,
        "size": attachment.size,
        "kind": attachment.media_type.rsplit("/", 1)[-1].upper(),
        "url": reverse("attachment", args=place),
        "thumbnail_url": reverse("attachment_preview", args=place) if photo else "",
        "error": _("This file is harmful and was locked; please send another one.") if harmful else "",
        "remove_url": reverse("remove_upload", args=place) if removable else "",
        "remove_attrs": [
            ("hx-post", reverse("remove_upload", args=place)),
            ("hx-target", f"#paper_{attachment.document}"),
            ("hx-swap", "outerHTML"),
        ],
    }


# --- Showing them -------------------------------------------------------------------


# Files of strangers: whatever a browser takes them for, nothing in them runs as ours.
SEALED = "default-src 'none'; frame-ancestors 'none'"


def _attachment(request: UserRequest, code: str, number: int) -> Attachment:
    """The file, unless staff must wait for the virus scanner; raises ``PermissionDenied`` then."""
    dossier = dossiers.get_for(request.user, code)
    found = attachments.of_dossier(dossier, number)
    if request.user.is_staff and (refusal := scanning.refusal(found)):
        raise PermissionDenied(refusal)
    desk.log_read(request.user, dossier, f"file {number}")
    if found.document == attachments.RESULT and request.user == dossier.owner:
        AccessLog.objects.create(user=request.user, about=str(dossier), what="result")
    return found


@never_cache
@require_safe
@sign_in_required
def attachment(request: UserRequest, code: str, number: int) -> HttpResponseBase:
    """A file as any browser shows it; ``?goc=1`` gives the very bytes that were handed in."""
    found = _attachment(request, code, number)
    if found.media_type == "application/pdf" or "goc" in request.GET:
        return FileResponse(
            found.file.open("rb"),
            content_type=found.media_type,
            filename=found.name,
            as_attachment="goc" in request.GET,
            # Browsers open no PDF in a sandbox.
            headers={"Content-Security-Policy": SEALED},
        )
    return _picture(attachments.viewable(found))


@never_cache
@require_safe
@sign_in_required
def attachment_preview(request: UserRequest, code: str, number: int) -> HttpResponse:
    return _picture(attachments.preview(_attachment(request, code, number)))


def _picture(picture: attachments.Picture) -> HttpResponse:
    sealed = {"Content-Security-Policy": f"{SEALED}; sandbox"}
    return HttpResponse(picture.data, content_type=picture.media_type, headers=sealed)
