from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProceduresConfig(AppConfig):
    name = "procedures"
    verbose_name = _("Procedures")

    def ready(self) -> None:
        from procedures import checks, downloads, handlers, list_mails, reminders, rules, scanning  # noqa: F401
