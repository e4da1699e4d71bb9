"""Lines of statements reach the ledger once, and the orders they pay."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from payments import contributions, ledger
from payments.models import (
    Account,
    ContributionOrder,
    Entry,
    Posting,
    Settlement,
    StatementFile,
    StatementLine,
    SuspenseItem,
    WebhookCall,
)
from portal import outbox
from portal.models import OutboxMessage, User
from tests.payments import statements as bank
from tests.payments.statements import Paid

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def receipts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Receipts are made by whoever registers for them."""
    monkeypatch.setitem(outbox.handlers, "payments.receipt", lambda message: None)


def _states() -> dict[str, str]:
    return dict(ContributionOrder.objects.values_list("reference", "state"))


def _waiting() -> list[tuple[str, str, int]]:
    found = SuspenseItem.objects.order_by("line__reference").values_list("line__reference", "reason", "left")
    return [(reference, reason, int(left)) for reference, reason, left in found]


def test_an_exact_transfer_pays_its_order_and_asks_for_the_receipt(clerk: User, citizen: User) -> None:
    order = bank.order(1, 804_600, payer=citizen)
    file = bank.take(bank.camt([Paid("B1", 804_600, "Nop tien KH00000000001 cam on")]), actor=clerk)
    order.refresh_from_db()
    assert (file.state, file.outcome["settled"], file.outcome["suspense"]) == ("taken", 1, 0)
    assert (order.state, order.paid) == ("paid", 804_600)
    assert bank.balances() == {"bank": 804_600, "fund": -804_600}
    assert Posting.objects.filter(kind="received", document_kind="statementline").count() == 1
    assert Settlement.objects.get().order == order
    assert OutboxMessage.objects.filter(topic="payments.receipt", payload={"order": order.pk}).count() == 1


@pytest.mark.parametrize(
    "text",
    [
        "kh00000000001",
        "KH 0000 0000 001",
        "Đóng BHYT K.H-00000000001 Nguyễn",
        "MBVCB.123.NOP BHYT KH00000000001.CT tu 007 toi 470",
    ],
)
def test_banks_and_people_may_space_and_capitalise_the_reference(
    text: str, clerk: User, citizen: User
) -> None:
    bank.order(1, payer=citizen)
    bank.take(bank.camt([Paid("B1", 804_600, text)]), actor=clerk)
    assert _states() == {"KH00000000001": "paid"}


def test_what_is_not_exact_waits_with_its_reason(clerk: User, citizen: User) -> None:
    for number in range(1, 6):
        bank.order(number, 100_000, payer=citizen)
    ContributionOrder.objects.filter(reference="KH00000000004").update(state="expired")
    bank.take(
        bank.camt(
            [
                Paid("B1", 100_000, "KH00000000001"),
                Paid("B2", 100_000, "KH00000000001"),
                Paid("B3", 60_000, "KH00000000002"),
                Paid("B4", 150_000, "KH00000000003"),
                Paid("B5", 100_000, "KH00000000004"),
                Paid("B6", 100_000, "tien an trua"),
                Paid("B7", 200_000, "KH00000000003 KH00000000005"),
                Paid("B8", 70_000, "phi", out=True),
            ]
        ),
        actor=clerk,
    )
    assert _waiting() == [
        ("B2", "double", 100_000),
        ("B3", "under", 60_000),
        ("B4", "over", 150_000),
        ("B5", "late", 100_000),
        ("B6", "unknown", 100_000),
        ("B7", "several", 200_000),
    ]
    assert bank.balances() == {
        "bank": 810_000,
        "receivable": 400_000,
        "suspense": -710_000,
        "fund": -500_000,
    }
    assert {row.payer_account for row in SuspenseItem.objects.all()} == {"0071000123456"}


def test_an_order_is_found_by_amount_and_payer_where_no_other_could_be_meant(
    clerk: User, citizen: User, stranger: User
) -> None:
    bank.order(1, 500_000, payer=citizen)
    bank.order(2, 500_000, payer=stranger)
    plain = contributions_name(citizen)
    bank.take(bank.camt([Paid("B1", 500_000, "dong bao hiem", payer=plain)]), actor=clerk)
    assert _states() == {"KH00000000001": "paid", "KH00000000002": "open"}
    assert Settlement.objects.get().how == "payer"


def contributions_name(user: User) -> str:
    from portal.text import bank_name

    return bank_name(user.full_name)


@pytest.mark.parametrize("twice", ["orders", "lines"])
def test_amount_and_payer_that_fit_twice_pay_nothing(twice: str, clerk: User, citizen: User) -> None:
    bank.order(1, 500_000, payer=citizen)
    if twice == "orders":
        bank.order(2, 500_000, payer=citizen)
    lines = [Paid("B1", 500_000, payer=citizen.full_name), Paid("B2", 500_000, payer=citizen.full_name)]
    bank.take(bank.camt(lines[: 1 if twice == "orders" else 2]), actor=clerk)
    assert set(_states().values()) == {"open"}
    assert {reason for _line, reason, _left in _waiting()} == {"unknown"}


def test_an_order_to_another_account_is_not_paid_from_this_one(clerk: User, citizen: User) -> None:
    elsewhere = bank.account("9999999999", office="ninh-hoa")
    bank.order(1, payer=citizen, to=elsewhere)
    bank.order(2, payer=citizen)
    bank.take(bank.camt([Paid("B1", 804_600, "KH00000000001")]), actor=clerk)
    assert _states()["KH00000000001"] == "open"
    assert _waiting() == [("B1", "unknown", 804_600)]


def test_money_of_ours_that_came_back_pays_no_order(clerk: User, citizen: User) -> None:
    bank.order(1, payer=citizen)
    data = bank.camt([Paid("B1", 804_600, "KH00000000001")])
    data = data.replace(b"<RmtInf>", b"<RtrInf><Rsn><Cd>AC01</Cd></Rsn></RtrInf><RmtInf>")
    bank.take(data, actor=clerk)
    assert _waiting() == [("B1", "return", 804_600)]


# --- Once ----------------------------------------------------------------------------------------


def test_the_same_file_is_taken_in_once(clerk: User, citizen: User) -> None:
    bank.order(1, payer=citizen)
    data = bank.camt([Paid("B1", 804_600, "KH00000000001"), Paid("B2", 5_000)])
    first, again = (bank.take(data, actor=clerk) for _time in range(2))
    assert first == again
    assert (StatementFile.objects.count(), StatementLine.objects.count()) == (1, 2)
    assert bank.balances() == {"bank": 809_600, "suspense": -5_000, "fund": -804_600}


def test_the_same_line_in_two_files_is_in_the_ledger_once(clerk: User, citizen: User) -> None:
    bank.mapping()
    bank.order(1, payer=citizen)
    lines = [Paid("B1", 804_600, "KH00000000001"), Paid("B2", 5_000)]
    bank.take(bank.camt(lines[:1], version="camt.054.001.08"), actor=clerk)
    second = bank.take(bank.camt(lines), actor=clerk)
    third = bank.take(bank.csv(lines), actor=clerk, name="sao-ke.csv")
    assert (second.outcome["new"], second.outcome["known"]) == (1, 1)
    assert (third.outcome["new"], third.outcome["known"]) == (0, 2)
    assert bank.balances() == {"bank": 809_600, "suspense": -5_000, "fund": -804_600}


def test_the_same_line_twice_in_one_file_counts_once(clerk: User, citizen: User) -> None:
    bank.order(1, payer=citizen)
    line = Paid("B1", 804_600, "KH00000000001")
    file = bank.take(bank.camt([line, line]), actor=clerk)
    assert (file.outcome["new"], file.outcome["known"]) == (1, 1)
    assert bank.balances() == {"bank": 804_600, "fund": -804_600}


@pytest.mark.parametrize("where", ["one file", "two files"])
def test_a_reference_with_another_amount_is_refused_with_its_row(
    where: str, clerk: User, citizen: User
) -> None:
    bank.order(1, payer=citizen)
    lines = [Paid("B1", 10_000), Paid("B3", 804_600, "KH00000000001"), Paid("B1", 20_000)]
    if where == "two files":
        bank.take(bank.camt(lines[:1]), actor=clerk)
    before = (Posting.objects.count(), StatementLine.objects.count())
    file = bank.take(bank.camt(lines if where == "one file" else lines[1:]), actor=clerk)
    assert file.state == "refused"
    assert [row for row, _words in file.outcome["problems"]] == [3 if where == "one file" else 2]
    assert (Posting.objects.count(), StatementLine.objects.count()) == before
    assert _states() == {"KH00000000001": "open"}


def test_a_rehearsal_says_what_would_come_of_it_and_does_nothing(clerk: User, citizen: User) -> None:
    from payments.statements import taking

    bank.order(1, payer=citizen)
    data = bank.camt([Paid("B1", 804_600, "KH00000000001"), Paid("B2", 5_000)])
    file, _new = taking.check("a.xml", data, bank.account(), actor=clerk, now=timezone.now())
    told = taking.rehearse(file, now=timezone.now())
    assert (told["new"], told["settled"], told["suspense"]) == (2, 1, 1)
    assert not StatementLine.objects.exists()
    assert _states() == {"KH00000000001": "open"}


def test_a_long_file_is_taken_in_by_a_worker(
    clerk: User, citizen: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from payments.statements import taking

    monkeypatch.setattr(taking, "AT_ONCE", 1)
    bank.order(1, payer=citizen)
    data = bank.camt([Paid("B1", 804_600, "KH00000000001"), Paid("B2", 5_000)])
    file, _new = taking.check("a.xml", data, bank.account(), actor=clerk, now=timezone.now())
    assert taking.order(file, now=timezone.now()).state == "queued"
    assert taking.order(file, now=timezone.now()).state == "queued"
    assert not StatementLine.objects.exists()
    outbox.drain()
    file.refresh_from_db()
    assert file.state == "taken"
    assert _states() == {"KH00000000001": "paid"}


# --- Sets say what single orders say -------------------------------------------------------------


def _told(order: ContributionOrder) -> dict[str, Any]:
    """All that is kept of a settled order, without numbers of rows."""
    order.refresh_from_db()
    posting = Posting.objects.get(kind="settled", document_kind="contributionorder", document_id=order.pk)
    message = OutboxMessage.objects.get(topic="payments.receipt", payload__order=order.pk)
    return {
        "order": [order.state, order.paid, order.closed_at is not None],
        "posting": [posting.office_id, posting.posted_by_id, posting.note.split()[0]],
        "entries": sorted(posting.entries.values_list("account", "bank_account", "amount")),
        "message": [message.about, message.state, message.key == posting.key, sorted(message.payload)],
        "people": list(order.people.values("card_from", "card_to", "first_month", "last_month")),
    }


@pytest.mark.parametrize("quote", [{}, {"card_ends": []}])
def test_settling_in_sets_says_what_settling_one_order_says(
    quote: dict[str, Any], clerk: User, citizen: User
) -> None:
    one, other = (bank.order(number, payer=citizen, quote=quote) for number in (1, 2))
    bank.take(bank.camt([Paid("B1", 804_600, one.reference), Paid("B2", 804_600)]), actor=clerk)
    line = StatementLine.objects.get(reference="B2")
    contributions.settle(
        other.pk, other.amount, line=line, key="k", now=timezone.now(), paid_on=line.booked_on
    )
    assert _told(one) == _told(other)


def test_postings_of_sets_are_those_the_ledger_makes(clerk: User) -> None:
    bank.take(bank.camt([Paid("B1", 5_000)]), actor=clerk)
    line, to = StatementLine.objects.get(), bank.account()
    made = Posting.objects.get(document_kind="statementline")
    with transaction.atomic():
        came = ledger.transfer(line.amount, debit=Account.BANK, credit=Account.SUSPENSE, bank_account=to)
        again = ledger.post("received", came, office=to.office, document=line, key="x", now=timezone.now())

    def told(posting: Posting) -> list[Any]:
        entries = Entry.objects.filter(posting=posting).order_by("account")
        return [
            posting.kind,
            posting.document_id,
            list(entries.values_list("account", "bank_account", "amount")),
        ]

    assert told(made) == told(again)


# --- History -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rows",
    [
        lambda: StatementLine.objects.all(),
        lambda: Settlement.objects.all(),
        lambda: WebhookCall.objects.all(),
    ],
)
@pytest.mark.parametrize("how", ["update", "delete"])
def test_what_the_bank_said_is_never_changed(
    rows: Callable[[], Any], how: str, clerk: User, citizen: User
) -> None:
    bank.order(1, payer=citizen)
    bank.take(bank.camt([Paid("B1", 804_600, "KH00000000001")]), actor=clerk)
    now = timezone.now()
    WebhookCall.objects.create(bank_id="970405", event="E", sent_at=now, received_at=now, body=b"x")
    changed = {"event": "F"} if rows().model is WebhookCall else {"amount": 1}
    with pytest.raises(DatabaseError), transaction.atomic():
        rows().update(**changed) if how == "update" else rows()._raw_delete("default")
