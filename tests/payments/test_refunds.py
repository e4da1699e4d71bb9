"""A refund from the citizen's page through agent, office and second person to the account."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from payments import ledger, refund_payments, refunds
from payments.models import Account, Posting, Refund
from portal import outbox
from portal.models import AccessLog, Notice, Organisation, User
from portal.sealing import opened
from procedures import offices, rates, workflow
from procedures.models import AgentArea, Dossier, LegalFigure
from procedures.workflow import MoveRefused
from tests import reference, refunding

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
DESK = "/quan-tri/payments/refund/"
ACCOUNT = {
    "bank": "970436",
    "account_number": "0071001234567",
    "account_again": "0071001234567",
    "key": "k",
}


@pytest.fixture
def agent(clerk: User) -> User:
    return refunding.agent(clerk)


@pytest.fixture
def dossier(citizen: User, agent: User) -> Dossier:
    """With the agent."""
    return refunding.filed(citizen, agent, receipt_no="BL1")


@pytest.fixture
def examined(dossier: Dossier, agent: User, clerk: User) -> Dossier:
    """Confirmed by the agent, proposed by the clerk."""
    refunding.confirmed(dossier, agent)
    refunding.proposed(dossier, clerk)
    return Dossier.objects.get(pk=dossier.pk)


@pytest.fixture
def owed(examined: Dossier, supervisor: User) -> Refund:
    refunding.approved(examined, supervisor)
    return refunding.refund_of(examined)


def state_of(dossier: Dossier) -> str:
    return Dossier.objects.get(pk=dossier.pk).state


# --- Filing --------------------------------------------------------------------------------------


def test_a_filed_refund_waits_with_the_agent_whom_it_is_told_and_no_day_is_promised(
    dossier: Dossier, agent: User
) -> None:
    assert (dossier.state, dossier.agent, dossier.due_at) == ("with_agent", agent.organisation, None)
    assert Notice.objects.get(user=agent).kind == "agent_task"
    refund = refunding.refund_of(dossier)
    assert (refund.product, refund.paid_amount, refund.confirmed_at) == ("household", 804_600, None)


def test_without_an_agent_the_office_has_it_at_once(citizen: User) -> None:
    dossier = refunding.filed(citizen)
    assert (dossier.state, dossier.agent) == ("submitted", None)
    assert dossier.due_at is not None
    assert refunding.refund_of(dossier).state == "open"


def test_the_citizen_chooses_among_the_agents_of_the_ward(
    citizen: User, clerk: User, sign_in: SignIn
) -> None:
    near, far = refunding.agent(clerk), refunding.agent(clerk, code="DL002", ward="22366")
    ended = refunding.agent(clerk, code="DL003")
    AgentArea.objects.filter(agent__user=ended).update(valid_to=timezone.localdate() - timedelta(days=1))
    unconfirmed = refunding.agent(clerk, code="DL004")
    Organisation.objects.filter(user=unconfirmed).update(confirmed_at=None, confirmed_by=None)
    client = sign_in(citizen)
    client.post("/thu-tuc/health-insurance-only/bat-dau/?truong-hop=refund")
    draft = Dossier.objects.get(owner=citizen)
    Dossier.objects.update(typed={**draft.typed, "ward": refunding.WARD, "case": "refund"})
    page = client.get(f"/ho-so/{draft.draft_code}/buoc/hoan-tra/").content.decode()
    assert near.full_name in page
    assert not [one for one in (far, ended, unconfirmed) if one.full_name in page]
    sent = client.post(
        f"/ho-so/{draft.draft_code}/buoc/hoan-tra/", {"collecting_agent": str(far.organisation.pk)}
    )
    assert "collecting_agent" in sent.context["form"].errors


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"account_again": "4700201001235"}, "account_again"),
        ({"account_number": "9704050000000005", "account_again": "9704050000000005"}, "account_number"),
        ({"account_holder": "LÊ THỊ HẠNH"}, "account_holder"),
        (
            {"ground": "death_before_valid", "refundee_name": "LÊ VĂN A", "account_holder": "LÊ VĂN A"},
            "account_holder",
        ),
    ],
)
def test_an_account_that_is_mistyped_a_card_or_somebody_elses_is_refused(
    typed: dict[str, str], field: str, citizen: User
) -> None:
    from procedures import dossiers
    from tests import answers

    definition = next(d for d in reference.shipped() if d.slug == "health-insurance-only")
    draft = answers.make_draft(definition, "refund", citizen, timezone.localdate(), **typed)
    wrong = [name for form in dossiers.review(draft, timezone.localdate()).forms for name in form.errors]
    assert field in wrong


# --- The estimate --------------------------------------------------------------------------------


def test_the_estimate_shows_its_steps_as_a_page_and_as_a_fragment(dossier: Dossier, sign_in: SignIn) -> None:
    client, url = sign_in(dossier.owner), f"/hoan-tien/{dossier.code}/uoc-tinh/"
    page = client.get(url).content.decode()
    assert "335.250 đ" in page
    assert "67.050 đ" in page
    part = client.get(url, headers={"HX-Request": "true", "HX-Target": "estimate"}).content.decode()
    assert "335.250 đ" in part
    assert "<html" not in part
    assert url in client.get(f"/ho-so/{dossier.code}/").content.decode()


def test_an_estimate_without_the_interest_names_the_figure_to_load(citizen: User, sign_in: SignIn) -> None:
    given = {"paid_method": "NN", "paid_to": "12/2022", "ground": "moved_to_compulsory"}
    dossier = refunding.filed(citizen, slug="voluntary-insurance", **given)
    page = sign_in(citizen).get(f"/hoan-tien/{dossier.code}/uoc-tinh/").content.decode()
    assert "voluntary.r" in page
    assert "01/01/2021" in page


def test_what_asks_for_no_refund_has_no_estimate(filed: Dossier, sign_in: SignIn) -> None:
    assert sign_in(filed.owner).get(f"/hoan-tien/{filed.code}/uoc-tinh/").status_code == 404


# --- The agent's desk ----------------------------------------------------------------------------

CONFIRMED = {
    "receipt_no": "BL0001",
    "first_month": "1",
    "first_year": "2021",
    "last_month": "12",
    "last_year": "2021",
    "method": "12",
    "amount": "804.600",
    "key": "c",
}


def test_the_agent_confirms_and_the_office_gets_it_with_a_day(
    dossier: Dossier, agent: User, sign_in: SignIn
) -> None:
    client, pk = sign_in(agent), refunding.refund_of(dossier).pk
    assert str(dossier.code) in client.get("/dai-ly/").content.decode()
    assert client.get(f"/dai-ly/{pk}/").status_code == 200
    for _press in range(2):
        assert client.post(f"/dai-ly/{pk}/xac-nhan/", CONFIRMED).status_code == 303
    refund = refunding.refund_of(dossier)
    assert (refund.confirmed_by, refund.receipt_no, state_of(dossier)) == (agent, "BL0001", "submitted")
    assert Dossier.objects.get(pk=dossier.pk).due_at is not None
    event = dossier.events.get(action="agent_confirm")
    assert (event.actor, event.role, event.facts["months"]) == (agent, "agent", 12)
    assert workflow.verify_history(Dossier.objects.get(pk=dossier.pk)) == []


def test_the_agent_sees_what_the_task_needs_and_nothing_else(
    dossier: Dossier, agent: User, sign_in: SignIn
) -> None:
    client = sign_in(agent)
    page = client.get(f"/dai-ly/{refunding.refund_of(dossier).pk}/").content.decode()
    assert dossier.owner.full_name in page
    for hidden in (opened(dossier.answers["account_number"]), dossier.phone, dossier.answers["street"]):
        assert hidden not in page
    assert client.get(f"/ho-so/{dossier.code}/").status_code == 404
    assert AccessLog.objects.filter(user=agent, about=dossier.code).exists()


def test_wrong_figures_of_the_agent_are_told_at_the_field_and_kept(
    dossier: Dossier, agent: User, sign_in: SignIn
) -> None:
    pk = refunding.refund_of(dossier).pk
    wrong = {**CONFIRMED, "last_year": "2020", "receipt_no": "BL7777"}
    answer = sign_in(agent).post(f"/dai-ly/{pk}/xac-nhan/", wrong)
    assert answer.status_code == 422
    assert "last" in answer.context["confirming"].errors
    assert "BL7777" in answer.content.decode()
    assert state_of(dossier) == "with_agent"


def test_the_agent_sends_back_the_citizen_answers_and_the_agent_is_told_again(
    dossier: Dossier, agent: User, sign_in: SignIn
) -> None:
    pk, citizen = refunding.refund_of(dossier).pk, sign_in(dossier.owner)
    assert sign_in(agent).post(f"/dai-ly/{pk}/tra-lai/", {"reason": "", "key": "r"}).status_code == 422
    sign_in(agent).post(f"/dai-ly/{pk}/tra-lai/", {"reason": "Thiếu biên lai quý 2.", "key": "r"})
    assert state_of(dossier) == "agent_returned"
    page = citizen.get(f"/ho-so/{dossier.code}/").content.decode()
    assert "Thiếu biên lai quý 2." in page
    assert agent.full_name in page
    assert f"/hoan-tien/{dossier.code}/tra-loi/" in page
    assert "Thiếu biên lai" in citizen.get(f"/hoan-tien/{dossier.code}/tra-loi/").content.decode()
    citizen.post(f"/hoan-tien/{dossier.code}/tra-loi/", {"message": "Tôi đã nộp ngày 5/4.", "key": "m"})
    outbox.drain()
    assert state_of(dossier) == "with_agent"
    assert Notice.objects.filter(user=agent, kind="agent_task").count() == 2
    assert "Tôi đã nộp ngày 5/4." in sign_in(agent).get(f"/dai-ly/{pk}/").content.decode()


def test_another_agent_and_one_not_confirmed_any_more_see_no_task(
    dossier: Dossier, agent: User, clerk: User, sign_in: SignIn
) -> None:
    pk, other = refunding.refund_of(dossier).pk, refunding.agent(clerk, code="DL002")
    client = sign_in(other)
    assert str(dossier.code) not in client.get("/dai-ly/").content.decode()
    for path in ("", "xac-nhan/", "tra-lai/", "bien-lai/1/"):
        assert client.get(f"/dai-ly/{pk}/{path}").status_code == 404
        assert client.post(f"/dai-ly/{pk}/{path}", CONFIRMED).status_code in {404, 405}
    with pytest.raises(MoveRefused):
        workflow.move(dossier, "agent_confirm", actor=other, key="x")
    Organisation.objects.filter(user=agent).update(confirmed_at=None, confirmed_by=None)
    assert sign_in(agent).get("/dai-ly/").status_code == 403
    assert sign_in(agent).get(f"/dai-ly/{pk}/").status_code == 404
    assert state_of(dossier) == "with_agent"


def test_the_agent_opens_the_receipt_and_no_other_file(
    dossier: Dossier, agent: User, sign_in: SignIn
) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    from procedures import attachments
    from tests.answers import PHOTO

    receipt, other = (
        attachments.attach(
            dossier, slug, SimpleUploadedFile("a.jpg", PHOTO + slug.encode()), actor=dossier.owner
        )
        for slug in ("receipt", "other")
    )
    client, pk = sign_in(agent), refunding.refund_of(dossier).pk
    assert client.get(f"/dai-ly/{pk}/bien-lai/{receipt.pk}/")["Content-Type"].startswith("image/")
    assert client.get(f"/dai-ly/{pk}/bien-lai/{other.pk}/").status_code == 404


@pytest.mark.parametrize(("kind", "starts"), [("pdf", b"%PDF"), ("xlsx", b"PK")])
def test_the_month_is_a_list_of_what_the_agent_confirmed(
    kind: str, starts: bytes, dossier: Dossier, agent: User, clerk: User, sign_in: SignIn
) -> None:
    from payments import agent_lists

    refunding.confirmed(dossier, agent)
    today = timezone.localdate()
    listed = agent_lists.of_month(agent.organisation, "d03", today.replace(day=1))
    assert [row[1] for row in listed.rows] == [dossier.code]
    assert agent_lists.of_month(agent.organisation, "d05", today.replace(day=1)).rows == []
    other = refunding.agent(clerk, code="DL002")
    assert agent_lists.of_month(other.organisation, "d03", today.replace(day=1)).rows == []
    file = sign_in(agent).get(f"/dai-ly/danh-sach/d03-{today.year}-{today.month}.{kind}")
    assert file.content.startswith(starts)
    assert sign_in(agent).get(f"/dai-ly/danh-sach/d04-{today.year}-{today.month}.{kind}").status_code == 404


def test_the_desk_of_an_agent_takes_as_many_queries_for_many_tasks_as_for_one(
    dossier: Dossier, agent: User, stranger: User, sign_in: SignIn
) -> None:
    client = sign_in(agent)

    def count() -> int:
        offices.forget_closures()  # or their query comes along once in five seconds
        with CaptureQueriesContext(connection) as captured:
            client.get("/dai-ly/")
        return len(captured)

    count()
    one = count()
    for ground in ("new_group", "duplicate"):
        refunding.filed(stranger, agent, ground=ground)
    assert count() == one


# --- The office ----------------------------------------------------------------------------------


def test_the_office_proposes_another_approves_and_the_ledger_owes_it(
    dossier: Dossier, agent: User, clerk: User, supervisor: User, sign_in: SignIn
) -> None:
    refunding.confirmed(dossier, agent)
    workflow.move(Dossier.objects.get(pk=dossier.pk), "accept", actor=clerk, key="a")
    pk = refunding.refund_of(dossier).pk
    page = sign_in(clerk).get(f"{DESK}{pk}/change/").content.decode()
    assert 'value="335250"' in page
    sent = sign_in(clerk).post(f"{DESK}{pk}/viec/de-xuat/", {"amount": "335.250", "key": "p"})
    assert sent.status_code == 303
    assert state_of(dossier) == "proposed"
    for _press in range(2):
        sign_in(supervisor).post(f"{DESK}{pk}/viec/duyet/", {"seen": "335250", "key": "a2"})
    refund = refunding.refund_of(dossier)
    assert (refund.state, state_of(dossier)) == ("approved", "approved")
    posting = ledger.postings_of(refund).get()
    assert posting.kind == "refund_decided"
    assert {e.account: e.amount for e in posting.entries.all()} == {"fund": 335_250, "refunds": -335_250}
    assert refund.payment is not None
    assert (refund.payment.amount, refund.payment.payee) == (335_250, refund.payee)
    assert (refund.payment.account_number, refund.payment.source) == ("4700201001234", "refund")


def test_an_amount_that_is_not_the_calculated_one_needs_a_reason(
    dossier: Dossier, agent: User, clerk: User, sign_in: SignIn
) -> None:
    refunding.confirmed(dossier, agent)
    workflow.move(Dossier.objects.get(pk=dossier.pk), "accept", actor=clerk, key="a")
    url = f"{DESK}{refunding.refund_of(dossier).pk}/viec/de-xuat/"
    refused = sign_in(clerk).post(url, {"amount": "300.000", "key": "p"})
    assert refused.status_code == 422
    assert 'value="300.000"' in refused.content.decode()
    assert (
        sign_in(clerk).post(url, {"amount": "300.000", "note": "Thẻ từ 15/8.", "key": "p"}).status_code == 303
    )
    assert refunding.refund_of(dossier).steps[-1] == {"words": "Thẻ từ 15/8.", "amount": 300_000}


def test_nobody_approves_what_he_proposed_not_even_in_the_database(
    dossier: Dossier, agent: User, supervisor: User, sign_in: SignIn
) -> None:
    refunding.confirmed(dossier, agent)
    refunding.proposed(dossier, supervisor)
    refund = refunding.refund_of(dossier)
    with pytest.raises(MoveRefused):
        refunding.approved(dossier, supervisor)
    with pytest.raises(IntegrityError), transaction.atomic():
        Refund.objects.filter(pk=refund.pk).update(approved_by=supervisor)
    assert not Posting.objects.exists()
    assert state_of(dossier) == "proposed"


def test_more_than_was_confirmed_is_not_proposed_nor_kept_by_the_database(
    dossier: Dossier, agent: User, clerk: User
) -> None:
    refunding.confirmed(dossier, agent, amount=300_000)
    with pytest.raises(MoveRefused, match=r"300\.000 đ"):
        refunding.proposed(dossier, clerk)
    refund = refunding.refund_of(dossier)
    with pytest.raises(IntegrityError), transaction.atomic():
        Refund.objects.filter(pk=refund.pk).update(amount=300_001)


def test_a_payment_nobody_confirmed_needs_what_the_receipt_says(citizen: User, clerk: User) -> None:
    dossier = refunding.filed(citizen)
    with pytest.raises(MoveRefused) as refused:
        refunding.proposed(dossier, clerk, found=None)
    assert refused.value.field == "found"


def test_the_payment_this_portal_received_is_what_counts(
    dossier: Dossier, agent: User, clerk: User, supervisor: User, citizen: User, stranger: User
) -> None:
    refunding.confirmed(dossier, agent, amount=5_000_000)
    person = refunding.order_of(citizen, amount=335_249)
    with pytest.raises(MoveRefused, match=r"335\.249"):
        refunding.proposed(dossier, clerk, person=person)
    unpaid = refunding.order_of(citizen, paid=False, key="u")
    refund = refunding.refund_of(dossier)
    more = {"actor": clerk, "now": timezone.now(), "steps": []}
    for wrong in (unpaid, refunding.order_of(stranger, key="s")):
        with pytest.raises(MoveRefused) as refused:
            refunds.propose(refund, Decimal(1000), key="x", person=wrong, **more)
        assert refused.value.field == "person"
    refunds.propose(refund, Decimal(335_249), key="y", person=person, **more)
    refunding.approved(dossier, supervisor)
    refund = refunding.refund_of(dossier)
    assert (refund.paid_amount, refunds.left(refund)) == (335_249, 335_249)


def test_a_second_dossier_gets_no_more_than_the_first_left(
    examined: Dossier, agent: User, clerk: User, supervisor: User, citizen: User
) -> None:
    refunding.approved(examined, supervisor)
    second = refunding.filed(citizen, agent)
    refunding.confirmed(second, agent)
    with pytest.raises(MoveRefused, match=r"469\.350 đ"):
        refunding.proposed(second, clerk, 469_351)
    refund = refunding.refund_of(second)
    refunds.propose(refund, Decimal(469_350), actor=clerk, key="z", now=timezone.now(), steps=[])


def test_who_paid_twice_gets_the_second_payment_back_after_a_part_of_the_first(
    examined: Dossier, agent: User, clerk: User, supervisor: User, citizen: User
) -> None:
    first, second = refunding.order_of(citizen, key="a"), refunding.order_of(citizen, key="b")
    workflow.move(examined, "send_back", actor=supervisor, key="s", note="Chọn khoản đóng.")
    more = {"actor": clerk, "now": timezone.now(), "steps": []}
    refund = refunding.refund_of(examined)
    refunds.propose(refund, Decimal(335_250), key="p2", person=first, **more)
    refunding.approved(examined, supervisor)
    again = refunding.filed(citizen, agent, ground="duplicate", ground_date="01/01/2021")
    refunding.confirmed(again, agent)
    with pytest.raises(MoveRefused):
        refunding.proposed(again, clerk, 804_600, person=first)
    refunds.propose(refunding.refund_of(again), Decimal(804_600), key="p3", person=second, **more)


def test_a_role_approves_up_to_its_limit_and_without_one_nothing(examined: Dossier, supervisor: User) -> None:
    row = LegalFigure.objects.get(name="refund.cap")
    LegalFigure.objects.filter(pk=row.pk).update(value={"supervisor": 335_249, "director": 10**9})
    rates._figure.cache_clear()
    with pytest.raises(MoveRefused, match=r"335\.249 đ"):
        refunding.approved(examined, supervisor)
    row.delete()
    rates._figure.cache_clear()
    with pytest.raises(MoveRefused, match=r"refund\.cap"):
        refunding.approved(examined, supervisor)
    assert not Posting.objects.exists()


def test_the_dossier_desk_neither_proposes_nor_approves_a_refund_without_its_amount(
    dossier: Dossier, agent: User, clerk: User, supervisor: User
) -> None:
    refunding.confirmed(dossier, agent)
    fresh = Dossier.objects.get(pk=dossier.pk)
    workflow.move(fresh, "accept", actor=clerk, key="a")
    with pytest.raises(MoveRefused):
        workflow.move(fresh, "propose", actor=clerk, key="b")
    workflow.move(fresh, "propose_rejection", actor=clerk, key="c", note="Không đủ điều kiện.")
    with pytest.raises(MoveRefused):
        workflow.move(fresh, "approve", actor=supervisor, key="d")
    workflow.move(
        fresh, "reject", actor=supervisor, key="e", note="Lý do.", facts={"legal_basis": "QĐ 595 Đ.20"}
    )
    assert refunding.refund_of(dossier).state == "open"


def test_what_is_proposed_for_rejection_is_not_approved_with_an_older_amount(
    examined: Dossier, clerk: User, supervisor: User
) -> None:
    workflow.move(examined, "send_back", actor=supervisor, key="s", note="Xem lại.")
    workflow.move(examined, "propose_rejection", actor=clerk, key="r", note="Thẻ cũ còn dùng.")
    with pytest.raises(MoveRefused):
        refunding.approved(examined, supervisor)


def test_another_office_sees_no_refund_and_the_province_looks_on(
    examined: Dossier, other_clerk: User, director: User, administrator: User, sign_in: SignIn
) -> None:
    pk = refunding.refund_of(examined).pk
    client = sign_in(other_clerk)
    assert str(examined.code) not in client.get(DESK).content.decode()
    assert client.get(f"{DESK}{pk}/change/").status_code == 404
    assert client.post(f"{DESK}{pk}/viec/duyet/", {"seen": "335250"}).status_code == 404
    for person in (director, administrator):
        assert sign_in(person).get(f"{DESK}{pk}/change/").status_code == 200
        assert sign_in(person).post(f"{DESK}{pk}/viec/duyet/", {"seen": "335250"}).status_code == 403
    assert AccessLog.objects.filter(user=director, about=examined.code, what="refund").exists()


def test_who_approves_a_refund_reads_the_whole_account_number_and_that_is_recorded(
    examined: Dossier, clerk: User, supervisor: User, director: User, sign_in: SignIn
) -> None:
    refund, read = refunding.refund_of(examined), AccessLog.objects.filter(what="refund, account whole")
    here = f"{DESK}{refund.pk}/change/"
    for looks_on in (clerk, director):
        assert refund.account_number not in sign_in(looks_on).get(here).content.decode()
    assert not read.exists()
    assert refund.account_number in sign_in(supervisor).get(here).content.decode()
    assert read.get().user == supervisor


def test_the_desk_takes_as_many_queries_for_many_refunds_as_for_one(
    examined: Dossier, agent: User, clerk: User, stranger: User, sign_in: SignIn
) -> None:
    client = sign_in(clerk)

    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(DESK)
        return len(captured)

    count()
    one = count()
    for ground in ("new_group", "duplicate"):
        refunding.filed(stranger, agent, ground=ground)
    assert count() == one


# --- The money -----------------------------------------------------------------------------------


def test_what_the_bank_paid_ends_the_dossier_once(owed: Refund) -> None:
    refunding.bank_says(owed, "paid")
    refunding.bank_says(owed, "paid")
    dossier = Dossier.objects.get(pk=owed.dossier_id)
    assert (refunding.refund_of(dossier).state, dossier.state, dossier.final) == ("paid", "paid", True)
    assert dossier.events.filter(action="note_paid").count() == 1
    assert Notice.objects.filter(user=dossier.owner, kind="payment_made").count() == 1


def test_what_the_bank_refused_goes_to_the_account_the_citizen_corrects(
    owed: Refund, citizen: User, sign_in: SignIn
) -> None:
    first = refunding.bank_says(owed, "rejected", "Sai số tài khoản")
    code, client = owed.dossier.code, sign_in(citizen)
    assert (refunding.refund_of(owed.dossier).state, state_of(owed.dossier)) == ("failed", "account_wanted")
    assert "Sai số tài khoản" in client.get(f"/ho-so/{code}/").content.decode()
    url, holder = f"/ho-so/{code}/tai-khoan-nhan/", {"account_holder": citizen.full_name}
    assert client.post(url, {**ACCOUNT, "account_holder": "LÊ THỊ HẠNH"}).status_code == 422
    for _press in range(2):
        assert client.post(url, {**ACCOUNT, **holder}).status_code == 303
    assert state_of(owed.dossier) == "approved"
    second = refunds.payments_of(owed)[-1]
    assert (second.follows, second.account_number) == (first, "0071001234567")
    assert ledger.balance(Account.REFUNDS) == -335_250
    refunding.bank_says(owed, "paid")
    assert (refunding.refund_of(owed.dossier).state, state_of(owed.dossier)) == ("paid", "paid")


def test_a_late_word_about_an_order_that_was_replaced_changes_nothing(
    owed: Refund, citizen: User, sign_in: SignIn
) -> None:
    first = refunding.bank_says(owed, "rejected", "x")
    sent = {**ACCOUNT, "account_holder": citizen.full_name}
    sign_in(citizen).post(f"/ho-so/{owed.dossier.code}/tai-khoan-nhan/", sent)
    refunding.bank_says(owed, "paid")
    refund_payments.settle(first)
    assert (refunding.refund_of(owed.dossier).state, state_of(owed.dossier)) == ("paid", "paid")


def test_money_that_comes_back_after_it_was_paid_is_paid_again(
    owed: Refund, citizen: User, sign_in: SignIn
) -> None:
    refunding.bank_says(owed, "paid")
    refunding.bank_says(owed, "returned", "Tài khoản đã đóng")
    assert refunding.refund_of(owed.dossier).state == "failed"
    sent = {**ACCOUNT, "account_holder": citizen.full_name}
    sign_in(citizen).post(f"/ho-so/{owed.dossier.code}/tai-khoan-nhan/", sent)
    refunding.bank_says(owed, "paid")
    assert refunding.refund_of(owed.dossier).state == "paid"
    assert workflow.verify_history(Dossier.objects.get(pk=owed.dossier_id)) == []


def test_the_refund_of_somebody_else_is_not_there(owed: Refund, stranger: User, sign_in: SignIn) -> None:
    for page in ("tra-loi", "uoc-tinh"):
        assert sign_in(stranger).get(f"/hoan-tien/{owed.dossier.code}/{page}/").status_code == 404
    assert sign_in(stranger).get(f"/ho-so/{owed.dossier.code}/tai-khoan-nhan/").status_code == 404


def test_the_dossier_is_not_closed_while_the_money_is_on_its_way(owed: Refund, clerk: User) -> None:
    with pytest.raises(MoveRefused):
        workflow.move(Dossier.objects.get(pk=owed.dossier_id), "close", actor=clerk, key="c")


# --- After a death -------------------------------------------------------------------------------


def test_after_a_death_the_heir_who_asks_is_paid(
    citizen: User, agent: User, clerk: User, supervisor: User
) -> None:
    given = {
        "ground": "death_before_valid",
        "ground_date": "20/12/2020",
        "refundee_name": "TRẦN VĂN BÌNH",
        "refundee_number": "5612345679",
        "account_holder": citizen.full_name,
    }
    dossier = refunding.filed(citizen, agent, **given)
    papers = set(dossier.attachments.values_list("document", flat=True))
    assert {"death", "heir_proof"} <= papers
    refunding.confirmed(dossier, agent)
    refunding.proposed(dossier, clerk, 804_600)
    refunding.approved(dossier, supervisor)
    refund = refunding.refund_of(dossier)
    assert refund.payment is not None
    assert (refund.refundee, refund.payment.amount) == ("TRẦN VĂN BÌNH", 804_600)
    assert refund.payment.payee != refund.refundee
