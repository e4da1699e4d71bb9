from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser


def compile_messages(folder: Path) -> int:
    """Compile every message file below ``folder`` that is newer than its result; return how many."""
    compiled = 0
    for source in folder.glob("*/LC_MESSAGES/*.po"):
        result = source.with_suffix(".mo")
        if not result.exists() or result.stat().st_mtime < source.stat().st_mtime:
            with source.open("rb") as lines:
                catalog = read_po(lines)
            with result.open("wb") as out:
                write_mo(out, catalog)
            compiled += 1
    return compiled


class Command(BaseCommand):
    help = "Bring database, translations, reference data and catalogue up to date; safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-demo", action="store_true", help="no demo accounts and dossiers")
        parser.add_argument("--messages-only", action="store_true", help="compile the translations only")

    def handle(self, *args: Any, **options: Any) -> None:
        for folder in settings.LOCALE_PATHS:
            compile_messages(Path(folder))
        if options["messages_only"]:
            return
        call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)
        for command in ("load_reference", "load_figures", "load_catalogue"):
            call_command(command, stdout=self.stdout)
        if settings.DEBUG and not options["no_demo"]:
            call_command("create_demo", stdout=self.stdout)
            call_command("create_demo_money", stdout=self.stdout)
