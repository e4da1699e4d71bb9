"""Choosing a ward: one list without scripts, a short one after the district with htmx."""

import re
from datetime import date, timedelta

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from portal import drawing, geography
from portal.models import Ward
from portal.selects import WardField

pytestmark = pytest.mark.django_db
CAM_RANH = "Thành phố Cam Ranh"


class Page(forms.Form):
    ward = WardField(label="x")


def _options(html: str) -> list[str]:
    return [code for code in re.findall(r'<option value="(\d+)"', html) if code]


def test_the_page_holds_every_ward_and_the_district_of_the_one_chosen() -> None:
    drawn = drawing.bound(Page({"ward": "22429"})["ward"])
    assert len(_options(drawn)) == Ward.objects.count()
    assert drawn.count("<optgroup") == 9
    assert '<option value="22429" selected>' in drawn
    assert f'<option value="{CAM_RANH}" selected>' in drawn
    assert '<div class="scripted district">' in drawn


def test_the_wards_of_a_district_are_listed_and_the_chosen_one_stays() -> None:
    page = Client().get("/phuong-xa/", {"quan_huyen": CAM_RANH, "household-0-ward": "22429"})
    listed = _options(page.content.decode())
    assert set(listed) == set(Ward.objects.filter(district__name=CAM_RANH).values_list("code", flat=True))
    assert '<option value="22429" selected>' in page.content.decode()


@pytest.mark.parametrize("district", ["", "Huyện Nào Đó", "<b>"])
def test_all_wards_are_listed_where_there_is_no_such_district(district: str) -> None:
    page = Client().get("/phuong-xa/", {"quan_huyen": district, "ward": "<script>"})
    assert len(_options(page.content.decode())) == Ward.objects.count()
    assert "<script" not in page.content.decode()


def test_a_ward_that_has_ended_stays_readable_and_cannot_be_chosen_anew() -> None:
    today = timezone.localdate()
    Ward.objects.filter(code="22429").update(valid_to=today - timedelta(days=1))
    geography._wards.cache_clear()
    field = WardField()
    assert field.display("22429") == f"{Ward.objects.get(code='22429').name}, {CAM_RANH}"
    with pytest.raises(ValidationError):
        field.clean("22429")
    assert WardField(on=date(2021, 7, 15)).clean("22429") == "22429"
    assert field.display("00000") == "00000"
