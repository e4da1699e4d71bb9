import tempfile
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from procedures import books, intake
from procedures.books import NoSuchFile, Scope
from procedures.models import Office


class Command(BaseCommand):
    help = (
        "Write intake lists of an office or of all, of a day or of several. "
        "The list of a single day is closed first when the day is over."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        whose = parser.add_mutually_exclusive_group(required=True)
        whose.add_argument("--office", help="short name of the office, e.g. cam-ranh")
        whose.add_argument("--all-offices", action="store_true", help="the whole province in one file")
        parser.add_argument("--date", type=_day, help="YYYY-MM-DD: one day")
        parser.add_argument("--from", dest="first", type=_day, help="YYYY-MM-DD: first day")
        parser.add_argument("--to", dest="last", type=_day, help="YYYY-MM-DD: last day")
        parser.add_argument("--format", choices=books.FORMATS, default="csv")
        parser.add_argument("--output", required=True, type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        scope = _scope(options)
        if scope.from_day == scope.to_day:
            _close(scope)
        _write(scope, options["format"], options["output"])
        for closed in scope.lists().order_by("office__number", "day"):
            self.stdout.write(f"list {closed}: {closed.row_count} rows, {closed.digest}")


def _day(typed: str | date) -> date:
    return typed if isinstance(typed, date) else date.fromisoformat(typed)


def _scope(options: dict[str, Any]) -> Scope:
    first, last = options.get("first"), options.get("last")
    if bool(options.get("date")) == bool(first or last) or bool(first) != bool(last):
        raise CommandError("name a day with --date, or the first and the last with --from and --to")
    if first and last and first > last:
        raise CommandError("--from comes after --to")
    if options.get("all_offices"):
        office = None
    elif (office := Office.objects.filter(slug=options["office"]).first()) is None:
        known = ", ".join(Office.objects.values_list("slug", flat=True))
        raise CommandError(f"there is no office {options['office']}; known: {known}")
    return Scope(office, _day(first or options["date"]), _day(last or options["date"]))


def _close(scope: Scope) -> None:
    for office in [scope.office] if scope.office else Office.objects.all():
        try:
            intake.close_list(office, scope.from_day, actor=None, now=timezone.now())
        except intake.NotYet as error:
            if scope.office:
                raise CommandError(f"the list cannot be closed: {error}") from error


def _write(scope: Scope, kind: str, output: Path) -> None:
    """The file appears whole, or not at all."""
    with tempfile.NamedTemporaryFile(dir=output.parent, delete=False) as out:
        part = Path(out.name)
        try:
            books.write(scope, kind, out)  # type: ignore[arg-type]
        except NoSuchFile as error:
            part.unlink()
            raise CommandError("a book is printed for one office and one day: use csv or xlsx") from error
    part.chmod(0o600)
    part.replace(output)
