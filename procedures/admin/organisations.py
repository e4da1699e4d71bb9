"""Organisations: the staff of their office confirm them, or say why not."""

from typing import Any

from django.contrib import admin, messages
from django.db import IntegrityError
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal import organisations
from portal.http import see_other, signed_in
from portal.models import Organisation, User
from portal.roles import EVERYBODY, RoleAdmin, role
from procedures.models import Office
from procedures.offices import organisations_of

_CONFIRM = frozenset({"clerk", "supervisor"})


class _Standing(admin.SimpleListFilter):
    title = gettext_lazy("standing")
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("waiting", _("Waiting")), ("confirmed", _("Confirmed")), ("refused", _("Not confirmed"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Organisation]) -> QuerySet[Organisation]:
        match self.value():
            case "waiting":
                return queryset.filter(confirmed_at=None, remark="")
            case "confirmed":
                return queryset.filter(confirmed_at__isnull=False)
            case "refused":
                return queryset.filter(confirmed_at=None).exclude(remark="")
            case _:
                return queryset


@admin.register(Organisation)
class OrganisationAdmin(RoleAdmin):
    viewers = EVERYBODY
    list_display = ("name", "kind", "code", "phone", "ward", "confirmed_at")
    list_filter = (_Standing, "kind")
    search_fields = ("user__full_name", "code")
    ordering = (F("confirmed_at").asc(nulls_first=True), "-pk")
    fields = (
        "name",
        "kind",
        "code",
        "contact",
        "phone",
        "email",
        "street",
        "ward",
        "confirmed_at",
        "confirmed_by",
        "remark",
    )
    readonly_fields = fields
    change_form_template = "admin/portal/organisation.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Organisation]:
        """Those the office looks after; the administrator sees all."""
        if role(request.user) == "administrator":
            found: QuerySet[Organisation] = super().get_queryset(request)
            return found.select_related("user__ward", "confirmed_by")
        office = _office(request)
        return organisations_of(office, timezone.localdate()) if office else Organisation.objects.none()

    @admin.display(description=gettext_lazy("organisation"), ordering="user__full_name")
    def name(self, organisation: Organisation) -> str:
        return organisation.user.full_name

    @admin.display(description=gettext_lazy("phone"))
    def phone(self, organisation: Organisation) -> str:
        return organisation.user.phone

    @admin.display(description=gettext_lazy("e-mail"))
    def email(self, organisation: Organisation) -> str:
        return organisation.user.email

    @admin.display(description=gettext_lazy("street"))
    def street(self, organisation: Organisation) -> str:
        return organisation.user.street

    @admin.display(description=gettext_lazy("ward"))
    def ward(self, organisation: Organisation) -> str:
        return str(organisation.user.ward or "")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [path("<int:pk>/xac-nhan/", view(self.settle), name="portal_organisation_settle")]
        return [*own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        may = role(request.user) in _CONFIRM
        found = self.get_object(request, object_id)
        context = {"may_settle": may, "seen": organisations.mark(found) if found else ""}
        page: HttpResponse = super().change_view(
            request, object_id, form_url, {**(extra_context or {}), **context}
        )
        return page

    def settle(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Confirm an organisation of one's own office, or take that back with a reason."""
        organisation = self._to_confirm(request, pk)
        if request.method == "POST":
            self._settle(request, organisation)
        return see_other(reverse("admin:portal_organisation_change", args=[pk]))

    def _to_confirm(self, request: HttpRequest, pk: int) -> Organisation:
        office = _office(request)
        if office is None or role(request.user) not in _CONFIRM:
            raise Http404
        found = organisations_of(office, timezone.localdate()).filter(pk=pk).first()
        if found is None:
            raise Http404
        return found

    def _settle(self, request: HttpRequest, organisation: Organisation) -> None:
        reason, actor = request.POST.get("reason", "").strip()[:300], _user(request)
        if "confirm" not in request.POST and not reason:
            self.message_user(request, _("Please write the reason."), messages.ERROR)
            return
        try:
            organisations.decide(
                organisation,
                actor=actor,
                reason="" if "confirm" in request.POST else reason,
                seen=request.POST.get("seen", ""),
            )
        except organisations.Changed:
            self.message_user(
                request,
                _("The organisation has just changed what it says about itself. Please look again."),
                messages.ERROR,
            )
            return
        except IntegrityError:
            self.message_user(
                request, _("Another account with this code is confirmed already."), messages.ERROR
            )
            return
        self.log_change(request, organisation, _("Confirmed") if not organisation.remark else reason)
        self.message_user(request, _("Done."), messages.SUCCESS)


def _office(request: HttpRequest) -> Office | None:
    staff = getattr(request.user, "staff", None)
    return staff.office if staff else None


def _user(request: HttpRequest) -> User:
    return signed_in(request).user  # type: ignore[arg-type]
