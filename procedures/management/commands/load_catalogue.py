from typing import Any

from django.core.management.base import BaseCommand

from procedures import catalogue


class Command(BaseCommand):
    help = "Bring the shipped procedure definitions in: unchanged, published, or drafted beside the staff's."

    def handle(self, *args: Any, **options: Any) -> None:
        for definition in catalogue.shipped():
            loaded = catalogue.load(definition)
            self.stdout.write(f"{loaded.slug}: {loaded.outcome}")
