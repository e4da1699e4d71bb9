"""A citizen's refund: what may be expected, the answer to the agent, another account."""

import secrets
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from payments import estimates, refunds
from payments.models import Refund
from portal import fields
from portal.http import UserRequest, citizen_required, form_key, render_page, see_other
from procedures import dossiers, workflow
from procedures.models import Dossier
from procedures.workflow import MoveRefused


@never_cache
@require_safe
@citizen_required
def estimate(request: UserRequest, code: str) -> HttpResponse:
    """What may be expected of a draft or a filed dossier, step by step; a page, or a fragment of one."""
    dossier = dossiers.get_for(request.user, code)
    if not refunds.asked(dossier):
        raise Http404
    context = {
        "dossier": dossier,
        "estimate": estimates.of_answers(dossier, _answers(dossier)),
        "refund": Refund.objects.filter(dossier=dossier).first(),
    }
    return render_page(request, "payments/estimate.html", context, fragments=("estimate",))


def _answers(dossier: Dossier) -> dict[str, Any]:
    if not dossier.is_draft:
        return dict(dossier.answers)
    return dossiers.review(dossier, timezone.localdate()).answers


# --- The answer to the agent ---------------------------------------------------------------------


class AnswerForm(fields.PageForm):
    message = fields.LongTextField(label=gettext_lazy("Your answer to the collecting agent"))


@never_cache
@citizen_required
def answer(request: UserRequest, code: str) -> HttpResponse:
    """Answer what the agent sent back; the task is the agent's again."""
    refund = refunds.of_owner(request.user, code)
    form = AnswerForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            workflow.move(
                refund.dossier,
                "answer_agent",
                actor=request.user,
                key=form_key(request),
                note=form.cleaned_data["message"],
            )
        except MoveRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Your answer is with the collecting agent."))
            return see_other(reverse("dossier", args=[code]))
    asked = refund.dossier.events.filter(action="agent_return").order_by("-sequence").first()
    context = {"dossier": refund.dossier, "form": form, "asked": asked, "key": secrets.token_urlsafe(12)}
    status = 422 if form.errors else 200
    return render_page(request, "payments/refund_answer.html", context, status=status)
