"""An order of contributions: the code that pays it, what to type instead, and what became of it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from payments import contributions, forms, vietqr
from payments.models import ContributionOrder
from portal.http import UserRequest, citizen_required, render_page, see_other
from procedures.legal_words import named

_TONES = {"open": "yellow", "paid": "green", "expired": "grey", "cancelled": "grey"}
_TYPES = {"svg": "image/svg+xml", "png": "image/png"}


@never_cache
@require_safe
@citizen_required
def order_page(request: UserRequest, reference: str) -> HttpResponse:
    order = contributions.get_for(request.user, reference)
    return _page(request, order)


def _page(request: UserRequest, order: ContributionOrder, *, refused: str = "") -> HttpResponse:
    english = get_language() == "en"
    context = {
        "order": order,
        "what": forms.words_of(order.product, order.kind),
        "to_pay": order.amount - order.paid,
        "people": list(order.people.all()),
        "steps": [
            {"words": step.get("words_en" if english else "words", step["words"]), "amount": step["amount"]}
            for step in order.quote.get("steps", [])
        ],
        "figures": [{**figure, "words": named(figure["name"])} for figure in order.quote.get("figures", [])],
        "errors": [{"id": "", "message": refused}] if refused else [],
        **_state(order),
    }
    status = 422 if refused else 200
    return render_page(request, "payments/contribution.html", context, status=status)


def _state(order: ContributionOrder) -> dict[str, Any]:
    """What the page says of the state; ``seen`` names all that can change of it while the order is open."""
    waits = order.state == contributions.State.OPEN
    late = waits and order.expires_at < timezone.now()
    seen = f"{order.paid}{'-late' if late else ''}" if waits else ""
    return {"order": order, "tone": _TONES[order.state], "waits": waits, "late": late, "seen": seen}


@never_cache
@require_safe
@citizen_required
def state(request: UserRequest, reference: str) -> HttpResponse:
    """The state alone, which the page asks for again and again: nothing while nothing has changed, so that
    it is not read out anew; once the order has ended the whole page comes again."""
    order = contributions.get_for(request.user, reference)
    told = _state(order)
    if told["waits"] and told["seen"] == request.GET.get("co"):
        return HttpResponse(status=204)
    response = render_page(request, "payments/_state.html", told)
    if request.htmx and not told["waits"]:
        response["HX-Refresh"] = "true"
    return response


@never_cache
@require_safe
@citizen_required
def code(request: UserRequest, reference: str, kind: str) -> HttpResponse:
    """The VietQR code of an order that is still to be paid, as a picture."""
    order = contributions.get_for(request.user, reference)
    if order.state != contributions.State.OPEN or kind not in _TYPES:
        raise Http404
    text = vietqr.payload(
        order.account.bank_id,
        order.account.number,
        amount=order.amount - order.paid,
        purpose=order.reference,
    )
    return HttpResponse(vietqr.picture(text, kind), content_type=_TYPES[kind])


@citizen_required
def cancel(request: UserRequest, reference: str) -> HttpResponse:
    order = contributions.get_for(request.user, reference)
    if request.method != "POST":
        return redirect("contribution", reference)
    try:
        contributions.cancel(order, actor=request.user, now=timezone.now())
    except contributions.OrderClosed as closed:
        return _page(request, contributions.get_for(request.user, reference), refused=str(closed))
    messages.success(request, _("The order is cancelled. Please do not pay it any more."))
    return see_other(reverse("contribution", args=[reference]))
