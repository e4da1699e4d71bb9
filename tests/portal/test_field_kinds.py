import re
from datetime import date
from typing import Any

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import translation

from portal import drawing, fields, identifiers
from portal.options import Options

OPTIONS = [{"value": "a", "label": "An", "hint": ""}, {"value": "b", "label": "Bình", "hint": ""}]
MULTIPLE = fields.MultipleField(options=OPTIONS, label="x")
MONTH = fields.MonthField(label="x", latest=date(2021, 7, 15))


@pytest.mark.parametrize(
    ("field", "typed", "kept", "shown"),
    [
        (fields.HealthCardField(), "5612345678", "5612345678", "5612345678"),
        (fields.HealthCardField(), "dn 4 56 5612345678", "DN4565612345678", "DN4565612345678"),
        (fields.HealthCardField(), "ZZ4565612345678", "ZZ4565612345678", "ZZ4565612345678"),
        (fields.UnitCodeField(), "tzh490l", "TZH490L", "TZH490L"),
        (fields.FacilityField(), "56001", "56001", "56001"),
        (fields.FacilityField(), "Bệnh viện ĐK tỉnh  56001", "Bệnh viện ĐK tỉnh 56001", None),
        (fields.DigitsField(low=3, high=5), "00 12", "0012", "0012"),
        (MONTH, "7/2021", "2021-07", "07/2021"),
        (MONTH, "2021-06", "2021-06", "06/2021"),
        (fields.PeriodField(), "3//2021", "2021-Q3", "quarter 3/2021"),
        (fields.PeriodField(), "/11/2021", "2021-11", "11/2021"),
        (fields.PeriodField(), "2021-Q1", "2021-Q1", "quarter 1/2021"),
        (MULTIPLE, ["b", "a"], ["a", "b"], "An; Bình"),
        (fields.MultipleField(options=OPTIONS, required=False), [], [], ""),
    ],
)
def test_what_is_typed_is_kept_in_its_normal_form(
    field: fields.PortalField, typed: Any, kept: Any, shown: str | None
) -> None:
    assert field.clean(typed) == kept
    with translation.override("en"):
        assert field.display(kept) == (kept if shown is None else shown)


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        (fields.HealthCardField(), "561234567"),
        (fields.HealthCardField(), "DN6565612345678"),
        (fields.UnitCodeField(), "TZH490"),
        (fields.FacilityField(), "5601"),
        (fields.DigitsField(low=3, high=5), "12"),
        (fields.DigitsField(), "12a"),
        (MONTH, "13/2021"),
        (MONTH, "7/21"),
        (MONTH, "8/2021"),
        (MONTH, "7"),
        (fields.PeriodField(), "3/7/2021"),
        (fields.PeriodField(), "5//2021"),
        (fields.PeriodField(), "//2021"),
        (MULTIPLE, ["c"]),
        (MULTIPLE, []),
    ],
)
def test_what_cannot_be_is_refused(field: fields.PortalField, typed: Any) -> None:
    with pytest.raises(ValidationError):
        field.clean(typed)


class Page(forms.Form):
    several = MULTIPLE
    period = fields.PeriodField(label="x")


def test_several_boxes_come_from_a_browser_and_are_drawn_again() -> None:
    page = Page(QueryDict("several=a&several=b&period_quarter=2&period_month=&period_year=2021"))
    assert page.is_valid(), page.errors
    assert page.cleaned_data == {"several": ["a", "b"], "period": "2021-Q2"}
    boxes = re.findall("<input[^>]*>", drawing.bound(page["several"]))
    assert len(boxes) == 2
    assert all(" checked" in box and 'type="checkbox"' in box for box in boxes)
    quarter, month, year = re.findall("<input[^>]*>", drawing.bound(page["period"]))
    assert 'value="2"' in quarter
    assert "value=" not in month
    assert 'value="2021"' in year


def test_a_kept_period_fills_its_inputs() -> None:
    assert [value for _s, _l, value, _w in fields.PeriodField().parts("2021-Q3")] == ["3", "", "2021"]
    assert [value for _s, _l, value, _w in MONTH.parts("2021-07")] == ["07", "2021"]


def test_the_message_counts_what_was_typed() -> None:
    with pytest.raises(ValidationError, match="5"):
        identifiers.health_card("12345")


def test_nothing_typed_becomes_part_of_the_page() -> None:
    words = """"><script>alert('x')</script>"""

    class Answers(forms.Form):
        text = fields.TextField(label=words, help_text=words)
        long = fields.LongTextField(label="x")
        number = fields.IntegerField(label="x", error_messages={"required": words})
        date = fields.DateField(label="x")

    page = Answers({"text": words, "long": words, "number": "", "date": f"{words}/1/2020"})
    drawn = "".join(drawing.bound(page[name]) for name in page.fields)
    assert "<script" not in drawn
    assert drawn.count("&lt;script&gt;") == 6


def test_a_select_marks_the_one_chosen_and_is_drawn_once() -> None:
    options = Options([("A & B", [("1", "Một"), ("2", "<Hai>")]), ("", [("3", "Ba")])])
    assert options.drawn("2").count(" selected") == 1
    assert '<option value="2" selected>&lt;Hai&gt;</option>' in options.drawn("2")
    assert options.drawn("4") == options.html
    assert '<optgroup label="A &amp; B">' in options.html
