"""Form 2-CBH, filled in here by whoever and sent by post."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.sealing import SealedField
from procedures.models import Dossier, ProcedureVersion


class PaperFiling(models.Model):
    """What was typed for a form that is printed, until the mailroom makes it a dossier.

    Nobody signs in, so whoever has ``token`` (the address) reads and writes it. ``code`` stands on the
    paper from when it was complete; it stays for ever, so that an old envelope is recognised. ``typed`` is
    JSON of what stands in the pages, ``answers`` JSON of what was checked, ``helper`` JSON (name, relation,
    phone) of who typed for somebody else; all three are sealed, and the first two go with the arrival or
    when the time is over.
    """

    token = models.CharField(max_length=43, unique=True)
    code = models.CharField(_("code"), max_length=24, unique=True, null=True, blank=True)
    version = models.ForeignKey(ProcedureVersion, models.PROTECT, related_name="+")
    typed = SealedField(blank=True)
    answers = SealedField(blank=True)
    helper = SealedField(blank=True)
    begun_at = models.DateTimeField()
    printed_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True, blank=True)
    arrived_at = models.DateTimeField(null=True, blank=True)
    dossier = models.OneToOneField(Dossier, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name = _("form on paper")
        verbose_name_plural = _("forms on paper")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(code=None, printed_at=None, dossier=None)
                | Q(code__isnull=False, printed_at__isnull=False),
                name="paper_coded_when_printed",
            ),
            models.CheckConstraint(
                condition=Q(dossier=None, arrived_at=None)
                | Q(dossier__isnull=False, arrived_at__isnull=False),
                name="paper_arrived_is_a_dossier",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["expires_at"], condition=Q(dossier=None, erased_at=None), name="paper_to_expire"
            )
        ]

    def __str__(self) -> str:
        return self.code or f"{self.pk}"
