"""The pages that ask what somebody wants to pay for."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from payments import figures, quotes
from payments.models import ContributionDraft, Product
from payments.quotes import ADVANCE, MISSING, Figure, QuoteRefused
from portal import fields
from portal.dated import later
from portal.groups import GroupField
from portal.text import dong
from procedures.legal_words import named
from procedures.rates import FigureMissing

# What can be ordered: value in addresses and on pages, product and kind of the order, words.
KINDS: Mapping[str, tuple[str, str, Promise]] = {
    "bhxh-dang-ky": ("voluntary", "register", gettext_lazy("Register for voluntary social insurance")),
    "bhxh-dong-tiep": ("voluntary", "catch_up", gettext_lazy("Go on paying voluntary social insurance")),
    "bhxh-dang-ky-lai": ("voluntary", "re_register", gettext_lazy("Register again after a pause")),
    "bhxh-thay-doi": ("voluntary", "adjust", gettext_lazy("Change the income or the method of payment")),
    "bhxh-con-thieu": ("voluntary", "missing_years", gettext_lazy("Pay at once for missing years")),
    "bhyt-gia-han": ("household", "renew", gettext_lazy("Renew health cards of a household")),
    "bhyt-tham-gia": ("household", "register", gettext_lazy("Join health insurance as a household")),
}
_HINTS: Mapping[str, Promise] = {
    "bhxh-dong-tiep": gettext_lazy("For the next period, or one that has begun and can still be paid."),
    "bhxh-con-thieu": gettext_lazy("At retirement age, when at most 10 years are missing."),
    "bhyt-tham-gia": gettext_lazy("For the first time, or after a time without a card."),
}


def words_of(product: str, kind: str) -> str:
    """What an order or a draft is for."""
    return next((str(words) for p, k, words in KINDS.values() if (p, k) == (product, kind)), kind)


def missing_words(missing: FigureMissing) -> str:
    """Which figure nobody has loaded yet, by name and day."""
    return _("“%(figure)s” (%(name)s) has not been loaded for %(day)s yet, so nothing can be computed.") % {
        "figure": named(missing.name),
        "name": missing.name,
        "day": f"{missing.day:%d/%m/%Y}",
    }


class KindForm(fields.PageForm):
    loai = fields.ChoiceField(
        label=gettext_lazy("What would you like to pay for?"),
        options=[],
        error_messages={"required": gettext_lazy("Please choose what you would like to pay for.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked = self.fields["loai"]
        assert isinstance(asked, fields.ChoiceField)
        asked.options = [
            {"value": value, "label": str(words), "hint": str(_HINTS.get(value, ""))}
            for value, (_product, _kind, words) in KINDS.items()
        ]


class Page(fields.PageForm):
    """One page of a draft; ``slug`` stands in its address."""

    slug: ClassVar[str]
    title: ClassVar[Promise]

    def __init__(
        self, draft: ContributionDraft, today: date, *, data: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(data=data, initial=draft.answers)
        self.draft, self.today = draft, today
        self.known: dict[str, Figure] = figures.on(today)
        self.prepare()

    def prepare(self) -> None:
        """Fit the questions to the draft."""

    def refuse(self, refused: QuoteRefused) -> None:
        self.add_error(refused.field if refused.field in self.fields else None, str(refused))

    def typed(self, posted: Any) -> dict[str, Any]:
        """What was typed on the page, as typed, by field name."""
        typed = {}
        for name, field in self.fields.items():
            value = field.widget.value_from_datadict(posted, {}, name)  # type: ignore[arg-type]
            typed[name] = value if isinstance(value, list) else str(value or "")[:4000]
        return typed


class PersonPage(Page):
    slug, title = "nguoi-tham-gia", gettext_lazy("Who is insured")
    full_name = fields.NameField(label=gettext_lazy("Full name"))
    insurance_number = fields.InsuranceNumberField(
        label=gettext_lazy("Social insurance number"),
        help_text=gettext_lazy("Ten digits, on the insurance book, the health card and in VssID."),
        required=False,
    )
    date_of_birth = fields.DateOrYearField(label=gettext_lazy("Date of birth"))

    def prepare(self) -> None:
        self.fields["insurance_number"].required = self.draft.kind != "register"
        born = self.fields["date_of_birth"]
        assert isinstance(born, fields.DateField)
        born.latest = self.today


class IncomePage(Page):
    slug, title = "muc-dong", gettext_lazy("Income and support")
    income = fields.MoneyField(label=gettext_lazy("Monthly income you choose to contribute on"))
    group = fields.ChoiceField(
        label=gettext_lazy("Do you belong to one of these groups?"),
        help_text=gettext_lazy("The State pays a part of the contribution, more of it for poor households."),
        options=[],
    )
    supported = fields.IntegerField(
        label=gettext_lazy("Months already supported by the State"),
        help_text=gettext_lazy("They stand in VssID. Leave it empty if there are none."),
        maximum=600,
        required=False,
    )

    def prepare(self) -> None:
        asked = self.fields["group"]
        assert isinstance(asked, fields.ChoiceField)
        support = self.known["voluntary.support"].value if "voluntary.support" in self.known else {}
        asked.options = [
            {"value": name, "label": str(figures.GROUPS.get(name, name)).capitalize(), "hint": ""}
            for name in sorted(support, key=list(figures.GROUPS).index)
        ]
        self.fields["income"].help_text = self._range()
        if self.draft.kind == "missing_years" or not support:
            del self.fields["group"], self.fields["supported"]

    def _range(self) -> str:
        try:
            low, high, step = quotes.income_range(self.known, self.today)
        except FigureMissing:
            return ""
        return _("From %(low)s to %(high)s, in steps of %(step)s.") % {
            "low": dong(low),
            "high": dong(high),
            "step": dong(step),
        }

    def clean_income(self) -> int:
        income: int = self.cleaned_data["income"]
        try:
            quotes.check_income(Decimal(income), self.known, self.today)
        except QuoteRefused as refused:
            self.refuse(refused)
        except FigureMissing as missing:
            self.add_error("income", missing_words(missing))
        return income


class MethodPage(Page):
    slug, title = "phuong-thuc", gettext_lazy("Method of payment")
    method = fields.ChoiceField(label=gettext_lazy("How often would you like to pay?"), options=[])
    first_month = fields.MonthField(label=gettext_lazy("First month to pay for"))

    def prepare(self) -> None:
        asked = self.fields["method"]
        assert isinstance(asked, fields.ChoiceField)
        asked.options = [*map(self._regular, ("1", "3", "6", "12")), *self._ahead()]
        if not self.initial.get("first_month"):
            self.initial = {**self.initial, "first_month": f"{self.today:%Y-%m}"}

    def _regular(self, months: str) -> dict[str, str]:
        number = int(months)
        label = ngettext("Every %d month", "Every %d months", number) % number
        return {"value": months, "label": _("Every month") if number == 1 else label, "hint": ""}

    def _ahead(self) -> list[dict[str, str]]:
        if "voluntary.advance_years" not in self.known:
            return []
        low, high = self.known["voluntary.advance_years"].value
        label = gettext_lazy("Once for %d years ahead")
        return [{"value": f"{ADVANCE}{n}", "label": str(label) % n, "hint": ""} for n in range(low, high + 1)]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.errors:
            return cleaned
        first = first_of(cleaned["first_month"])
        if first > later(self.today.replace(day=1), 12):
            self.add_error("first_month", _("Please choose a month within the next twelve."))
        elif first < self.today.replace(day=1) and self.draft.kind != "catch_up":
            self.add_error("first_month", _("This begins with this month or a later one."))
        else:
            self._try({**self.draft.answers, **cleaned})
        return cleaned

    def _try(self, answers: dict[str, Any]) -> None:
        """Whether such a period can be paid, on the lowest income: the page of the income checks its own."""
        try:
            lowest = quotes.income_range(self.known, self.today)[0]
            choice = chosen({**answers, "income": int(lowest), "group": "", "supported": 0})
            quotes.voluntary(choice, figures=self.known, today=self.today)
        except QuoteRefused as refused:
            self.refuse(refused)
        except FigureMissing as missing:
            self.add_error("method", missing_words(missing))


class MissingPage(Page):
    slug, title = "con-thieu", gettext_lazy("Missing time")
    months = fields.IntegerField(
        label=gettext_lazy("How many months are missing?"),
        help_text=gettext_lazy("At most 120. If more are missing, go on paying until 120 are left."),
        minimum=1,
        maximum=120,
    )
    reached = fields.ConfirmField(
        label=gettext_lazy("The person has reached retirement age."),
        error_messages={"required": gettext_lazy("Missing years can be paid only from retirement age on.")},
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if "voluntary.r" not in self.known:
            self.add_error("months", missing_words(FigureMissing("voluntary.r", self.today)))
        return cleaned


class PeoplePage(Page):
    slug, title = "thanh-vien", gettext_lazy("People of the household")
    people = GroupField(
        label=gettext_lazy("Who gets a card?"),
        help_text=gettext_lazy(
            "Only those who are not insured in another way, for example at work, at school or as a pensioner."
        ),
        row="",
        columns={
            "full_name": fields.NameField(label=gettext_lazy("Full name"), autocomplete="off"),
            "insurance_number": fields.InsuranceNumberField(
                label=gettext_lazy("Social insurance number"), required=False
            ),
            "date_of_birth": fields.DateOrYearField(label=gettext_lazy("Date of birth")),
            "card_ends": fields.DateField(
                label=gettext_lazy("Last day of the card the person has"), required=False
            ),
        },
        maximum=30,
    )
    already = fields.IntegerField(
        label=gettext_lazy("How many others of the household bought a card this year?"),
        help_text=gettext_lazy("Each further person pays less; they count first. Leave it empty if none."),
        maximum=30,
        required=False,
    )

    def prepare(self) -> None:
        people = self.fields["people"]
        assert isinstance(people, GroupField)
        people.row = _("Household member")

    def clean_people(self) -> list[dict[str, Any]]:
        people: list[dict[str, Any]] = self.cleaned_data["people"]
        numbers = [person["insurance_number"] for person in people if "insurance_number" in person]
        if len(set(numbers)) < len(numbers):
            self.add_error("people", _("Two people have the same social insurance number."))
        if self.draft.kind == "renew" and any("card_ends" not in person for person in people):
            self.add_error(
                "people",
                _("To renew a card, give its last day for each person; without a card, choose to join."),
            )
        return people


class PeriodPage(Page):
    slug, title = "thoi-han", gettext_lazy("For how long")
    months = fields.ChoiceField(label=gettext_lazy("For how many months?"), options=[])

    def prepare(self) -> None:
        asked = self.fields["months"]
        assert isinstance(asked, fields.ChoiceField)
        known = self.known.get("household_health.periods")
        asked.options = [
            {"value": str(n), "label": ngettext("%d month", "%d months", n) % n, "hint": ""}
            for n in (known.value if known else [])
        ]


def pages_of(draft: ContributionDraft) -> list[type[Page]]:
    """The pages of a draft in their order."""
    if draft.product == Product.HOUSEHOLD:
        return [PeoplePage, PeriodPage]
    return [PersonPage, IncomePage, MissingPage if draft.kind == "missing_years" else MethodPage]


def first_of(month: str) -> date:
    """The first day of a cleaned month, ``YYYY-MM``."""
    year, number = month.split("-")
    return date(int(year), int(number), 1)


def chosen(answers: Mapping[str, Any]) -> quotes.Choice:
    """Cleaned answers about voluntary insurance as a quote wants them."""
    method = str(answers.get("method") or MISSING)
    ahead = method.startswith(ADVANCE)
    return quotes.Choice(
        income=Decimal(answers["income"]),
        method=ADVANCE if ahead else method,
        first_month=first_of(answers["first_month"]),
        months=12 * int(method[2:]) if ahead else int(answers.get("months") or 0),
        group=answers.get("group", ""),
        supported=int(answers.get("supported") or 0),
    )
