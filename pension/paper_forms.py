"""The pages of the paper route that the procedure itself does not have: who fills in, and who helps."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from portal import fields
from procedures.forms import StepForm


class OwnPage(fields.PageForm):
    """``slug``: its place in the address."""

    slug: ClassVar[str]
    title: ClassVar[Any]
    intro: ClassVar[Any] = ""

    def __init__(self, typed: Mapping[str, Any], *, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data=data, initial=dict(typed))

    @classmethod
    def is_asked(cls, _typed: Mapping[str, Any]) -> bool:
        return True

    @classmethod
    def typed_values(cls, data: Mapping[str, Any]) -> dict[str, str]:
        """What was typed on the page, as typed."""
        return {name: str(data.get(name) or "")[:400] for name in cls.base_fields}


_FILLERS = (
    ("self", _("I, for my own pension")),
    ("relative", _("A child or another relative, for them")),
    ("post", _("Somebody at the post office, for them")),
    ("other", _("Somebody else, for them")),
)


class WhoForm(OwnPage):
    slug = "nguoi-dien"
    title = _("Who fills in the form?")

    filled_by = fields.ChoiceField(label=_("Who is filling in these pages?"), options=[])

    def __init__(self, typed: Mapping[str, Any], *, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(typed, data=data)
        asked = self.fields["filled_by"]
        assert isinstance(asked, fields.ChoiceField)
        asked.options = [{"value": value, "label": str(label), "hint": ""} for value, label in _FILLERS]


class HelperForm(OwnPage):
    slug = "nguoi-giup"
    title = _("Who helps?")
    intro = _(
        "The office keeps this with the dossier, and tells the person who receives the pension who helped. "
        "On the pages that follow, “you” is that person."
    )

    helper_name = fields.NameField(label=_("Full name of who helps"))
    helper_relation = fields.TextField(
        label=_("What you are to the person you help"),
        help_text=_("For example: son, granddaughter, clerk of the post office of Ba Ngòi."),
        max_length=80,
    )
    helper_phone = fields.PhoneField(label=_("Phone number of who helps"))

    @classmethod
    def is_asked(cls, _typed: Mapping[str, Any]) -> bool:
        return _typed.get("filled_by") not in (None, "", "self")


OWN_PAGES: tuple[type[OwnPage], ...] = (WhoForm, HelperForm)
Page = OwnPage | StepForm


def helper_of(cleaned: Mapping[str, Any]) -> dict[str, str]:
    """What is kept of who helped."""
    return {name: str(cleaned[f"helper_{name}"]) for name in ("name", "relation", "phone")}
