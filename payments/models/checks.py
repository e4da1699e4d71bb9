"""What the nightly check of the ledger found."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class LedgerCheck(models.Model):
    """One whole check of the ledger. ``problems``: a line each of what did not hold; empty is good."""

    at = models.DateTimeField(_("checked"))
    postings = models.PositiveBigIntegerField(_("postings"))
    problems = models.JSONField(_("what did not hold"), default=list)

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name = _("check of the ledger")
        verbose_name_plural = _("checks of the ledger")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {len(self.problems)}"
