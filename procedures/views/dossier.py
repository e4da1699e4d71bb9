"""Following a dossier: its state, papers and parcels."""

import io
import secrets
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.core.paginator import Paginator
from django.db.models import prefetch_related_objects
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal import fields, notices
from portal.http import UserRequest, citizen_required, render_page, sign_in_required
from portal.identifiers import tracking_number
from portal.models import OutboxMessage
from procedures import (
    attachments,
    desk,
    dossiers,
    hooks,
    mailroom,
    offices,
    papers,
    paying,
    results,
    undelivered,
    workflow,
)
from procedures.catalogue import definition_for
from procedures.definition import Definition
from procedures.models import Attachment, Dossier, IssuedDocument, Original
from procedures.views import drafts
from procedures.views.files import file_rows
from procedures.vocabulary import INNER_RECORDS

Kind = IssuedDocument.Kind
# What a citizen downloads, in the order of the page; other papers are for the office.
_SHOWN = (
    Kind.CARD_SLIP,
    Kind.REFUSAL,
    Kind.APOLOGY,
    Kind.SUPPLEMENT,
    Kind.RECEIPT,
    Kind.FORM,
    Kind.AGENT_LIST,
    Kind.LABEL,
)
_WHAT_FOR = {
    Kind.CARD_SLIP: gettext_lazy("Show it with a photo ID at the hospital: you keep your full benefit."),
    Kind.RECEIPT: gettext_lazy("Keep it: the code on it lets you look up the dossier."),
    Kind.FORM: gettext_lazy("Print it, sign it, post it."),
    Kind.LABEL: gettext_lazy("Small (A6): stick it on the envelope."),
}
_ALWAYS_SAID = {Kind.CARD_SLIP}


@never_cache
@require_safe
@citizen_required
def dossier_list(request: UserRequest) -> HttpResponse:
    found = dossiers.visible_to(request.user).order_by("-updated_at")
    page = Paginator(found, 20).get_page(request.GET.get("page"))
    rows = [_row(dossier) for dossier in page.object_list]
    told = [
        {"words": notices.words(n), "at": n.created_at, "page": notices.address(n), "new": n.read_at is None}
        for n in request.user.notices.all()[:5]
    ]
    request.user.notices.filter(read_at=None).update(read_at=timezone.now())
    return render_page(
        request, "procedures/dossier_list.html", {"rows": rows, "page_obj": page, "told": told}
    )


@never_cache
@require_safe
@citizen_required
def page(request: UserRequest, code: str) -> HttpResponse:
    dossier = dossiers.get_for(request.user, code, "office", "post_to")
    if dossier.is_draft:
        return drafts.overview(request, dossier)
    if code != dossier.code:
        return redirect("dossier", dossier.code)
    return dossier_page(request, dossier)


def _row(dossier: Dossier) -> dict[str, Any]:
    definition = definition_for(dossier)
    return {
        "dossier": dossier,
        "definition": definition,
        "state": definition.state(dossier.state),
        "limit": definition.time_limit(dossier.case, dossier.answers),
    }


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
    files_refused: str = "",
    address_refused: str = "",
    errors: list[dict[str, str]] | None = None,
    status: int = 200,
    push_url: str = "",
) -> HttpResponse:
    definition = definition_for(dossier)
    actions = {t.action: t for t in workflow.available_actions(dossier, request.user)}
    prefetch_related_objects([dossier], "originals")
    told = dossier.events.exclude(action__in=INNER_RECORDS)
    events = list(told.select_related("actor").order_by("-sequence"))
    asked = next((e for e in events if e.action == "ask_supplement"), None)
    files = file_rows(dossier, removable=False)
    context = {
        "dossier": dossier,
        "definition": definition,
        "state": definition.state(dossier.state),
        "case": definition.case(dossier.case),
        "limit": definition.time_limit(dossier.case, dossier.answers),
        "office": dossier.office,
        **_posting(dossier),
        "actions": actions,
        "just_filed": len(events) == 1 and timezone.now() - events[0].at < timedelta(minutes=15),
        "originals": [_original(definition, o) for o in dossier.originals.all()],
        "signs_form": _signs_form(dossier),
        "timeline": [
            desk.told_to_citizen(e, definition, dossier) for e in events if e.action not in INNER_RECORDS
        ],
        "parcels": list(dossier.postal_items.all()),
        "key": secrets.token_urlsafe(12),
        "asked": asked,
        "asked_lines": asked.facts.get("missing", []) if asked else [],
        "supplement_files": files["supplement"],
        "supplement_error": files_refused,
        "answers": desk.answers(dossier, files, whole=True),
        "files": _files(definition, files),
        "errors": errors or [],
        "tracking_open": dossier.state in mailroom.AWAITS_POST,
        "book_missing": any(
            o.document.endswith("book") and not o.received_at for o in dossier.originals.all()
        ),
        "tracking_form": tracking or TrackingForm(),
        "supplement_form": supplement or SupplementForm(),
        "accept": attachments.ACCEPT,
        "advice": hooks.advice(hooks.Facts(definition, dossier.answers, timezone.localdate(), dossier)),
        "came_back": undelivered.of_dossier(dossier),
        "address_refused": address_refused,
        "account_wanted": paying.account_wanted(e.action for e in events),
        **document_context(dossier, taken=[e.action for e in events]),
    }
    return render_page(
        request,
        "procedures/dossier.html",
        context,
        status=status,
        push_url=push_url,
        fragments=("page", "documents"),
    )


def _posting(dossier: Dossier) -> dict[str, Any]:
    """Where papers go today, for who still has to post them."""
    if dossier.state not in mailroom.AWAITS_POST or dossier.office is None:
        return {}
    options = offices.posting_options(dossier.office, timezone.now())
    elsewhere = dossier.office not in options
    chosen = dossier.post_to if dossier.post_to in options else next(iter(options), None)
    return {
        "posting_options": options,
        "elsewhere": elsewhere,
        "post_to": chosen if elsewhere else dossier.office,
    }


def _original(definition: Definition, original: Original) -> dict[str, Any]:
    """A paper to be posted, as ``procedures/_posting.html`` wants it."""
    paper = definition.document(original.document)
    return {"row": original, "confidence": paper.confidence if paper else "sure"}


def _files(definition: Definition, files: Mapping[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """What the citizen handed in, by paper; the answer to a supplement request comes last."""
    named = [(d.slug, str(d.label)) for d in definition.documents] + [("supplement", _("Supplement"))]
    return [{"label": label, "files": files[slug]} for slug, label in named if files.get(slug)]


# --- Documents the portal made -------------------------------------------------------------------


def document_context(dossier: Dossier, *, taken: Iterable[str]) -> dict[str, Any]:
    """The PDFs there are, the ones still being made, and the replaced ones.

    ``taken`` are the actions that have happened to the dossier.
    """
    kinds = _kinds(dossier, taken)
    issued = list(dossier.documents.filter(kind__in=kinds))
    valid = {d.kind: d for d in issued if d.replaced_at is None}
    making = len(valid) < len(kinds)
    fresh = dossier.filed_at is not None and timezone.now() - dossier.filed_at < timedelta(minutes=1)
    waiting = "failed" if making and not fresh and _given_up(dossier) else "pending"
    return {
        "documents": [_result(dossier, file) for file in results.of(dossier)]
        + [
            _card(dossier, valid[kind])
            if kind in valid
            else {"title": _title(dossier, kind), "state": waiting, "note": _note(dossier, kind)}
            for kind in kinds
        ],
        "replaced": [_card(dossier, d) for d in issued if d.replaced_at is not None],
        "making": making,
        "made": len(valid),
        "pause": 1 if fresh else 10,
        "slip_first": Kind.CARD_SLIP in kinds and not dossier.final,
    }


def _kinds(dossier: Dossier, taken: Iterable[str]) -> list[Kind]:
    """What the actions ``taken`` make for the citizen of ``dossier``."""
    transitions = map(definition_for(dossier).transition, taken)
    made = papers.kinds_made(dossier, [topic for t in transitions if t for topic in t.topics])
    return [kind for kind in _SHOWN if kind in made]


def _given_up(dossier: Dossier) -> bool:
    return OutboxMessage.objects.filter(
        about=dossier.code, topic__startswith="documents.", state=OutboxMessage.State.DEAD
    ).exists()


def _card(dossier: Dossier, issued: IssuedDocument) -> dict[str, Any]:
    """A PDF as ``components/document_card.html`` wants it."""
    kind, waits = Kind(issued.kind), dossier.state in mailroom.AWAITS_POST
    return {
        "title": _title(dossier, kind),
        "state": "ready",
        "url": reverse("document", args=[dossier.code, kind.replace("_", "-"), issued.number]),
        "made_at": issued.made_at,
        "size": issued.size,
        "note": _note(dossier, kind) if kind in _ALWAYS_SAID or waits else "",
        "also": _also(dossier, issued),
    }


def _also(dossier: Dossier, issued: IssuedDocument) -> dict[str, str]:
    """Another shape of a PDF that is in force, drawn when it is asked for: address and words."""
    if issued.kind != Kind.LABEL or issued.replaced_at is not None:
        return {}
    return {"url": reverse("label_sheet", args=[dossier.code]), "words": _("Four times on an A4 sheet")}


def _signs_form(dossier: Dossier) -> bool:
    papers_due = definition_for(dossier).documents_for(dossier.answers)
    return any(paper.mode == "generated_then_post" for paper in papers_due)


def _title(dossier: Dossier, kind: Kind) -> str:
    """What a document is called; a form that nobody signs is not one “to sign”."""
    own = kind == Kind.FORM and not _signs_form(dossier)
    return _("Your form, filled in") if own else str(capfirst(kind.label))


def _note(dossier: Dossier, kind: Kind) -> str:
    if kind == Kind.FORM and not _signs_form(dossier):
        return _("For you to keep: nothing to sign or post.")
    return str(_WHAT_FOR.get(kind, ""))


def _result(dossier: Dossier, file: Attachment) -> dict[str, Any]:
    """What the office decided, as ``components/document_card.html`` wants it."""
    return {
        "title": _("Result of your dossier"),
        "state": "ready",
        "url": f"{reverse('attachment', args=[dossier.code, file.pk])}?goc=1",
        "made_at": file.uploaded_at,
        "size": file.size,
        "note": _("Download it and keep it."),
    }


@never_cache
@require_safe
@citizen_required
def documents(request: UserRequest, code: str) -> HttpResponse:
    """The list of PDFs alone: the dossier page asks for it until all are made."""
    dossier = dossiers.get_for(request.user, code)
    if dossier.is_draft:
        raise Http404
    if not request.htmx:
        return redirect("dossier", dossier.code)
    context = document_context(dossier, taken=dossier.events.values_list("action", flat=True))
    if context["making"] and request.GET.get("co") == str(context["made"]):
        return HttpResponse(status=204)
    return render_page(
        request, "procedures/dossier.html", {"dossier": dossier, **context}, fragments=("documents",)
    )


@never_cache
@require_safe
@sign_in_required
def document(request: UserRequest, code: str, kind: str, number: int) -> HttpResponseBase:
    """A PDF, for the citizen it belongs to and the staff of its office."""
    dossier = dossiers.get_for(request.user, code)
    issued = dossier.documents.filter(kind=kind.replace("-", "_"), number=number).first()
    if issued is None:
        raise Http404
    desk.log_read(request.user, dossier, f"document {kind} {number}")
    return FileResponse(
        issued.file.open("rb"), content_type="application/pdf", filename=f"{dossier.code}-{kind}-{number}.pdf"
    )


@never_cache
@require_safe
@sign_in_required
def label_sheet(request: UserRequest, code: str) -> HttpResponseBase:
    """The posting label in force four times on A4, for printers that take no smaller paper."""
    dossier = dossiers.get_for(request.user, code, "office", "post_to")
    if not dossier.documents.filter(kind=Kind.LABEL, replaced_at=None).exists():
        raise Http404
    desk.log_read(request.user, dossier, "label sheet")
    pdf = io.BytesIO(papers.label_sheet(dossier, now=timezone.now()))
    return FileResponse(pdf, content_type="application/pdf", filename=f"{dossier.code}-nhan-a4.pdf")
