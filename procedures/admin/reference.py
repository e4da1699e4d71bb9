"""Offices, staff, banks and the calendar: rows that staff keep true."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import TabularInline

from portal.roles import ADMINISTRATOR, EVERYBODY, LEADERS, RoleAdmin, role
from procedures import closures
from procedures.models import AdjoiningOffice, Bank, CalendarDay, Closure, Office, OfficeArea, StaffMember


class _ByRole:
    """Inlines follow the page they stand on."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(role(request.user))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return role(request.user) in ADMINISTRATOR

    has_change_permission = has_add_permission
    has_delete_permission = has_add_permission


class AreaInline(_ByRole, TabularInline):  # type: ignore[misc]
    model = OfficeArea
    extra = 0


class AdjoiningInline(_ByRole, TabularInline):  # type: ignore[misc]
    model = AdjoiningOffice
    fk_name = "office"
    extra = 0


@admin.register(Office)
class OfficeAdmin(RoleAdmin):
    viewers, editors = EVERYBODY, ADMINISTRATOR
    list_display = (
        "name",
        "number",
        "address",
        "address_confidence",
        "phone",
        "postal_code",
        "postal_code_confidence",
    )
    inlines = (AreaInline, AdjoiningInline)


@admin.register(Closure)
class ClosureAdmin(RoleAdmin):
    """A closure takes effect as it is saved; it is ended by a date, never deleted.

    What has followed from it stays: once begun, place, time and scope are fixed; once ended, everything.
    """

    viewers, editors = EVERYBODY, LEADERS
    list_display = ("office", "scope", "starts_at", "ends_at", "reason", "document", "pauses_clock")
    list_filter = ("office", "scope")
    ordering = ("-starts_at",)

    def has_change_permission(self, request: HttpRequest, obj: Closure | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or _decides(request, obj.office))

    def get_readonly_fields(self, request: HttpRequest, obj: Closure | None = None) -> tuple[str, ...]:
        if obj is None or obj.begun_at is None:
            return ()
        fixed = ("office", "scope", "starts_at")
        rest = ("ends_at", "reason", "document", "pauses_clock", "pause_source")
        return (*fixed, *rest) if obj.ended_at else fixed

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "office" and not _whole_province(request):
            kwargs["queryset"] = Office.objects.filter(staff__user=request.user.pk)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Closure, form: Any, change: bool) -> None:
        if not change:
            obj.entered_by_id = request.user.pk
        super().save_model(request, obj, form, change)
        closures.follow_up(timezone.now())


def _whole_province(request: HttpRequest) -> bool:
    staff = getattr(request.user, "staff", None)
    return role(request.user) == "administrator" or bool(
        staff and staff.office.level == Office.Level.PROVINCE
    )


def _decides(request: HttpRequest, office: Office) -> bool:
    """Whether a member of staff may close ``office``: the province any, a district its own."""
    staff = getattr(request.user, "staff", None)
    return _whole_province(request) or bool(staff and staff.office_id == office.pk)


@admin.register(StaffMember)
class StaffMemberAdmin(RoleAdmin):
    viewers, editors = LEADERS, ADMINISTRATOR
    list_display = ("user", "office", "role")
    list_filter = ("office", "role")
    autocomplete_fields = ("user",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[StaffMember]:
        staff = super().get_queryset(request).select_related("user", "office")
        if role(request.user) == "administrator":
            return staff  # type: ignore[no-any-return]
        mine = getattr(request.user, "staff", None)
        return staff.filter(office=mine.office) if mine else staff.none()  # type: ignore[no-any-return]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return role(request.user) in ADMINISTRATOR


@admin.register(Bank)
class BankAdmin(RoleAdmin):
    viewers, editors = EVERYBODY, ADMINISTRATOR
    list_display = ("bin", "short_name", "name", "swift", "confidence")
    search_fields = ("bin", "short_name", "name")


@admin.register(CalendarDay)
class CalendarDayAdmin(RoleAdmin):
    viewers, editors = EVERYBODY, ADMINISTRATOR
    list_display = ("day", "kind", "note", "source", "confidence")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return role(request.user) in ADMINISTRATOR
