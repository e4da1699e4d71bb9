"""The refunds desk: examine, propose an amount, have another person approve it."""

import secrets
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payments import estimates, ledger, refunds
from payments.models import CoveredPerson, Refund
from portal.fields import MoneyField
from portal.http import form_key, see_other, signed_in
from portal.models import User
from portal.roles import EVERYBODY, RoleAdmin
from portal.text import dong
from procedures import desk
from procedures.catalogue import definition_for
from procedures.workflow import MoveRefused


@admin.register(Refund)
class RefundAdmin(RoleAdmin):
    """The refunds of the office."""

    viewers = EVERYBODY
    list_display = ("code", "product", "refundee", "asked", "decided", "stage", "state", "opened_at")
    list_display_links = ("code",)
    list_filter = ("state", "product")
    search_fields = ("dossier__code", "insurance_number", "refundee")
    ordering = ("-pk",)
    list_per_page = 50
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Refund]:
        return refunds.visible_to(_user(request)).select_related("dossier__version")

    @admin.display(description=gettext_lazy("dossier"), ordering="dossier__code")
    def code(self, refund: Refund) -> str:
        return str(refund.dossier)

    @admin.display(description=gettext_lazy("amount paid"))
    def asked(self, refund: Refund) -> str:
        return dong(refund.paid_amount)

    @admin.display(description=gettext_lazy("amount refunded"))
    def decided(self, refund: Refund) -> str:
        return dong(refund.amount) if refund.amount is not None else ""

    @admin.display(description=gettext_lazy("state of the dossier"))
    def stage(self, refund: Refund) -> str:
        return str(definition_for(refund.dossier).state(refund.dossier.state).label)

    def get_urls(self) -> list[URLPattern]:
        act = self.admin_site.admin_view(self.act)
        own = [path("<int:pk>/viec/<slug:doing>/", act, name="payments_refund_act")]
        return [*own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return self._page(request, self._mine(request, object_id))

    def _page(
        self, request: HttpRequest, refund: Refund, refused: MoveRefused | None = None, doing: str = ""
    ) -> HttpResponse:
        user, definition = _user(request), definition_for(refund.dossier)
        whole = refunds.may_approve(user, refund)
        desk.log_read(user, refund.dossier, "refund, account whole" if whole else "refund")
        stage = definition.state(refund.dossier.state)
        estimate = estimates.of_refund(refund, new_monthly=_typed_money(request, "new_monthly"))
        may_approve = (
            stage.slug == "proposed"
            and refund.state == Refund.State.PROPOSED
            and refund.proposed_by_id != user.pk
            and whole
        )
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": str(refund),
            "refund": refund,
            "dossier": refund.dossier,
            "stage": stage,
            "ground": refunds.grounds(definition).get(refund.ground, refund.ground),
            "heir": refund.ground.startswith("death"),
            "estimate": estimate,
            "left": int(refunds.left(refund)),
            "known": refunds.payments_known(refund),
            "asks_new_share": refund.ground == "support_raised",
            "may_propose": stage.slug == "processing" and refunds.may_work(user, refund),
            "may_approve": may_approve,
            "cap": refunds.cap_for(user, timezone.localdate()) if may_approve else None,
            "whole": whole,
            "payments": refunds.payments_of(refund),
            "postings": ledger.postings_of(refund),
            "refused": refused,
            "doing": doing,
            "typed": request.POST if refused else _proposal(refund, estimate),
            "key": secrets.token_urlsafe(12),
        }
        return render(request, "admin/payments/refund.html", context, status=422 if refused else 200)

    def act(self, request: HttpRequest, pk: int, doing: str) -> HttpResponse:
        """Propose an amount, or approve the one a colleague proposed."""
        refund = self._mine(request, pk)
        here = reverse("admin:payments_refund_change", args=[pk])
        if doing not in _DOINGS:
            raise Http404
        if request.method != "POST":
            return see_other(here)
        may, do = _DOINGS[doing]
        if not may(_user(request), refund):
            raise PermissionDenied
        try:
            said = do(refund, request, _user(request))
        except MoveRefused as refused:
            return self._page(request, self._mine(request, pk), refused, doing)
        self.message_user(request, f"{refund}: {said}", messages.SUCCESS)
        return see_other(here)


def _proposal(refund: Refund, estimate: estimates.Estimate) -> dict[str, str]:
    """What stands in the form of the proposal before anybody has typed."""
    amount = refund.amount or (estimate.breakdown.amount if estimate.breakdown else None)
    return {
        "amount": "" if amount is None else str(int(amount)),
        "found": str(int(refund.paid_amount)),
        "person": str(refund.person_id or ""),
    }


def _propose(refund: Refund, request: HttpRequest, user: User) -> str:
    amount, found = (_money(request, name) for name in ("amount", "found"))
    if amount is None:
        raise MoveRefused(_("Please give the amount to be refunded."), field="amount")
    estimate = estimates.of_refund(refund, new_monthly=_typed_money(request, "new_monthly"))
    note = request.POST.get("note", "")[:4000]
    steps = []
    if estimate.breakdown:
        steps = estimates.steps_of(estimate.breakdown)
    if not estimate.breakdown or estimate.breakdown.amount != amount:
        if not note.strip():
            raise MoveRefused(_("The amount is not the calculated one: please write why."), field="note")
        steps.append({"words": note.strip()[:300], "amount": int(amount)})
    refunds.propose(
        refund,
        amount,
        actor=user,
        key=form_key(request),
        now=timezone.now(),
        steps=steps,
        person=_person(request),
        found=found,
        note=note,
    )
    return _("proposed; another person decides.")


def _person(request: HttpRequest) -> CoveredPerson | None:
    chosen = request.POST.get("person", "")
    if not chosen.isascii() or not chosen.isdigit() or len(chosen) > 17:
        return None
    return CoveredPerson.objects.filter(pk=int(chosen)).first()


def _money(request: HttpRequest, name: str) -> Decimal | None:
    """An amount typed; None where nothing was; raises ``MoveRefused`` for what is none."""
    try:
        typed = MoneyField(required=False, maximum=10**12).clean(request.POST.get(name, ""))
    except ValidationError as error:
        raise MoveRefused(str(error.messages[0]), field=name) from None
    return None if typed in ("", None) else Decimal(typed)


def _typed_money(request: HttpRequest, name: str) -> Decimal | None:
    """The same, where it does not matter that it is none."""
    try:
        return _money(request, name)
    except MoveRefused:
        return None


def _approve(refund: Refund, request: HttpRequest, user: User) -> str:
    note, key = request.POST.get("note", "")[:4000], form_key(request)
    if request.POST.get("seen", "") != str(refund.amount):
        raise MoveRefused(_("The amount has changed since you looked. Please look again."))
    refunds.approve(refund, actor=user, key=key, now=timezone.now(), note=note)
    return _("approved; the money is ordered.")


_May = Callable[[User, Refund], bool]
_Do = Callable[[Refund, HttpRequest, User], str]
_DOINGS: dict[str, tuple[_May, _Do]] = {
    "de-xuat": (refunds.may_work, _propose),
    "duyet": (refunds.may_approve, _approve),
}


def _user(request: HttpRequest) -> User:
    return signed_in(request).user  # type: ignore[arg-type]
