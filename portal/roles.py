"""What the roles of the staff may see and change in the admin."""

import secrets
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from unfold.admin import ModelAdmin

from portal.models import User

ADMINISTRATOR = frozenset({"administrator"})
LEADERS = frozenset({"supervisor", "director", "administrator"})
# Who decides where money goes, in the own office; they see whole account numbers.
DECIDERS = frozenset({"supervisor", "director"})
EVERYBODY = frozenset({"clerk", "supervisor", "director", "administrator"})


def role(user: Any) -> str:
    """The role of a member of staff, "" for anybody else; the first superuser administers."""
    if not isinstance(user, User) or not user.is_active or not user.is_staff:
        return ""
    staff = getattr(user, "staff", None)
    return str(staff.role) if staff else ("administrator" if user.is_superuser else "")


class RoleAdmin(ModelAdmin):  # type: ignore[misc]
    """An admin page whose readers and writers are roles, not permissions ticked one by one."""

    viewers: frozenset[str] = EVERYBODY
    editors: frozenset[str] = frozenset()
    adders: frozenset[str] | None = None
    compressed_fields = True

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """An address filters by what the page offers: no guessing at other columns, no expressions."""
        offered = {getattr(item, "parameter_name", item) for item in self.list_filter}
        column, _sep, how = lookup.partition("__")
        return (
            column in offered and "regex" not in how and bool(super().lookup_allowed(lookup, value, request))
        )

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        try:
            page: HttpResponse = super().changelist_view(request, extra_context)
        except OverflowError:  # Django lets years through that no calendar has
            return redirect(f"{request.path}?e=1")
        return page

    def _mine(self, request: HttpRequest, pk: str | int) -> Any:
        """The row ``pk`` of this page's queryset; ``Http404`` alike for not there and not theirs."""
        found = self.get_object(request, str(pk))
        if found is None:
            raise Http404
        return found

    def _render(self, request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
        """A page of its own among those of the admin; 422 where ``context`` says what was ``refused``."""
        page = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "key": secrets.token_urlsafe(12),
            **context,
        }
        status = 422 if context.get("refused") else 200
        return render(request, f"admin/{template}.html", page, status=status)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return role(request.user) in self.viewers

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return role(request.user) in self.viewers

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return role(request.user) in self.editors

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return role(request.user) in (self.editors if self.adders is None else self.adders)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows others rest on are ended by a date, not deleted."""
        return False
