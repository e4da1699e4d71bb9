"""Virus scan of uploads by clamd, after the filing: a slow or absent scanner never stops a citizen.

Until a file is found clean the staff do not open it. Without ``CLAMD_ADDRESS`` nothing is scanned
and the desk says so.
"""

import socket
from collections.abc import Iterator
from contextlib import closing

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from portal import notices, outbox
from portal.models import OutboxMessage
from procedures.models import Attachment

Scan = Attachment.Scan
_CHUNK = 64 * 1024
_SECONDS = 60


class ScannerUnavailable(Exception):
    """clamd did not give a verdict; the outbox tries again."""


def first_state() -> str:
    """What a new upload is: waiting for the scanner, or unchecked where there is none."""
    return Scan.WAITING if settings.CLAMD_ADDRESS else Scan.UNCHECKED


def queue(attachment: Attachment) -> None:
    """Queue the scan of a new upload inside the open transaction."""
    if attachment.scan == Scan.WAITING:
        outbox.enqueue("attachments.scan", key=str(attachment.pk), attachment=attachment.pk)


@outbox.handler("attachments.scan", remote=True)
def scan(message: OutboxMessage) -> None:
    """Ask clamd about one upload; what is harmful is locked away and its owner told."""
    attachment = Attachment.objects.select_related("dossier__owner").get(pk=message.payload["attachment"])
    if attachment.scan != Scan.WAITING or attachment.removed_at is not None:
        return
    with attachment.file.open("rb") as stored:
        clean = verdict(iter(lambda: stored.read(_CHUNK), b""))
    Attachment.objects.filter(pk=attachment.pk).update(scan=Scan.CLEAN if clean else Scan.INFECTED)
    if not clean:
        _tell(attachment)


def verdict(chunks: Iterator[bytes]) -> bool:
    """True when clamd finds the bytes clean (INSTREAM); raises ``ScannerUnavailable``."""
    try:
        with closing(_connect()) as clamd:
            clamd.sendall(b"zINSTREAM\0")
            for chunk in chunks:
                clamd.sendall(len(chunk).to_bytes(4, "big") + chunk)
            clamd.sendall(b"\0\0\0\0")
            answer = clamd.recv(4096).rstrip(b"\0").decode()
    except OSError as error:
        raise ScannerUnavailable(str(error)) from error
    if answer.endswith("FOUND"):
        return False
    if answer.endswith("OK"):
        return True
    raise ScannerUnavailable(answer)


def _connect() -> socket.socket:
    """A connection to ``CLAMD_ADDRESS``: the path of a socket, or host:port."""
    address = settings.CLAMD_ADDRESS
    if address.startswith("/"):
        clamd = socket.socket(socket.AF_UNIX)
        clamd.settimeout(_SECONDS)
        clamd.connect(address)
        return clamd
    host, _colon, port = address.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=_SECONDS)


def _tell(attachment: Attachment) -> None:
    dossier = attachment.dossier
    with transaction.atomic():
        notices.notify(
            dossier.owner,
            "file_harmful",
            about=dossier.code or dossier.draft_code,
            facts={"file": attachment.name},
            key=f"harmful:{attachment.pk}",
        )


def refusal(attachment: Attachment) -> str:
    """Why staff may not open the file now; empty when they may."""
    return {
        Scan.WAITING: _("This file is still being checked for viruses. Please try again in a minute."),
        Scan.INFECTED: _("This file is harmful and stays locked. The citizen has been told."),
    }.get(Scan(attachment.scan), "")
