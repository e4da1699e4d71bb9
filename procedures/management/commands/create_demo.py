from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from procedures import demo_office
from procedures.demo import PASSWORD


class Command(BaseCommand):
    help = "Create demo accounts and dossiers of many procedures in all states; only with DEBUG on."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("demo accounts have a known password: they are created only with DEBUG on")
        with translation.override("vi"):
            accounts = demo_office.build()
        self.stdout.write(f"Demo accounts, password {PASSWORD}:")
        for username, what in accounts:
            self.stdout.write(f"  {username:<20} {what}")
