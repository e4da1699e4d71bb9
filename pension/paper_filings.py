"""What is typed for form 2-CBH by somebody without an account, until it arrives or its time is over."""

import json
import secrets
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import Http404

from pension import paper_codes
from pension.models import PaperFiling
from pension.paper_forms import OWN_PAGES, HelperForm, Page, helper_of
from procedures.catalogue import definition_of
from procedures.definition import Definition
from procedures.forms import StepForm
from procedures.models import ProcedureVersion


def begin(version: ProcedureVersion, *, now: datetime, typed: Mapping[str, Any] | None = None) -> PaperFiling:
    """An empty form, or one with ``typed`` in it, under an address that nobody guesses."""
    return PaperFiling.objects.create(
        token=secrets.token_urlsafe(24),
        version=version,
        typed=json.dumps(typed or {}),
        begun_at=now,
        expires_at=now + timedelta(days=settings.PAPER_DRAFT_DAYS),
    )


def get(token: str, *, now: datetime) -> PaperFiling:
    """The form at this address; ``Http404`` alike for none, one whose time is over and one that arrived."""
    found = PaperFiling.objects.select_related("version").filter(token=token, dossier=None, erased_at=None)
    paper = found.filter(expires_at__gt=now).first()
    if paper is None:
        raise Http404
    return paper


def definition_for(paper: PaperFiling) -> Definition:
    return definition_of(paper.version)


def typed_in(paper: PaperFiling) -> dict[str, Any]:
    """What stands in the pages, as typed."""
    return dict(json.loads(paper.typed or "{}"))


def answers_of(paper: PaperFiling) -> dict[str, Any]:
    """What was checked when it was made; empty before."""
    return dict(json.loads(paper.answers or "{}"))


def helper_in(paper: PaperFiling) -> dict[str, str]:
    """Name, relation and phone of who typed for somebody else; empty where nobody did."""
    return dict(json.loads(paper.helper or "{}"))


def keep(paper: PaperFiling, here: Mapping[str, Any], *, now: datetime) -> PaperFiling:
    """Keep what was typed on one page, valid or not; a form that is made keeps what it says.

    ``Http404`` where it was thrown away meanwhile.
    """
    with transaction.atomic():
        locked = _locked(paper)
        if locked.code is None and locked.erased_at is None:
            locked.typed = json.dumps({**typed_in(locked), **here})
            locked.expires_at = now + timedelta(days=settings.PAPER_DRAFT_DAYS)
            locked.save(update_fields=["typed", "expires_at"])
    return locked


def _locked(paper: PaperFiling) -> PaperFiling:
    """``paper`` as it stands; ``Http404`` where it was thrown away since it was read."""
    rows = PaperFiling.objects.select_for_update(of=("self",), no_key=True).select_related("version")
    found = rows.filter(pk=paper.pk).first()
    if found is None:
        raise Http404
    return found


def pages(paper: PaperFiling, today: date, *, checked: bool) -> list[Page]:
    """Every page that is asked with what was typed so far; ``checked``, with what is wrong on it."""
    typed, definition = typed_in(paper), definition_for(paper)
    data = typed if checked else None
    own: list[Page] = [page(typed, data=data) for page in OWN_PAGES if page.is_asked(typed)]
    steps = definition.steps_for(typed)
    return own + [StepForm(definition, step, typed, today, data=data, public=True) for step in steps]


class Incomplete(Exception):
    """Some page is not complete; ``slug`` is that of the first."""

    def __init__(self, slug: str) -> None:
        super().__init__("the form is not complete")
        self.slug = slug


def slug_of(page: Page) -> str:
    return page.step.slug if isinstance(page, StepForm) else page.slug


def make(paper: PaperFiling, *, now: datetime, today: date) -> PaperFiling:
    """Give the form its code; it says the same from now on. Asked twice it has the same code.

    Raises ``Incomplete``, and ``Http404`` where it was thrown away meanwhile.
    """
    with transaction.atomic():
        locked = _locked(paper)
        if locked.code is not None:
            return locked
        asked = pages(locked, today, checked=True)
        locked.answers = json.dumps(_cleaned(asked))
        helpers = [page for page in asked if isinstance(page, HelperForm)]
        locked.helper = json.dumps(helper_of(helpers[0].cleaned_data)) if helpers else ""
        locked.code, locked.printed_at = _free_code(), now
        locked.expires_at = now + timedelta(days=settings.PAPER_POST_DAYS)
        locked.save()
    return locked


def _cleaned(asked: list[Page]) -> dict[str, Any]:
    """The answers of the procedure's pages; what is hidden or empty is left out."""
    answers: dict[str, Any] = {}
    for page in asked:
        if not page.is_valid():
            raise Incomplete(slug_of(page))
        if isinstance(page, StepForm):
            answers |= {k: v for k, v in page.cleaned_data.items() if v not in ("", [])}
    return answers


def _free_code() -> str:
    """Two alike are less likely than a broken disk; the constraint would refuse them."""
    while PaperFiling.objects.filter(code=(code := paper_codes.fresh())).exists():
        pass
    return code


def close(paper: PaperFiling) -> None:
    """Let the address lead nowhere any more: the next person at a shared computer sees nothing."""
    PaperFiling.objects.filter(pk=paper.pk).update(token=secrets.token_urlsafe(24))


def discard(paper: PaperFiling) -> None:
    """Throw away a form that has no code yet."""
    PaperFiling.objects.filter(pk=paper.pk, code=None).delete()


def expire(now: datetime) -> None:
    """Delete forms begun and left, and erase what was typed for those that were printed and never came.

    The row of a printed one stays with its code, so that a late envelope is told from a wrong code.
    """
    over = PaperFiling.objects.filter(dossier=None, erased_at=None, expires_at__lte=now)
    over.filter(code=None).delete()
    over.update(typed="", answers="", helper="", erased_at=now)
