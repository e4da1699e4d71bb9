"""What the citizen can still do after filing."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.http import UserRequest, citizen_required, form_key, see_other
from portal.templatetags.portal import form_errors
from procedures import closures, dossiers, mailroom, offices, undelivered, workflow
from procedures.models import Dossier
from procedures.views.dossier import SupplementForm, TrackingForm, dossier_page
from procedures.views.files import take_files


def _filed(request: UserRequest, code: str) -> Dossier:
    dossier = dossiers.get_for(request.user, code, "office", "post_to")
    if dossier.is_draft:
        raise Http404
    return dossier


@citizen_required
def tracking(request: UserRequest, code: str) -> HttpResponse:
    """Note the parcel the citizen has posted."""
    dossier, form = _filed(request, code), TrackingForm(request.POST)
    if request.method != "POST" or dossier.final:
        return redirect("dossier", code)
    if not form.is_valid():
        return dossier_page(request, dossier, tracking=form, errors=form_errors(form), status=422)
    try:
        item = mailroom.note_posted(
            dossier,
            form.cleaned_data["tracking"],
            posted_on=form.cleaned_data["posted_on"] or None,
            actor=request.user,
            key=form_key(request),
            now=timezone.now(),
        )
    except workflow.MoveRefused as refused:
        form.add_error("tracking", str(refused))
        return dossier_page(request, dossier, tracking=form, errors=form_errors(form), status=422)
    messages.success(request, _("We have noted your parcel %(number)s.") % {"number": item.tracking})
    return see_other(reverse("dossier", args=[dossier.code]))


@citizen_required
def lost(request: UserRequest, code: str) -> HttpResponse:
    """Say that a parcel on its way to the office is lost."""
    dossier = _filed(request, code)
    if request.method != "POST":
        return redirect("dossier", code)
    said = _("Noted: the parcel is lost. Below is what you can do.")
    return _act(request, dossier, "note_lost", said=said, note=request.POST.get("note", "")[:1000])


@citizen_required
def posting_place(request: UserRequest, code: str) -> HttpResponse:
    """Choose another open office for the papers, while the dossier's own takes no post."""
    dossier = _filed(request, code)
    if request.method == "POST" and dossier.state in mailroom.AWAITS_POST and dossier.office:
        options = offices.posting_options(dossier.office, timezone.now())
        chosen = next((place for place in options if place.slug == request.POST.get("office")), None)
        if chosen and chosen != dossier.office and chosen != dossier.post_to:
            key = form_key(request)
            closures.send_papers_to(dossier, chosen, actor=request.user, key=key, now=timezone.now())
            messages.success(request, _("A label for %(office)s is being made.") % {"office": chosen.name})
    return see_other(reverse("dossier", args=[dossier.code]))


@citizen_required
def delivery_address(request: UserRequest, code: str) -> HttpResponse:
    """Say where the result shall go, after the post has brought it back."""
    dossier, key = _filed(request, code), form_key(request)
    came_back, typed = undelivered.of_dossier(dossier), request.POST.get("address", "")
    if request.method != "POST" or came_back is None:
        return see_other(reverse("dossier", args=[dossier.code]))
    try:
        undelivered.give_address(came_back, typed, actor=request.user, key=key, now=timezone.now())
    except workflow.MoveRefused as refused:
        errors = [{"id": "address", "message": str(refused)}]
        return dossier_page(request, dossier, address_refused=typed or " ", errors=errors, status=422)
    messages.success(request, _("Thank you. The office posts the result to this address."))
    return see_other(reverse("dossier", args=[dossier.code]))


@citizen_required
def supplement(request: UserRequest, code: str) -> HttpResponse:
    """Add files, or send the answer to what the office asked for."""
    dossier, form = _filed(request, code), SupplementForm(request.POST)
    if request.method != "POST" or dossier.state != "need_more":
        return see_other(reverse("dossier", args=[dossier.code]))
    refused = take_files(request, dossier, ["supplement"]).get("supplement", "")
    if refused or not form.is_valid() or "upload" in request.POST:
        errors = [{"id": "file_supplement", "message": refused}] if refused else []
        errors += form_errors(form)
        return dossier_page(
            request,
            dossier,
            supplement=form,
            files_refused=refused,
            errors=errors,
            status=422 if errors else 200,
        )
    return _act(
        request,
        dossier,
        "answer_supplement",
        facts={"message": form.cleaned_data["message"]},
        said=_("Your answer is with the office; the time limit runs again."),
        supplement=form,
    )


@citizen_required
def withdraw(request: UserRequest, code: str) -> HttpResponse:
    dossier = _filed(request, code)
    if request.method != "POST":
        return redirect("dossier", code)
    return _act(
        request,
        dossier,
        "withdraw",
        said=_("The dossier is withdrawn."),
        note=request.POST.get("note", "")[:1000],
    )


def _act(
    request: UserRequest,
    dossier: Dossier,
    action: str,
    *,
    said: str,
    note: str = "",
    facts: dict[str, Any] | None = None,
    supplement: SupplementForm | None = None,
) -> HttpResponse:
    key = form_key(request)
    try:
        workflow.move(dossier, action, actor=request.user, key=key, note=note, facts=facts)
    except (workflow.MoveRefused, ValidationError) as refused:
        field = getattr(refused, "field", "")
        if supplement is not None and field in supplement.fields:
            supplement.add_error(field, str(refused))
        errors = [{"id": field, "message": str(refused)}]
        return dossier_page(request, dossier, supplement=supplement, errors=errors, status=422)
    messages.success(request, said)
    return see_other(reverse("dossier", args=[dossier.code]))
