from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from portal.geography import load_wards
from procedures.reference import load_banks, load_offices, load_post_offices


class Command(BaseCommand):
    help = "Add wards, offices and banks that are not there yet; what staff changed stays."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        wards, offices, banks = load_wards(), load_offices(), load_banks()
        load_post_offices()
        self.stdout.write(f"{wards} wards, {offices} new offices, {banks} banks")
