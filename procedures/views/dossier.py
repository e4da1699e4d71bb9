"""Following a dossier: its state, papers, parcels, and what the citizen can still do."""

import secrets
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from portal import fields, notices
from portal.http import Request, UserRequest, citizen_required, render_page, see_other
from portal.identifiers import tracking_number
from procedures import attachments, desk, dossiers, papers, workflow
from procedures.catalogue import definition_of
from procedures.models import Attachment, Dossier, IssuedDocument, PostalItem
from procedures.views.filing import file_rows, take_files

Kind = IssuedDocument.Kind


@never_cache
@require_GET
@citizen_required
def dossier_list(request: UserRequest) -> HttpResponse:
    found = dossiers.visible_to(request.user).order_by("-updated_at")
    page = Paginator(found, 20).get_page(request.GET.get("page"))
    rows = [_row(dossier) for dossier in page.object_list]
    told = [
        {"words": notices.words(n), "at": n.created_at, "about": n.about, "new": n.read_at is None}
        for n in request.user.notices.all()[:5]
    ]
    request.user.notices.filter(read_at=None).update(read_at=timezone.now())
    return render_page(
        request, "procedures/dossier_list.html", {"rows": rows, "page_obj": page, "told": told}
    )


@never_cache
@require_GET
@citizen_required
def page(request: UserRequest, code: str) -> HttpResponse:
    dossier = dossiers.get_for(request.user, code)
    if dossier.is_draft:
        return redirect("step", code, definition_of(dossier.version).steps[0].slug)
    if code != dossier.code:
        return redirect("dossier", dossier.code)
    return dossier_page(request, dossier)


def _row(dossier: Dossier) -> dict[str, Any]:
    definition = definition_of(dossier.version)
    return {"dossier": dossier, "definition": definition, "state": definition.state(dossier.state)}


class TrackingForm(fields.PageForm):
    tracking = fields.TextField(
        label=gettext_lazy("Tracking number of your parcel"),
        help_text=gettext_lazy("On the receipt of the post office, for example RA000000014VN."),
    )
    tracking.width = "20"
    posted_on = fields.DateField(label=gettext_lazy("Day you posted it"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        day = self.fields["posted_on"]
        assert isinstance(day, fields.DateField)
        day.latest = timezone.localdate()

    def clean_tracking(self) -> tuple[str, bool]:
        return tracking_number(self.cleaned_data["tracking"])


class SupplementForm(fields.PageForm):
    message = fields.LongTextField(label=gettext_lazy("Your answer"), required=False)


def dossier_page(
    request: UserRequest,
    dossier: Dossier,
    *,
    tracking: TrackingForm | None = None,
    supplement: SupplementForm | None = None,
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
    push_url: str = "",
) -> HttpResponse:
    definition = definition_of(dossier.version)
    actions = {t.action: t for t in workflow.available_actions(dossier, request.user)}
    events = list(dossier.events.select_related("actor").order_by("-sequence"))
    asked = next((e for e in events if e.action == "ask_supplement"), None)
    context = {
        "dossier": dossier,
        "definition": definition,
        "state": definition.state(dossier.state),
        "case": definition.case(dossier.case),
        "office": dossier.office,
        "actions": actions,
        "just_filed": len(events) == 1,
        "originals": list(dossier.originals.all()),
        "signs_form": any(d.mode == "generated_then_post" for d in definition.documents_for(dossier.answers)),
        "timeline": [desk.told_to_citizen(e, definition, dossier) for e in events],
        "parcels": list(dossier.postal_items.all()),
        "key": secrets.token_urlsafe(12),
        "asked": asked,
        "asked_lines": asked.facts.get("missing", []) if asked else [],
        "supplement_files": file_rows(dossier, "supplement", removable=False),
        "answers": desk.answers(dossier),
        "errors": errors or [],
        "tracking_form": tracking or TrackingForm(),
        "supplement_form": supplement or SupplementForm(),
        "accept": attachments.ACCEPT,
        **document_context(dossier),
    }
    return render_page(
        request,
        "procedures/dossier.html",
        context,
        status=status,
        push_url=push_url,
        fragments=("page", "documents"),
    )


# --- Documents the portal made -------------------------------------------------------------------


def document_context(dossier: Dossier) -> dict[str, Any]:
    """The PDFs there are, the ones still being made, and the replaced ones."""
    filing = dossier.events.get(sequence=1)
    transition = definition_of(dossier.version).transition(filing.action)
    kinds = [Kind(k) for k in papers.kinds_made(dossier, transition.topics if transition else [])]
    issued = list(dossier.documents.filter(kind__in=kinds))
    valid = {d.kind: d for d in issued if d.replaced_at is None}
    return {
        "documents": [(kind, valid.get(kind)) for kind in kinds],
        "replaced": [d for d in issued if d.replaced_at is not None],
        "making": len(valid) < len(kinds),
    }


@never_cache
@require_GET
@citizen_required
def documents(request: UserRequest, code: str) -> HttpResponse:
    """The list of PDFs alone: the dossier page asks for it until all are made."""
    dossier = dossiers.get_for(request.user, code)
    if dossier.is_draft:
        raise Http404
    if not request.htmx:
        return redirect("dossier", dossier.code)
    return render_page(
        request,
        "procedures/dossier.html",
        {"dossier": dossier, **document_context(dossier)},
        fragments=("documents",),
    )


@never_cache
@require_GET
def document(request: Request, code: str, kind: str, number: int) -> HttpResponseBase:
    """A PDF, for the citizen it belongs to and the staff of its office."""
    if not request.user.is_authenticated:
        return redirect(f"{reverse('account_login')}?next={request.path}")
    dossier = dossiers.get_for(request.user, code)
    issued = dossier.documents.filter(kind=kind.replace("-", "_"), number=number).first()
    if issued is None:
        raise Http404
    desk.log_read(request.user, dossier, f"document {kind} {number}")
    return FileResponse(
        issued.file.open("rb"), content_type="application/pdf", filename=f"{dossier.code}-{kind}-{number}.pdf"
    )


# --- Files the citizen brought -------------------------------------------------------------------


def _attachment(request: Request, code: str, number: int) -> tuple[Dossier, Attachment]:
    dossier = dossiers.get_for(request.user, code)  # type: ignore[arg-type]
    found = attachments.of_dossier(dossier, number)
    desk.log_read(request.user, dossier, f"file {number}")
    return dossier, found


@never_cache
@require_GET
def attachment(request: Request, code: str, number: int) -> HttpResponseBase:
    """A file as any browser shows it; ``?goc=1`` gives the very bytes that were handed in."""
    _dossier, found = _attachment(request, code, number)
    if found.media_type == "application/pdf" or "goc" in request.GET:
        return FileResponse(
            found.file.open("rb"),
            content_type=found.media_type,
            filename=found.name,
            as_attachment="goc" in request.GET,
        )
    picture = attachments.viewable(found)
    return HttpResponse(picture.data, content_type=picture.media_type)


@require_GET
def attachment_preview(request: Request, code: str, number: int) -> HttpResponse:
    dossier = dossiers.get_for(request.user, code)  # type: ignore[arg-type]
    picture = attachments.preview(attachments.of_dossier(dossier, number))
    return HttpResponse(
        picture.data, content_type=picture.media_type, headers={"Cache-Control": "private, max-age=86400"}
    )


# --- What the citizen can still do ---------------------------------------------------------------


def _filed(request: UserRequest, code: str) -> Dossier:
    dossier = dossiers.get_for(request.user, code)
    if dossier.is_draft:
        raise Http404
    return dossier


@require_POST
@citizen_required
def tracking(request: UserRequest, code: str) -> HttpResponse:
    """Note the parcel the citizen has posted."""
    dossier, form = _filed(request, code), TrackingForm(request.POST)
    if dossier.final or not form.is_valid():
        errors = [{"id": n, "message": str(e[0])} for n, e in form.errors.items()]
        return dossier_page(request, dossier, tracking=form, errors=errors, status=422)
    number, checked = form.cleaned_data["tracking"]
    PostalItem.objects.update_or_create(
        dossier=dossier,
        direction=PostalItem.Direction.IN,
        tracking=number,
        defaults={
            "checked": checked,
            "posted_on": form.cleaned_data["posted_on"] or None,
            "recorded_by": request.user,
        },
    )
    messages.success(request, _("We have noted your parcel %(number)s.") % {"number": number})
    return see_other(reverse("dossier", args=[dossier.code]))


@require_POST
@citizen_required
def supplement(request: UserRequest, code: str) -> HttpResponse:
    """Add files, or send the answer to what the office asked for."""
    dossier, form = _filed(request, code), SupplementForm(request.POST)
    if dossier.state != "need_more":
        return see_other(reverse("dossier", args=[dossier.code]))
    errors = [
        {"id": "file_supplement", "message": m} for m in take_files(request, dossier, ["supplement"]).values()
    ]
    if errors or not form.is_valid() or "upload" in request.POST:
        errors += [{"id": n, "message": str(e[0])} for n, e in form.errors.items()]
        return dossier_page(request, dossier, supplement=form, errors=errors, status=422 if errors else 200)
    return _act(
        request,
        dossier,
        "answer_supplement",
        facts={"message": form.cleaned_data["message"]},
        said=_("Your answer is with the office; the time limit runs again."),
        supplement=form,
    )


@require_POST
@citizen_required
def withdraw(request: UserRequest, code: str) -> HttpResponse:
    dossier = _filed(request, code)
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
    key = request.POST.get("key", "")[:80] or secrets.token_urlsafe(12)
    try:
        workflow.move(dossier, action, actor=request.user, key=key, note=note, facts=facts)
    except (workflow.MoveRefused, ValidationError) as refused:
        errors = [{"id": getattr(refused, "field", ""), "message": str(refused)}]
        return dossier_page(request, dossier, supplement=supplement, errors=errors, status=422)
    messages.success(request, said)
    return see_other(reverse("dossier", args=[dossier.code]))
