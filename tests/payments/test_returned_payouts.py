"""Money that was paid out and comes back: told by a statement, by a file of results, or by both."""

from collections.abc import Callable

import pytest

from payments.models import PaymentOrder, SuspenseItem
from tests import paying
from tests.payments import statements as bank
from tests.payments.statements import Paid
from tests.posting import staff_of

pytestmark = pytest.mark.django_db
Told = Callable[[PaymentOrder], None]


def by_statement(order: PaymentOrder) -> None:
    text = f"Hoan tra {order.reference} sai so TK"
    line = Paid(f"R{order.pk}", int(order.amount), text)
    clerk, _supervisor = staff_of("cam-ranh")
    bank.take(bank.camt([line], number=paying.account_of().number), actor=clerk, to=paying.account_of())


def by_results(order: PaymentOrder) -> None:
    paying.take_in(paying.csv_of((order, "Hoàn trả", "Sai số tài khoản")))


@pytest.fixture
def paid() -> PaymentOrder:
    order = paying.owed(1, 7_000_000)
    paying.sent(order)
    paying.take_in(paying.csv_of((order, "Thành công", "")), "chi.csv")
    return order


@pytest.mark.parametrize(
    "told", [(by_statement,), (by_results,), (by_statement, by_results), (by_results, by_statement)]
)
def test_it_is_booked_once_whoever_tells_of_it_first(paid: PaymentOrder, told: tuple[Told, ...]) -> None:
    for tell in told:
        tell(paid)
    paid.refresh_from_db()
    assert paid.state == "returned"
    assert bank.balances() == {"fund": 7_000_000, "returned": -7_000_000}
    assert not SuspenseItem.objects.exists()


def test_a_second_line_of_the_same_money_waits_in_suspense(paid: PaymentOrder) -> None:
    by_statement(paid)
    clerk, _supervisor = staff_of("cam-ranh")
    again = Paid("R-again", int(paid.amount), f"Hoan tra {paid.reference}")
    bank.take(
        bank.camt([again], number=paying.account_of().number, message="M2"),
        actor=clerk,
        to=paying.account_of(),
    )
    assert [int(item.left) for item in SuspenseItem.objects.all()] == [7_000_000]
    assert bank.balances()["bank"] == 7_000_000
