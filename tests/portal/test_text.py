"""How amounts and account numbers are written."""

from decimal import Decimal

import pytest

from portal.text import dong, grouped, masked


@pytest.mark.parametrize(
    ("amount", "said"),
    [(0, "0"), (999, "999"), (1_490_000, "1.490.000"), (-1500, "-1.500"), (Decimal("1E+6"), "1.000.000")],
)
def test_amounts_have_dots_between_thousands(amount: int | Decimal, said: str) -> None:
    assert grouped(amount) == said
    assert dong(amount) == f"{said} đ"


def test_half_a_dong_is_rounded_up() -> None:
    assert [grouped(Decimal(amount)) for amount in ("0.5", "2.5", "2.49")] == ["1", "3", "2"]


def test_of_an_account_number_the_last_four_digits_show_unless_that_is_all() -> None:
    assert masked("4700201001234") == "•••• 1234"
    assert masked("1234") == masked("") == "••••"
