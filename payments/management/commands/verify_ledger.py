from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from payments import verifying


class Command(BaseCommand):
    help = "Prove that the ledger balances and that every document agrees with its entries."

    def handle(self, *args: Any, **options: Any) -> None:
        check = verifying.record(timezone.now())
        if check.problems:
            raise CommandError("\n".join(check.problems))
        self.stdout.write(f"{check.postings} postings: all hold")
