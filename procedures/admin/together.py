"""Two people on one dossier: who has it open, notes and whom they mean, and taking over."""

import hashlib
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.http import form_key, see_other
from portal.models import User
from procedures import dossiers, notes, presence, takeover
from procedures.admin.assigning import staff_user
from procedures.catalogue import definition_for
from procedures.models import Dossier, Mention
from procedures.workflow import MoveRefused

SHOWN_MENTIONS = 100


def _page_of(pk: int) -> str:
    return reverse("admin:procedures_dossier_change", args=[pk])


# --- Who has it open -----------------------------------------------------------------------------


def seen(request: HttpRequest, pk: int) -> HttpResponse:
    """An open page reports (POST) and hears who else is there; 204 when nothing is new."""
    user = staff_user(request)
    dossier, now = dossiers.on_desk(user, pk), timezone.now()
    if request.method == "POST":
        presence.seen(dossier, user, now=now, writing=request.POST.get("viet", ""))
    steps = request.POST.get("buoc", "")
    context = together(dossier, user, steps=int(steps) if steps.isascii() and steps.isdigit() else None)
    if request.POST.get("co") == context["known"]:
        return HttpResponse(status=204)
    return render(request, "admin/procedures/_presence.html", {"dossier": dossier, "together": context})


def together(dossier: Dossier, user: User, *, steps: int | None) -> dict[str, Any]:
    """What ``_presence.html`` shows; ``steps`` is how long the history was when the page was made."""
    others = [_present(row, dossier) for row in presence.others(dossier, user, now=timezone.now())]
    last = dossier.events.order_by("-sequence").select_related("actor").first()
    moved = last is not None and steps is not None and last.sequence > steps and last.actor_id != user.pk
    lost = takeover.lost_to(dossier, user)
    told = f"{[(row['name'], row['writing']) for row in others]} {moved} {lost and lost.pk}"
    return {
        "others": others,
        "moved_by": (last.actor.full_name if last.actor else _("the portal")) if moved and last else "",
        "state": definition_for(dossier).state(dossier.state),
        "lost": lost,
        "steps": steps if steps is not None else (last.sequence if last else 0),
        "known": hashlib.sha256(told.encode()).hexdigest()[:12],
    }


def _present(row: Any, dossier: Dossier) -> dict[str, Any]:
    transition = definition_for(dossier).transition(row.writing) if row.writing else None
    writing = str(transition.label) if transition else _("a note") if row.writing == "note" else ""
    return {"name": row.user.full_name, "since": row.since, "writing": writing}


# --- Taking over ---------------------------------------------------------------------------------


def take_over(request: HttpRequest, pk: int) -> HttpResponse:
    """Go on with what a colleague has begun; what was typed stays when it is refused."""
    user = staff_user(request)
    dossier = dossiers.on_desk(user, pk)
    if request.method != "POST":
        return see_other(_page_of(pk))
    first, reason, now = request.POST.get("first", ""), request.POST.get("reason", ""), timezone.now()
    number = int(first) if first.isascii() and first.isdigit() and len(first) < 15 else 0
    try:
        takeover.take_over(dossier, number, actor=user, reason=reason, key=form_key(request), now=now)
    except MoveRefused as refused:
        return _again(request, dossier, refused, "takeover")
    messages.success(request, _("%(code)s is yours now; your colleague reads why.") % {"code": dossier.code})
    return see_other(_page_of(pk))


def _again(request: HttpRequest, dossier: Dossier, refused: MoveRefused, form: str) -> HttpResponse:
    page: Any = admin.site._registry[Dossier]
    answer: HttpResponse = page.page(request, dossier, refused=refused, action=form)
    return answer


def working_together(dossier: Dossier, user: User) -> dict[str, Any]:
    """What the dossier's page says of notes, of colleagues and of taking over."""
    may_write = notes.may_write(dossier, user)
    colleagues = notes.colleagues(dossier, user) if may_write else []
    written = notes.of(dossier)
    return {
        "may_write": may_write,
        "colleagues": colleagues,
        "notes": [_note(note, user) for note in written],
    }


def _note(note: Any, user: User) -> dict[str, Any]:
    mine = next((m for m in note.mentions.all() if m.user_id == user.pk), None)
    return {
        "note": note,
        "pieces": notes.pieces(note),
        "to": [m.user.full_name for m in note.mentions.all()],
        "waits": mine if mine and mine.read_at is None else None,
    }


# --- Notes and mentions --------------------------------------------------------------------------


def write_note(request: HttpRequest, pk: int) -> HttpResponse:
    """Leave a note for the colleagues; what was typed stays when it is refused."""
    user = staff_user(request)
    dossier = dossiers.on_desk(user, pk)
    if request.method != "POST":
        return see_other(_page_of(pk))
    words, now = request.POST.get("note", ""), timezone.now()
    to = [int(n) for n in request.POST.getlist("to") if n.isascii() and n.isdigit() and len(n) < 15]
    try:
        notes.write(dossier, words, author=user, to=to, key=form_key(request), now=now)
    except MoveRefused as refused:
        return _again(request, dossier, refused, "note")
    return see_other(f"{_page_of(pk)}#notes")


def mentions(request: HttpRequest) -> HttpResponse:
    """What colleagues told whoever is signed in; POST takes one (``so``) or all of them as read."""
    user = staff_user(request)
    if request.method == "POST":
        return _take_as_read(request, user)
    found = list(notes.mentions_of(user)[:SHOWN_MENTIONS])
    context = {
        **admin.site.each_context(request),
        "opts": Dossier._meta,
        "title": _("Mentions"),
        "mentions": found,
        "unread": sum(m.read_at is None for m in found),
    }
    return render(request, "admin/procedures/mentions.html", context)


def _take_as_read(request: HttpRequest, user: User) -> HttpResponse:
    number = request.POST.get("so", "")
    chosen = int(number) if number.isascii() and number.isdigit() and len(number) < 15 else None
    if chosen is None and "tat-ca" not in request.POST:
        return see_other(reverse("admin:procedures_dossier_mentions"))
    mention = notes.mark_read(user, chosen, now=timezone.now())
    return see_other(_after_reading(mention))


def _after_reading(mention: Mention | None) -> str:
    if mention is None:
        return reverse("admin:procedures_dossier_mentions")
    return f"{_page_of(mention.note.dossier_id)}#note-{mention.note_id}"
