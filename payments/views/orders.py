"""An order of contributions: the code that pays it, what to type instead, and what became of it."""

import secrets
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

from payments import contributions, forms, order_returns, vietqr
from payments.models import ContributionOrder
from payments.payout_forms import AccountForm
from portal.http import UserRequest, citizen_required, form_key, render_page, see_other
from procedures.legal_words import named
from procedures.models import Bank
from procedures.workflow import MoveRefused

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
        "arrived": order.settlements.select_related("line") if order.paid else [],
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
    held = not waits and order.paid and order.state != contributions.State.PAID
    return {
        "order": order,
        "tone": _TONES[order.state],
        "waits": waits,
        "late": late,
        "seen": seen,
        "missing": order.amount - order.paid,
        "held": held,
        "back": order_returns.last_of(order) if order.paid else None,
        "may_ask": order_returns.may_ask(order),
    }


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


@never_cache
@citizen_required
def take_back(request: UserRequest, reference: str) -> HttpResponse:
    """Ask for the part that came in, to an account of the payer; an order still open ends by this."""
    order = contributions.get_for(request.user, reference)
    here = reverse("contribution", args=[reference])
    if not order_returns.may_ask(order):
        return see_other(here)
    form = AccountForm(order.payer_name, request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid() or not _asked(request, order, form):
        return _back_page(request, order, form)
    messages.success(request, _("Thank you. The office examines it and then pays to this account."))
    return see_other(here)


def _asked(request: UserRequest, order: ContributionOrder, form: AccountForm) -> bool:
    given = form.cleaned_data
    try:
        order_returns.ask(
            order,
            payee=given["account_holder"],
            bank=Bank.objects.get(pk=given["bank"]),
            account_number=given["account_number"],
            actor=request.user,
            key=form_key(request),
            now=timezone.now(),
        )
    except MoveRefused as refused:
        form.add_error(refused.field or None, str(refused))
        return False
    return True


def _back_page(request: UserRequest, order: ContributionOrder, form: AccountForm) -> HttpResponse:
    context = {
        "order": order,
        "waits": order.state == contributions.State.OPEN,
        "form": form,
        "key": form_key(request) if form.is_bound else secrets.token_urlsafe(12),
    }
    return render_page(request, "payments/take_back.html", context, status=422 if form.errors else 200)
