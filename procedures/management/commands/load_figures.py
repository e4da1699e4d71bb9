from typing import Any

from django.core.management.base import BaseCommand

from procedures.rates import load_figures


class Command(BaseCommand):
    help = "Add legal figures that are not there yet; what staff changed stays."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{load_figures()} new legal figures")
