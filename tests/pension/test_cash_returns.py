"""What paying points return of a cash list, from the file to the ledger and the next list."""

import io
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from python_calamine import CalamineWorkbook

from payments import ledger, verifying
from payments.models import Account, CashOrder
from pension import cash, pay_lists
from pension.cash_files import Said
from pension.models import CashOutcome, CashReturn, PaymentLine, PaymentList
from portal import outbox
from portal.models import OutboxMessage, User
from procedures.workflow import MoveRefused
from tests.pension.rosters import AFTER, MONTH, by_account, closed, row, taken
from tests.posting import staff_of
from tests.threads import Meeting, at_once

BASE = "/quan-tri/pension/cashreturn/"
LISTS = "/quan-tri/pension/paymentlist/"
POINT = "Bưu cục Ba Ngòi"
State = CashReturn.State
PEOPLE = [
    row("5600000001", "TRẦN VĂN AN"),
    row("5600000002", "TRẦN VĂN BA", amount="3000001"),
    row("5600000003", "TRẦN VĂN CA", amount="2500000"),
    row("5600000004", point="Bưu cục Cam Phúc"),
    by_account("5600000005"),
]


def _released(clerk: User, supervisor: User, month: date = MONTH) -> PaymentList:
    taken(PEOPLE, actor=clerk, month=month)
    made = closed(clerk, month=month)
    pay_lists.release(made, actor=supervisor, now=timezone.now())
    outbox.drain()
    made.refresh_from_db()
    return made


@pytest.fixture
def released(province: User, clerk: User, supervisor: User) -> PaymentList:
    return _released(clerk, supervisor)


@pytest.fixture
def province(db: None) -> User:
    return staff_of("khanh-hoa")[0]


def _said(made: PaymentList, left: dict[str, str] | None = None, **changed: Any) -> dict[int, Said]:
    """Everybody of the point paid today, but for those ``left`` by number, with the reason."""
    today, left = timezone.localdate(), left or {}
    return {
        line.position: Said(
            line.position,
            line.beneficiary.insurance_number,
            changed.get("amount", line.amount),
            line.beneficiary.insurance_number not in left,
            changed.get("on", today),
            left.get(line.beneficiary.insurance_number, ""),
        )
        for line in cash.lines_of(made, POINT)
    }


def _recorded(
    made: PaymentList, clerk: User, left: dict[str, str] | None = None, key: str = "k"
) -> CashReturn:
    return cash.record(made, POINT, _said(made, left), actor=clerk, key=key, now=timezone.now())


def _settled(
    made: PaymentList, clerk: User, supervisor: User, left: dict[str, str] | None = None
) -> CashReturn:
    found = _recorded(made, clerk, left)
    cash.check(found, actor=supervisor, now=timezone.now())
    outbox.drain()
    found.refresh_from_db()
    return found


def _balances() -> list[int]:
    return [int(ledger.balance(account)) for account in (Account.FUND, Account.BENEFITS, Account.LISTS)]


# --- The ledger ----------------------------------------------------------------------------------


def test_the_cash_of_a_released_list_is_owed_point_by_point(released: PaymentList) -> None:
    orders = dict(CashOrder.objects.values_list("pay_point", "amount"))
    assert orders == {POINT: 10_000_001, "Bưu cục Cam Phúc": 4_500_000}
    for _time in range(2):  # told twice
        with transaction.atomic():
            outbox.enqueue("payments.owe_pension_cash", key=f"again{_time}", list=released.pk)
        outbox.drain()
    assert CashOrder.objects.count() == 2
    assert all(ledger.postings_of(order).count() == 1 for order in CashOrder.objects.all())
    assert not verifying.problems()


def test_a_checked_return_settles_the_cash_to_the_dong(
    released: PaymentList, clerk: User, supervisor: User
) -> None:
    before = _balances()
    _settled(released, clerk, supervisor, {"5600000002": "absent"})
    order = CashOrder.objects.get(pay_point=POINT)
    assert (order.paid, order.left) == (7_000_000, 3_000_001)
    assert order.settled_at is not None
    fund, benefits, lists = (after - then for after, then in zip(_balances(), before, strict=True))
    assert (fund, benefits, lists) == (-3_000_001, 10_000_001, -7_000_000)
    assert [p.posted_by for p in ledger.postings_of(order)][1:] == [supervisor, supervisor]
    assert not verifying.problems()


def test_a_return_is_posted_once_however_often_it_is_told(
    released: PaymentList, clerk: User, supervisor: User
) -> None:
    found = _settled(released, clerk, supervisor)
    with transaction.atomic():
        outbox.enqueue(cash.SETTLE, key="again", cash_return=found.pk)
    outbox.drain()
    assert ledger.postings_of(CashOrder.objects.get(pay_point=POINT)).count() == 2
    assert not OutboxMessage.objects.exclude(last_error="").exists()


def test_verifying_finds_cash_that_is_said_paid_and_is_not(released: PaymentList) -> None:
    CashOrder.objects.filter(pay_point=POINT).update(paid=10_000_001, left=0, settled_at=timezone.now())
    assert any(POINT in line for line in verifying.problems())


# --- What a return must say ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed", [{"amount": 1}, {"on": None}, {"on": date(2020, 1, 1)}, {"on": date(2090, 1, 1)}]
)
def test_a_row_that_does_not_fit_the_list_records_nothing(
    changed: dict[str, Any], released: PaymentList, clerk: User
) -> None:
    with pytest.raises(cash.NotRecorded):
        cash.record(released, POINT, _said(released, **changed), actor=clerk, key="k", now=timezone.now())
    assert not CashReturn.objects.exists()


def test_every_line_must_be_said_and_no_other(released: PaymentList, clerk: User) -> None:
    said = _said(released)
    first = min(said)
    for wrong in ({p: s for p, s in said.items() if p != first}, {**said, 99: said[first]}):
        with pytest.raises(cash.NotRecorded) as refused:
            cash.record(released, POINT, wrong, actor=clerk, key="k", now=timezone.now())
        assert len(refused.value.errors) == 1


def test_who_did_not_collect_needs_a_reason(released: PaymentList, clerk: User) -> None:
    with pytest.raises(cash.NotRecorded):
        _recorded(released, clerk, {"5600000002": ""})


def test_a_list_that_is_not_released_takes_no_return(clerk: User) -> None:
    taken(PEOPLE, actor=clerk)
    with pytest.raises(MoveRefused):
        _recorded(closed(clerk), clerk)


# --- Two persons ---------------------------------------------------------------------------------


def test_who_recorded_a_return_does_not_check_it(
    released: PaymentList, clerk: User, supervisor: User, other_clerk: User
) -> None:
    found = _recorded(released, clerk)
    for user in (clerk, other_clerk):
        with pytest.raises(MoveRefused):
            cash.check(found, actor=user, now=timezone.now())
    with pytest.raises(IntegrityError), transaction.atomic():
        CashReturn.objects.filter(pk=found.pk).update(
            state=State.CHECKED, checked_by=clerk, checked_at=timezone.now()
        )
    for _time in range(2):
        assert cash.check(found, actor=supervisor, now=timezone.now()).state == State.CHECKED


def test_a_checked_return_does_not_change(released: PaymentList, clerk: User, supervisor: User) -> None:
    found = _settled(released, clerk, supervisor)
    with pytest.raises(MoveRefused):
        cash.discard(found, actor=clerk, reason="x")
    for change in (CashReturn.objects.all(), CashOutcome.objects.all()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change.update(id=1)


def test_a_wrong_return_is_set_aside_and_recorded_anew(released: PaymentList, clerk: User) -> None:
    found = _recorded(released, clerk)
    with pytest.raises(MoveRefused):
        _recorded(released, clerk, key="2")
    with pytest.raises(MoveRefused):
        cash.discard(found, actor=clerk, reason=" ")
    cash.discard(found, actor=clerk, reason="Nhầm tờ")
    assert _recorded(released, clerk, key="2").state == State.RECORDED


# --- The next list -------------------------------------------------------------------------------


def test_what_nobody_collected_stands_on_the_next_list(
    released: PaymentList, clerk: User, supervisor: User, client: Client
) -> None:
    left = {"5600000002": "absent", "5600000003": "died"}
    _settled(released, clerk, supervisor, left)
    with pytest.raises(MoveRefused):  # not on a second list of the same month
        closed(clerk, key="again")
    after = _released(clerk, supervisor, AFTER)
    (again,) = after.lines.exclude(follows=None)
    assert (again.beneficiary.insurance_number, again.amount, again.method) == (
        "5600000002",
        3_000_001,
        "cash",
    )
    assert after.cash_total == 14_500_001 + 3_000_001
    assert pay_lists.verify(after)
    words = [line[6] for line in pay_lists.cash_rows(after) if line[0] == again.position]
    assert words == ["Lương hưu, tháng 08/2021"]
    client.force_login(clerk)
    assert "08/2021" in client.get(f"/quan-tri/pension/paymentlist/{after.pk}/change/").content.decode()
    _settled_again(after, clerk, supervisor)
    assert not verifying.problems()
    assert _balances()[1] == -4_500_000 * 2 - _to_accounts()


def _settled_again(made: PaymentList, clerk: User, supervisor: User) -> None:
    found = cash.record(made, POINT, _said(made), actor=clerk, key="next", now=timezone.now())
    cash.check(found, actor=supervisor, now=timezone.now())
    outbox.drain()


def _to_accounts() -> int:
    return sum(int(line.amount) for line in PaymentLine.objects.filter(method="account"))


# --- Pages ---------------------------------------------------------------------------------------


def _file(made: PaymentList, **said: tuple[str, str]) -> SimpleUploadedFile:
    """The file the portal gives out, filled in: all paid but for ``said``, (result, reason) by number."""
    today = f"{timezone.localdate():%d/%m/%Y}"
    lines = ["STT;Mã số BHXH;Họ và tên;Số tiền;Kết quả;Ngày;Lý do"]
    for line in cash.lines_of(made, POINT):
        number = line.beneficiary.insurance_number
        result, reason = said.get(f"n{number}", ("Đã trả", ""))
        lines.append(
            f"{line.position};{number};X;{int(line.amount):,};{result};{today};{reason}".replace(",", ".")
        )
    lines.append(";;Cộng;10.000.001;;;")
    return SimpleUploadedFile("tra-ve.csv", ("\ufeff" + "\n".join(lines)).encode())


def _address(made: PaymentList, point: str = POINT) -> str:
    return f"{LISTS}{made.pk}/tra-ve/?diem={point}"


def test_a_file_is_looked_at_before_it_is_recorded(
    released: PaymentList, clerk: User, supervisor: User, client: Client
) -> None:
    client.force_login(clerk)
    file = _file(released, n5600000002=("Chưa nhận", "Vắng"), n5600000003=("Chưa nhận", "Ốm nằm viện"))
    sent = client.post(_address(released), {"cach": "tep", "key": "k", "file": file})
    found = CashReturn.objects.get()
    assert (sent.status_code, sent.headers["Location"]) == (303, f"{BASE}{found.pk}/change/")
    assert (found.state, found.paid_rows, found.left_total) == (State.TRIED, 1, 5_500_001)
    assert [o.note for o in found.outcomes.filter(reason="other")] == ["Ốm nằm viện"]
    page = client.get(f"{BASE}{found.pk}/change/").content.decode()
    assert "5.500.001" in page and "viec/ghi/" in page and "viec/kiem-tra/" not in page
    client.post(f"{BASE}{found.pk}/viec/ghi/")
    client.force_login(supervisor)
    assert "viec/kiem-tra/" in client.get(f"{BASE}{found.pk}/change/").content.decode()
    assert client.post(f"{BASE}{found.pk}/viec/kiem-tra/").status_code == 303
    found.refresh_from_db()
    assert (found.state, found.checked_by) == (State.CHECKED, supervisor)


def test_a_wrong_file_is_told_row_by_row_and_records_nothing(
    released: PaymentList, clerk: User, client: Client
) -> None:
    client.force_login(clerk)
    for file in (
        _file(released, n5600000002=("có lẽ", "")),
        _file(released, n5600000002=("Chưa nhận", "")),
        SimpleUploadedFile("x.csv", b"a;b\n1;2"),
        SimpleUploadedFile("x.xlsx", b"PK\x03\x04 broken"),
        None,
    ):
        sent = client.post(
            _address(released), {"cach": "tep", "key": "k", **({"file": file} if file else {})}
        )
        assert sent.status_code == 422
        assert 'id="refused"' in sent.content.decode()
    assert not CashReturn.objects.exists()


def test_a_return_is_typed_row_by_row_and_nothing_typed_is_lost(
    released: PaymentList, clerk: User, client: Client
) -> None:
    client.force_login(clerk)
    lines = list(cash.lines_of(released, POINT))
    today = f"{timezone.localdate():%d/%m/%Y}"
    typed = {f"kq-{line.position}": "paid" for line in lines} | {"key": "k", "ngay": today}
    typed |= {f"kq-{lines[1].position}": "moved", f"ghi-chu-{lines[1].position}": "Về quê"}
    wrong = client.post(_address(released), {**typed, f"ngay-{lines[0].position}": "hôm qua"})
    assert wrong.status_code == 422
    assert "hôm qua" in wrong.content.decode() and "Về quê" in wrong.content.decode()
    for _time in range(2):  # pressed twice
        assert client.post(_address(released), typed).status_code == 303
    found = CashReturn.objects.get()
    assert (found.state, found.left_rows) == (State.RECORDED, 1)
    assert found.outcomes.get(paid=False).note == "Về quê"


def test_the_file_to_fill_in_has_the_lines_of_the_point(
    released: PaymentList, clerk: User, client: Client
) -> None:
    client.force_login(clerk)
    data = client.get(f"{LISTS}{released.pk}/tra-ve/mau/", {"diem": POINT}).getvalue()
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
    assert [line[1] for line in sheet[3:]] == ["5600000001", "5600000002", "5600000003"]


def test_returns_of_other_offices_are_not_seen(
    released: PaymentList, clerk: User, other_clerk: User, director: User, client: Client
) -> None:
    found = _recorded(released, clerk)
    for user, status in ((other_clerk, 404), (director, 200)):
        client.force_login(user)
        assert client.get(f"{BASE}{found.pk}/change/").status_code == status
        assert client.get(_address(released)).status_code == status
    client.force_login(director)
    assert client.post(_address(released), {"key": "k"}).status_code == 403
    client.force_login(clerk)
    assert client.get(_address(released, "Không có")).status_code == 404


def test_two_who_record_a_point_at_once_record_it_once(
    province: User, clerk: User, supervisor: User, transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = _released(clerk, supervisor)
    meeting, kept = Meeting(), cash._kept

    def slowly(*given: Any, **named: Any) -> CashReturn:
        meeting.wait()
        return kept(*given, **named)

    monkeypatch.setattr(cash, "_kept", slowly)
    said = at_once(
        lambda: _recorded(released, clerk, key="a"), lambda: _recorded(released, supervisor, key="b")
    )
    assert sorted(type(one).__name__ for one in said) == ["CashReturn", "MoveRefused"]
