from django.contrib import admin

from pension.models import LegalFigure
from portal.roles import ADMINISTRATOR, EVERYBODY, RoleAdmin


@admin.register(LegalFigure)
class LegalFigureAdmin(RoleAdmin):
    viewers, editors = EVERYBODY, ADMINISTRATOR
    list_display = ("name", "valid_from", "valid_to", "value", "unit", "source", "confidence")
    list_filter = ("confidence", "name")
    search_fields = ("name", "source")
