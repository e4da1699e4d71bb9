"""What the roles of the staff may see and change in the admin."""

from typing import Any

from django.http import HttpRequest
from unfold.admin import ModelAdmin

from portal.models import User

ADMINISTRATOR = frozenset({"administrator"})
LEADERS = frozenset({"supervisor", "director", "administrator"})
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
