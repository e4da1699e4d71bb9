"""Every kind of statement is read alike; a bad one says what is wrong, row by row, and leaves nothing."""

import io
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone

from payments.models import Posting, StatementFile, StatementLine
from payments.statements import reading, taking
from payments.statements.lines import BankLine, FileRefused
from payments.statements.tables import _amount
from portal.models import User
from tests.payments import statements as bank
from tests.payments.statements import Paid

pytestmark = pytest.mark.django_db

LINES = [
    Paid("FT1", 804_600, "NOP TIEN KH00000000001", "NGUYEN VAN AN"),
    Paid("FT2", 1_234_567, "Đóng bảo hiểm & y tế", "Trần Thị Ánh"),
    Paid("FT3", 5_000, "PHI", "", out=True),
]


def _read(data: bytes, *, call: bool = False) -> list[BankLine]:
    about = reading.begin(bank.account())
    return list(reading.lines(io.BytesIO(data), bank.account(), about, call=call))


def _refused(data: bytes) -> list[tuple[int, str]]:
    """The problems of a file that is uploaded; nothing of it may be kept."""
    actor = bank.citizen(3)
    with pytest.raises(FileRefused) as refused:
        taking.check("a", data, bank.account(), actor=actor, now=timezone.now())
    assert not StatementFile.objects.exists()
    assert not StatementLine.objects.exists()
    assert not Posting.objects.exists()
    return [(problem.row, problem.words) for problem in refused.value.problems]


def _facts(lines: list[BankLine]) -> list[tuple[str, date, bool, Decimal, str, str]]:
    return [(x.reference, x.booked_on, x.credit, x.amount, x.text, x.payer) for x in lines]


WANTED = [(x.reference, x.day, not x.out, Decimal(x.amount), x.text, x.payer) for x in LINES]


@pytest.mark.parametrize(
    "version",
    [
        "camt.053.001.02",
        "camt.053.001.04",
        "camt.053.001.08",
        "camt.053.001.13",
        "camt.054.001.02",
        "camt.054.001.08",
    ],
)
def test_every_version_of_camt_is_read_alike(version: str) -> None:
    assert _facts(_read(bank.camt(LINES, version=version))) == WANTED


def test_the_namespace_may_be_missing() -> None:
    data = bank.camt(LINES).replace(b' xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"', b"")
    assert _facts(_read(data)) == WANTED


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1258"])
def test_csv_is_read_in_the_encodings_that_excel_and_banks_write(encoding: str) -> None:
    bank.mapping()
    text = bank.csv(LINES, encoding="utf-8").decode()
    if encoding == "cp1258":  # Windows-1258 has no composed letter with a tone: the tone follows the letter
        text = _decomposed(text)
    assert _facts(_read(text.encode(encoding))) == WANTED


def _decomposed(text: str) -> str:
    """Vietnamese as Windows-1258 spells it: letter with its shape, then the tone."""
    import unicodedata

    tones = "\u0300\u0301\u0303\u0309\u0323"
    made = []
    for letter in text:
        parts = unicodedata.normalize("NFD", letter)
        tone = "".join(part for part in parts if part in tones)
        made.append(unicodedata.normalize("NFC", "".join(p for p in parts if p not in tones)) + tone)
    return "".join(made)


def test_one_signed_column_is_read_like_two() -> None:
    bank.mapping(amount="Số tiền", credit="", debit="")
    rows = "\n".join(
        f'{x.day:%d/%m/%Y},{x.reference},"{"-" if x.out else "+"}{x.amount:,}",{x.payer},{x.text}'
        for x in LINES
    )
    data = f"NGÀY GD,so tham chieu,Số Tiền,Người chuyển,Nội dung\n{rows}\n".encode()
    assert _facts(_read(data)) == WANTED


def test_lines_above_the_header_and_sums_below_the_table_are_passed_over() -> None:
    bank.mapping()
    data = bank.csv(
        LINES,
        before="NGÂN HÀNG NÔNG NGHIỆP;;;\nSao kê tài khoản 4700201001234;;;\n\n",
        after=";;Tổng cộng;5.000;2.039.167;;\n",
    )
    assert _facts(_read(data)) == WANTED


def test_a_call_of_a_bank_is_read_alike() -> None:
    assert _facts(_read(bank.call(LINES), call=True)) == WANTED


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("1.234.567", 1_234_567),
        ("1,234,567", 1_234_567),
        ("1,234,567.00", 1_234_567),
        ("1.234.567,0", 1_234_567),
        ("1 234 567 VND", 1_234_567),
        ("+1.000", 1000),
        ("-50.000đ", -50_000),
        ("(50.000)", -50_000),
        ("100.00", 100),
        ("7", 7),
        ("1.234.56", None),
        ("1.000.00", None),
        ("12,5", None),
        ("1.2345", None),
        ("1e6", None),
        ("", None),
        ("٣", None),
        ("9" * 40, None),
    ],
)
def test_amounts_are_whole_dong_however_they_are_written(typed: str, amount: int | None) -> None:
    assert _amount(typed) == amount


# --- Batches, what is not booked -----------------------------------------------------------------


def test_a_batch_is_a_line_for_each_transaction_in_it() -> None:
    def part(n: int, amount: int) -> str:
        return (
            f"<TxDtls><Refs><AcctSvcrRef>P{n}</AcctSvcrRef></Refs><AmtDtls><TxAmt>"
            f"<Amt Ccy='VND'>{amount}</Amt></TxAmt></AmtDtls><RmtInf><Ustrd>KH{n}</Ustrd></RmtInf></TxDtls>"
        )

    data = bank.camt([Paid("FT1", 300)]).decode()
    start, end = data.index("<TxDtls>"), data.index("</NtryDtls>")
    whole = (data[:start] + part(1, 100) + part(2, 200) + data[end:]).encode()
    assert [(x.reference, x.amount, x.text) for x in _read(whole)] == [("P1", 100, "KH1"), ("P2", 200, "KH2")]
    short = (data[:start] + part(1, 100) + part(2, 100) + data[end:]).encode()
    assert [row for row, _words in _refused(short)] == [1]


def test_what_is_only_pending_is_passed_over() -> None:
    lines = [LINES[0], replace(LINES[1], status="PDNG")]
    assert [line.reference for line in _read(bank.camt(lines))] == ["FT1"]


# --- Bad files -----------------------------------------------------------------------------------

LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><Document><BkToCstmrStmt>&c;</BkToCstmrStmt></Document>"""
OUTSIDE = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><Document><BkToCstmrStmt>&x;</BkToCstmrStmt></Document>'


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "không có nội dung"),
        (b" \n ", "không có nội dung"),
        (LAUGHS, "kiểu tài liệu"),
        (LAUGHS.decode().encode("utf-16"), "kiểu tài liệu"),
        (b"<!--" + b"x" * 5000 + b"-->" + OUTSIDE, "kiểu tài liệu"),
        (OUTSIDE, "kiểu tài liệu"),
        (bank.camt(LINES)[:-300], "bị hỏng"),
        (b"<Document><FIToFIPmtStsRpt/></Document>", "camt.053"),
        (b"<html><body>Dang nhap</body></html>", "camt.053"),
        (bank.camt([]), "bút toán"),
        (b"PK\x03\x04 a workbook", "CSV"),
        (b"%PDF-1.7", "CSV"),
        (b"\x00\x01\x02\xff\xfe\xfd" * 90, ""),
    ],
)
def test_what_is_no_statement_says_so(data: bytes, says: str) -> None:
    bank.mapping()
    problems = _refused(data)
    assert len(problems) == 1
    assert says in problems[0][1]


@pytest.mark.parametrize("place", [500, 900, 1400])
def test_xml_that_breaks_off_anywhere_is_refused(place: int) -> None:
    assert "bị hỏng" in _refused(bank.camt(LINES)[:place])[-1][1]


def test_another_account_foreign_money_and_odd_amounts_are_told_row_by_row() -> None:
    lines = [
        LINES[0],
        replace(LINES[0], reference="FT8", currency="USD"),
        LINES[1],
        replace(LINES[0], reference="FT9"),
    ]
    data = bank.camt(lines, number="1234567890").replace(b">FT9<", b"><", 1)
    told = _refused(data.replace(b">1234567.00<", b">1234567.50<"))
    assert [row for row, _words in told][:3] == [0, 2, 3]
    assert "1234567890" in told[0][1]
    assert "USD" in told[1][1]
    assert "1234567.50" in told[2][1]


def test_balances_and_sums_must_add_up() -> None:
    assert "dư" in _refused(bank.camt(LINES, closing=5))[0][1]
    torn = bank.camt(LINES).replace(b"<NbOfNtries>2<", b"<NbOfNtries>3<")
    assert "3" in _refused(torn)[0][1]


def test_a_booking_without_reference_could_count_twice_and_is_refused() -> None:
    data = bank.camt([LINES[0]]).replace(b"<AcctSvcrRef>FT1</AcctSvcrRef>", b"")
    data = data.replace(b"<NtryRef>FT1</NtryRef>", b"")
    assert [row for row, _words in _refused(data)] == [1]


def test_a_csv_tells_every_row_that_is_wrong() -> None:
    bank.mapping(currency="Tiền tệ")
    rows = [
        "15/07/2021;FT1;;804.600;AN;KH1;VND",
        "31/02/2021;FT2;;804.600;AN;KH1;VND",
        "15/07/2021;;;804.600;AN;KH1;VND",
        "15/07/2021;FT4;;80.46;AN;KH1;VND",
        "15/07/2021;FT5;1.000;1.000;AN;KH1;VND",
        "15/07/2021;FT6;;1.000;AN;KH1;USD",
        ";;;1.000;AN;KH1;VND",
        "15/07/2021;FT8;;1.000;AN;KH1;VND",
    ]
    data = (bank.HEADER + ";Tiền tệ\n" + "\n".join(rows)).encode()
    assert [row for row, _words in _refused(data)] == [3, 4, 5, 6, 7, 8]


def test_a_csv_without_the_columns_or_with_none_saved_says_which() -> None:
    assert "Agribank" in _refused(bank.csv(LINES))[0][1]
    bank.mapping()
    assert "Ghi có" in _refused(bank.csv(LINES).replace("Ghi có".encode(), b"Credit"))[0][1]


def test_so_much_wrong_is_not_read_to_its_end() -> None:
    bank.mapping()
    data = (bank.HEADER + "\n" + "x;FT;;1;;\n" * 5000).encode()
    assert len(_refused(data)) <= 202


def test_nothing_of_a_file_with_one_bad_row_is_taken_in(clerk: User) -> None:
    bank.mapping()
    bank.order(1, payer=bank.citizen())
    before = Posting.objects.count()
    data = bank.csv([*LINES, replace(LINES[0], reference="FT4", amount=0)])
    with pytest.raises(FileRefused):
        bank.take(data, actor=clerk)
    assert Posting.objects.count() == before
    assert not StatementLine.objects.exists()
