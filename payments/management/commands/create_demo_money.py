from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from payments import demo


class Command(BaseCommand):
    help = "Invent accounts and orders of the demo offices, once; only with DEBUG on."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("the ledger takes nothing back: invented money only with DEBUG on")
        self.stdout.write(f"{demo.build(timezone.now())} demo orders")
