from typing import Any

from django.core.management.base import BaseCommand, CommandError

from procedures import intake
from procedures.models import Dossier, IntakeList
from procedures.workflow import verify_history


class Command(BaseCommand):
    help = "Prove that no dossier's history and no closed intake list was edited."

    def handle(self, *args: Any, **options: Any) -> None:
        broken = [
            f"{dossier}: {problem}"
            for dossier in Dossier.objects.iterator(chunk_size=500)
            for problem in verify_history(dossier)
        ]
        broken += [
            f"intake list {closed}: rows do not match the digest"
            for closed in IntakeList.objects.select_related("office")
            if not intake.verify(closed)
        ]
        if broken:
            raise CommandError("\n".join(broken))
        self.stdout.write(f"{Dossier.objects.count()} dossiers, {IntakeList.objects.count()} lists: all hold")
