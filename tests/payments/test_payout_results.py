"""What banks answer: pain.002, camt.054 and CSV, all of a file or nothing, each answer once."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from payments import bank_files, ledger, results
from payments.models import Account, PaymentOrder, PayoutBatch, Posting, ResultFile, ResultRow
from payments.result_files import whole_dong
from portal import outbox
from portal.models import AccessLog, User
from tests import paying

SignIn = Callable[[User], Client]
DESK = "/quan-tri/payments/resultfile/"
UPLOAD = f"{DESK}tai-len/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def orders() -> list[PaymentOrder]:
    """Two payments that are with the bank."""
    rows = [paying.owed(1), paying.owed(2, 7_000_000)]
    paying.sent(*rows)
    return rows


def upload(client: Client, data: bytes | str, name: str = "kq.xml") -> Any:
    raw = data.encode() if isinstance(data, str) else data
    return client.post(UPLOAD, {"tep": SimpleUploadedFile(name, raw)})


def states() -> list[str]:
    return list(PaymentOrder.objects.order_by("pk").values_list("state", flat=True))


def pain(*rows: tuple[str, str, str], group: str = "") -> str:
    """A pain.002: end-to-end reference, status, code of the reason."""
    single = "".join(
        f"<TxInfAndSts><OrgnlEndToEndId>{ref}</OrgnlEndToEndId><TxSts>{status}</TxSts>"
        + (f"<StsRsnInf><Rsn><Cd>{code}</Cd></Rsn></StsRsnInf>" if code else "")
        + "</TxInfAndSts>"
        for ref, status, code in rows
    )
    part = f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>x</OrgnlPmtInfId>{single}</OrgnlPmtInfAndSts>" if rows else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt>'
        f"<GrpHdr><MsgId>1</MsgId></GrpHdr><OrgnlGrpInfAndSts>{group}</OrgnlGrpInfAndSts>{part}"
        "</CstmrPmtStsRpt></Document>"
    )


def camt(*rows: tuple[PaymentOrder, str, str], currency: str = "VND") -> str:
    """A camt.054: payment, debit or credit, code of the reason of a return."""
    entries = "".join(
        f'<Ntry><Amt Ccy="{currency}">{order.amount}.00</Amt><CdtDbtInd>{sign}</CdtDbtInd>'
        f"<Sts><Cd>BOOK</Cd></Sts><NtryDtls><TxDtls><Refs><AcctSvcrRef>FT1</AcctSvcrRef>"
        f"<EndToEndId>{order.reference}</EndToEndId></Refs>"
        + (f"<RtrInf><Rsn><Cd>{code}</Cd></Rsn></RtrInf>" if code else "")
        + "</TxDtls></NtryDtls></Ntry>"
        for order, sign, code in rows
    )
    return (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><BkToCstmrDbtCdtNtfctn>'
        f"<Ntfctn>{entries}</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>"
    )


def test_a_status_report_pays_one_and_rejects_the_other_with_its_reason(
    orders: list[PaymentOrder], clerk: User, sign_in: SignIn
) -> None:
    client = sign_in(clerk)
    answer = upload(client, pain((orders[0].reference, "ACSC", ""), (orders[1].reference, "RJCT", "AC01")))
    assert answer.status_code == 303
    assert states() == ["paid", "rejected"]
    orders[1].refresh_from_db()
    assert orders[1].reason == "số tài khoản không đúng"
    page = client.get(answer["Location"]).content.decode()
    assert all(order.reference in page for order in orders)
    assert not any(order.account_number in page for order in orders)
    assert AccessLog.objects.filter(user=clerk, what="file of results").exists()
    assert ledger.balance(Account.BANK) == -12_500_000
    assert PayoutBatch.objects.get().state == "closed"
    outbox.drain()
    assert orders[1].dossier.events.filter(action="reject_payment").exists()  # type: ignore[union-attr]


def test_a_status_of_the_whole_message_goes_for_all_its_payments(orders: list[PaymentOrder]) -> None:
    number = bank_files.message_id(PayoutBatch.objects.get())
    said = f"<OrgnlMsgId>{number}</OrgnlMsgId><GrpSts>RJCT</GrpSts>"
    file = paying.take_in(pain(group=said).encode())
    assert (file.row_count, states()) == (2, ["rejected", "rejected"])


def test_a_status_that_is_not_the_last_changes_nothing(orders: list[PaymentOrder]) -> None:
    paying.take_in(pain((orders[0].reference, "ACSP", ""), (orders[1].reference, "PDNG", "")).encode())
    assert states() == ["sent", "sent"]
    assert PayoutBatch.objects.get().state == "sent"
    assert set(ResultRow.objects.values_list("outcome", flat=True)) == {"waiting"}


def test_a_notification_pays_and_later_tells_of_the_return(orders: list[PaymentOrder]) -> None:
    paying.take_in(camt((orders[0], "DBIT", ""), (orders[1], "DBIT", "")).encode())
    assert states() == ["paid", "paid"]
    paying.take_in(camt((orders[1], "CRDT", "AC04")).encode(), "b.xml")
    assert states() == ["paid", "returned"]
    assert ledger.balance(Account.RETURNED) == -7_000_000
    assert [p.kind for p in ledger.postings_of(orders[1])] == ["paid_out", "returned"]


def test_a_return_that_comes_before_the_payment_was_confirmed_posts_both(orders: list[PaymentOrder]) -> None:
    paying.take_in(camt((orders[0], "CRDT", "AC06")).encode())
    paying.take_in(camt((orders[0], "DBIT", "")).encode(), "b.xml")
    assert states()[0] == "returned"
    assert ledger.balance(Account.BANK) == 0
    assert ledger.balance(Account.RETURNED) == -12_500_000


def test_the_same_file_and_the_same_answer_count_once(
    orders: list[PaymentOrder], clerk: User, sign_in: SignIn
) -> None:
    client, data = sign_in(clerk), paying.csv_of((orders[0], "Thành công", ""))
    assert upload(client, data, "a.csv")["Location"] == upload(client, data, "b.csv")["Location"]
    paying.take_in(paying.csv_of((orders[0], "Thành công", ""), (orders[1], "Đang xử lý", "")))
    assert list(ResultRow.objects.values_list("outcome", flat=True).order_by("pk")) == [
        "paid",
        "known",
        "waiting",
    ]
    assert Posting.objects.filter(kind="paid_out").count() == 1


def test_one_wrong_row_and_nothing_of_the_file_is_taken(
    orders: list[PaymentOrder], clerk: User, sign_in: SignIn
) -> None:
    one, two = orders
    rows = (
        f"{one.reference};Thành công;{one.amount};;",
        f"{two.reference};Bay mất;{two.amount};;",
        f"{two.reference};Thành công;7000001;;",
        f"{two.reference};Thành công;7.0.0;;",
        "KHC999999999;Thành công;1;;",
        "XYZ;Thành công;1;;",
        f"{one.reference};Không thành công;{one.amount};;",
    )
    before = Posting.objects.count()
    answer = upload(sign_in(clerk), paying.HEAD + "\n".join(rows), "a.csv")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert page.count("desk-tag--red") == 6
    for words in (
        "Không hiểu trạng thái này",
        "khác với số tiền của lệnh chi",
        "không phải số đồng nguyên",
        "Cơ quan không có lệnh chi nào",
    ):
        assert words in page, words
    assert states() == ["sent", "sent"]
    assert (ResultFile.objects.count(), Posting.objects.count()) == (0, before)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "không có nội dung"),
        (b"<Document", "không phải tệp XML nguyên vẹn"),
        (b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.008.001.02"/>', "pain.008"),
        (
            (
                b'<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
                b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10">&b;</Document>'
            ),
            "khai báo kiểu tài liệu",
        ),
        (
            (
                b'<!DOCTYPE d SYSTEM "file:///etc/passwd">'
                b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"/>'
            ),
            "khai báo kiểu tài liệu",
        ),
        (pain().encode(), "không nói về lệnh chi nào"),
        ("Mã tham chiếu;Kết quả\nx;y".encode(), "Dòng đầu thiếu các cột: Số tiền"),
        (b"M\xe3;K\xea\xec\nx;y", "không dùng bảng mã UTF-8"),
        (paying.HEAD.encode("utf-16"), "không dùng bảng mã UTF-8"),
        (b"PK\x03\x04\x00\x00", "không dùng bảng mã UTF-8"),
        (paying.HEAD.encode(), "không nói về lệnh chi nào"),
    ],
)
def test_a_file_that_is_none_is_refused_as_a_whole(
    data: bytes, words: str, clerk: User, sign_in: SignIn
) -> None:
    answer = upload(sign_in(clerk), data)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not ResultFile.objects.exists()


def test_another_currency_is_no_answer(orders: list[PaymentOrder], clerk: User, sign_in: SignIn) -> None:
    answer = upload(sign_in(clerk), camt((orders[0], "DBIT", ""), currency="USD"))
    assert answer.status_code == 422
    assert "không phải tiền đồng" in answer.content.decode()
    assert states() == ["sent", "sent"]


def test_a_payment_that_never_left_has_no_answer(clerk: User, sign_in: SignIn) -> None:
    order = paying.owed(1)
    for batched in (False, True):
        if batched:
            paying.approved_twice(paying.made([order]))
        answer = upload(sign_in(clerk), paying.csv_of((order, "Thành công", "")), "a.csv")
        assert answer.status_code == 422
    assert states() == ["batched"]


def test_payments_of_another_office_are_unknown(
    orders: list[PaymentOrder], other_clerk: User, director: User, sign_in: SignIn
) -> None:
    data = paying.csv_of((orders[0], "Thành công", ""))
    assert upload(sign_in(other_clerk), data).status_code == 422
    assert upload(sign_in(director), data).status_code == 403
    assert states() == ["sent", "sent"]
    report = paying.take_in(data).pk
    assert sign_in(other_clerk).get(f"{DESK}{report}/change/").status_code == 404
    assert sign_in(director).get(f"{DESK}{report}/change/").status_code == 200


def test_nothing_is_half_taken_when_the_database_refuses(
    orders: list[PaymentOrder], clerk: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: Any, **_more: Any) -> None:
        raise IntegrityError

    monkeypatch.setattr("payments.batches.close_answered", broken)
    before = Posting.objects.count()
    with pytest.raises(IntegrityError), transaction.atomic():
        results.take_in("a", paying.csv_of((orders[0], "Thành công", "")), actor=clerk, now=timezone.now())
    assert (ResultFile.objects.count(), Posting.objects.count()) == (0, before)
    assert states() == ["sent", "sent"]


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("12500000", 12_500_000),
        ("12.500.000", 12_500_000),
        ("12,500,000 VND", 12_500_000),
        ("12 500 000 đ", 12_500_000),
        ("12.500", 12_500),
        ("12.50", None),
        ("12500000.00", None),
        ("1.2500.000", None),
        ("-5", None),
        ("", None),
        ("١٢٣", None),
    ],
)
def test_amounts_are_whole_dong_or_nothing(typed: str, amount: int | None) -> None:
    assert whole_dong(typed) == amount


def test_what_was_read_is_never_changed_and_its_list_costs_few_queries(
    orders: list[PaymentOrder], clerk: User, sign_in: SignIn
) -> None:
    report = paying.take_in(paying.csv_of((orders[0], "Thành công", ""), (orders[1], "Từ chối", "x")))
    for rows in (ResultFile.objects, ResultRow.objects):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            rows.all()._raw_delete("default")  # type: ignore[attr-defined]
    client = sign_in(clerk)
    client.get(DESK)
    for page in (
        DESK,
        f"{DESK}{report.pk}/change/",
        "/quan-tri/payments/paymentorder/",
        "/quan-tri/payments/payoutbatch/",
    ):
        with CaptureQueriesContext(connection) as asked:
            assert client.get(page).status_code == 200
        assert len(asked) <= 14, (page, len(asked))
