"""Receipts: the payer's list, page and PDF, and what the QR code on the paper opens."""

from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from payments import receipts
from payments.models import Receipt
from payments.receipt_papers import shown
from portal.http import Request, UserRequest, citizen_required, render_page


@never_cache
@require_safe
@citizen_required
def receipt_list(request: UserRequest) -> HttpResponse:
    found = receipts.visible_to(request.user)
    page = Paginator(found, 20).get_page(request.GET.get("page"))
    return render_page(request, "payments/receipts.html", {"page_obj": page})


@never_cache
@require_safe
@citizen_required
def receipt_page(request: UserRequest, code: str) -> HttpResponse:
    receipt = receipts.get_for(request.user, code)
    context = {"receipt": receipt, "said": shown(receipt), "paper": receipt.papers.last()}
    return render_page(request, "payments/receipt.html", context)


@never_cache
@require_safe
@citizen_required
def receipt_pdf(request: UserRequest, code: str) -> HttpResponseBase:
    """The paper as it stands: marked once the receipt is cancelled."""
    receipt = receipts.get_for(request.user, code)
    paper = receipt.papers.last()
    if paper is None:
        raise Http404
    return FileResponse(paper.file.open("rb"), content_type="application/pdf", filename=f"{receipt.code}.pdf")


@require_safe
def verify_receipt(request: Request, token: str) -> HttpResponse:
    """Proof that the portal issued it, and whether it still holds; no name."""
    found = Receipt.objects.select_related("office", "cancels", "cancelled_by")
    receipt = get_object_or_404(found, token=token)
    return render_page(request, "payments/receipt_verify.html", {"receipt": receipt})
