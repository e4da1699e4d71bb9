"""The desk of a collecting agent."""

import io
import secrets
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from payments import agent_lists, agents, refunds
from payments.models import Refund
from portal import fields
from portal.http import UserRequest, citizen_required, form_key, render_page, see_other
from portal.models import AccessLog
from procedures import attachments
from procedures.catalogue import definition_for
from procedures.models import Attachment
from procedures.views.files import SEALED
from procedures.workflow import MoveRefused

_METHODS: list[Any] = [
    {"value": "1", "label": gettext_lazy("Monthly"), "hint": ""},
    {"value": "3", "label": gettext_lazy("Every 3 months"), "hint": ""},
    {"value": "6", "label": gettext_lazy("Every 6 months"), "hint": ""},
    {"value": "12", "label": gettext_lazy("Every 12 months"), "hint": ""},
    {"value": "NN", "label": gettext_lazy("Once for years ahead"), "hint": ""},
    {"value": "TH", "label": gettext_lazy("Once for missing time"), "hint": ""},
]


class ConfirmForm(fields.PageForm):
    """What the agent's own books say was paid."""

    receipt_no = fields.TextField(label=gettext_lazy("Number of the receipt you issued"), max_length=60)
    first = fields.MonthField(label=gettext_lazy("Paid from month"))
    last = fields.MonthField(label=gettext_lazy("Paid to month"))
    method = fields.ChoiceField(label=gettext_lazy("How it was paid"), options=_METHODS)
    amount = fields.MoneyField(label=gettext_lazy("Amount paid"), minimum=1, maximum=10**10)


class ReturnForm(fields.PageForm):
    reason = fields.LongTextField(label=gettext_lazy("Why you send it back (the citizen will read this)"))


@never_cache
@require_safe
@citizen_required
def tasks(request: UserRequest) -> HttpResponse:
    """What waits for confirmation, and what was dealt with."""
    agent = agents.organisation_of(request.user)
    found = agents.visible_to(request.user).order_by("-pk")
    waiting = [_row(r) for r in found.filter(dossier__state=agents.WAITS).order_by("pk")[:100]]
    page = Paginator(found.exclude(dossier__state=agents.WAITS), 20).get_page(request.GET.get("page"))
    today = timezone.localdate()
    context = {
        "agent": agent,
        "waiting": waiting,
        "page_obj": page,
        "rows": [_row(r) for r in page.object_list],
        "months": [agent_lists.month_before(today, n) for n in range(6)],
        "forms": agent_lists.FORMS,
    }
    return render_page(request, "payments/agent_tasks.html", context)


def _row(refund: Refund) -> dict[str, Any]:
    return {"refund": refund, "state": definition_for(refund.dossier).state(refund.dossier.state)}


@never_cache
@require_safe
@citizen_required
def task(request: UserRequest, pk: int) -> HttpResponse:
    refund = agents.get_for(request.user, pk)
    AccessLog.objects.create(user=request.user, about=str(refund), what="agent task")
    return _page(request, refund)


def _page(
    request: UserRequest,
    refund: Refund,
    *,
    confirming: ConfirmForm | None = None,
    returning: ReturnForm | None = None,
) -> HttpResponse:
    definition, refused = definition_for(refund.dossier), confirming or returning
    context = {
        "refund": refund,
        "dossier": refund.dossier,
        "state": definition.state(refund.dossier.state),
        "ground": refunds.grounds(definition).get(refund.ground, refund.ground),
        "receipts": agents.receipts(refund),
        "told": refund.dossier.events.filter(action__in=["agent_return", "answer_agent"]),
        "open": refund.dossier.state == agents.WAITS,
        "confirming": confirming or ConfirmForm(initial=_said(refund)),
        "returning": returning or ReturnForm(),
        "refused": refused,
        "key": secrets.token_urlsafe(12),
    }
    return render_page(request, "payments/agent_task.html", context, status=422 if refused else 200)


def _said(refund: Refund) -> dict[str, str]:
    """What the citizen said, to be compared with the agent's books."""
    return {
        "receipt_no": refund.receipt_no,
        "first": f"{refund.paid_from:%Y-%m}",
        "last": f"{refund.paid_to:%Y-%m}",
        "method": refund.paid_method,
        "amount": f"{refund.paid_amount}",
    }


@never_cache
@citizen_required
def confirm(request: UserRequest, pk: int) -> HttpResponse:
    """Confirm receipt and months, and pass the dossier on to the office."""
    refund = agents.get_for(request.user, pk)
    if request.method != "POST":
        return see_other(reverse("agent_task", args=[pk]))
    form = ConfirmForm(request.POST)
    if not form.is_valid() or not _confirmed(request, refund, form):
        return _page(request, refund, confirming=form)
    messages.success(request, _("%(code)s: confirmed, the office has it now.") % {"code": refund})
    return see_other(reverse("agent_tasks"))


def _confirmed(request: UserRequest, refund: Refund, form: ConfirmForm) -> bool:
    said = form.cleaned_data
    try:
        agents.confirm(
            refund,
            first=refunds.month(said["first"]),
            last=refunds.month(said["last"]),
            amount=Decimal(said["amount"]),
            method=said["method"],
            receipt_no=said["receipt_no"],
            actor=request.user,
            key=form_key(request),
            now=timezone.now(),
        )
    except MoveRefused as refused:
        form.add_error(refused.field or None, str(refused))
        return False
    return True


@never_cache
@citizen_required
def send_back(request: UserRequest, pk: int) -> HttpResponse:
    """Send the dossier back to the citizen, with a reason."""
    refund = agents.get_for(request.user, pk)
    if request.method != "POST":
        return see_other(reverse("agent_task", args=[pk]))
    form = ReturnForm(request.POST)
    if form.is_valid():
        try:
            agents.send_back(
                refund,
                reason=form.cleaned_data["reason"],
                actor=request.user,
                key=form_key(request),
                now=timezone.now(),
            )
        except MoveRefused as refused:
            form.add_error(None, str(refused))
    if form.errors:
        return _page(request, refund, returning=form)
    messages.success(request, _("%(code)s: sent back to the citizen.") % {"code": refund})
    return see_other(reverse("agent_tasks"))


@never_cache
@require_safe
@citizen_required
def receipt(request: UserRequest, pk: int, number: int) -> HttpResponseBase:
    """A receipt the citizen brought; no other file of the dossier opens here."""
    refund = agents.get_for(request.user, pk)
    found = get_object_or_404(agents.receipts(refund).exclude(scan=Attachment.Scan.INFECTED), pk=number)
    AccessLog.objects.create(user=request.user, about=str(refund), what=f"file {number}")
    if found.media_type == "application/pdf":
        sealed = {"Content-Security-Policy": SEALED}
        return FileResponse(found.file.open("rb"), content_type=found.media_type, headers=sealed)
    picture = attachments.viewable(found)
    sealed = {"Content-Security-Policy": f"{SEALED}; sandbox"}
    return HttpResponse(picture.data, content_type=picture.media_type, headers=sealed)


@never_cache
@require_safe
@citizen_required
def monthly_list(request: UserRequest, form: str, year: int, month: int, kind: str) -> HttpResponse:
    """D03-TS or D05-TS of what the agent confirmed in a month, as PDF or workbook."""
    agent = agents.organisation_of(request.user)
    if form not in agent_lists.FORMS or kind not in agent_lists.KINDS or not 1 <= month <= 12 or year < 2000:
        raise Http404
    listed = agent_lists.of_month(agent, form, date(min(year, 9999), month, 1))
    AccessLog.objects.create(user=request.user, about=listed.title[:40], what=f"agent list {kind}")
    out = io.BytesIO()
    agent_lists.KINDS[kind](listed, out, timezone.now())
    return HttpResponse(
        out.getvalue(),
        content_type=agent_lists.MEDIA[kind],
        headers={"Content-Disposition": f'attachment; filename="{listed.filename}.{kind}"'},
    )
