"""The staff's site: signed in through the same door as everybody, with a page policy of its own."""

from collections.abc import Callable
from typing import Any

from allauth.core.ratelimit import respond_429
from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_update
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.core.paginator import InvalidPage
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from portal.http import too_many

# The admin theme evaluates Alpine expressions and writes its colours into the page. Citizen pages
# keep the strict policy.
_POLICY = {"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE], "frame-src": [SELF]}


class PortalAdminSite(UnfoldAdminSite):  # type: ignore[misc]
    site_title = _("Khánh Hòa Social Insurance")
    site_header = _("Khánh Hòa Social Insurance")
    index_title = _("Staff desk")
    enable_nav_sidebar = True

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Staff sign in where citizens do, so that one lock-out and one rate limit hold."""
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect_to_login(request.GET.get("next", "/quan-tri/"))

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Staff come to work: the queue of their office is their first page."""
        return redirect("admin:procedures_dossier_changelist")

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The theme's search of page names; it fails on a page number that is none."""
        try:
            found: HttpResponse = super().search(request, extra_context)
        except (ValueError, InvalidPage):
            raise Http404 from None
        return found

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """As often as on the citizens' page: the old password is not guessed here either."""
        if request.method == "POST" and too_many(request, action="change_password"):
            return respond_429(request)  # type: ignore[no-any-return]
        page: HttpResponse = super().password_change(request, extra_context)
        return page

    def admin_view(
        self, view: Callable[..., HttpResponse], cacheable: bool = False
    ) -> Callable[..., HttpResponse]:
        guarded: Callable[..., HttpResponse] = super().admin_view(view, cacheable)
        return csp_update(_POLICY)(guarded)  # type: ignore[arg-type,return-value]
