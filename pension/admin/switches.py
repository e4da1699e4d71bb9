"""Changes of payment: which wait, which are held and why, what was said on the phone."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pension import frauds, hand_overs, switching
from pension.admin.asking import log_read, user_of
from pension.models import SwitchRequest
from portal.http import see_other
from portal.roles import EVERYBODY, RoleAdmin
from procedures.workflow import MoveRefused

_NAME = "pension_switchrequest"


@admin.register(SwitchRequest)
class SwitchRequestAdmin(RoleAdmin):
    viewers = EVERYBODY
    list_display = ("dossier_code", "who", "kind", "state", "from_list", "hand_over", "filed_at")
    list_filter = ("state", "kind")
    list_per_page = 50
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[SwitchRequest]:
        return switching.visible_to(user_of(request))

    @admin.display(description=gettext_lazy("dossier"), ordering="dossier__code")
    def dossier_code(self, switch: SwitchRequest) -> str:
        return str(switch.dossier.code)

    @admin.display(description=gettext_lazy("beneficiary"))
    def who(self, switch: SwitchRequest) -> str:
        return switch.beneficiary.full_name

    @admin.display(description=gettext_lazy("from the list of"), ordering="effective_month")
    def from_list(self, switch: SwitchRequest) -> str:
        return f"{switch.effective_month:%m/%Y}"

    @admin.display(description=gettext_lazy("hand-over"))
    def hand_over(self, switch: SwitchRequest) -> str:
        return f"{switch.old_office} → {switch.new_office}" if switch.hands_over else ""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/da-biet/", view(self.seen), name=f"{_NAME}_seen"),
            path("<int:pk>/goi-lai/", view(self.call_back), name=f"{_NAME}_call"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return self._page(request, self._mine(request, object_id))

    def _page(
        self, request: HttpRequest, switch: SwitchRequest, refused: MoveRefused | None = None
    ) -> HttpResponse:
        user = user_of(request)
        whole = switching.may_call(user, switch)
        what = "change of payment, account whole" if whole and switch.bank_id else "change of payment"
        log_read(request, str(switch.dossier.code), what)
        may_call = whole and switch.called_by_id is None
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Change of payment"),
            "switch": switch,
            "doubts": [frauds.DOUBTS.get(name, name) for name in switch.doubts],
            "recipient": switching.recipient_of(switch.beneficiary, timezone.localdate()),
            "may_call": may_call and switch.state in {"held", "unconfirmed"},
            "may_see": hand_overs.may_see(user, switch),
            "whole": whole,
            "lines": switch.lines.select_related("list").order_by("pk"),
            "typed": request.POST.get("note", ""),
            "refused": refused,
        }
        return render(request, "admin/pension/switch.html", context, status=422 if refused else 200)

    def call_back(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Note what the beneficiary said on the phone."""
        switch = self._mine(request, pk)
        if request.method != "POST":
            return see_other(_address(switch))
        user = user_of(request)
        if not switching.may_call(user, switch):
            raise PermissionDenied
        wanted, note = request.POST.get("muon") == "co", request.POST.get("note", "")
        try:
            switching.call_back(switch, wanted=wanted, note=note, actor=user, now=timezone.now())
        except MoveRefused as refused:
            return self._page(request, switch, refused)
        self.message_user(request, _("What was said is kept."), messages.SUCCESS)
        return see_other(_address(switch))

    def seen(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The office until now takes note of a hand-over."""
        switch, user = self._mine(request, pk), user_of(request)
        if request.method != "POST":
            return see_other(_address(switch))
        if not user.staff.office_id == switch.old_office_id:
            raise PermissionDenied
        try:
            hand_overs.seen(switch, actor=user, now=timezone.now())
        except MoveRefused as refused:
            return self._page(request, switch, refused)
        self.message_user(request, _("The hand-over is noted."), messages.SUCCESS)
        return see_other(_address(switch))


def _address(switch: SwitchRequest) -> str:
    return reverse(f"admin:{_NAME}_change", args=[switch.pk])
