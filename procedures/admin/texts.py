"""Texts for supplements and rejections: whoever leads an office keeps them."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from portal import text
from portal.roles import EVERYBODY, LEADERS, RoleAdmin
from procedures import texts
from procedures.admin.assigning import staff_user
from procedures.catalogue import all_published
from procedures.models import Office, Procedure, SupplementText


class SupplementTextForm(forms.ModelForm):  # type: ignore[type-arg]
    about = forms.ChoiceField(
        label=gettext_lazy("About"),
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text=gettext_lazy("Offered only on dossiers of this procedure; empty: on all."),
    )

    class Meta:
        model = SupplementText
        fields = ("text", "purpose", "about", "office", "active")
        widgets = {"text": UnfoldAdminTextareaWidget(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "about" in self.fields:
            asked: Any = self.fields["about"]
            asked.choices = _about_choices()
            row = self.instance
            self.initial["about"] = f"{row.procedure.slug}:{row.document}" if row.procedure_id else ""

    def clean_text(self) -> str:
        """One line: the citizen reads it as a point of a list."""
        return " ".join(text.clean(self.cleaned_data["text"]).split("\n"))

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        slug, _colon, document = str(given.get("about", "")).partition(":")
        self.instance.procedure = Procedure.objects.get(slug=slug) if slug else None
        self.instance.document = document
        same = SupplementText.objects.filter(
            office=given.get("office"),
            purpose=given.get("purpose", ""),
            procedure=self.instance.procedure,
            document=document,
            text=given.get("text", ""),
        )
        if same.exclude(pk=self.instance.pk).exists():
            raise ValidationError({"text": _("This text is there already.")})
        return given


def _about_choices() -> list[Any]:
    """Every published procedure, as a whole or one of its papers."""
    choices: list[Any] = [("", _("Every procedure"))]
    for _version, definition in all_published():
        papers = [(f"{definition.slug}:{paper.slug}", str(paper.label)) for paper in definition.documents]
        whole = (f"{definition.slug}:", _("The procedure as a whole"))
        choices.append((str(definition.title), [whole, *papers]))
    return choices


@admin.register(SupplementText)
class SupplementTextAdmin(RoleAdmin):
    """A text is offered or not; what was sent stands in the history, whatever becomes of the text."""

    viewers, editors = EVERYBODY, LEADERS
    form = SupplementTextForm
    list_display = ("text", "purpose", "procedure_title", "office_name", "active", "used", "last_used_at")
    list_filter = ("purpose", "active")
    search_fields = ("text",)
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[SupplementText]:
        return texts.visible_to(staff_user(request))

    def has_change_permission(self, request: HttpRequest, obj: SupplementText | None = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or texts.may_edit(staff_user(request), obj))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "office":
            staff = getattr(request.user, "staff", None)
            if staff is not None and not staff.oversees_province:
                kwargs |= {"queryset": Office.objects.filter(pk=staff.office_id), "empty_label": None}
                kwargs |= {"required": True, "initial": staff.office_id}
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: SupplementText, form: Any, change: bool) -> None:
        if not change:
            obj.entered_by_id = staff_user(request).pk
        super().save_model(request, obj, form, change)

    @admin.display(description=gettext_lazy("procedure"))
    def procedure_title(self, row: SupplementText) -> str:
        known = {d.slug: d for _version, d in all_published()}
        if row.procedure is None or row.procedure.slug not in known:
            return _("Every procedure") if row.procedure is None else row.procedure.slug
        definition = known[row.procedure.slug]
        paper = definition.document(row.document) if row.document else None
        return str(paper.label if paper else definition.title)

    @admin.display(description=gettext_lazy("office"))
    def office_name(self, row: SupplementText) -> str:
        return str(row.office or _("the whole province"))
