"""Users, wards, the outbox desk and the access log."""

from allauth.account.models import EmailAddress
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from portal import outbox
from portal.http import see_other, signed_in
from portal.models import AccessLog, District, OutboxMessage, User, Ward
from portal.periods import by_period
from portal.roles import ADMINISTRATOR, EVERYBODY, LEADERS, RoleAdmin, role

admin.site.unregister(Group)
admin.site.unregister(EmailAddress)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, RoleAdmin):  # type: ignore[misc,type-arg]
    viewers = editors = ADMINISTRATOR
    form, add_form, change_password_form = UserChangeForm, UserCreationForm, AdminPasswordChangeForm
    list_display = ("username", "full_name", "phone", "is_staff", "is_active")
    list_filter = ("is_staff", "is_active")
    search_fields = ("username", "full_name", "phone")
    ordering = ("username",)
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password", "is_active", "is_staff")}),
        (
            gettext_lazy("Person"),
            {"fields": ("full_name", "date_of_birth", "id_number", "phone", "email", "ward", "street")},
        ),
        (gettext_lazy("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("username", "full_name", "is_staff", "usable_password", "password1", "password2"),
            },
        ),
    )


@admin.register(Ward)
class WardAdmin(RoleAdmin):
    viewers, editors = EVERYBODY, ADMINISTRATOR
    list_display = ("code", "name", "district", "valid_from", "valid_to")
    list_filter = ("district",)
    search_fields = ("code", "name")


@admin.register(District)
class DistrictAdmin(RoleAdmin):
    viewers, editors = EVERYBODY, ADMINISTRATOR
    list_display = ("code", "name")


@admin.register(AccessLog)
class AccessLogAdmin(RoleAdmin):
    viewers = LEADERS
    list_display = ("at", "user", "about", "what")
    search_fields = ("about", "user__username", "user__full_name")
    list_filter = (by_period("at"),)
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[AccessLog]:
        """Who leads an office sees what its own people read; the administrator sees all."""
        logs: QuerySet[AccessLog] = super().get_queryset(request).select_related("user")
        if role(request.user) == "administrator":
            return logs
        staff = getattr(request.user, "staff", None)
        return logs.filter(user__staff__office=staff.office) if staff else logs.none()


@admin.register(OutboxMessage)
class OutboxMessageAdmin(RoleAdmin):
    """The desk of side effects: what waits, what failed, and what to do about it."""

    viewers = ADMINISTRATOR
    list_display = ("topic", "about", "state", "attempts", "due_at", "last_error_short")
    list_filter = ("state", "topic")
    search_fields = ("about", "key")
    actions = ("retry",)
    change_form_template = "admin/portal/outboxmessage.html"

    @admin.display(description=gettext_lazy("last error"))
    def last_error_short(self, message: OutboxMessage) -> str:
        return message.last_error[:80]

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return role(request.user) in self.viewers

    @admin.action(description=gettext_lazy("Try again"), permissions=["retry"])
    def retry(self, request: HttpRequest, chosen: QuerySet[OutboxMessage]) -> None:
        count = sum(outbox.retry(message, now=timezone.now()) for message in chosen)
        self.message_user(request, _("%(count)d queued again.") % {"count": count}, messages.SUCCESS)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [path("<int:pk>/xu-ly/", view(self.settle), name="portal_outboxmessage_settle")]
        return [*own, *super().get_urls()]

    def settle(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Retry one failed side effect, or set it aside with a reason."""
        if not self.has_retry_permission(request):
            raise PermissionDenied
        message = get_object_or_404(OutboxMessage, pk=pk)
        if request.method == "POST":
            self._settle(request, message)
        return see_other(reverse("admin:portal_outboxmessage_change", args=[pk]))

    def _settle(self, request: HttpRequest, message: OutboxMessage) -> None:
        reason = request.POST.get("reason", "").strip()
        if "retry" in request.POST:
            done = outbox.retry(message, now=timezone.now())
        elif not reason:
            self.message_user(request, _("Please write the reason."), messages.ERROR)
            return
        else:
            done = outbox.bury(message, actor=signed_in(request).user, reason=reason)  # type: ignore[arg-type]
        said = _("Done.") if done else _("It had not failed any more.")
        self.message_user(request, said, messages.SUCCESS if done else messages.WARNING)
