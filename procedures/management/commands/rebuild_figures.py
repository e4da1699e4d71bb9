from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from procedures.figures import recount


class Command(BaseCommand):
    help = "Count the figures of the director's page anew from history; --check only says what is wrong."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="compare and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        if options["check"]:
            if found := recount.check(now):
                raise CommandError("\n".join(found))
            self.stdout.write("the figures are those of the history")
            return
        self.stdout.write(f"{recount.rebuild(now)} dossiers counted differently before")
