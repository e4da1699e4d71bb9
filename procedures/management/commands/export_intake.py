from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from procedures import intake
from procedures.models import Office


class Command(BaseCommand):
    help = "Write an office's intake list of a day; the list is closed first when the day is over."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--office", required=True, help="short name of the office, e.g. cam-ranh")
        parser.add_argument("--date", required=True, type=date.fromisoformat, help="YYYY-MM-DD")
        parser.add_argument("--format", choices=["csv", "xlsx", "pdf"], default="csv")
        parser.add_argument("--output", required=True, type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        office = Office.objects.filter(slug=options["office"]).first()
        if office is None:
            known = ", ".join(Office.objects.values_list("slug", flat=True))
            raise CommandError(f"there is no office {options['office']}; known: {known}")
        try:
            closed = intake.close_list(office, options["date"], actor=None, now=timezone.now())
        except intake.NotYet as error:
            raise CommandError(f"the list cannot be closed: {error}") from error
        output: Path = options["output"]
        if options["format"] == "csv":
            with output.open("w", encoding="utf-8", newline="") as out:
                intake.write_csv(closed, out)
        else:
            write = intake.write_xlsx if options["format"] == "xlsx" else intake.write_pdf
            with output.open("wb") as binary:
                write(closed, binary)
        self.stdout.write(f"list {closed.number}/{closed.year}: {closed.row_count} rows, {closed.digest}")
