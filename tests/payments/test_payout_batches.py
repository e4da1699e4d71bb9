"""Batches: control totals, two approvals, files that are the same each time and taken once."""

import hashlib
import io
from collections.abc import Callable
from decimal import Decimal
from importlib import import_module, resources
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lxml import etree
from python_calamine import CalamineWorkbook

from payments import batches
from payments.models import (
    BatchDownload,
    BatchFile,
    BatchRelease,
    PaymentOrder,
    PayoutBatch,
)
from portal import outbox
from portal.models import AccessLog, User
from procedures.models import Bank
from procedures.workflow import MoveRefused
from tests import paying, sealing
from tests.posting import staff_of

SignIn = Callable[[User], Client]
DESK = "/quan-tri/payments/payoutbatch/"
NS = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}

pytestmark = pytest.mark.django_db


@pytest.fixture
def director() -> User:
    """The director of the office, who also decides."""
    return paying.director_of()


def built(client: Client, *orders: PaymentOrder, **given: str) -> Any:
    sent = {
        "chon": [order.pk for order in orders],
        "tai-khoan": paying.account_of().pk,
        "ngay": f"{timezone.localdate():%d/%m/%Y}",
        "key": "k",
        **given,
    }
    return client.post(f"{DESK}lap-lo/", sent)


def test_a_batch_is_built_approved_by_two_and_taken_once(
    clerk: User, supervisor: User, director: User, sign_in: SignIn
) -> None:
    one, two = paying.owed(1, 12_500_000), paying.owed(2, 7_000_001)
    maker, first, second = sign_in(clerk), sign_in(supervisor), sign_in(director)
    paying.account_of()
    page = maker.get(f"{DESK}lap-lo/").content.decode()
    assert one.reference in page
    assert one.account_number not in page
    answer = built(maker, one, two)
    batch, here = PayoutBatch.objects.get(), answer["Location"]
    assert built(maker, one, two)["Location"] == here
    assert "19.500.001 đ" in maker.get(here).content.decode()
    digits = int(one.account_number) + int(two.account_number)
    assert (batch.number, batch.count, batch.total, batch.hash_total) == (1, 2, 19_500_001, digits)
    assert maker.post(f"{here[:-7]}viec/duyet/").status_code == 422
    assert first.post(f"{here[:-7]}viec/duyet/").status_code == 303
    assert first.post(f"{here[:-7]}viec/duyet/").status_code == 422
    assert not BatchRelease.objects.exists()
    assert second.post(f"{here[:-7]}viec/duyet/").status_code == 303
    outbox.drain()
    assert set(batch.files.values_list("kind", flat=True)) == {"xml", "xlsx"}
    file = batch.files.get(kind="xml")
    assert maker.get(f"{here[:-7]}tai-ve/xml/").status_code == 303
    assert not BatchDownload.objects.exists()
    taken = maker.post(f"{here[:-7]}tai-ve/xml/")
    assert hashlib.sha256(taken.content).hexdigest() == file.sha256
    assert file.name in taken["Content-Disposition"]
    assert set(PaymentOrder.objects.values_list("state", flat=True)) == {"sent"}
    assert AccessLog.objects.filter(user=clerk, what=f"payout file {file.name}").exists()
    for kind in ("xml", "xlsx"):
        assert maker.post(f"{here[:-7]}tai-ve/{kind}/").status_code == 422
    assert BatchDownload.objects.count() == 1


def test_the_file_is_taken_again_after_a_supervisor_said_why_and_by_another(
    clerk: User, supervisor: User, sign_in: SignIn
) -> None:
    batch = paying.sent(paying.owed(1))
    here, maker, leader = f"{DESK}{batch.pk}/", sign_in(clerk), sign_in(supervisor)
    assert maker.post(f"{here}viec/cap-lai/", {"note": "Tệp hỏng"}).status_code == 422
    assert leader.post(f"{here}viec/cap-lai/", {"note": " "}).status_code == 422
    assert leader.post(f"{here}viec/cap-lai/", {"note": "Ngân hàng báo tệp hỏng"}).status_code == 303
    assert leader.post(f"{here}tai-ve/xlsx/").status_code == 422
    assert maker.post(f"{here}tai-ve/xlsx/").status_code == 200
    assert maker.post(f"{here}tai-ve/xlsx/").status_code == 422
    assert BatchDownload.objects.count() == 2
    assert "Ngân hàng báo tệp hỏng" in maker.get(f"{here}change/").content.decode()


def test_the_xml_fits_its_schema_and_says_what_the_batch_says(clerk: User) -> None:
    one, two = paying.owed(1), paying.owed(2)
    Bank.objects.filter(bin="970436").update(swift="")
    PaymentOrder.objects.filter(pk=two.pk).update(bank_id="970436", purpose="Hưởng BHXH một lần & khác")
    batch = paying.approved_twice(paying.made([one, two]))
    data = batches.written(batch, "xml")
    schema = (resources.files("sepaxml") / "schemas" / "pain.001.001.09.xsd").read_bytes()
    root = etree.fromstring(data)
    etree.XMLSchema(etree.fromstring(schema)).assertValid(root)

    def every(path: str) -> list[str]:
        return [e.text or "" for e in root.iterfind(f".//p:{path.replace('/', '/p:')}", NS)]

    assert every("GrpHdr/NbOfTxs") == every("PmtInf/NbOfTxs") == ["2"]
    assert every("GrpHdr/CtrlSum") == ["25000000"]
    assert every("EndToEndId") == [one.reference, two.reference]
    assert every("InstdAmt") == ["12500000", "12500000"]
    assert every("CdtrAcct/Id/Othr/Id") == [one.account_number, two.account_number]
    assert every("CdtrAgt/FinInstnId/BICFI") == ["VBAAVNVX"]
    assert every("CdtrAgt/FinInstnId/ClrSysMmbId/MmbId") == ["970436"]
    assert every("DbtrAcct/Id/Othr/Id") == [batch.account.number]
    assert every("Dbtr/Nm") == ["BAO HIEM XA HOI THANH PHO CAM RANH"]
    assert every("RmtInf/Ustrd")[1] == "HUONG BHXH MOT LAN KHAC"
    assert data.isascii()


def test_the_workbook_holds_the_same_rows_as_text_and_its_total() -> None:
    one = paying.owed(1)
    PaymentOrder.objects.filter(pk=one.pk).update(payee="=TỔNG ĐỨC")
    batch = paying.approved_twice(paying.made([one]))
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(batches.written(batch, "xlsx"))).get_sheet_by_index(0)
    rows = sheet.to_python()
    row = next(r for r in rows if one.reference in r)
    assert row[1:3] == [one.account_number, "TONG DUC"]
    assert row[5] == 12_500_000
    assert rows[-1][5] == 12_500_000


@pytest.mark.parametrize("kind", ["xml", "xlsx"])
def test_writing_a_file_again_gives_the_same_bytes(
    kind: str, monkeypatch: pytest.MonkeyPatch, time_machine: Any
) -> None:
    batch = paying.approved_twice(paying.made([paying.owed(1), paying.owed(2)]))
    kept = batch.files.get(kind=kind)
    time_machine.move_to(timezone.now() + timezone.timedelta(days=40))
    again = batches.written(PayoutBatch.objects.get(pk=batch.pk), kind)
    assert hashlib.sha256(again).hexdigest() == kept.sha256
    outbox.handlers["payments.batch_files"](  # the handler twice
        type("M", (), {"payload": {"batch": batch.pk}})()
    )
    assert batch.files.count() == 2


@pytest.mark.parametrize("change", [lambda _old: b"<x/>", lambda old: old[:-1] + bytes([old[-1] ^ 1])])
def test_a_kept_file_that_somebody_changed_is_not_given_out(
    clerk: User, change: Callable[[bytes], bytes]
) -> None:
    batch = paying.approved_twice(paying.made([paying.owed(1)]))
    kept = Path(batch.files.get(kind="xml").file.path)
    kept.write_bytes(change(kept.read_bytes()))
    with pytest.raises(MoveRefused):
        batches.take(batch, "xml", actor=clerk, now=timezone.now())
    assert not BatchDownload.objects.exists()


def test_the_database_wants_three_different_persons(clerk: User, supervisor: User) -> None:
    batch = paying.made([paying.owed(1)])
    for change in (
        {"state": "checked", "first_by": clerk},
        {"state": "approved", "first_by": supervisor, "second_by": supervisor},
        {"state": "approved", "first_by": supervisor, "second_by": clerk},
        {"state": "approved", "first_by": supervisor},
        {"state": "sent"},
    ):
        with pytest.raises(IntegrityError, match="payout_batch_"), transaction.atomic():
            PayoutBatch.objects.filter(pk=batch.pk).update(**change)


def test_payments_changed_behind_the_batch_are_noticed_at_the_approval(supervisor: User) -> None:
    one = paying.owed(1)
    batch = paying.made([one])
    PaymentOrder.objects.filter(pk=one.pk).update(account_number="999999999")
    with pytest.raises(MoveRefused, match="tổng kiểm soát"):
        batches.approve(batch, actor=supervisor, now=timezone.now())


def test_a_batch_taken_apart_lets_its_payments_wait_and_keeps_its_number(
    clerk: User, supervisor: User, sign_in: SignIn
) -> None:
    one = paying.owed(1)
    batch, client = paying.made([one]), sign_in(clerk)
    assert client.post(f"{DESK}{batch.pk}/viec/huy/", {"note": ""}).status_code == 422
    assert client.post(f"{DESK}{batch.pk}/viec/huy/", {"note": "Sai ngày"}).status_code == 303
    one.refresh_from_db()
    assert (one.state, one.batch) == ("ready", None)
    assert paying.made([one], key="b2").number == 2
    with pytest.raises(MoveRefused):
        batches.approve(batch, actor=supervisor, now=timezone.now())
    done = paying.approved_twice(PayoutBatch.objects.get(number=2))
    assert client.post(f"{DESK}{done.pk}/viec/huy/", {"note": "x"}).status_code == 422


def test_a_new_year_begins_with_one_and_takes_no_day_that_has_passed(clerk: User) -> None:
    paying.made([paying.owed(1)])
    now = timezone.make_aware(timezone.datetime(timezone.localdate().year + 1, 1, 4, 9))
    assert paying.made([paying.owed(2)], key="n", now=now).number == 1
    with pytest.raises(MoveRefused):
        batches.make(
            paying.account_of(),
            [paying.owed(3).pk],
            pay_on=timezone.localdate() - timezone.timedelta(days=1),
            actor=clerk,
            key="p",
            now=timezone.now(),
        )


@pytest.mark.parametrize(("day", "account"), [("31/02/2030", ""), ("mai", ""), ("", "999")])
def test_what_cannot_be_is_said_and_the_ticks_stay(
    day: str, account: str, clerk: User, sign_in: SignIn
) -> None:
    one = paying.owed(1)
    given = {"ngay": day} | ({"tai-khoan": account} if account else {})
    answer = built(sign_in(clerk), one, **given)
    assert answer.status_code == 422
    assert f'value="{one.pk}" checked' in answer.content.decode()
    assert not PayoutBatch.objects.exists()


def test_who_approves_sees_whole_account_numbers_and_nobody_else(
    clerk: User, supervisor: User, director: User, other_clerk: User, sign_in: SignIn
) -> None:
    one = paying.owed(1)
    batch = paying.made([one])
    number, here = one.account_number, f"{DESK}{batch.pk}/change/"
    assert number in sign_in(supervisor).get(here).content.decode()
    assert AccessLog.objects.filter(user=supervisor, what="payout batch, accounts whole").exists()
    assert number not in sign_in(clerk).get(here).content.decode()
    batches.approve(batch, actor=supervisor, now=timezone.now())
    assert number not in sign_in(supervisor).get(here).content.decode()
    assert number in sign_in(director).get(here).content.decode()
    for person in (clerk, supervisor, director):
        order_page = sign_in(person).get(f"/quan-tri/payments/paymentorder/{one.pk}/change/").content.decode()
        assert number not in order_page
        assert number[-4:] in order_page
    assert sign_in(other_clerk).get(here).status_code == 404


def test_a_clerk_of_another_office_takes_and_approves_nothing(other_clerk: User, sign_in: SignIn) -> None:
    batch = paying.approved_twice(paying.made([paying.owed(1)]))
    client = sign_in(other_clerk)
    for doing in ("viec/duyet", "viec/huy", "viec/cap-lai", "tai-ve/xml"):
        assert client.post(f"{DESK}{batch.pk}/{doing}/", {"note": "x"}).status_code == 404
    assert not BatchDownload.objects.exists()


def test_what_was_made_released_and_taken_is_never_changed() -> None:
    paying.sent(paying.owed(1))
    for rows in (BatchFile.objects, BatchRelease.objects, BatchDownload.objects):
        assert rows.exists()
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            rows.all()._raw_delete("default")  # type: ignore[attr-defined]


def test_a_batch_of_many_costs_statements_by_the_batch_not_by_the_row(clerk: User) -> None:
    one, (maker, _supervisor) = paying.owed(1), staff_of("cam-ranh")
    names = ("source", "document_kind", "document_id", "office_id", "payee", "bank_id", "account_number")
    content = {name: getattr(one, name) for name in (*names, "amount", "purpose", "made_at")}
    PaymentOrder.objects.bulk_create(PaymentOrder(**content, key=f"m{n}") for n in range(200))
    every = list(PaymentOrder.objects.all())
    with CaptureQueriesContext(connection) as asked:
        batch = paying.made(every)
    assert (batch.count, maker) == (201, clerk)
    assert len(asked) < 20, len(asked)
    with CaptureQueriesContext(connection) as asked:
        batches.written(batch, "xml")
    assert len(asked) < 5, len(asked)


def test_all_of_one_kind_that_wait_are_batched_at_once(
    clerk: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    from payments.admin import batches as page

    monkeypatch.setattr(page, "_SHOWN", 1)
    one, two, other = paying.owed(1), paying.owed(2), paying.owed(3)
    PaymentOrder.objects.filter(pk=other.pk).update(source="refund")
    client, given = sign_in(clerk), {"tai-khoan": paying.account_of().pk, "tat-ca": "1", "key": "k"}
    shown = client.get(f"{DESK}lap-lo/?loai=lump_sum").content.decode()
    assert 'name="tat-ca"' in shown
    assert other.reference not in shown
    answer = client.post(
        f"{DESK}lap-lo/?loai=lump_sum", {**given, "ngay": f"{timezone.localdate():%d/%m/%Y}"}
    )
    assert answer.status_code == 303
    assert set(PayoutBatch.objects.get().orders.all()) == {one, two}


def test_the_hash_total_of_one_payment_is_sealed_also_where_it_lay_in_the_clear(clerk: User) -> None:
    order = paying.owed(1)
    batch = paying.made([order])
    assert sealing.tables_with(order.account_number) == []
    with connection.cursor() as cursor:
        cursor.execute("UPDATE payments_payoutbatch SET hash_total = %s", [order.account_number])
    migration = import_module("payments.migrations.0010_sealed_hash_totals")
    migration.seal_totals(apps, type("Editor", (), {"connection": connection}))
    assert sealing.tables_with(order.account_number) == []
    assert PayoutBatch.objects.get(pk=batch.pk).hash_total == Decimal(order.account_number)
