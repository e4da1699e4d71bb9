"""The result as a file: attached by the office when it closes a dossier, downloaded by the citizen."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from portal.models import User
from procedures import attachments, workflow
from procedures.models import Attachment, Dossier, DossierEvent
from procedures.workflow import MoveRefused

CLOSE = "close"
REPLACED = "result_replaced"


def hand_over(
    dossier: Dossier,
    upload: "UploadedFile[Any] | None",
    *,
    actor: User,
    key: str,
    note: str = "",
    now: datetime | None = None,
) -> DossierEvent:
    """Close ``dossier``; a PDF goes along for the citizen, its name and hash into the history.

    Raises ``MoveRefused``; nothing is kept then.
    """
    kept = None
    try:
        with transaction.atomic():
            locked = Dossier.objects.select_for_update(no_key=True).get(pk=dossier.pk)
            if upload is not None and not locked.events.filter(key=key).exists():
                kept = _attach(locked, upload, actor)
            facts = {"result_file": kept.name, "result_sha256": kept.sha256} if kept else {}
            return workflow.move(dossier, CLOSE, actor=actor, key=key, note=note, facts=facts, now=now)
    except MoveRefused:
        if kept is not None:
            kept.file.delete(save=False)
        raise


def replace(
    dossier: Dossier, upload: "UploadedFile[Any] | None", *, actor: User, key: str, note: str, now: datetime
) -> DossierEvent:
    """Put the right file in place of a wrong one; the citizen is told, the old one opens no more.

    Raises ``MoveRefused``.
    """
    if not may_replace(dossier, actor):
        raise MoveRefused(_("You may not do this with this dossier."))
    if upload is None or not note.strip():
        raise MoveRefused(_("Please choose the right file and write the reason."))
    with transaction.atomic():
        locked = Dossier.objects.select_for_update(no_key=True).get(pk=dossier.pk)
        if event := locked.events.filter(key=key).first():
            return event
        kept = _attach(locked, upload, actor)
        Attachment.objects.filter(dossier=locked, document=attachments.RESULT, removed_at=None).exclude(
            pk=kept.pk
        ).update(removed_at=now)
        facts = {"result_file": kept.name, "result_sha256": kept.sha256}
        told = ("notices.event",)
        return workflow.record(
            locked, REPLACED, actor=actor, key=key, note=note, facts=facts, now=now, topics=told
        )


def may_replace(dossier: Dossier, actor: User) -> bool:
    """Whether ``actor`` belongs to the office that gave the result, and there is one."""
    staff = workflow.role_of(actor) in {"clerk", "supervisor"} and actor.staff.office_id == dossier.office_id
    return staff and bool(of(dossier))


def _attach(dossier: Dossier, upload: "UploadedFile[Any]", actor: User) -> Attachment:
    try:
        if attachments.media_type(upload) == "application/pdf":  # type: ignore[arg-type]
            return attachments.attach(dossier, attachments.RESULT, upload, actor=actor)
    except ValidationError as error:
        raise MoveRefused(error.messages[0], field="result") from error
    raise MoveRefused(_("The result must be a PDF."), field="result")


def wanted_here(dossier: Dossier) -> bool:
    """Whether the citizen asked for the result on this portal."""
    return str(dossier.answers.get("result_delivery", "")) == "electronic"


def of(dossier: Dossier) -> list[Attachment]:
    """The results ``dossier`` was closed with."""
    return [file for file in attachments.current(dossier) if file.document == attachments.RESULT]
