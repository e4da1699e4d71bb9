"""Lump sums in cash: two decide, another pays against a signed receipt, the till is closed to the đồng."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from payments import batches, cash, ledger, lump_sums, tills, verifying
from payments.models import (
    Account,
    CashDay,
    CashSupply,
    CashVoucher,
    LumpSum,
    PaymentOrder,
    Place,
)
from portal import outbox
from portal.models import AccessLog, Notice, User
from procedures import demo
from procedures.models import Dossier
from procedures.workflow import MoveRefused
from tests import paying, pdf_text
from tests.posting import approved, staff_of

SignIn = Callable[[User], Client]
DESK = "/quan-tri/payments/"
SUM = 12_500_000

pytestmark = pytest.mark.django_db


def cash_dossier(seed: int = 1, method: str = "cash_office") -> Dossier:
    """An approved lump sum whose applicant wants cash."""
    dossier = approved(seed)
    Dossier.objects.filter(pk=dossier.pk).update(answers={**dossier.answers, "pay_method": method})
    return Dossier.objects.get(pk=dossier.pk)


def voucher(seed: int = 1, method: str = "cash_office", amount: int = SUM) -> CashVoucher:
    """Written down by the clerk, decided by the supervisor."""
    clerk, supervisor = staff_of("cam-ranh")
    row = lump_sums.record(
        cash_dossier(seed, method),
        Decimal(amount),
        "12/QĐ",
        actor=clerk,
        key=f"l{seed}",
        now=timezone.now(),
        difference="Tính tay",
    )
    made = lump_sums.decide(row, actor=supervisor, now=timezone.now())
    assert isinstance(made, CashVoucher)
    return made


def drawn(amount: int = 20_000_000, place: str = "counter", key: str = "s") -> CashSupply:
    """Cash that lies in the till."""
    clerk, supervisor = staff_of("cam-ranh")
    supply = tills.ask(
        place,
        paying.account_of(),
        Decimal(amount),
        reference="SEC 001",
        actor=clerk,
        key=key,
        now=timezone.now(),
    )
    return tills.decide(supply, approve=True, actor=supervisor, now=timezone.now())


def paid(made: CashVoucher) -> CashVoucher:
    clerk, _supervisor = staff_of("cam-ranh")
    return cash.pay(made, collected_by=made.payee, signed=True, note="", actor=clerk, now=timezone.now())


def counted(*, key: str = "c", reason: str = "", **pieces: int) -> CashDay:
    clerk, _supervisor = staff_of("cam-ranh")
    office, now = clerk.staff.office, timezone.now()
    return tills.count(
        {int(value[1:]): number for value, number in pieces.items()},
        reason=reason,
        seen=str(tills.book(office, timezone.localdate(now)).balance),
        actor=clerk,
        key=key,
        now=now,
    )


def balances() -> dict[str, int]:
    return {a.value: int(ledger.balance(a)) for a in Account if ledger.balance(a)}


# --- Decided -------------------------------------------------------------------------------------


def test_a_lump_sum_in_cash_is_written_down_decided_and_made_out(
    clerk: User, supervisor: User, sign_in: SignIn
) -> None:
    dossier, client = cash_dossier(), sign_in(clerk)
    assert str(dossier.code) in client.get(f"{DESK}lumpsum/cho-ghi/").content.decode()
    given = {
        "day": "12/07/2021",
        "amount": "12.500.000",
        "decision": "12/QĐ",
        "difference": "Tính tay",
        "key": "k",
    }
    assert client.post(f"{DESK}lumpsum/ghi/{dossier.pk}/", given).status_code == 303
    row = LumpSum.objects.get()
    other = sign_in(supervisor)
    for status in (303, 422):
        assert other.post(f"{DESK}lumpsum/{row.pk}/viec/duyet/").status_code == status
    made = CashVoucher.objects.get()
    assert (made.place, made.amount, made.made_by, made.number) == ("counter", SUM, supervisor, 1)
    assert not PaymentOrder.objects.exists()
    assert balances() == {"fund": SUM, "benefits": -SUM}
    outbox.drain()
    assert Notice.objects.filter(kind="cash_ready", user=dossier.owner).exists()
    assert str(made) in other.get(f"{DESK}lumpsum/{row.pk}/change/").content.decode()
    assert verifying.problems() == []


def test_the_post_gets_its_own_words(db: None) -> None:
    made = voucher(method="cash_post")
    outbox.drain()
    assert made.place == Place.POST
    assert Notice.objects.filter(kind="cash_by_post").exists()


def test_vouchers_are_numbered_without_gaps(db: None) -> None:
    first, second = voucher(1), voucher(2)
    _clerk, supervisor = staff_of("cam-ranh")
    cash.cancel(second, "Không đến nhận", actor=supervisor, now=timezone.now())
    third = voucher(3)
    assert [v.number for v in (first, second, third)] == [1, 2, 3]


def test_the_printed_voucher_says_amount_words_and_where_to_sign(clerk: User, sign_in: SignIn) -> None:
    made = voucher()
    answer = sign_in(clerk).get(f"{DESK}cashvoucher/{made.pk}/phieu-chi.pdf")
    assert answer["Content-Type"] == "application/pdf"
    printed = pdf_text.of(answer.content)
    for words in (str(made), "12.500.000 đ", "Mười hai triệu năm trăm nghìn đồng", "NGƯỜI NHẬN TIỀN"):
        assert words in printed
    assert AccessLog.objects.filter(user=clerk, what="cash voucher printed").exists()


# --- Paid ----------------------------------------------------------------------------------------


def test_another_person_pays_it_against_a_signed_receipt_once(
    clerk: User, supervisor: User, sign_in: SignIn
) -> None:
    made = voucher()
    drawn()
    here = f"{DESK}cashvoucher/{made.pk}/viec/chi-tien/"
    given = {"collected_by": made.payee, "signed": "1"}
    assert sign_in(supervisor).post(here, given).status_code == 422
    client = sign_in(clerk)
    assert client.post(here, {**given, "signed": ""}).status_code == 422
    assert client.post(here, {**given, "collected_by": " "}).status_code == 422
    for _twice in range(2):
        assert client.post(here, given).status_code == 303
    made.refresh_from_db()
    assert (made.state, made.paid_by, made.collected_by) == ("paid", clerk, made.payee)
    assert balances() == {"fund": SUM, "bank": -20_000_000, "cash": 7_500_000}
    outbox.drain()
    assert made.dossier.events.filter(action="note_paid").count() == 1
    told = sign_in(made.dossier.owner).get(f"/ho-so/{made.dossier.code}/").content.decode()
    assert str(made) in told
    assert Notice.objects.filter(kind="cash_paid").count() == 1
    assert verifying.problems() == []


def test_nothing_is_paid_that_is_not_in_the_till(db: None) -> None:
    made = voucher()
    with pytest.raises(MoveRefused, match="Chỉ còn 0 đ"):
        paid(made)
    drawn(SUM - 1)
    with pytest.raises(MoveRefused, match=r"12\.499\.999"):
        paid(made)
    drawn(1, key="s2")
    assert paid(made).state == "paid"


def test_money_with_the_post_pays_what_the_post_pays_alone(db: None) -> None:
    made = voucher(method="cash_post")
    drawn()
    with pytest.raises(MoveRefused, match="Chỉ còn"):
        paid(made)
    drawn(place="post", key="s2")
    paid(made)
    assert balances() == {"fund": SUM, "bank": -40_000_000, "cash": 20_000_000, "post": 7_500_000}
    assert verifying.problems() == []


def test_a_cancelled_voucher_leaves_the_sum_owed_and_another_follows(
    supervisor: User, clerk: User, sign_in: SignIn
) -> None:
    made, client = voucher(), sign_in(supervisor)
    here = f"{DESK}cashvoucher/{made.pk}/viec/huy/"
    assert sign_in(clerk).post(here, {"reason": "x"}).status_code == 422
    assert client.post(here, {"reason": ""}).status_code == 422
    assert client.post(here, {"reason": "Muốn nhận ở bưu điện"}).status_code == 303
    again = f"{DESK}lumpsum/{made.lump_sum_id}/viec/lap-phieu/"
    for status in (303, 303):
        assert client.post(again, {"place": "post", "key": "again"}).status_code == status
    assert [v.place for v in CashVoucher.objects.order_by("pk")] == ["counter", "post"]
    assert client.post(again, {"place": "post", "key": "third"}).status_code == 422
    with pytest.raises(MoveRefused):
        paid(made)
    assert balances() == {"fund": SUM, "benefits": -SUM}
    assert verifying.problems() == []


def test_the_database_lets_nobody_pay_what_they_made_out(supervisor: User) -> None:
    voucher()
    with pytest.raises(IntegrityError, match="cash_voucher_by_two"), transaction.atomic():
        CashVoucher.objects.update(state="paid", paid_by=supervisor, paid_at=timezone.now(), collected_by="x")


# --- Drawn ---------------------------------------------------------------------------------------


def test_cash_is_drawn_by_two_persons(clerk: User, supervisor: User, sign_in: SignIn) -> None:
    source, client = paying.account_of(), sign_in(clerk)
    given = {"place": "counter", "account": str(source.pk), "amount": "x", "reference": "SEC 1", "key": "k"}
    assert client.post(f"{DESK}cashsupply/rut-tien/", given).status_code == 422
    answer = client.post(f"{DESK}cashsupply/rut-tien/", {**given, "amount": "5.000.000"})
    assert answer.status_code == 303
    supply = CashSupply.objects.get()
    here = f"{DESK}cashsupply/{supply.pk}/viec/"
    assert client.post(f"{here}duyet/").status_code == 422
    assert balances() == {}
    other = sign_in(supervisor)
    assert other.post(f"{here}tu-choi/", {"note": ""}).status_code == 422
    assert other.post(f"{here}duyet/").status_code == 303
    assert other.post(f"{here}duyet/").status_code == 422
    assert balances() == {"bank": -5_000_000, "cash": 5_000_000}
    assert verifying.problems() == []


def test_an_account_of_another_office_gives_no_cash(clerk: User) -> None:
    source = batches.accounts(clerk.staff.office, timezone.localdate())
    assert source == []
    with pytest.raises(MoveRefused, match="tài khoản"):
        tills.ask("counter", None, Decimal(5), reference="x", actor=clerk, key="k", now=timezone.now())


def test_who_decided_the_amount_hands_out_no_voucher_of_it_whoever_made_it_out(
    supervisor: User,
) -> None:
    office = supervisor.staff.office
    deputy = demo.staff("deputy.cam-ranh", "Lê Văn Phó", office, "supervisor", password="-")
    drawn()
    made = voucher()
    cash.cancel(made, "In sai", actor=supervisor, now=timezone.now())
    again = cash.make_again(made.lump_sum, "counter", actor=deputy, key="2", now=timezone.now())
    assert not cash.may_pay(supervisor, again)
    with pytest.raises(MoveRefused):
        cash.pay(again, collected_by="A", signed=True, note="", actor=supervisor, now=timezone.now())
    assert paid(again).state == "paid"


# --- Closed --------------------------------------------------------------------------------------


def test_the_till_is_closed_to_the_dong_by_two(clerk: User, supervisor: User, sign_in: SignIn) -> None:
    drawn()
    paid(voucher())
    client = sign_in(clerk)
    page = client.get(f"{DESK}cashday/kiem-quy/").content.decode()
    assert "7.500.000 đ" in page
    given = {"to-500000": "15", "seen": "7500000", "key": "k"}
    short = client.post(f"{DESK}cashday/kiem-quy/", {**given, "to-500000": "14"})
    assert short.status_code == 422
    assert 'value="14"' in short.content.decode()
    assert "7.000.000 đ" in short.content.decode()
    assert client.post(f"{DESK}cashday/kiem-quy/", {**given, "to-500000": "nhiều"}).status_code == 422
    assert client.post(f"{DESK}cashday/kiem-quy/", given).status_code == 303
    day = CashDay.objects.get()
    assert (day.opening, day.supplied, day.paid, day.book, day.counted) == (
        0,
        20_000_000,
        SUM,
        7_500_000,
        7_500_000,
    )
    assert client.post(f"{DESK}cashday/{day.pk}/viec/duyet/").status_code == 422
    assert sign_in(supervisor).post(f"{DESK}cashday/{day.pk}/viec/duyet/").status_code == 303
    day.refresh_from_db()
    assert (day.state, day.confirmed_by) == ("closed", supervisor)
    assert verifying.problems() == []


def test_no_cash_moves_once_the_day_is_closed(db: None) -> None:
    drawn()
    made = voucher()
    counted(_500000=40)
    with pytest.raises(MoveRefused, match="đã khóa"):
        paid(made)
    with pytest.raises(MoveRefused, match="đã khóa"):
        drawn(key="s2")
    with pytest.raises(MoveRefused, match="đã được khóa"):
        counted(key="c2", _500000=40)


def test_a_difference_is_explained_and_stays_on_the_closing(db: None) -> None:
    drawn()
    with pytest.raises(MoveRefused, match=r"19\.999\.000"):
        counted(_500000=39, _200000=2, _50000=1, _20000=2, _5000=1, _2000=2)
    day = counted(reason="Trả thừa 1.000 đ", _500000=39, _200000=2, _50000=1, _20000=2, _5000=1, _2000=2)
    assert (day.difference, day.reason) == (-1000, "Trả thừa 1.000 đ")


def test_what_was_counted_wrongly_is_counted_again(supervisor: User) -> None:
    drawn()
    day = counted(_500000=40)
    with pytest.raises(MoveRefused):
        tills.confirm(day, right=False, actor=supervisor, now=timezone.now())
    tills.confirm(day, right=False, actor=supervisor, now=timezone.now(), note="Đếm lại tờ 500.000")
    again = counted(key="c2", _500000=40)
    assert tills.confirm(again, right=True, actor=supervisor, now=timezone.now()).state == "closed"
    assert CashDay.objects.count() == 2


def test_yesterday_is_closed_before_cash_moves_today(db: None) -> None:
    clerk, _supervisor = staff_of("cam-ranh")
    drawn()
    made, tomorrow = voucher(), timezone.now() + timedelta(days=1)
    with pytest.raises(MoveRefused, match="chưa được khóa"):
        cash.pay(made, collected_by="X", signed=True, note="", actor=clerk, now=tomorrow)
    counted(_500000=40)
    cash.pay(made, collected_by="X", signed=True, note="", actor=clerk, now=tomorrow)
    office = clerk.staff.office
    told = tills.book(office, timezone.localdate(tomorrow))
    assert (told.opening, told.supplied, told.paid) == (20_000_000, 0, SUM)


def test_a_balance_that_changed_since_the_page_was_opened_is_counted_anew(clerk: User) -> None:
    drawn()
    with pytest.raises(MoveRefused, match="xem lại"):
        tills.count({}, reason="x", seen="1", actor=clerk, key="k", now=timezone.now())


@pytest.mark.parametrize("typed", ["100001", "000000000999999", "9" * 5000, "-1", "١"])
def test_more_notes_than_there_can_be_are_pointed_out(typed: str, clerk: User, sign_in: SignIn) -> None:
    given = {"to-500000": typed, "seen": "0", "key": "k", "reason": "x"}
    assert sign_in(clerk).post(f"{DESK}cashday/kiem-quy/", given).status_code == 422
    assert not CashDay.objects.exists()


def test_a_day_with_nothing_in_the_till_closes_at_nothing(clerk: User, sign_in: SignIn) -> None:
    assert sign_in(clerk).post(f"{DESK}cashday/kiem-quy/", {"seen": "0", "key": "k"}).status_code == 303
    day = CashDay.objects.get()
    assert (day.book, day.counted, day.difference) == (0, 0, 0)
