"""Every shipped procedure from draft to its end: each case, and every action of its own version."""

import itertools
import random
from datetime import datetime
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone, translation
from django.utils.html import escape

from payments import refunds
from payments.models import Refund
from portal import outbox
from portal.groups import RowErrors
from portal.models import Organisation, OutboxMessage, User
from procedures import (
    apologies,
    deadlines,
    demo,
    dossiers,
    forms,
    intake,
    mailroom,
    papers,
    validator,
    workflow,
)
from procedures.definition import Definition, Transition
from procedures.documents import OfficialForm
from procedures.forms import KINDS, StepForm
from procedures.models import AgentArea, Dossier, Office
from procedures.views import public
from tests import answers, reference
from tests.conftest import PASSWORD, file_draft

DEFINITIONS = {d.slug: d for d in reference.shipped()}
CASES = [pytest.param(d, c.slug, id=f"{d.slug}-{c.slug}") for d in DEFINITIONS.values() for c in d.cases]
ALL = pytest.mark.parametrize("definition", DEFINITIONS.values(), ids=lambda d: d.slug)


WARD = "22429"  # of Cam Ranh


@pytest.fixture
def who(db: None) -> User:
    return demo.citizen(demo.person(random.Random(3), WARD))


def filer_of(definition: Definition, case: str) -> User:
    """Somebody who may file ``case``: its first filer, an organisation confirmed by a clerk."""
    found = definition.case(case)
    assert found is not None
    filer = (found.filers or definition.filers)[0]
    if filer == "citizen":
        return demo.citizen(demo.person(random.Random(3), WARD))
    office = Office.objects.get(slug="cam-ranh")
    clerk = demo.staff("clerk.cam-ranh", "Lê Thị Hạnh", office, "clerk", password=PASSWORD)
    code = {"employer": "TK0123K", "health_facility": "56901"}.get(filer, "")
    return demo.organisation(filer, "ĐƠN VỊ ÁNH DƯƠNG", code, ward=WARD, confirmed_by=clerk)


def agent_of_ward() -> Organisation:
    """A confirmed collecting agent that serves the ward of the citizens here."""
    office = Office.objects.get(slug="cam-ranh")
    clerk = demo.staff("clerk.cam-ranh", "Lê Thị Hạnh", office, "clerk", password=PASSWORD)
    user = demo.organisation("agent", "ĐẠI LÝ THU BA NGÒI", "DL001", ward=WARD, confirmed_by=clerk)
    AgentArea.objects.get_or_create(agent=user.organisation, ward_id=WARD)
    return user.organisation


def _filed(definition: Definition, case: str, **given: Any) -> Dossier:
    who = filer_of(definition, case)
    return file_draft(answers.make_draft(definition, case, who, timezone.localdate(), **given))


def test_all_procedures_are_there() -> None:
    assert len(DEFINITIONS) == 25


# --- Every case is filed -------------------------------------------------------------------------


def file_through_pages(definition: Definition, case: str) -> Dossier:
    """Start, answer page by page, upload, check and file, as a browser without JavaScript does."""
    client, who, today = Client(), filer_of(definition, case), timezone.localdate()
    client.force_login(who)
    typed = answers.typed(definition, case, who, today)
    answer = client.post(f"/thu-tuc/{definition.slug}/bat-dau/")
    for _page in range(20):
        assert answer.status_code == 303, answer.context and answer.context["form"].errors
        place = answer["Location"]
        page = place.rstrip("/").rsplit("/", 1)[-1]
        if page == "giay-to-kem":
            answer = client.post(place, _files(definition, typed))
        elif page == "kiem-tra":
            answer = client.post(place, {"declaration": "on", "key": "k"})
        elif step := definition.step(page):
            answer = client.post(place, answers.posted(definition, step, typed, today))
        else:
            return Dossier.objects.select_related("office", "owner").get(code=page)
    raise AssertionError(f"{definition.slug}: no way to the end")


def _files(definition: Definition, typed: dict[str, Any]) -> dict[str, SimpleUploadedFile]:
    wanted = [d for d in definition.documents_for(typed) if d.uploaded and d.required]
    return {f"file_{d.slug}": SimpleUploadedFile(f"{d.slug}.jpg", answers.PHOTO) for d in wanted}


@pytest.mark.django_db
@pytest.mark.parametrize(("definition", "case"), CASES)
def test_every_case_is_filed_through_the_pages(definition: Definition, case: str) -> None:
    dossier = file_through_pages(definition, case)
    state, event = definition.state(dossier.state), dossier.events.get()
    waits = dossier.originals.exists()
    assert dossier.case == case
    assert (state.slug == "waiting_originals") is waits
    assert (state.clock == "running") is not waits
    assert (event.to_state, event.role) == (
        state.slug,
        "organisation" if dossier.by_organisation else "citizen",
    )
    assert dossier.office is not None
    assert (dossier.office.level == Office.Level.PROVINCE) is (definition.handled_by == "province")
    assert dossier.due_at == (None if waits else _promised(definition, dossier))
    filing = definition.transition(event.action)
    assert filing is not None
    assert set(OutboxMessage.objects.values_list("topic", flat=True)) == set(filing.topics)
    row = intake._content(dossier)
    assert (row["code"], row["procedure"]) == (dossier.code, definition.title.vi)
    assert dossier.applicant in row["applicant"]
    with translation.override("vi"):
        making = papers.Issue(dossier, timezone.now(), "token")
        for kind in papers.kinds_made(dossier, filing.topics):
            assert papers.content(kind, making) is not None
        if papers.form_of(dossier):
            form = papers.content("form", making)
            assert isinstance(form, OfficialForm)
            assert form.sections
            assert form.form_code


def _promised(definition: Definition, dossier: Dossier) -> datetime:
    assert dossier.filed_at is not None
    work, limit = deadlines.calendar(), definition.time_limit(dossier.case, dossier.answers)
    return deadlines.closing(deadlines.due_on(deadlines.day_zero(dossier.filed_at, work), limit, work))


@ALL
@pytest.mark.django_db
def test_the_documents_of_a_procedure_are_made(definition: Definition) -> None:
    dossier = _filed(definition, definition.cases[0].slug)
    outbox.drain()
    assert not OutboxMessage.objects.exclude(state=OutboxMessage.State.DONE).exists()
    filing = definition.transition(dossier.events.get().action)
    assert filing is not None
    made = set(dossier.documents.values_list("kind", flat=True))
    assert made == set(papers.kinds_made(dossier, filing.topics))
    assert "receipt" in made
    client = Client()
    client.force_login(dossier.owner)
    page = client.get(f"/ho-so/{dossier.code}/").content.decode()
    assert 'hx-trigger="every 1s"' not in page


# --- Every action is taken -----------------------------------------------------------------------


# A supplement is asked for and a new date given only once.
_ONCE = {"ask_supplement", "apologise"}


def walks(definition: Definition) -> list[list[Transition]]:
    """Ways from the draft to an end that together take every action."""
    taken: set[str] = set()
    found = []
    while len(taken) < len(definition.transitions):
        walk, state = [], "draft"
        while not definition.state(state).final:
            step = _towards_untaken(definition, state, taken)
            walk.append(step)
            taken.add(step.action)
            state = step.leads_to(state)
        found.append(walk)
    return found


def _towards_untaken(definition: Definition, start: str, taken: set[str]) -> Transition:
    """The first step of the shortest way from ``start`` to an action not taken, else to an end."""
    for wanted in (lambda t: t.action not in taken, lambda t: definition.state(t.leads_to(start)).final):
        ways: list[tuple[str, Transition | None]] = [(start, None)]
        seen = {start}
        for state, first in ways:
            ahead = [t for t in definition.transitions if state in t.sources]
            ahead = [t for t in ahead if t.action not in taken or t.action not in _ONCE]
            ahead.sort(key=lambda t, at=state: definition.state(t.leads_to(at)).final)
            for transition in ahead:
                if wanted(transition):
                    return first or transition
                ahead_of_it = transition.leads_to(state)
                if ahead_of_it not in seen:
                    seen.add(ahead_of_it)
                    ways.append((ahead_of_it, first or transition))
    raise AssertionError(f"no way out of {start}")


def _actor(dossier: Dossier, role: str) -> User | None:
    """Somebody of ``role``: the owner, the agent it was handed to, nobody for the portal, else staff."""
    if role == "citizen":
        return dossier.owner
    if role == "agent":
        return dossier.agent.user if dossier.agent else None
    if role == "system":
        return None
    assert dossier.office is not None
    name = f"{role}.{dossier.office.slug}"
    return demo.staff(name, "Lê Thị Hạnh", dossier.office, role, password=PASSWORD)


def act(dossier: Dossier, transition: Transition, number: int) -> None:
    """Do what a person of the dossier's office would do to take this action."""
    actor = _actor(dossier, transition.roles[0])
    key, now = f"{transition.action}{number}", timezone.now()
    if dossier.case == "refund" and transition.action in {"propose", "approve"}:
        assert actor is not None
        _decide_refund(dossier, transition.action, actor, key, now)
        dossier.refresh_from_db()
        return
    if transition.action == "close":  # the money of a refund comes first
        Refund.objects.filter(dossier=dossier, amount__gt=0).update(state=Refund.State.PAID)
    if transition.action == "record_originals":
        every = list(dossier.originals.values_list("document", flat=True))
        mailroom.receive(dossier, every, actor=actor, key=key, now=now)
    elif transition.action == "post_again":
        mailroom.post_again(dossier, "RA000000014VN", actor=actor, key=key, now=now)
    elif transition.action == "dispatch":
        mailroom.dispatch(dossier, "RA000000014VN", actor=actor, key=key, now=now)
    elif transition.action == "apologise":
        assert dossier.due_at is not None
        day = deadlines.calendar().add(timezone.localdate(dossier.due_at), 2)
        apologies.apologise(dossier, f"{day}", actor=actor, key=key, reason="Dịch bệnh.", now=now)
    else:
        facts = {"missing": ["Sổ thứ hai"], "message": "Đây ạ.", "legal_basis": "Luật BHXH"}
        workflow.move(dossier, transition.action, actor=actor, key=key, note="Lý do.", facts=facts)
    dossier.refresh_from_db()


def _decide_refund(dossier: Dossier, action: str, actor: User, key: str, now: datetime) -> None:
    """Its amount is proposed and approved on a desk of its own; what was to be rejected is proposed first."""
    outbox.drain()
    refund = Refund.objects.get(dossier=dossier)
    if action == "propose":
        paid = refund.paid_amount
        refunds.propose(refund, Decimal(1000), actor=actor, key=key, now=now, steps=[], found=paid)
    elif dossier.events.filter(action__startswith="propose").latest("sequence").action != "propose":
        workflow.move(dossier, "send_back", actor=actor, key=f"{key}s", note="Đề xuất lại.")
        clerk = User.objects.get(username="clerk.cam-ranh")
        _decide_refund(dossier, "propose", clerk, f"{key}p", now)
        _decide_refund(dossier, "approve", actor, key, now)
    else:
        refunds.approve(refund, actor=actor, key=key, now=now)


def _case_that_files(definition: Definition, action: str) -> Dossier:
    """A filed dossier whose filing was ``action``."""
    given = {"collecting_agent": str(agent_of_ward().pk)} if action == "file_with_agent" else {}
    for case, answer in itertools.product(definition.cases, ("yes", "no")):
        dossier = _filed(definition, case.slug, yes_no=answer, **given)
        if dossier.events.get().action == action:
            return dossier
    raise AssertionError(f"{definition.slug}: no case is filed by {action}")


@ALL
@pytest.mark.django_db
def test_every_action_of_a_procedure_can_be_taken(definition: Definition) -> None:
    for walk in walks(definition):
        dossier = _case_that_files(definition, walk[0].action)
        for number, transition in enumerate(walk[1:]):
            before = dossier.state
            act(dossier, transition, number)
            assert dossier.state == transition.leads_to(before)
        assert dossier.final
        assert workflow.verify_history(dossier) == []
    if definition.slug in {"lump-sum", "book-and-card", "survivor-benefit"}:
        outbox.drain()
        assert not OutboxMessage.objects.exclude(state=OutboxMessage.State.DONE).exists()


@ALL
def test_the_walks_take_every_action(definition: Definition) -> None:
    assert {t.action for walk in walks(definition) for t in walk} == {
        t.action for t in definition.transitions
    }


# --- What a page costs ----------------------------------------------------------------------------


@ALL
@pytest.mark.django_db
def test_a_page_of_questions_takes_at_most_six_queries(
    definition: Definition, who: User, django_assert_max_num_queries: Any
) -> None:
    dossier = answers.make_draft(definition, definition.cases[0].slug, who, timezone.localdate())
    client = Client()
    client.force_login(who)
    pages = [f"/ho-so/{dossier.draft_code}/buoc/{s.slug}/" for s in definition.steps_for(dossier.typed)]
    client.get(pages[0])  # lists of wards and banks, and the version, stay in the process
    client.get(pages[-1])
    for url in pages:
        with django_assert_max_num_queries(6):
            assert client.get(url).status_code == 200
        with django_assert_max_num_queries(6):
            assert client.post(f"{url}?luu=1", {"revision": "0"}).status_code == 204
        with django_assert_max_num_queries(6):
            client.post(url, {"revision": "0"})


# --- Definitions hold ----------------------------------------------------------------------------


@ALL
def test_a_definition_has_no_problems(definition: Definition) -> None:
    assert validator.problems_of(definition) == []


@ALL
def test_time_limits_name_cases_that_exist(definition: Definition) -> None:
    known = {case.slug for case in definition.cases}
    for limit in definition.time_limits:
        assert set(limit.cases) <= known


@ALL
def test_every_answer_a_condition_waits_for_can_be_given(definition: Definition) -> None:
    """The values of conditions are cases or choices that exist."""
    for part in (*definition.steps, *definition.fields, *definition.documents):
        for name, value in _values(part.when):
            field = definition.field(name)
            assert field is not None
            if field.kind == "case":
                assert definition.case(value), (part, value)
            elif field.choices:
                assert value in {choice.value for choice in field.choices}, (part, value)


def _values(condition: Any) -> list[tuple[str, Any]]:
    if condition is None:
        return []
    own = [condition.equals] if condition.equals is not None else condition.one_of
    inner = [pair for one in (*condition.all, *condition.any) for pair in _values(one)]
    return [*((condition.field, value) for value in own), *inner]


# --- The workflow of every procedure ---------------------------------------------------------------

# The list the national portal exchanges, as far as we use it; 6 (fees) and 7 (a step of its own) stay empty.
CODES = {
    "draft": 0,
    "submitted": 1,
    "with_agent": 1,
    "agent_returned": 5,
    "paid": 10,
    "waiting_originals": 1,
    "lost_in_post": 1,
    "originals_received": 2,
    "processing": 4,
    "proposed": 4,
    "need_more": 5,
    "approved": 9,
    "account_wanted": 9,
    "account_wanted_posted": 9,
    "dispatched": 9,
    "returned": 10,
    "refused": 3,
    "rejected": 8,
    "withdrawn": 8,
}
STAFF = {"clerk", "supervisor", "director"}


@ALL
def test_states_carry_the_national_status_codes(definition: Definition) -> None:
    assert {s.slug: s.code for s in definition.states} == {s.slug: CODES[s.slug] for s in definition.states}
    clocks = {3: "stopped", 4: "running", 5: "paused", 8: "stopped", 9: "stopped", 10: "stopped"}
    for state in definition.states:
        assert state.clock == clocks.get(state.code, state.clock)
        assert state.final is (state.code in {3, 8, 10})


@ALL
def test_citizens_and_staff_take_their_own_actions(definition: Definition) -> None:
    own = {
        "file",
        "file_complete",
        "file_with_agent",
        "answer_agent",
        "answer_supplement",
        "withdraw",
        "correct_account",
        "correct_account_posted",
    }
    agents = {"agent_confirm", "agent_return"}
    banks = {"order_payment", "note_paid", "reject_payment", "reject_payment_posted"}
    either = {"note_lost", "post_again"}  # who hears first that a parcel is lost says so
    for transition in definition.transitions:
        if transition.action in either:
            assert set(transition.roles) == {"citizen", "clerk", "supervisor"}
        elif transition.action in agents:
            assert transition.roles == ["agent"]
        elif transition.action in banks:
            assert transition.roles == ["system"]
        else:
            assert set(transition.roles) <= ({"citizen"} if transition.action in own else STAFF)


@ALL
def test_where_papers_are_posted_a_lost_parcel_leads_on_and_starts_no_clock(definition: Definition) -> None:
    """From lost: they come after all, are posted again, or the dossier is refused or withdrawn."""
    states = {state.slug for state in definition.states}
    assert ("lost_in_post" in states) is ("waiting_originals" in states)
    if "lost_in_post" not in states:
        return
    assert definition.state("lost_in_post").clock == "waiting"
    ways = {t.action: t.target for t in definition.transitions if "lost_in_post" in t.sources}
    assert ways == {
        "record_originals": "originals_received",
        "post_again": "waiting_originals",
        "refuse": "refused",
        "withdraw": "withdrawn",
    }
    assert {"ask_supplement", "answer_supplement", "withdraw", "refuse", "reject", "approve", "close"} <= {
        t.action for t in definition.transitions
    }


@ALL
def test_money_and_entitlement_are_decided_by_a_second_person(definition: Definition) -> None:
    """Of books and cards a rule asks for a second person where entitlement changes; all else is proposed."""
    for action in ("approve", "reject"):
        transition = definition.transition(action)
        assert transition is not None
        if definition.slug == "book-and-card":
            assert not transition.four_eyes
            assert "entitlement_by_a_second_person" in transition.rules
            continue
        assert set(transition.four_eyes) == {"propose", "propose_rejection"}
        assert set(transition.roles) == {"supervisor", "director"}
        assert transition.sources == ["proposed"]


@ALL
def test_every_no_has_a_reason_that_is_read_and_a_supplement_is_asked_once(definition: Definition) -> None:
    for action in ("refuse", "reject"):
        transition = definition.transition(action)
        assert transition is not None
        assert (transition.note, transition.note_public) == ("required", True)
    asks = definition.transition("ask_supplement")
    assert asks is not None
    assert "supplement_once" in asks.rules
    assert definition.state(asks.target).clock == "paused"


@ALL
def test_whoever_gets_a_paper_chooses_how_it_comes(definition: Definition) -> None:
    asked = definition.field("result_delivery")
    if "paper" in definition.result.medium:
        assert asked is not None
        ways = {choice.value for choice in asked.choices}
        # A card or a book has no electronic original.
        assert ways == {"post", "office"} | ({"electronic"} if definition.slug != "book-and-card" else set())
    sources = {action: definition.transition(action) for action in ("dispatch", "close")}
    assert all(transition and "approved" in transition.sources for transition in sources.values())


# --- Wrong answers -------------------------------------------------------------------------------


def _one_field_of_each_kind() -> dict[str, tuple[Definition, str]]:
    return {f.kind: (d, f.name) for d in DEFINITIONS.values() for f in d.fields}


@pytest.mark.django_db
@pytest.mark.parametrize("kind", sorted(_one_field_of_each_kind()))
def test_a_wrong_answer_is_refused_at_its_question(kind: str) -> None:
    definition, name = _one_field_of_each_kind()[kind]
    field = definition.field(name)
    assert field is not None
    asked = forms.form_field(field, definition, timezone.localdate())
    with pytest.raises(Exception) as refused:
        asked.clean(answers.BROKEN[kind])
    assert str(refused.value)


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"confirm"}))
def test_every_kind_has_a_wrong_answer(kind: str) -> None:
    assert kind in answers.BROKEN


@ALL
@pytest.mark.django_db
def test_broken_answers_are_refused_with_a_message_at_each_question(definition: Definition) -> None:
    """All questions of a page at once, but those that decide which others are asked."""
    client, today, case = Client(), timezone.localdate(), definition.cases[0].slug
    who = filer_of(definition, case)
    client.force_login(who)
    draft = answers.make_draft(definition, case, who, today)
    deciding = {
        name
        for part in (*definition.steps, *definition.fields, *definition.cases)
        for name in (part.when.fields() if part.when else ())
    } | {"case"}
    for step in definition.steps_for(draft.typed):
        wrong = {
            f.name: answers.BROKEN[f.kind]
            for f in definition.fields_of(step, draft.typed)
            if f.name not in deciding and f.kind != "confirm"
        }
        if not wrong:
            continue
        sent = answers.posted(definition, step, {**draft.typed, **wrong}, today)
        page = client.post(f"/ho-so/{draft.draft_code}/buoc/{step.slug}/", sent)
        assert page.status_code == 422
        errors, text = page.context["form"].errors, page.content.decode()
        assert wrong.keys() <= errors.keys()
        for name in wrong:
            for message in _messages(errors.as_data()[name][0]):
                assert escape(message) in text, name


def _messages(error: ValidationError) -> list[str]:
    """What a question says is wrong; one asked in rows says it in the row."""
    if isinstance(error, RowErrors):
        return [inner.messages[0] for inner in error.wrong.values()]
    return error.messages[:1]


@ALL
@pytest.mark.django_db
def test_an_empty_page_names_every_required_question(definition: Definition) -> None:
    for step in definition.steps:
        form = StepForm(definition, step, {}, timezone.localdate(), data={})
        required = {f.name for f in definition.fields_of(step, {}) if f.required}
        assert set(form.errors) == required


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("slug", "given", "field"),
    [
        ("change-payment-method", {"account_again": "4700201001235"}, "account_again"),
        ("change-payment-method", {"effective_month": "1/2020"}, "effective_month"),
        ("bhyt-direct-reimbursement", {"card_number": "DN4565600000000"}, "card_number"),
        ("bhyt-direct-reimbursement", {"discharge_date": "11/03/2020"}, "discharge_date"),
        ("teacher-seniority-allowance", {"retire_date": "01/06/2011"}, "retire_date"),
        ("arrears-of-deceased", {"unpaid_to": "4/2020"}, "unpaid_to"),
        ("maternity", {"leave_to": "11/03/2020"}, "leave_to"),
        ("pension", {"account_holder": "LÊ THỊ HẠNH"}, "account_holder"),
    ],
)
def test_answers_that_contradict_each_other_are_refused(slug: str, given: dict[str, str], field: str) -> None:
    definition = DEFINITIONS[slug]
    case = definition.cases[0].slug
    dossier = answers.make_draft(definition, case, filer_of(definition, case), timezone.localdate(), **given)
    errors = [set(form.errors) for form in dossiers.review(dossier, timezone.localdate()).forms]
    assert [names for names in errors if names] == [{field}]


@pytest.mark.django_db
@pytest.mark.parametrize(("ground", "refused"), [("moved_to_compulsory", True), ("death", False)])
def test_a_refund_goes_to_the_refundee_or_the_heir(ground: str, refused: bool, who: User) -> None:
    definition = DEFINITIONS["voluntary-insurance"]
    given = {"refundee_name": "LÊ THỊ HẠNH", "ground": ground}
    dossier = answers.make_draft(definition, "refund", who, timezone.localdate(), **given)
    errors = [name for f in dossiers.review(dossier, timezone.localdate()).forms for name in f.errors]
    assert errors == (["account_holder"] if refused else [])


# --- What the page says --------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_page_says_when_a_paper_is_asked_for() -> None:
    definition = DEFINITIONS["work-accident-first"]
    shown = {str(row["label"]): row for row in public._papers(definition)}
    labels = {d.slug: str(d.label) for d in definition.documents}
    aid, traffic, book = (shown[labels[slug]] for slug in ("aid", "traffic", "insurance_book"))
    assert (aid["cases"], aid["depends"]) == ([], True)
    assert [str(case) for case in traffic["cases"]] == [str(definition.case("traffic_accident").label)]  # type: ignore[union-attr]
    assert (book["cases"], book["depends"]) == ([], False)


@ALL
@pytest.mark.django_db
def test_a_citizen_is_told_who_files_what_he_cannot_and_where(definition: Definition, who: User) -> None:
    if "citizen" in definition.filers:
        return
    client, address = Client(), f"/thu-tuc/{definition.slug}/"
    client.force_login(who)
    for response in (client.get(address), client.post(f"{address}bat-dau/"), Client().get(address)):
        page = unescape(response.content.decode())
        with translation.override("vi"):
            filers = ", ".join(public.filers_in_words(definition.filers))
        assert f"Người dân không tự nộp thủ tục này. Nơi nộp: {filers}." in page
        assert definition.where.vi in page
        assert definition.who.vi in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("slug", "case"),
    [(d.slug, c.slug) for d in DEFINITIONS.values() for c in d.cases if "citizen" not in d.filers_of(c)],
)
def test_a_case_that_others_file_says_so_and_is_not_started(slug: str, case: str, who: User) -> None:
    client, address = Client(), f"/thu-tuc/{slug}/?truong-hop={case}"
    client.force_login(who)
    for response in (client.get(address), client.post(f"/thu-tuc/{slug}/bat-dau/?truong-hop={case}")):
        assert "Người dân không tự nộp thủ tục này." in unescape(response.content.decode())
    assert not Dossier.objects.filter(owner=who).exists()
