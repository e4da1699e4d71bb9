"""Offices, staff, banks and the calendar: rows that staff keep true."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import TabularInline

from portal.roles import ADMINISTRATOR, EVERYBODY, LEADERS, RoleAdmin, role
from procedures.models import AdjoiningOffice, Bank, CalendarDay, Office, OfficeArea, StaffMember


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
