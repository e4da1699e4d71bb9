from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = _("Portal")

    def ready(self) -> None:
        from portal import notices  # noqa: F401


class PortalAdminConfig(AdminConfig):
    """Django's admin with the portal's own site."""

    default_site = "portal.admin_site.PortalAdminSite"
