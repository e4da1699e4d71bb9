from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from procedures.demo_volume import load


class Command(BaseCommand):
    help = "Invent years of dossiers with their history and closed lists; only with DEBUG on, only once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dossiers", type=int, required=True, help="how many, for example 10000")
        parser.add_argument("--seed", default="khanh-hoa", help="the same seed, the same province")
        parser.add_argument("--until", type=date.fromisoformat, help="the last day, YYYY-MM-DD (yesterday)")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("invented dossiers stand beside real ones for ever: only with DEBUG on")
        today = timezone.localdate()
        until = options["until"] or today - timedelta(days=1)
        if options["dossiers"] < 1 or until >= today:
            raise CommandError("at least one dossier, and the last day must be over")
        try:
            load.build(dossiers=options["dossiers"], seed=options["seed"], until=until, say=self._say)
        except load.Refused as refused:
            raise CommandError(str(refused)) from refused
        self._say("done")

    def _say(self, words: str) -> None:
        self.stdout.write(f"{timezone.localtime():%H:%M:%S} {words}")
        self.stdout.flush()
