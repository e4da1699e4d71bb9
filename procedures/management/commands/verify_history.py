from typing import Any

from django.core.management.base import BaseCommand, CommandError

from procedures import intake
from procedures.models import Dossier, IntakeList, Office
from procedures.workflow import verify_history


class Command(BaseCommand):
    help = (
        "Prove that no dossier's history, no closed intake list and no correction was edited or is missing."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        broken = [
            f"{dossier}: {problem}"
            for dossier in Dossier.objects.iterator(chunk_size=500)
            for problem in verify_history(dossier)
        ]
        broken += [problem for office in Office.objects.all() for problem in intake.broken(office)]
        if broken:
            raise CommandError("\n".join(broken))
        self.stdout.write(f"{Dossier.objects.count()} dossiers, {IntakeList.objects.count()} lists: all hold")
