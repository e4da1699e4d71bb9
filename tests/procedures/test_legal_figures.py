"""Legal figures: one proposes, another decides, the figure holds from its day, every row is kept."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from portal.models import User
from procedures import amending, demo, rates
from procedures.models import FigureDecision, FigureProposal, LegalFigure, Office

SignIn = Callable[[User], Client]
FIGURES = "/quan-tri/procedures/legalfigure/"
PROPOSALS = "/quan-tri/procedures/figureproposal/"
NEW = {
    "name": "base_salary",
    "valid_from": "01/07/2027",
    "valid_to": "",
    "value": "2700000",
    "unit": "đồng/month",
    "source": "NĐ 999/2027/NĐ-CP",
    "confidence": "sure",
    "reason": "Mức mới",
    "key": "k1",
}


@pytest.fixture
def colleague(db: None) -> User:
    """Another administrator."""
    return demo.staff(
        "admin2", "Cao Thị Mai", Office.objects.get(slug="khanh-hoa"), "administrator", password="x"
    )


@pytest.fixture
def proposal(administrator: User, sign_in: SignIn) -> FigureProposal:
    assert sign_in(administrator).post(f"{FIGURES}de-nghi/", NEW).status_code == 303
    return FigureProposal.objects.get()


def decide(client: Client, proposal: FigureProposal, what: str, note: str = "") -> Any:
    return client.post(f"{PROPOSALS}{proposal.pk}/quyet-dinh/", {"what": what, "note": note})


def test_a_proposal_changes_nothing_until_another_person_approves_it(
    proposal: FigureProposal, administrator: User, director: User, sign_in: SignIn
) -> None:
    assert rates.figure("base_salary", date(2027, 8, 1)) == 2_530_000
    assert decide(sign_in(administrator), proposal, "approve").status_code == 422
    assert not FigureDecision.objects.exists()
    assert decide(sign_in(director), proposal, "approve", "Đã xem công báo").status_code == 303
    rates.forget()
    assert rates.figure("base_salary", date(2027, 8, 1)) == 2_700_000
    assert rates.figure("base_salary", date(2027, 6, 30)) == 2_530_000
    decision = FigureDecision.objects.get()
    assert (decision.decided_by, decision.what, decision.note) == (director, "approved", "Đã xem công báo")
    assert decision.closed is not None and decision.closed.valid_to == date(2027, 6, 30)


def test_a_row_is_corrected_in_its_place_and_what_it_said_is_kept(
    administrator: User, colleague: User, sign_in: SignIn
) -> None:
    row = LegalFigure.objects.get(name="base_salary", valid_from="2026-07-01")
    page = sign_in(administrator).get(f"{FIGURES}de-nghi/?dong={row.pk}").content.decode()
    assert "2530000" in page
    changed = {**NEW, "valid_from": "01/07/2026", "dong": row.pk, "value": "2540000"}
    assert sign_in(administrator).post(f"{FIGURES}de-nghi/", changed).status_code == 303
    proposal = FigureProposal.objects.get()
    shown = sign_in(colleague).get(f"{PROPOSALS}{proposal.pk}/change/").content.decode()
    assert "2530000" in shown and "<strong>2540000</strong>" in shown
    assert decide(sign_in(colleague), proposal, "approve").status_code == 303
    row.refresh_from_db()
    assert (row.value, row.confidence, row.valid_to) == (2_540_000, "sure", None)
    assert proposal.before["value"] == 2_530_000


def test_a_refusal_needs_a_reason_and_leaves_the_figure(
    proposal: FigureProposal, director: User, sign_in: SignIn
) -> None:
    assert decide(sign_in(director), proposal, "refuse").status_code == 422
    assert decide(sign_in(director), proposal, "refuse", "Chưa ban hành").status_code == 303
    assert not LegalFigure.objects.filter(valid_from="2027-07-01").exists()
    assert decide(sign_in(director), proposal, "approve").status_code == 422


def test_who_proposed_takes_it_back(proposal: FigureProposal, administrator: User, sign_in: SignIn) -> None:
    assert decide(sign_in(administrator), proposal, "withdraw").status_code == 303
    assert FigureDecision.objects.get().what == "withdrawn"


def test_pressing_twice_proposes_once(proposal: FigureProposal, administrator: User, sign_in: SignIn) -> None:
    assert sign_in(administrator).post(f"{FIGURES}de-nghi/", NEW).status_code == 303
    assert FigureProposal.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"value": '"2.700.000"'}, "2530000"),
        ({"value": "{}"}, 'id="id_value_error"'),
        ({"value": "true"}, "2530000"),
        ({"value": "hai triệu"}, 'id="id_value_error"'),
        ({"valid_to": "01/01/2027"}, 'id="id_valid_to_error"'),
        ({"source": ""}, 'id="id_source_error"'),
        ({"name": "khong-co"}, 'id="id_name_error"'),
    ],
)
def test_what_is_wrong_is_told_and_what_was_typed_stays(
    change: dict[str, str], told: str, administrator: User, sign_in: SignIn
) -> None:
    response = sign_in(administrator).post(f"{FIGURES}de-nghi/", {**NEW, **change})
    page = response.content.decode()
    assert response.status_code == 422
    assert told in page and "Mức mới" in page
    assert not FigureProposal.objects.exists()


def test_a_row_that_would_hold_on_the_same_days_is_refused(
    administrator: User, director: User, sign_in: SignIn
) -> None:
    early = {**NEW, "valid_from": "01/01/2020", "valid_to": "31/12/2020"}
    sign_in(administrator).post(f"{FIGURES}de-nghi/", early)
    proposal = FigureProposal.objects.get()
    assert decide(sign_in(director), proposal, "approve").status_code == 422
    assert not FigureDecision.objects.exists()


def test_a_row_that_changed_since_is_proposed_anew(
    administrator: User, director: User, sign_in: SignIn
) -> None:
    row = LegalFigure.objects.get(name="base_salary", valid_from="2026-07-01")
    for key, value in (("a", "2540000"), ("b", "2550000")):
        data = {**NEW, "valid_from": "01/07/2026", "dong": row.pk, "value": value, "key": key}
        sign_in(administrator).post(f"{FIGURES}de-nghi/", data)
    second, first = FigureProposal.objects.all()
    assert decide(sign_in(director), first, "approve").status_code == 303
    assert decide(sign_in(director), second, "approve").status_code == 422
    row.refresh_from_db()
    assert row.value == 2_540_000


def test_the_database_knows_that_nobody_decides_on_their_own(
    proposal: FigureProposal, administrator: User, director: User
) -> None:
    mine = {"proposal": proposal, "what": "approved", "decided_by": administrator}
    for named in (administrator, director):
        with pytest.raises(IntegrityError), transaction.atomic():
            FigureDecision.objects.create(**mine, proposed_by=named)


def test_both_rows_are_written_once(proposal: FigureProposal, director: User) -> None:
    amending.refuse(proposal, actor=director, note="x", now=timezone.now())
    for model in (FigureProposal, FigureDecision):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            model.objects.update(key="y") if model is FigureProposal else model.objects.update(note="y")


def test_a_clerk_reads_figures_with_their_sureness_and_proposes_nothing(clerk: User, sign_in: SignIn) -> None:
    client = sign_in(clerk)
    page = client.get(f"{FIGURES}?q=lump_sum").content.decode()
    assert "Nghị quyết 93/2015/QH13" in page and "de-nghi" not in page
    assert client.get(f"{FIGURES}de-nghi/").status_code == 403
    assert client.get(PROPOSALS).status_code == 403


def test_a_deploy_leaves_what_staff_decided(proposal: FigureProposal, director: User) -> None:
    amending.approve(proposal, actor=director, now=timezone.now())
    before = list(LegalFigure.objects.order_by("pk").values())
    assert rates.load_figures() == 0
    assert list(LegalFigure.objects.order_by("pk").values()) == before


def test_every_figure_has_words_for_people(db: None) -> None:
    from procedures.legal_words import NAMES

    assert set(LegalFigure.objects.values_list("name", flat=True)) <= set(NAMES)
