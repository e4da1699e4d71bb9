"""From an approved lump sum to the bank's answer, and to another account where it was no."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from payments import ledger, lump_sums, payouts, results
from payments.models import Account, LumpSum, PaymentOrder, Posting
from portal import outbox
from portal.models import AccessLog, User
from portal.sealing import opened
from portal.text import masked
from procedures import catalogue, workflow
from procedures.models import Bank, Dossier
from procedures.workflow import MoveRefused
from tests import paying, sealing
from tests.posting import approved

SignIn = Callable[[User], Client]
DESK = "/quan-tri/payments/lumpsum/"

pytestmark = pytest.mark.django_db


def balances() -> dict[str, int]:
    return {a.value: int(ledger.balance(a)) for a in Account if ledger.balance(a)}


def page_of(order: PaymentOrder) -> str:
    assert order.dossier is not None
    return f"/ho-so/{order.dossier.code}/tai-khoan-nhan/"


def typed(order: PaymentOrder, **given: str) -> dict[str, str]:
    return {
        "bank": "970436",
        "account_number": "0011002233445",
        "account_again": "0011002233445",
        "account_holder": order.payee,
        "key": "k",
        **given,
    }


def noted_by(who: User, dossier: Dossier, *, key: str = "k") -> LumpSum:
    """An amount that ``who`` wrote down, worked out by hand."""
    return lump_sums.record(
        dossier, Decimal(5), "1", actor=who, key=key, now=timezone.now(), difference="Tính tay"
    )


def rejected(seed: int = 1) -> PaymentOrder:
    order = paying.owed(seed)
    paying.sent(order)
    paying.take_in(paying.csv_of((order, "Không thành công", "Sai số tài khoản")))
    order.refresh_from_db()
    return order


def test_a_clerk_writes_the_amount_down_and_a_supervisor_decides(
    clerk: User, supervisor: User, sign_in: SignIn
) -> None:
    dossier, client = approved(1), sign_in(clerk)
    number = opened(dossier.answers["account_number"])
    assert str(dossier.code) in client.get(f"{DESK}cho-ghi/").content.decode()
    form = client.get(f"{DESK}ghi/{dossier.pk}/").content.decode()
    assert number not in form
    assert number[-4:] in form
    sent = {"amount": "12.500.000", "decision": "12/QĐ-BHXH", "day": "12/07/2021", "key": "k"}
    assert client.post(f"{DESK}ghi/{dossier.pk}/", sent).status_code == 422
    sent["difference"] = "Tính tay theo sổ"
    answer = client.post(f"{DESK}ghi/{dossier.pk}/", sent)
    row = LumpSum.objects.get()
    assert (answer.status_code, row.amount, row.recorded_by) == (303, Decimal(12_500_000), clerk)
    assert str(dossier.code) not in client.get(f"{DESK}cho-ghi/").content.decode()
    assert number not in client.get(answer["Location"]).content.decode()
    assert client.post(f"{DESK}{row.pk}/viec/duyet/").status_code == 422
    assert not PaymentOrder.objects.exists()
    other = sign_in(supervisor)
    assert number in other.get(answer["Location"]).content.decode()
    assert other.post(f"{DESK}{row.pk}/viec/duyet/").status_code == 303
    order = PaymentOrder.objects.get()
    assert (order.amount, order.account_number, order.payee) == (
        row.amount,
        number,
        dossier.answers["account_holder"],
    )
    assert (order.source, order.document_kind, order.document_id) == ("lump_sum", "lumpsum", row.pk)
    assert balances() == {"fund": 12_500_000, "benefits": -12_500_000}
    assert dossier.events.filter(action="order_payment", to_state="approved").exists()
    assert AccessLog.objects.filter(user=supervisor, what="lump sum, account whole").exists()
    assert other.post(f"{DESK}{row.pk}/viec/duyet/").status_code == 422
    assert PaymentOrder.objects.count() == 1


def test_no_table_and_no_file_holds_the_account_of_a_payment(clerk: User) -> None:
    order = rejected()
    assert order.dossier is not None
    again = payouts.correct(
        order,
        bank=Bank.objects.all()[0],
        account_number="0011002233445",
        actor=order.dossier.owner,
        key="k",
        now=timezone.now(),
    )
    paying.approved_twice(paying.made([again], key="b2"))
    outbox.drain()
    assert {path.parent.name for path in sealing.files()} >= {"payouts"}
    for number in (order.account_number, "0011002233445"):
        assert sealing.tables_with(number) == []
        assert not [path for path in sealing.files() if number.encode() in path.read_bytes()]


@pytest.mark.parametrize("typed", ["", "0", "-5", "12,5", "một triệu"])
def test_an_amount_that_is_none_is_refused_and_kept_in_the_form(
    typed: str, clerk: User, sign_in: SignIn
) -> None:
    dossier = approved(1)
    answer = sign_in(clerk).post(f"{DESK}ghi/{dossier.pk}/", {"amount": typed, "decision": "12/QĐ"})
    assert answer.status_code == 422
    assert "12/QĐ" in answer.content.decode()
    assert not LumpSum.objects.exists()


def test_nobody_decides_what_they_wrote_down_themselves(supervisor: User) -> None:
    dossier = approved(1)
    noted = lump_sums.record(
        dossier, Decimal(5), "1", actor=supervisor, key="k", now=timezone.now(), difference="x"
    )
    with pytest.raises(MoveRefused, match="Người khác"):
        lump_sums.decide(noted, actor=supervisor, now=timezone.now())
    with pytest.raises(IntegrityError, match="lump_sum_four_eyes"), transaction.atomic():
        LumpSum.objects.update(state="decided", decided_by=supervisor, decided_at=timezone.now())


def test_an_amount_that_was_sent_back_is_written_down_again(
    clerk: User, supervisor: User, sign_in: SignIn
) -> None:
    dossier = approved(1)
    noted = lump_sums.record(
        dossier, Decimal(5), "1", actor=clerk, key="k", now=timezone.now(), difference="x"
    )
    client = sign_in(supervisor)
    assert client.post(f"{DESK}{noted.pk}/viec/tra-lai/", {"note": " "}).status_code == 422
    assert client.post(f"{DESK}{noted.pk}/viec/tra-lai/", {"note": "Thiếu một số 0"}).status_code == 303
    noted.refresh_from_db()
    assert (noted.state, noted.reason) == ("back", "Thiếu một số 0")
    again = lump_sums.record(
        dossier, Decimal(50), "1", actor=clerk, key="k2", now=timezone.now(), difference="x"
    )
    assert again.pk != noted.pk
    assert not Posting.objects.exists()


def test_a_paid_lump_sum_is_posted_once_and_the_citizen_told(sign_in: SignIn) -> None:
    order = paying.owed(1)
    paying.sent(order)
    paying.take_in(paying.csv_of((order, "Thành công", "")))
    outbox.drain()
    order.refresh_from_db()
    assert (order.state, order.batch.state) == ("paid", "closed")  # type: ignore[union-attr]
    assert balances() == {"fund": 12_500_000, "bank": -12_500_000}
    assert [p.kind for p in ledger.postings_of(order)] == ["paid_out"]
    assert order.dossier is not None
    event = order.dossier.events.get(action="note_paid")
    assert event.facts == {"paid_to": masked(order.account_number)}
    assert order.dossier.owner.notices.filter(kind="payment_made").count() == 1
    assert "Đã chi trả" in sign_in(order.dossier.owner).get(f"/ho-so/{order.dossier.code}/").content.decode()


def test_a_rejected_payment_reopens_the_dossier_and_another_account_is_paid(sign_in: SignIn) -> None:
    order = rejected()
    dossier = Dossier.objects.get(pk=order.dossier_id)
    assert (order.state, order.reason, dossier.state) == ("rejected", "Sai số tài khoản", "account_wanted")
    assert balances() == {"fund": 12_500_000, "benefits": -12_500_000}
    client = sign_in(dossier.owner)
    told = client.get(f"/ho-so/{dossier.code}/").content.decode()
    assert page_of(order) in told
    assert "Sai số tài khoản" in told
    page = client.get(page_of(order)).content.decode()
    assert "Sai số tài khoản" in page
    assert "12.500.000 đ" in page
    assert order.account_number not in page
    assert client.post(page_of(order), typed(order)).status_code == 303
    again = PaymentOrder.objects.get(follows=order)
    assert (again.state, again.amount, again.bank_id) == ("ready", order.amount, "970436")
    assert (again.account_number, again.document_id) == ("0011002233445", order.document_id)
    dossier.refresh_from_db()
    assert dossier.state == "approved"
    assert page_of(order) not in client.get(f"/ho-so/{dossier.code}/").content.decode()
    assert client.get(page_of(order)).status_code == 303
    paying.sent(again, key="b2")
    paying.take_in(paying.csv_of((again, "Thành công", "")))
    again.refresh_from_db()
    assert again.state == "paid"
    assert balances() == {"fund": 12_500_000, "bank": -12_500_000}
    assert workflow.verify_history(Dossier.objects.get(pk=dossier.pk)) == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"account_again": "0011002233446"}, "Hai số tài khoản"),
        ({"account_number": "1", "account_again": "1"}, "6 đến 19"),
        ({"account_holder": "TRẦN VĂN KHÁC"}, "phải đứng tên này"),
        ({"bank": "000000"}, "danh sách"),
        ({"bank": ""}, "Vui lòng"),
        ({"account_number": "9704050123456787", "account_again": "9704050123456787"}, "thẻ ATM"),
    ],
)
def test_a_wrong_account_is_refused_at_its_field_and_nothing_typed_is_lost(
    given: dict[str, str], words: str, sign_in: SignIn
) -> None:
    order = rejected()
    answer = sign_in(order.dossier.owner).post(page_of(order), typed(order, **given))  # type: ignore[union-attr]
    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert f'value="{given.get("account_again", "0011002233445")}"' in page
    assert not PaymentOrder.objects.filter(follows=order).exists()


def test_the_account_the_bank_refused_is_not_taken_again(sign_in: SignIn) -> None:
    order = rejected()
    same = typed(
        order, bank=order.bank_id, account_number=order.account_number, account_again=order.account_number
    )
    answer = sign_in(order.dossier.owner).post(page_of(order), same)  # type: ignore[union-attr]
    assert answer.status_code == 422
    assert not PaymentOrder.objects.filter(follows=order).exists()


def test_only_the_owner_gives_another_account(stranger: User, clerk: User, sign_in: SignIn) -> None:
    order = rejected()
    assert sign_in(stranger).post(page_of(order), typed(order)).status_code == 404
    assert sign_in(clerk).post(page_of(order), typed(order)).status_code == 403
    assert Client().post(page_of(order), typed(order)).status_code == 302
    assert not PaymentOrder.objects.filter(follows=order).exists()


def test_money_that_came_back_after_it_was_paid_is_owed_again_with_the_next_order(sign_in: SignIn) -> None:
    order = paying.owed(1)
    paying.sent(order)
    paying.take_in(paying.csv_of((order, "Thành công", "")))
    paying.take_in(paying.csv_of((order, "Hoàn trả", "Tài khoản đã đóng")))
    order.refresh_from_db()
    assert order.state == "returned"
    assert balances() == {"fund": 12_500_000, "returned": -12_500_000}
    sign_in(order.dossier.owner).post(page_of(order), typed(order))  # type: ignore[union-attr]
    again = PaymentOrder.objects.get(follows=order)
    assert balances() == {"fund": 12_500_000, "benefits": -12_500_000}
    assert [p.kind for p in ledger.postings_of(again)] == ["owed_again"]


def test_a_closed_dossier_is_reopened_and_goes_on_as_posted(clerk: User, sign_in: SignIn) -> None:
    order = paying.owed(1)
    paying.sent(order)
    assert order.dossier is not None
    workflow.move(order.dossier, "close", actor=clerk, key="c")
    assert Dossier.objects.get(pk=order.dossier_id).final
    paying.take_in(paying.csv_of((order, "Không thành công", "Sai tên")))
    dossier = Dossier.objects.get(pk=order.dossier_id)
    assert (dossier.state, dossier.final) == ("account_wanted_posted", False)
    assert sign_in(dossier.owner).post(page_of(order), typed(order)).status_code == 303
    dossier.refresh_from_db()
    assert dossier.state == "dispatched"


def test_a_dossier_of_an_older_version_keeps_its_state_and_has_it_in_its_history(
    monkeypatch: pytest.MonkeyPatch, sign_in: SignIn
) -> None:
    import msgspec

    from procedures import paying as told

    order = paying.owed(1)
    assert order.dossier is not None
    new = catalogue.definition_for(order.dossier)
    names = {action for actions in told._ACTIONS.values() for action in actions}
    kept = [t for t in new.transitions if t.action not in names]
    old = msgspec.structs.replace(new, transitions=kept)
    monkeypatch.setattr(told, "definition_for", lambda _dossier: old)
    paying.sent(order)
    paying.take_in(paying.csv_of((order, "Không thành công", "Sai số tài khoản")))
    dossier = Dossier.objects.get(pk=order.dossier_id)
    assert (dossier.state, dossier.events.last().action) == ("approved", "payment_failed")  # type: ignore[union-attr]
    client = sign_in(dossier.owner)
    assert page_of(order) in client.get(f"/ho-so/{dossier.code}/").content.decode()
    assert client.post(page_of(order), typed(order)).status_code == 303
    assert dossier.events.filter(action="account_corrected").exists()
    assert page_of(order) not in client.get(f"/ho-so/{dossier.code}/").content.decode()


def test_the_same_key_orders_once_and_only_a_failed_payment_is_followed() -> None:
    order = paying.owed(1)
    document = LumpSum.objects.get()
    given = {
        "source": "lump_sum",
        "document": document,
        "office": order.office,
        "dossier": order.dossier,
        "payee": order.payee,
        "bank": Bank.objects.get(bin="970405"),
        "account_number": "123456",
        "amount": Decimal(1),
        "purpose": "x",
        "now": timezone.now(),
    }
    with transaction.atomic():
        assert payouts.order_payment(**given, key=order.key) == order  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="has not failed"):
            payouts.order_payment(**given, key="other", follows=order)  # type: ignore[arg-type]


def test_who_corrects_before_the_worker_has_told_of_the_failure_is_not_asked_again(
    clerk: User, sign_in: SignIn
) -> None:
    order = paying.owed(1)
    paying.sent(order)
    data = paying.csv_of((order, "Không thành công", "Sai số tài khoản"))
    results.take_in("a.csv", data, actor=clerk, now=timezone.now())
    assert order.dossier is not None
    assert sign_in(order.dossier.owner).post(page_of(order), typed(order)).status_code == 303
    outbox.drain()
    dossier = Dossier.objects.get(pk=order.dossier_id)
    assert dossier.state == "approved"
    told = list(dossier.events.order_by("sequence").values_list("action", flat=True))[-2:]
    assert told == ["reject_payment", "correct_account"]
