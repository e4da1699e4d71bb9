"""Offices, staff, banks and the calendar: rows that staff keep true."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import TabularInline

from portal.models import District
from portal.roles import ADMINISTRATOR, EVERYBODY, LEADERS, RoleAdmin, role
from procedures import closures, visits
from procedures.admin.spans import HoursRows
from procedures.models import (
    AdjoiningOffice,
    Bank,
    CalendarDay,
    Closure,
    Counter,
    Office,
    OfficeArea,
    OfficeHours,
    StaffMember,
)


class _ByRole:
    """Inlines follow the page they stand on."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(role(request.user))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return role(request.user) in ADMINISTRATOR

    has_change_permission = has_add_permission
    has_delete_permission = has_add_permission


class _LockedRow(forms.ModelForm):  # type: ignore[type-arg]
    """A row of an office: who saves another one at the same instant waits, and is told at the field."""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        office = cleaned.get("office") or getattr(self.instance, "office", None)
        if office is not None and office.pk:
            Office.objects.select_for_update(no_key=True).get(pk=office.pk)
        return cleaned


class _AreaRow(_LockedRow):
    """A district has one row of the lock for all offices: itself."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if district := cleaned.get("district"):
            District.objects.select_for_update(no_key=True).get(pk=district.pk)
        return cleaned


class AreaInline(_ByRole, TabularInline):  # type: ignore[misc]
    model = OfficeArea
    form = _AreaRow
    extra = 0


class _AdjoiningRow(_LockedRow):
    """The distance is the same from both sides: a row of the neighbour's that says otherwise is refused."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        other, office = cleaned.get("other"), cleaned.get("office")
        if not other or not office or cleaned.get("DELETE"):
            return cleaned
        if other == office:
            self.add_error("other", _("An office does not adjoin itself."))
        elif not cleaned.get("km"):
            self.add_error("km", _("The distance in km, at least 1."))
        return cleaned


class AdjoiningInline(_ByRole, TabularInline):  # type: ignore[misc]
    """Neighbours with their distance; saving puts the same row at the neighbour (see ``adjoin``)."""

    model = AdjoiningOffice
    form = _AdjoiningRow
    fk_name = "office"
    extra = 0
    verbose_name_plural = gettext_lazy("adjoining offices (kept the same at the neighbour)")


class HoursInline(_ByRole, TabularInline):  # type: ignore[misc]
    model = OfficeHours
    form = _LockedRow
    formset = HoursRows
    extra = 0


class CounterInline(_ByRole, TabularInline):  # type: ignore[misc]
    model = Counter
    form = _LockedRow
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
    inlines = (AreaInline, AdjoiningInline, HoursInline, CounterInline)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        super().save_formset(request, form, formset, change)
        if formset.model is AdjoiningOffice:
            _mirror(formset)
        visits.forget()


def _mirror(formset: Any) -> None:
    """Neighbours see each other at the same distance: what is said on one side is so on the other."""
    for row in formset.deleted_objects:
        AdjoiningOffice.objects.filter(office=row.other_id, other=row.office_id).delete()
    for row in (*formset.new_objects, *(row for row, _fields in formset.changed_objects)):
        AdjoiningOffice.objects.update_or_create(
            office_id=row.other_id, other_id=row.office_id, defaults={"km": row.km}
        )


class _ClosureForm(_LockedRow):
    """Overlaps are looked for while the row of the office is held: of two at once, one is told."""


@admin.register(Closure)
class ClosureAdmin(RoleAdmin):
    """A closure takes effect as it is saved; it is ended by a date, never deleted.

    What has followed from it stays: once begun, place, time and scope are fixed; once ended, everything.
    """

    viewers, editors = EVERYBODY, LEADERS
    form = _ClosureForm
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
