"""Long lists of the admin by month and year."""

from datetime import date, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.models import AccessLog, User
from portal.periods import bounds


@pytest.mark.parametrize(
    ("period", "days"),
    [
        ("2026-11", (date(2026, 11, 1), date(2026, 12, 1))),
        ("2026-12", (date(2026, 12, 1), date(2027, 1, 1))),
        ("2024", (date(2024, 1, 1), date(2025, 1, 1))),
        *[(bad, None) for bad in ("", "2026-13", "26", "9999", "0000", "2026-1", "' OR 1", "2026-11-01")],
    ],
)
def test_a_period_is_a_month_or_a_year_and_nothing_else(period: str, days: tuple[date, date] | None) -> None:
    assert bounds(period) == days


@pytest.fixture
def log(administrator: User) -> list[AccessLog]:
    """Read this month, at its first moment in Vietnam, a moment before that, and two years ago."""
    today = timezone.localdate()
    first = timezone.make_aware(datetime(today.year, today.month, 1))
    moments = [timezone.now(), first, first - timedelta(seconds=1), first - timedelta(days=730)]
    return [
        AccessLog.objects.create(user=administrator, about=f"A-{n}", what="dossier", at=at)
        for n, at in enumerate(reversed(moments))
    ][::-1]


def test_the_month_that_is_chosen_is_that_of_vietnam(
    client: Client, administrator: User, log: list[AccessLog]
) -> None:
    client.force_login(administrator)
    page = client.get(reverse("admin:portal_accesslog_changelist"), {"ky": f"{timezone.localdate():%Y-%m}"})
    assert {row.pk for row in page.context["cl"].result_list} == {log[0].pk, log[1].pk}


def test_months_before_the_first_row_are_not_offered(
    client: Client, administrator: User, log: list[AccessLog]
) -> None:
    client.force_login(administrator)
    page = client.get(reverse("admin:portal_accesslog_changelist")).content.decode()
    year = timezone.localtime(log[-1].at).year
    assert f"?ky={year}" in page
    assert f"?ky={year - 1}" not in page


def test_a_period_that_is_none_shows_all(client: Client, administrator: User, log: list[AccessLog]) -> None:
    client.force_login(administrator)
    page = client.get(reverse("admin:portal_accesslog_changelist"), {"ky": "nonsense"})
    assert page.context["cl"].result_count >= len(log)
