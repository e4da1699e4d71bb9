"""Turns the questions of a definition into Django forms."""

import hashlib
from collections.abc import Callable, Mapping
from copy import copy
from datetime import date
from functools import lru_cache
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal import fields, freshness
from portal.groups import GroupField, GroupWidget
from portal.options import Options
from portal.sealing import opened
from portal.selects import SelectField, WardField
from procedures import agents, hooks, offices, sealed_answers, visits
from procedures.definition import Definition, Field, Question, Step, Text, applies
from procedures.models import Bank

Common = dict[str, Any]
Maker = Callable[[Question, Definition, date, Common], fields.PortalField]


def _plain(kind: type[fields.PortalField]) -> Maker:
    return lambda _field, _definition, _today, common: kind(**common)


def _date(kind: type[fields.DateField] | type[fields.MonthField]) -> Maker:
    def make(field: Question, definition: Definition, today: date, common: Common) -> fields.PortalField:
        return kind(latest=today if field.latest == "today" else None, **common)

    return make


def _option(value: str, label: Text, hint: Text | None) -> dict[str, str]:
    return {"value": value, "label": str(label), "hint": str(hint or "")}


def _case(field: Question, definition: Definition, today: date, common: Common) -> fields.PortalField:
    options = [_option(c.slug, c.label, c.needs) for c in definition.cases]
    for option, case in zip(options, definition.cases, strict=True):
        if case.confidence != "sure":
            option["hint"] = f"{option['hint']} ({_('expected')})".strip()
    return fields.ChoiceField(options=options, **common)


def _choosing(kind: type[fields.ChoiceField] | type[fields.MultipleField]) -> Maker:
    def make(field: Question, definition: Definition, today: date, common: Common) -> fields.PortalField:
        options = [_option(c.value, c.label, c.hint) for c in field.choices]
        return kind(options=options, **common)

    return make


def _digits(field: Question, definition: Definition, today: date, common: Common) -> fields.PortalField:
    return fields.DigitsField(low=field.minimum or 1, high=field.maximum or 20, **common)


def _number(kind: type[fields.IntegerField], highest: int) -> Maker:
    def make(field: Question, definition: Definition, today: date, common: Common) -> fields.PortalField:
        return kind(minimum=field.minimum or 0, maximum=field.maximum or highest, **common)

    return make


def _ward(field: Question, definition: Definition, today: date, common: Common) -> fields.PortalField:
    return WardField(on=today, **common)


def _bank(field: Question, definition: Definition, today: date, common: Common) -> fields.PortalField:
    return SelectField(source=banks, **common)


def banks() -> Options:
    """The banks to choose from; a change by staff shows within a minute."""
    return _banks(freshness.stretch(60))


@lru_cache(maxsize=2)
def _banks(_minute: int) -> Options:
    return Options([("", [(bank.bin, str(bank)) for bank in Bank.objects.all()])])


def _agent(field: Question, definition: Definition, today: date, common: Common) -> fields.PortalField:
    return SelectField(source=lambda: agents.options(agents.confirmed()), **common)


def _group(field: Question, definition: Definition, today: date, common: Common) -> fields.PortalField:
    assert isinstance(field, Field)
    return GroupField(
        columns={column.name: _make(column, definition, today) for column in field.columns},
        row=str(field.row or field.label),
        minimum=field.minimum or 0,
        maximum=field.maximum or 30,
        **common,
    )


KINDS: dict[str, Maker] = {
    "name": _plain(fields.NameField),
    "text": _plain(fields.TextField),
    "long_text": _plain(fields.LongTextField),
    "date": _date(fields.DateField),
    "date_or_year": _date(fields.DateOrYearField),
    "years_months": _plain(fields.YearsMonthsField),
    "integer": _number(fields.IntegerField, 10**9),
    "money": _number(fields.MoneyField, 10**12),
    "yes_no": _plain(fields.YesNoField),
    "confirm": _plain(fields.ConfirmField),
    "case": _case,
    "choice": _choosing(fields.ChoiceField),
    "multiple": _choosing(fields.MultipleField),
    "month": _date(fields.MonthField),
    "period": _plain(fields.PeriodField),
    "digits": _digits,
    "health_card": _plain(fields.HealthCardField),
    "facility": _plain(fields.FacilityField),
    "unit_code": _plain(fields.UnitCodeField),
    "insurance_number": _plain(fields.InsuranceNumberField),
    "identity_paper": _plain(fields.IdentityPaperField),
    "phone": _plain(fields.PhoneField),
    "email": _plain(fields.EmailField),
    "ward": _ward,
    "agent": _agent,
    "bank": _bank,
    "bank_account": _plain(fields.BankAccountField),
    "account_words": _plain(fields.AccountWordsField),
    "bank_holder": _plain(fields.BankHolderField),
    "tracking_number": _plain(fields.TrackingNumberField),
    "group": _group,
}
# What cannot be asked in the rows of a group; what is sealed stands by itself.
NOT_IN_ROWS = frozenset({"group", "case", "confirm", "agent"}) | sealed_answers.KINDS


def form_field(field: Field, definition: Definition, today: date) -> fields.PortalField:
    """The Django field that asks ``field``: one for all who open this version today."""
    made = _made(definition.digest, get_language() or "", today)
    if field.name not in made:
        made[field.name] = _make(field, definition, today)
    return made[field.name]


@lru_cache(maxsize=256)
def _made(digest: str, language: str, today: date) -> dict[str, fields.PortalField]:
    return {}


def _make(field: Question, definition: Definition, today: date) -> fields.PortalField:
    common: Common = {
        "label": str(field.label),
        "help_text": str(field.help or ""),
        "required": field.required,
    }
    return KINDS[field.kind](field, definition, today, common)


class StepForm(fields.PageForm):
    """The questions of one page that apply to the answers given so far.

    ``public``: it is asked of somebody nobody knows, see ``hooks.Facts``.
    """

    template_name = ""

    def __init__(
        self,
        definition: Definition,
        step: Step,
        answers: Mapping[str, Any],
        today: date,
        *,
        data: Mapping[str, Any] | None = None,
        public: bool = False,
    ) -> None:
        answers = _open_here(definition, step, answers)
        data = _open_here(definition, step, data) if data is not None else None
        super().__init__(data=data, initial=dict(answers))
        self.definition, self.step, self.today, self.public = definition, step, today, public
        self.doubts: list[hooks.Doubt] = []
        self.answers = {**answers, **(typed_values(definition, step, data) if data is not None else {})}
        for asked in definition.fields_of(step, self.answers):
            self.fields[asked.name] = form_field(asked, definition, today)
            if asked.kind == "case" and any(case.when for case in definition.cases):
                self.fields[asked.name] = self._offered(form_field(asked, definition, today))
            if asked.kind == "agent":
                self.fields[asked.name] = self._of_ward(form_field(asked, definition, today))
            if any(choice.counter for choice in asked.choices):
                self.fields[asked.name] = self._without_counter(asked)

    def _without_counter(self, asked: Field) -> fields.PortalField:
        """The question without the answers that lead to an office which is closed for visits."""
        question: Any = form_field(asked, self.definition, self.today)
        ward = str(self.answers.get("ward", ""))
        closure = offices.counter_closed(self.definition.handled_by, ward, timezone.now())
        own: Any = copy(question)
        if closure is None:
            own.help_text = " ".join(filter(None, [own.help_text, self._hours(ward)]))
            return own  # type: ignore[no-any-return]
        shut = {choice.value for choice in asked.choices if choice.counter}
        own.options = [option for option in question.options if option["value"] not in shut]
        own.help_text = _("%(office)s is closed for visits: %(reason)s.") % {
            "office": closure.office.name,
            "reason": closure.reason.rstrip("."),
        }
        return own  # type: ignore[no-any-return]

    def _hours(self, ward: str) -> str:
        """When the office whose counter is among the answers can be visited."""
        found = visits.at_counter(self.definition.handled_by, ward, timezone.now())
        return f"{found[0].name}: {found[1].words()}" if found else ""

    def _offered(self, question: Any) -> fields.PortalField:
        """The question for the case with only those that the answers so far leave open."""
        offered = {case.slug for case in self.definition.cases if applies(case, self.answers)}
        own: fields.PortalField = copy(question)
        own.options = [option for option in question.options if option["value"] in offered]  # type: ignore[attr-defined]
        return own

    def _of_ward(self, question: Any) -> fields.PortalField:
        """The question for the collecting agent with those that serve the ward given."""
        own: Any = copy(question)
        found = agents.options(agents.serving(str(self.answers.get("ward") or ""), self.today))
        own.source = lambda: found
        if not found.labels:
            own.help_text = _("No collecting agent of your ward is known here: the office itself will check.")
        return own  # type: ignore[no-any-return]

    @property
    def has_groups(self) -> bool:
        """Whether rows are added and taken away on the page."""
        return any(isinstance(field, GroupField) for field in self.fields.values())

    def field(self, name: str) -> fields.PortalField:
        """The field ``name`` of the page."""
        found = self.fields[name]
        assert isinstance(found, fields.PortalField)
        return found

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.errors:
            return cleaned
        facts = hooks.Facts(self.definition, {**self.answers, **cleaned}, self.today, public=self.public)
        asked = self.definition.fields_of(self.step, self.answers)
        names = [name for field in asked for name in field.rules]
        for refusal in hooks.refusals([*names, *self.step.rules], facts):
            self.add_error(refusal.field if refusal.field in self.fields else None, refusal.message)
        if not self.errors:
            # As typed: empty rows still count, so that a doubt finds its input.
            facts = hooks.Facts(self.definition, self.answers, self.today, public=self.public)
            self.doubts = hooks.doubts(self.step, asked, facts)
        return cleaned

    def warn(self) -> None:
        """Show the doubts at their inputs."""
        self.warnings = {doubt.ident: doubt.message for doubt in self.doubts}

    @property
    def seen(self) -> str:
        """A name for the doubts, by which the page tells that they have been seen; "" without any."""
        words = "|".join(f"{doubt.ident}={doubt.message}" for doubt in self.doubts)
        return hashlib.sha256(words.encode()).hexdigest()[:16] if words else ""


def _open_here(definition: Definition, step: Step, answers: Mapping[str, Any]) -> Mapping[str, Any]:
    """``answers`` with those in the clear that the page ``step`` asks for; others stay sealed."""
    if not sealed_answers.has_any(answers):
        return answers
    here = {field.name for field in definition.fields if field.step == step.slug}
    return {name: opened(value) if name in here else value for name, value in answers.items()}


def typed_values(definition: Definition, step: Step, data: Mapping[str, Any]) -> dict[str, Any]:
    """What was typed on the page ``step``, as typed, by field name.

    Only questions of this page that were on it: a hidden one keeps its earlier answer.
    """
    typed = {}
    for field in definition.fields:
        if field.step != step.slug:
            continue
        widget = _widget(field)
        if field.kind in _BOXES or not widget.value_omitted_from_data(data, _NO_FILES, field.name):
            value = widget.value_from_datadict(data, _NO_FILES, field.name)
            typed[field.name] = value if isinstance(value, list) else str(value or "")[:4000]
    return typed


# Nothing ticked sends nothing: these count as answered whenever their page is sent.
_BOXES = {"confirm", "multiple"}
_PARTS = {
    "date": fields.DateField.suffixes,
    "date_or_year": fields.DateOrYearField.suffixes,
    "years_months": fields.YearsMonthsField.suffixes,
    "month": fields.MonthField.suffixes,
    "period": fields.PeriodField.suffixes,
}
_ONE = forms.Widget()
_NO_FILES: "MultiValueDict[str, UploadedFile[Any]]" = MultiValueDict()


def _widget(field: Question) -> forms.Widget:
    if isinstance(field, Field) and field.columns:
        return GroupWidget({column.name: _widget(column) for column in field.columns})
    if field.kind == "multiple":
        return fields.MultipleWidget()
    suffixes = _PARTS.get(field.kind)
    return fields.PartsWidget(suffixes) if suffixes else _ONE


def display(definition: Definition, field: Field, value: Any, today: date) -> str:
    """A cleaned answer as people read it."""
    return form_field(field, definition, today).display(value)
