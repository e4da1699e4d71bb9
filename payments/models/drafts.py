"""What a citizen has typed so far about a contribution that is not ordered yet."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from payments.models.orders import ContributionOrder, Product
from portal.models import User


class ContributionDraft(models.Model):
    """Answers as typed, by field name, until ``order`` is made of them: once, then they stay."""

    code = models.CharField(max_length=16, unique=True)
    owner = models.ForeignKey(User, models.CASCADE, related_name="+")
    product = models.CharField(max_length=9, choices=Product)
    kind = models.CharField(max_length=20)
    answers = models.JSONField(default=dict)
    order = models.OneToOneField(
        ContributionOrder, models.PROTECT, null=True, blank=True, related_name="draft"
    )
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["-updated_at"]
        verbose_name = _("draft of a contribution")
        verbose_name_plural = _("drafts of contributions")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["owner", "product", "kind"],
                condition=Q(order=None),
                name="one_open_contribution_draft",
            )
        ]

    def __str__(self) -> str:
        return self.code
