"""The file viewer of the desk: a page of a file as a picture beside the answers, or on a page of its own.

It is all links and pictures: ``?tep=`` the file, ``?trang=`` its page, ``?xoay=`` how far it is turned
and ``?phong=`` how large it is. With htmx only the viewer is exchanged, so that nothing typed is lost.
"""

import hashlib
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from portal.http import render_page
from procedures import attachments, desk, dossiers, scanning, viewing
from procedures.admin.assigning import staff_user
from procedures.catalogue import definition_for
from procedures.models import Attachment, Dossier
from procedures.viewing import CannotShow
from procedures.views.files import SEALED

TEMPLATE = "admin/procedures/viewer.html"
# Whole page, width of the viewer, and larger.
ZOOMS = ("vua", "rong", "150", "200", "300")
_LARGE = ("150", "200", "300")
_LABELS = {"supplement": gettext_lazy("Supplement"), attachments.RESULT: gettext_lazy("Result")}


def files(dossier: Dossier) -> list[dict[str, Any]]:
    """The files of ``dossier`` with what the desk says of them."""
    definition = definition_for(dossier)
    return [
        {
            "attachment": a,
            "label": d.label if (d := definition.document(a.document)) else _LABELS[a.document],
            "confidence": d.confidence if d else "",
            "url": reverse("attachment", args=[dossier.code, a.pk]),
            "preview": reverse("attachment_preview", args=[dossier.code, a.pk])
            if a.media_type.startswith("image/")
            else "",
            "open": _Look(a.pk).address,
        }
        for a in attachments.current(dossier)
    ]


@dataclass(frozen=True)
class _Look:
    """What of which file is seen, and how."""

    file: int
    page: int = 1
    turn: int = 0
    zoom: str = "rong"

    @property
    def address(self) -> str:
        seen = {"tep": self.file, "trang": self.page, "xoay": self.turn, "phong": self.zoom}
        left_out = {"trang": 1, "xoay": 0, "phong": "rong"}
        return "?" + urlencode({name: value for name, value in seen.items() if left_out.get(name) != value})


def _number(given: str | None, otherwise: int) -> int:
    return int(given) if given and given.isascii() and given.isdigit() and len(given) < 10 else otherwise


def _asked(request: HttpRequest, shown: list[dict[str, Any]]) -> _Look:
    """What the address asks for; whatever it does not say, or says wrongly, is the usual."""
    asked, known = request.GET, [file["attachment"].pk for file in shown]
    file, turn = _number(asked.get("tep"), 0), _number(asked.get("xoay"), 0) % 360
    return _Look(
        file if file in known else known[0],
        max(_number(asked.get("trang"), 1), 1),
        turn if turn in viewing.TURNS else 0,
        asked["phong"] if asked.get("phong") in ZOOMS else "rong",
    )


def viewer(request: HttpRequest, dossier: Dossier, shown: list[dict[str, Any]], *, count: bool) -> Any:
    """What ``viewer.html`` shows, nothing where there is no file.

    Without ``count`` a PDF nobody has looked into yet is not opened for its number of pages.
    """
    if not shown:
        return None
    look = _asked(request, shown)
    place = next(i for i, file in enumerate(shown) if file["attachment"].pk == look.file)
    attachment = shown[place]["attachment"]
    refusal, locked = scanning.refusal(attachment), bool(scanning.refusal(attachment))
    pages = attachment.pages or (1 if attachment.media_type != "application/pdf" else None)
    if count and not refusal:
        try:
            pages = viewing.pages(attachment)
        except CannotShow as error:
            refusal = str(error)
    look = replace(look, page=min(look.page, pages) if pages else look.page)
    return {
        "files": [{**file, "current": i == place} for i, file in enumerate(shown)],
        "file": shown[place],
        "number": place + 1,
        "refusal": refusal,
        "locked": locked,
        "page": look.page,
        "pages": pages,
        "zoom": look.zoom,
        "turned": look.turn % 180 != 0,
        "picture": _picture_address(dossier, look),
        "ahead": _picture_address(dossier, replace(look, page=look.page + 1))
        if pages and look.page < pages
        else "",
        "again": look.address,
        "links": _links(look, pages, place, shown),
    }


def _picture_address(dossier: Dossier, look: _Look) -> str:
    place = reverse("admin:procedures_dossier_picture", args=[dossier.pk, look.file, look.page])
    large = {"to": 1} if look.zoom in _LARGE else {}
    asked = urlencode({**({"xoay": look.turn} if look.turn else {}), **large})
    return f"{place}?{asked}" if asked else place


def _links(look: _Look, pages: int | None, place: int, shown: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The buttons of the viewer: where each leads, with the key that presses it; empty: it leads nowhere."""
    zoom = ZOOMS.index(look.zoom)
    before, after = place > 0, place + 1 < len(shown)
    more = pages is None or look.page < pages
    one = (pages or 2) == 1
    back, on = replace(look, page=look.page - 1), replace(look, page=look.page + 1)
    return [
        _link("page-back", _("Previous page"), "←", look.page > 1, back, one),
        _link("page-on", _("Next page"), "→", not one and more, on, one),
        _link("smaller", _("Smaller"), "−", zoom > 0, replace(look, zoom=ZOOMS[max(zoom - 1, 0)])),
        _link("larger", _("Larger"), "+", zoom + 1 < len(ZOOMS), replace(look, zoom=ZOOMS[min(zoom + 1, 4)])),
        _link("fit", _("Whole page"), "▣", look.zoom != "vua", replace(look, zoom="vua")),
        _link("turn", _("Turn to the right"), "↻", True, replace(look, turn=(look.turn + 90) % 360)),
        _link("file-back", _("Previous file"), "⇤", before, _file(shown, place - 1), len(shown) == 1),
        _link("file-on", _("Next file"), "⇥", after, _file(shown, place + 1), len(shown) == 1),
    ]  # fmt: skip


def _file(shown: list[dict[str, Any]], place: int) -> _Look:
    return _Look(shown[place % len(shown)]["attachment"].pk)


def _link(
    name: str, words: str, sign: str, leads: bool, look: _Look, needless: bool = False
) -> dict[str, Any]:
    address = look.address if leads else ""
    return {"name": name, "words": words, "sign": sign, "address": address, "needless": needless}


def exchanged(request: HttpRequest) -> bool:
    """Whether htmx asks for the viewer alone."""
    htmx = request.htmx  # type: ignore[attr-defined]
    return bool(htmx) and htmx.target == "viewer"


def look(request: HttpRequest, pk: int) -> HttpResponse:
    """The viewer on a page of its own, for narrow screens."""
    dossier = dossiers.on_desk(staff_user(request), pk)
    return page(request, dossier, files(dossier))


def page(request: HttpRequest, dossier: Dossier, shown: list[dict[str, Any]]) -> HttpResponse:
    """The viewer whole, or alone where htmx asks for it."""
    context = {
        **({} if exchanged(request) else admin.site.each_context(request)),
        "opts": Dossier._meta,
        "title": dossier.code,
        "dossier": dossier,
        "viewer": viewer(request, dossier, shown, count=True),
    }
    return render_page(request, TEMPLATE, context, fragments=("viewer",))  # type: ignore[arg-type]


@require_safe
def picture(request: HttpRequest, pk: int, number: int, page: int) -> HttpResponse:
    """A page of a file as JPEG; the browser keeps it for itself and asks each time whether it may."""
    user = staff_user(request)
    dossier = dossiers.on_desk(user, pk)
    attachment = attachments.of_dossier(dossier, number)
    if refusal := scanning.refusal(attachment):
        raise PermissionDenied(refusal)
    desk.log_file_read(user, dossier, number, now=timezone.now())
    turn = _number(request.GET.get("xoay"), 0) % 360
    box, turn = viewing.LARGE if "to" in request.GET else viewing.NORMAL, turn if turn in viewing.TURNS else 0
    mark = _mark(attachment, page, box, turn)
    if (unchanged := get_conditional_response(request, etag=mark)) is not None:
        return _private(unchanged, mark)  # type: ignore[arg-type]
    try:
        drawn = viewing.picture(attachment, page, box=box, turn=turn)
    except CannotShow:
        raise Http404 from None
    return _private(HttpResponse(drawn.data, content_type=drawn.media_type), mark)


def _mark(attachment: Attachment, page: int, box: tuple[int, int], turn: int) -> str:
    seen = f"{attachment.sha256} {page} {box} {turn}"
    return f'"{hashlib.sha256(seen.encode()).hexdigest()[:32]}"'


def _private(response: HttpResponse, mark: str) -> HttpResponse:
    response["ETag"] = mark
    response["Cache-Control"] = "private, no-cache"
    response["Content-Security-Policy"] = f"{SEALED}; sandbox"
    return response
