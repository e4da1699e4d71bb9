"""Two people, two files, two clicks at the same moment, on money that leaves."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db.models import QuerySet
from django.utils import timezone

from payments import batches, ledger, lump_sums, payouts, results
from payments.models import (
    Account,
    BatchDownload,
    LumpSum,
    PaymentOrder,
    PayoutBatch,
    Posting,
    ResultFile,
)
from portal.models import User
from procedures import demo
from procedures.models import Bank
from procedures.workflow import MoveRefused
from tests import paying
from tests.conftest import PASSWORD
from tests.posting import approved, staff_of
from tests.threads import Meeting, at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def no_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every row lock away."""
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, *args, **kwargs: self.all())


def _meets(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> None:
    """Hold two threads behind ``name`` until both are there, or long enough."""
    meeting, known = Meeting(), getattr(module, name)

    def slow(*args: Any, **kwargs: Any) -> Any:
        found = known(*args, **kwargs)
        meeting.wait()
        return found

    monkeypatch.setattr(module, name, slow)


def _again(user: User) -> User:
    return User.objects.get(pk=user.pk)


def _two_files(order: PaymentOrder) -> list[Any]:
    clerk, _supervisor = staff_of("cam-ranh")
    data = [paying.csv_of((order, "Thành công", words)) for words in ("một", "hai")]
    return at_once(
        *[lambda d=d: results.take_in("a.csv", d, actor=_again(clerk), now=timezone.now()) for d in data]
    )


@pytest.fixture
def sent() -> Iterator[PaymentOrder]:
    order = paying.owed(1)
    paying.sent(order)
    return order


@pytest.mark.usefixtures("no_locks")
def test_without_the_lock_two_files_both_believe_they_are_first(
    sent: PaymentOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    _meets(monkeypatch, results, "_judged")
    found = _two_files(sent)
    assert any(isinstance(one, Exception) for one in found), found


def test_two_files_with_the_same_answer_at_once_post_it_once(
    sent: PaymentOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    _meets(monkeypatch, results, "_judged")
    found = _two_files(sent)
    assert not any(isinstance(one, Exception) for one in found), found
    assert ResultFile.objects.count() == 2
    assert Posting.objects.filter(kind="paid_out").count() == 1
    assert ledger.balance(Account.BANK) == -sent.amount
    assert PayoutBatch.objects.get().state == "closed"


def test_the_same_file_twice_at_once_is_read_once(sent: PaymentOrder) -> None:
    clerk, _supervisor = staff_of("cam-ranh")
    data = paying.csv_of((sent, "Thành công", ""))
    found = at_once(*[lambda: results.take_in("a.csv", data, actor=_again(clerk), now=timezone.now())] * 2)
    assert sorted(new for _file, new in found) == [False, True]
    assert ResultFile.objects.count() == 1


def _two_batches(order: PaymentOrder) -> list[Any]:
    clerks = staff_of("cam-ranh")
    account, today = paying.account_of(), timezone.localdate()
    return at_once(
        *[
            lambda who=who: batches.make(
                account, [order.pk], pay_on=today, actor=_again(who), key="k", now=timezone.now()
            )
            for who in clerks
        ]
    )


@pytest.mark.usefixtures("no_locks")
def test_without_the_lock_nobody_is_told_that_a_payment_was_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    order = paying.owed(1)
    _meets(monkeypatch, batches, "totals_of")
    found = _two_batches(order)
    assert not any(isinstance(one, MoveRefused) for one in found), found


def test_of_two_batches_of_the_same_payment_one_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    order = paying.owed(1)
    _meets(monkeypatch, batches, "totals_of")
    found = _two_batches(order)
    assert sorted(type(one).__name__ for one in found) == ["MoveRefused", "PayoutBatch"], found
    assert PayoutBatch.objects.count() == 1
    order.refresh_from_db()
    assert order.state == "batched"


def test_two_who_approve_at_once_are_first_and_second_and_one_who_clicks_twice_is_once() -> None:
    batch = paying.made([paying.owed(1)])
    _clerk, supervisor = staff_of("cam-ranh")
    twice = at_once(*[lambda: batches.approve(batch, actor=_again(supervisor), now=timezone.now())] * 2)
    assert sorted(type(one).__name__ for one in twice) == ["MoveRefused", "PayoutBatch"], twice
    others = [paying.director_of()]
    others.append(demo.staff("phu", "Lý Thị Mai", batch.office, "supervisor", password=PASSWORD))
    seconds = at_once(
        *[lambda w=w: batches.approve(batch, actor=_again(w), now=timezone.now()) for w in others]
    )
    assert sorted(type(one).__name__ for one in seconds) == ["MoveRefused", "PayoutBatch"], seconds
    batch.refresh_from_db()
    assert batch.state == "approved"
    assert batch.releases.count() == 1


def test_two_who_take_the_file_at_once_get_it_once() -> None:
    batch = paying.approved_twice(paying.made([paying.owed(1)]))
    clerk, supervisor = staff_of("cam-ranh")
    found = at_once(
        *[
            lambda w=w, k=k: batches.take(batch, k, actor=_again(w), now=timezone.now())
            for w, k in ((clerk, "xml"), (supervisor, "xlsx"))
        ]
    )
    assert sorted(type(one).__name__ for one in found) == ["MoveRefused", "tuple"], found
    assert BatchDownload.objects.count() == 1


def test_two_supervisors_who_decide_at_once_order_one_payment() -> None:
    clerk, supervisor = staff_of("cam-ranh")
    dossier, now = approved(1), timezone.now()
    noted = lump_sums.record(dossier, paying.Decimal(5), "1", actor=clerk, key="k", now=now, difference="x")
    found = at_once(
        *[
            lambda w=w: lump_sums.decide(noted, actor=_again(w), now=now)
            for w in (supervisor, paying.director_of())
        ]
    )
    assert sorted(type(one).__name__ for one in found) == ["MoveRefused", "PaymentOrder"], found
    assert (PaymentOrder.objects.count(), Posting.objects.count()) == (1, 1)
    assert LumpSum.objects.get().state == "decided"


def test_two_corrections_at_once_make_one_payment(sent: PaymentOrder) -> None:
    paying.take_in(paying.csv_of((sent, "Không thành công", "x")))
    failed = PaymentOrder.objects.select_related("dossier__owner").get(pk=sent.pk)
    assert failed.dossier is not None
    owner, bank = failed.dossier.owner, Bank.objects.get(bin="970436")
    found = at_once(
        *[
            lambda k=k: payouts.correct(
                failed,
                bank=bank,
                account_number=f"00110022{k}",
                actor=_again(owner),
                key=k,
                now=timezone.now(),
            )
            for k in ("111", "222")
        ]
    )
    assert sorted(type(one).__name__ for one in found) == ["MoveRefused", "PaymentOrder"], found
    assert PaymentOrder.objects.filter(follows=failed).count() == 1
