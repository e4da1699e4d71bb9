"""Form fields of the portal: what each asks, how it is normalised, shown and refused.

Cleaned values are plain JSON (strings, integers, booleans), because answers are kept as JSON.
``kind`` names the way a field is drawn, see ``portal.drawing``.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal import identifiers, text
from portal.sealing import opened

Part = tuple[str, str, str, str]
"""Suffix of the input's name, label, value, width in characters."""


class PortalField(forms.Field):
    """A field that ``portal.drawing`` draws. One object may serve many requests: it keeps no state."""

    kind: ClassVar[str] = "text"
    input_type: ClassVar[str] = "text"
    inputmode: ClassVar[str] = ""
    width: str = "20"
    autocomplete: str = ""
    max_length: int = 200

    def __init__(self, *, autocomplete: str = "", max_length: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.error_messages["required"] = kwargs.get("error_messages", {}).get(
            "required", gettext_lazy("Please answer this question.")
        )
        self.autocomplete = autocomplete or self.autocomplete
        self.max_length = max_length or self.max_length

    def to_python(self, value: Any) -> Any:
        typed = text.clean(str(value)) if value is not None else ""
        if len(typed) > self.max_length:
            raise ValidationError(
                _("Please use at most %(limit)d characters; you typed %(count)d.")
                % {"limit": self.max_length, "count": len(typed)}
            )
        return self.normal(typed) if typed else ""

    def normal(self, typed: str) -> Any:
        """The normal form of a non-empty ``typed``; raises ``ValidationError``."""
        return typed

    def display(self, value: Any) -> str:
        """A cleaned value as people read it."""
        return "" if value is None else str(opened(value))

    def shown(self, raw: Any) -> str:
        """What was typed, as people read it; as typed where it is not valid."""
        try:
            return self.display(self.to_python(raw)) or str(raw or "")
        except ValidationError:
            return str(raw or "")

    def parts(self, value: Any) -> list[Part]:
        """The separate inputs of a field that has several, filled from the raw ``value``."""
        return []


class PageForm(forms.Form):
    """A form whose inputs have their names as ids, so that addresses of errors stay short.

    ``attributes``: what the inputs of a field have besides, by its name; ``warnings``: what is doubtful,
    by the id of its input; ``focus``: see ``drawing.Question``.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", "%s")
        super().__init__(*args, **kwargs)
        self.attributes: dict[str, Mapping[str, object]] = {}
        self.focus: dict[str, int] = {}
        self.warnings: dict[str, str] = {}


class TextField(PortalField):
    width = "full"


class LongTextField(PortalField):
    kind = "textarea"
    max_length = 1000
    width = "full"


class NameField(PortalField):
    """A person's name, kept upper-case as the forms of the agency want it."""

    max_length = 100
    width = "full"
    autocomplete = "name"

    def normal(self, typed: str) -> str:
        name = typed.replace("\n", " ").upper()
        if len(name) < 2 or not all(c.isalpha() or c in " '-." for c in name):
            raise ValidationError(_("A name has letters only, for example NGUYỄN VĂN AN."))
        return name


class BankHolderField(NameField):
    """Chủ tài khoản: upper-case without marks, as the bank prints it."""

    autocomplete = "off"

    def normal(self, typed: str) -> str:
        return text.bank_name(super().normal(typed))


class InsuranceNumberField(PortalField):
    inputmode = "numeric"
    width = "10"
    autocomplete = "off"

    def normal(self, typed: str) -> str:
        return identifiers.insurance_number(typed)


class HealthCardField(PortalField):
    width = "20"
    autocomplete = "off"

    def normal(self, typed: str) -> str:
        return identifiers.health_card(typed)


class UnitCodeField(PortalField):
    width = "10"
    autocomplete = "off"

    def normal(self, typed: str) -> str:
        return identifiers.unit_code(typed)


class FacilityField(PortalField):
    width = "full"
    autocomplete = "off"

    def normal(self, typed: str) -> str:
        return identifiers.facility(typed)


class DigitsField(PortalField):
    """A number that is a name, leading zeros and all; ``low`` to ``high`` digits."""

    inputmode = "numeric"
    autocomplete = "off"

    def __init__(self, *, low: int = 1, high: int = 20, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.low, self.high = low, high

    def normal(self, typed: str) -> str:
        digits = identifiers.compact(typed)
        if not digits.isascii() or not digits.isdigit():
            raise ValidationError(_("Please type digits only."))
        if not self.low <= len(digits) <= self.high:
            raise ValidationError(
                _("The number has %(low)d to %(high)d digits; you typed %(count)d.")
                % {"low": self.low, "high": self.high, "count": len(digits)}
            )
        return digits


class IdentityPaperField(PortalField):
    width = "20"
    autocomplete = "off"

    def normal(self, typed: str) -> str:
        return identifiers.identity_paper(typed)


class PhoneField(PortalField):
    input_type = "tel"
    inputmode = "tel"
    width = "20"
    autocomplete = "tel"

    def normal(self, typed: str) -> str:
        return identifiers.phone(typed)

    def display(self, value: Any) -> str:
        number = str(value or "")
        middle = 8 if number.startswith("02") else 7
        return f"{number[:4]} {number[4:middle]} {number[middle:]}" if number else ""


class EmailField(PortalField):
    input_type = "email"
    inputmode = "email"
    width = "full"
    autocomplete = "email"
    _format: ClassVar = forms.EmailField(
        error_messages={"invalid": gettext_lazy("An e-mail address looks like name@example.com.")}
    )

    def normal(self, typed: str) -> str:
        return str(self._format.clean(typed))


class BankAccountField(PortalField):
    inputmode = "text"
    width = "20"
    autocomplete = "off"

    def normal(self, typed: str) -> str:
        return identifiers.bank_account(typed)


class AccountWordsField(PortalField):
    """An account as people name it: the number, and the bank with it."""

    autocomplete = "off"


class TrackingNumberField(PortalField):
    width = "20"
    autocomplete = "off"

    def normal(self, typed: str) -> str:
        return identifiers.tracking_number(typed)[0]


class IntegerField(PortalField):
    inputmode = "numeric"
    width = "4"
    autocomplete = "off"

    def __init__(self, *, minimum: int = 0, maximum: int = 10**9, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.minimum, self.maximum = minimum, maximum

    def normal(self, typed: str) -> int:
        digits = identifiers.compact(typed)
        if not digits.isascii() or not digits.isdigit():
            raise ValidationError(_("Please type a whole number in digits."))
        number = int(digits)
        if not self.minimum <= number <= self.maximum:
            raise ValidationError(
                _("The number must lie between %(low)d and %(high)d.")
                % {"low": self.minimum, "high": self.maximum}
            )
        return number


class PartsWidget(forms.Widget):
    """Several inputs, kept as one string with ``/`` between them so that nothing typed is lost."""

    def __init__(self, suffixes: Sequence[str]) -> None:
        super().__init__()
        self.suffixes = suffixes

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> str:
        if name in data:
            return str(data[name])
        typed = [str(data.get(f"{name}_{suffix}", "")).strip() for suffix in self.suffixes]
        return "/".join(typed) if any(typed) else ""

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return name not in data and not any(f"{name}_{s}" in data for s in self.suffixes)


class DateField(PortalField):
    """A day, asked as day, month, year; cleaned to ``YYYY-MM-DD``."""

    kind = "date"
    year_alone: ClassVar[bool] = False
    suffixes: ClassVar = ("day", "month", "year")

    def __init__(self, *, earliest: date | None = None, latest: date | None = None, **kwargs: Any) -> None:
        super().__init__(widget=PartsWidget(self.suffixes), **kwargs)
        self.earliest, self.latest = earliest or date(1900, 1, 1), latest

    def parts(self, value: Any) -> list[Part]:
        day, month, year = _three(str(value or ""))
        return [
            ("day", _("Day"), day, "2"),
            ("month", _("Month"), month, "2"),
            ("year", _("Year"), year, "4"),
        ]

    def normal(self, typed: str) -> str:
        day, month, year = _three(typed)
        if self.year_alone and year and not day and not month:
            return self._within(_number(year), 12, 31, str(_number(year)))
        if not (day and month and year):
            raise ValidationError(_("Please give the day, the month and the year."))
        return self._within(_number(year), _number(month), _number(day))

    def _within(self, year: int, month: int, day: int, iso: str = "") -> str:
        if year < 100:
            raise ValidationError(_("Please write the year with four digits, for example 1961."))
        try:
            value = date(year, month, day)
        except ValueError:
            raise ValidationError(_("There is no such day; please check day and month.")) from None
        if value < self.earliest:
            raise ValidationError(
                _("The date must not lie before %(day)s.") % {"day": f"{self.earliest:%d/%m/%Y}"}
            )
        if self.latest and value > self.latest and not (iso and year <= self.latest.year):
            raise ValidationError(
                _("The date must not lie after %(day)s.") % {"day": f"{self.latest:%d/%m/%Y}"}
            )
        return iso or value.isoformat()

    def display(self, value: Any) -> str:
        return "/".join(reversed(str(value or "").split("-")))


class DateOrYearField(DateField):
    """A day, or a year alone where the papers carry only a year: ``YYYY-MM-DD`` or ``YYYY``."""

    year_alone = True


def _split_date(value: str) -> list[str]:
    if re.fullmatch(r"\d{4}(-\d\d-\d\d)?", value):
        iso = value.split("-")
        return [*reversed(iso)] if len(iso) == 3 else ["", "", value]
    return [part.strip() for part in value.split("/")]


def _three(value: str) -> list[str]:
    """Day, month and year of ``value``, each maybe empty."""
    return [*_split_date(value), "", "", ""][:3]


def _number(typed: str) -> int:
    if not typed.isascii() or not typed.isdigit():
        raise ValidationError(_("Please write the date in digits."))
    return int(typed)


def _year(typed: str) -> int:
    year = _number(typed)
    if not 1900 <= year <= 2100:
        raise ValidationError(_("Please write the year with four digits, for example 1961."))
    return year


def _one_to(highest: int, typed: str) -> int:
    number = _number(typed)
    if not 1 <= number <= highest:
        raise ValidationError(
            _("The number must lie between %(low)d and %(high)d.") % {"low": 1, "high": highest}
        )
    return number


class MonthField(PortalField):
    """A month of a year; cleaned to ``YYYY-MM``."""

    kind = "parts"
    suffixes: ClassVar = ("month", "year")

    def __init__(self, *, latest: date | None = None, **kwargs: Any) -> None:
        super().__init__(widget=PartsWidget(self.suffixes), **kwargs)
        self.latest = latest

    def parts(self, value: Any) -> list[Part]:
        month, year = _split(str(value or ""), 2)
        return [("month", _("Month"), month, "2"), ("year", _("Year"), year, "4")]

    def normal(self, typed: str) -> str:
        month, year = _split(typed, 2)
        if not month or not year:
            raise ValidationError(_("Please give the month and the year."))
        number, of_year = _one_to(12, month), _year(year)
        if self.latest and (of_year, number) > (self.latest.year, self.latest.month):
            raise ValidationError(_("The month must not lie in the future."))
        return f"{of_year}-{number:02}"

    def display(self, value: Any) -> str:
        return "/".join(reversed(str(value or "").split("-")))


class PeriodField(PortalField):
    """A quarter or a month of a year; cleaned to ``YYYY-Qn`` or ``YYYY-MM``."""

    kind = "parts"
    suffixes: ClassVar = ("quarter", "month", "year")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=PartsWidget(self.suffixes), **kwargs)

    def parts(self, value: Any) -> list[Part]:
        quarter, month, year = _split(str(value or ""), 3)
        return [
            ("quarter", _("Quarter"), quarter, "2"),
            ("month", _("Month"), month, "2"),
            ("year", _("Year"), year, "4"),
        ]

    def normal(self, typed: str) -> str:
        quarter, month, year = _split(typed, 3)
        if not year or bool(quarter) == bool(month):
            raise ValidationError(_("Please give the year and either the quarter or the month."))
        of_year = _year(year)
        return f"{of_year}-Q{_one_to(4, quarter)}" if quarter else f"{of_year}-{_one_to(12, month):02}"

    def display(self, value: Any) -> str:
        year, _dash, part = str(value or "").partition("-")
        if part.startswith("Q"):
            return _("quarter %(number)s/%(year)s") % {"number": part[1:], "year": year}
        return f"{part}/{year}" if part else ""


def _split(value: str, count: int) -> list[str]:
    """The parts of a month or period, typed (``7/2021``) or cleaned (``2021-07``, ``2021-Q3``)."""
    if found := re.fullmatch(r"(\d{4})-(Q?)(\d{1,2})", value):
        year, quarter, number = found.groups()
        parts = [number, "", year] if quarter else ["", number, year]
        return parts[-count:]
    return [*(part.strip() for part in value.split("/")), *[""] * count][:count]


class YearsMonthsField(PortalField):
    """A length of time in years and months; cleaned to months."""

    kind = "parts"
    suffixes: ClassVar = ("years", "months")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=PartsWidget(self.suffixes), **kwargs)

    def parts(self, value: Any) -> list[Part]:
        if isinstance(value, int):
            value = f"{value // 12}/{value % 12}"
        years, months = [*str(value or "").split("/"), "", ""][:2]
        return [("years", _("Years"), years, "2"), ("months", _("Months"), months, "2")]

    def normal(self, typed: str) -> int:
        if "/" not in typed and typed.isascii() and typed.isdigit():
            typed = "/".join(map(str, divmod(int(typed), 12)))
        years, months = [*typed.split("/"), ""][:2]
        if not all(part.isascii() and (part.isdigit() or not part) for part in (years, months)):
            raise ValidationError(_("Please write years and months in digits."))
        total_years, odd = int(years or 0), int(months or 0)
        if odd > 11:
            raise ValidationError(_("Months go from 0 to 11; twelve months are one more year."))
        if total_years > 60:
            raise ValidationError(_("Nobody has contributed for that long; please check the years."))
        return total_years * 12 + odd

    def display(self, value: Any) -> str:
        if not isinstance(value, int):
            return ""
        years, months = divmod(value, 12)
        shown = [ngettext("%d year", "%d years", years) % years] if years else []
        if months or not years:
            shown.append(ngettext("%d month", "%d months", months) % months)
        return " ".join(shown)


class MoneyField(IntegerField):
    """An amount in whole đồng."""

    kind = "money"
    width = "10"

    def normal(self, typed: str) -> int:
        return super().normal(re.sub(r"[.,\s]|(đ|Đ|VND|vnd)$", "", typed))

    def display(self, value: Any) -> str:
        return text.dong(value) if isinstance(value, int) else ""


class YesNoField(PortalField):
    """Có / Không as two radio buttons: an untouched question stays unanswered."""

    kind = "radio"

    @property
    def options(self) -> list[dict[str, str]]:
        return [{"value": "yes", "label": _("Yes")}, {"value": "no", "label": _("No")}]

    def normal(self, typed: str) -> bool:
        if typed.lower() in {"yes", "true"}:
            return True
        if typed.lower() in {"no", "false"}:
            return False
        raise ValidationError(_("Please choose yes or no."))

    def validate(self, value: Any) -> None:
        if value == "" and self.required:
            raise ValidationError(self.error_messages["required"], code="required")

    def display(self, value: Any) -> str:
        return _("Yes") if value is True else _("No") if value is False else ""


class ConfirmField(PortalField):
    """A single box that must be ticked."""

    kind = "checkbox"

    def to_python(self, value: Any) -> bool:
        return str(value).lower() in {"yes", "true", "on", "1"}

    def validate(self, value: Any) -> None:
        if self.required and not value:
            raise ValidationError(self.error_messages["required"], code="required")

    def display(self, value: Any) -> str:
        return _("I confirm") if value else ""


class ChoiceField(PortalField):
    """One of a few choices, as radio buttons. ``options``: value, label and maybe a hint each."""

    kind = "radio"

    def __init__(self, *, options: Iterable[dict[str, str]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.options = list(options)

    def normal(self, typed: str) -> str:
        if typed not in {option["value"] for option in self.options}:
            raise ValidationError(_("Please choose one of the answers shown."))
        return typed

    def display(self, value: Any) -> str:
        return next((o["label"] for o in self.options if o["value"] == value), "")


class MultipleWidget(forms.Widget):
    """Several values under one name; nothing ticked is an empty list, not a missing answer."""

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> list[str]:
        typed = data.getlist(name) if isinstance(data, MultiValueDict) else data.get(name) or []
        return [str(one) for one in (typed if isinstance(typed, list) else [typed])]

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return False


class MultipleField(PortalField):
    """Any of a few choices, as boxes to tick; cleaned to a list of values in the order shown."""

    kind = "checkboxes"

    def __init__(self, *, options: Iterable[dict[str, str]], **kwargs: Any) -> None:
        super().__init__(widget=MultipleWidget(), **kwargs)
        self.options = list(options)

    def to_python(self, value: Any) -> list[str]:
        ticked = {text.clean(str(one)) for one in value or []}
        known = [option["value"] for option in self.options]
        if ticked - set(known):
            raise ValidationError(_("Please choose from the answers shown."))
        return [one for one in known if one in ticked]

    def display(self, value: Any) -> str:
        return "; ".join(o["label"] for o in self.options if o["value"] in (value or []))
