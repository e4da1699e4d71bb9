from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from procedures import catalogue


class Command(BaseCommand):
    help = "Write the published versions as TOML files, one a procedure."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--output", type=Path, required=True, help="folder to write into")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["output"]
        folder.mkdir(parents=True, exist_ok=True)
        for _version, definition in catalogue.all_published():
            (folder / f"{definition.slug}.toml").write_text(catalogue.to_toml(definition), encoding="utf-8")
            self.stdout.write(definition.slug)
