"""A file as the desk looks at it: a page at a time, as a picture, upright or turned.

PDFs come from strangers and their parser is native code: ``pdf_pages`` draws each page in a process of its
own with little memory and time, so that a hostile file harms nothing and a slow one ends.
"""

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from procedures import attachments
from procedures.attachments import Picture
from procedures.models import Attachment

TURNS = (0, 90, 180, 270)
NORMAL, LARGE = (1400, 2000), (2800, 4000)
"""Pixels a page has at most; the large one is for a clerk who looks closely."""
_PROGRAM = Path(__file__).with_name("pdf_pages.py")
_SECONDS = 15
# As many at once as do not take the memory of the machine; more wait a moment.
_AT_ONCE = threading.BoundedSemaphore(2)


class CannotShow(Exception):
    """A page that cannot be drawn; ``str()`` tells the clerk why and what to do."""


def pages(attachment: Attachment) -> int:
    """How many pages it has, counted once and kept. Raises ``CannotShow``."""
    if attachment.media_type != "application/pdf":
        return 1
    if attachment.pages is None:
        _drawn(attachment, 0, NORMAL, 0)
    return attachment.pages or 1


def picture(attachment: Attachment, page: int, *, box: tuple[int, int] = NORMAL, turn: int = 0) -> Picture:
    """The page within ``box`` pixels, turned clockwise by ``turn``; raises ``CannotShow``."""
    if attachment.media_type == "application/pdf":
        return Picture(_drawn(attachment, page, box, turn), "image/jpeg")
    if page != 1:
        raise CannotShow(_refusals()["absent"])
    return attachments.viewable(attachment, size=(max(box), max(box)), turn=turn)


def _drawn(attachment: Attachment, page: int, box: tuple[int, int], turn: int) -> bytes:
    head, image = _ask(attachment, [str(number) for number in (page, *box, turn)])
    if attachment.pages is None and "pages" in head:
        attachment.pages = head["pages"]
        Attachment.objects.filter(pk=attachment.pk).update(pages=attachment.pages)
    if "refused" in head:
        raise CannotShow(_refusals()[head["refused"]])
    return image


def _ask(attachment: Attachment, arguments: list[str]) -> tuple[dict[str, Any], bytes]:
    """What the program answers; a process that dies or takes too long found a broken file."""
    if not _AT_ONCE.acquire(timeout=_SECONDS):
        raise CannotShow(_("Many files are being looked at right now. Please try again in a moment."))
    try:
        with attachment.file.open("rb") as stored:
            done = subprocess.run(
                [sys.executable, "-I", str(_PROGRAM), *arguments],
                input=stored.read(),
                capture_output=True,
                timeout=_SECONDS,
                check=True,
                env={},
            )
    except subprocess.TimeoutExpired:
        return {"refused": "slow"}, b""
    except subprocess.CalledProcessError:
        return {"refused": "broken"}, b""
    finally:
        _AT_ONCE.release()
    head, _newline, image = done.stdout.partition(b"\n")
    return json.loads(head), image


def _refusals() -> dict[str, str]:
    return {
        "encrypted": _("This PDF is locked with a password. Ask the citizen for one without."),
        "broken": _("This PDF is damaged and cannot be shown here. Download it, or ask for a new one."),
        "slow": _("This page takes too long to draw. Please download the file."),
        "absent": _("The file has no such page."),
    }
