"""Pages of citizens about money."""

import secrets

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from payments import payouts
from payments.models import PaymentOrder
from payments.payout_forms import AccountForm
from portal.http import UserRequest, citizen_required, form_key, render_page, see_other
from portal.text import masked
from procedures import dossiers
from procedures.models import Bank, Dossier
from procedures.workflow import MoveRefused


@never_cache
@citizen_required
def account(request: UserRequest, code: str) -> HttpResponse:
    """Another account for the money of a dossier that the bank could not pay."""
    dossier = dossiers.get_for(request.user, code)
    if dossier.is_draft:
        raise Http404
    failed = payouts.failed_of(request.user, dossier)
    if failed is None:
        return see_other(reverse("dossier", args=[dossier.code]))
    form = AccountForm(failed.payee, request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return _page(request, dossier, failed, form)
    try:
        payouts.correct(
            failed,
            bank=Bank.objects.get(pk=form.cleaned_data["bank"]),
            account_number=form.cleaned_data["account_number"],
            actor=request.user,
            key=form_key(request),
            now=timezone.now(),
        )
    except MoveRefused as refused:
        form.add_error(refused.field or None, str(refused))
        return _page(request, dossier, failed, form)
    messages.success(request, _("Thank you. The money is paid to this account with the next batch."))
    return see_other(reverse("dossier", args=[dossier.code]))


def _page(request: UserRequest, dossier: Dossier, failed: PaymentOrder, form: AccountForm) -> HttpResponse:
    context = {
        "dossier": dossier,
        "failed": failed,
        "masked": masked(failed.account_number),
        "form": form,
        "key": form_key(request) if form.is_bound else secrets.token_urlsafe(12),
    }
    return render_page(request, "payments/account.html", context, status=422 if form.errors else 200)
