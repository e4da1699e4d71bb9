"""Uploads and the virus scanner, against a server that speaks clamd's protocol."""

import socketserver
import threading
from collections.abc import Iterator

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from portal import outbox
from portal.models import Notice, OutboxMessage, User
from procedures import attachments, demo
from procedures.models import Attachment, Dossier

# Only the scanner below takes these bytes for a virus.
HARMFUL = demo.photo("x") + b"HARMFUL-FOR-THE-TEST"


class Clamd(socketserver.ThreadingTCPServer):
    """INSTREAM as clamd does it: chunks with their length in front, an empty one at the end."""

    allow_reuse_address = daemon_threads = True


class _Answer(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        assert self.rfile.read(10) == b"zINSTREAM\0"
        content = b""
        while length := int.from_bytes(self.rfile.read(4), "big"):
            content += self.rfile.read(length)
        verdict = b"stream: Test FOUND\0" if b"HARMFUL-FOR-THE-TEST" in content else b"stream: OK\0"
        self.wfile.write(verdict)


@pytest.fixture
def clamd(settings: object) -> Iterator[Clamd]:
    with Clamd(("127.0.0.1", 0), _Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings.CLAMD_ADDRESS = f"127.0.0.1:{server.server_address[1]}"  # type: ignore[attr-defined]
        yield server
        server.shutdown()


def _attach(dossier: Dossier, content: bytes) -> Attachment:
    return attachments.attach(
        dossier, "id_photo", SimpleUploadedFile("cccd.jpg", content), actor=dossier.owner
    )


def _open(client: Client, user: User, attachment: Attachment) -> int:
    client.force_login(user)
    response = client.get(f"/ho-so/{attachment.dossier.code}/tep/{attachment.pk}/")
    assert response.getvalue()
    return response.status_code


def test_staff_open_a_file_only_after_it_was_found_clean(
    filed: Dossier, clerk: User, clamd: Clamd, client: Client
) -> None:
    attachment = _attach(filed, demo.photo("a new one"))
    assert attachment.scan == Attachment.Scan.WAITING
    assert _open(client, clerk, attachment) == 403
    assert _open(client, filed.owner, attachment) == 200
    outbox.drain()
    attachment.refresh_from_db()
    assert attachment.scan == Attachment.Scan.CLEAN
    assert _open(client, clerk, attachment) == 200


def test_a_harmful_file_stays_locked_and_its_owner_is_told(
    filed: Dossier, clerk: User, clamd: Clamd, client: Client
) -> None:
    attachment = _attach(filed, HARMFUL)
    outbox.drain()
    attachment.refresh_from_db()
    assert attachment.scan == Attachment.Scan.INFECTED
    assert _open(client, clerk, attachment) == 403
    assert Notice.objects.filter(user=filed.owner, kind="file_harmful").count() == 1


def test_a_scanner_that_is_away_stops_nobody_from_filing(
    draft: Dossier, settings: object, client: Client
) -> None:
    settings.CLAMD_ADDRESS = "127.0.0.1:1"  # type: ignore[attr-defined]
    _attach(draft, demo.photo("a new one"))
    client.force_login(draft.owner)
    response = client.post(f"/ho-so/{draft.draft_code}/kiem-tra/", {"declaration": "on"})
    assert response.status_code == 303
    outbox.drain()
    waiting = OutboxMessage.objects.get(topic="attachments.scan")
    assert waiting.state == OutboxMessage.State.PENDING
    assert waiting.due_at > timezone.now()


def test_without_a_scanner_the_desk_says_so(filed: Dossier, clerk: User, client: Client) -> None:
    client.force_login(clerk)
    page = client.get(f"/quan-tri/procedures/dossier/{filed.pk}/change/").content.decode()
    assert "chưa kiểm tra" in page
