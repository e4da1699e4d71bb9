"""Staff of offices that ended: who waits for an office is given one; where everybody went stays readable."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.http import form_key, see_other
from portal.roles import ADMINISTRATOR, RoleAdmin
from procedures import offices
from procedures.admin.areas import oversees
from procedures.admin.assigning import staff_user
from procedures.areas import staffing
from procedures.models import StaffMove
from procedures.workflow import MoveRefused

_LIST = "admin:procedures_staffmove_changelist"


@admin.register(StaffMove)
class StaffMoveAdmin(RoleAdmin):
    """For administrators of the province office; what was written is never edited."""

    viewers = ADMINISTRATOR
    list_display = ("user", "role", "office", "to", "whom", "at")
    list_select_related = ("user", "office", "to", "by")
    list_display_links = None
    exclude = ("key",)
    change_list_template = "admin/procedures/staff_moves.html"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return oversees(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return oversees(request)

    @admin.display(description=gettext_lazy("placed by"))
    def whom(self, move: StaffMove) -> str:
        if move.by:
            return move.by.full_name
        return _("by the change itself") if move.to else "–"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.place)
        return [path("<int:pk>/xep/", view, name="procedures_staffmove_place"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        context = {
            "waiting": staffing.without_office() if oversees(request) else [],
            "offices": offices.in_force(timezone.now()),
            "key": form_key(request),
        }
        return super().changelist_view(request, {**(extra_context or {}), **context})

    def place(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Give somebody who waits an office."""
        if not oversees(request):
            raise PermissionDenied
        left = get_object_or_404(StaffMove.objects.filter(to=None), pk=pk)
        if request.method == "POST":
            self._place(request, left)
        return see_other(reverse(_LIST))

    def _place(self, request: HttpRequest, left: StaffMove) -> None:
        now = timezone.now()
        to = offices.in_force(now).filter(slug=request.POST.get("office", "")).first()
        if to is None:
            self.message_user(request, _("Please choose an office."), messages.ERROR)
            return
        try:
            staffing.place(left, to, actor=staff_user(request), key=form_key(request), now=now)
        except MoveRefused as refused:
            self.message_user(request, str(refused), messages.WARNING)
            return
        said = _("%(person)s now works at %(office)s.")
        self.message_user(
            request, said % {"person": left.user.full_name, "office": to.name}, messages.SUCCESS
        )
