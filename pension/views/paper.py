"""Form 2-CBH for whoever has no account: filled in page by page, printed, posted.

Nobody signs in and nothing is said of who receives what. The address is the key to what was typed: long,
in no list, told to no other site, and led astray by a button for those who share a computer.
"""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from pension import list_days, paper_filings, paper_pdf, switching
from pension.models import PaperFiling
from pension.paper_filings import slug_of
from pension.paper_forms import Page
from portal.http import Request, render_page, see_other, too_many
from procedures import catalogue, dossiers, posted
from procedures.forms import StepForm, typed_values


@never_cache
def start(request: Request) -> HttpResponse:
    """What the paper route is; the button begins a form."""
    version = catalogue.published(switching.SLUG)
    if version is None:
        raise Http404
    refused = ""
    if request.method == "POST":
        if not too_many(request, action="paper_start"):
            paper = paper_filings.begin(version, now=timezone.now())
            return see_other(_url(paper, slug_of(_asked(paper)[0])))
        refused = _("Too many forms were begun from here. Please wait a while.")
    today = timezone.localdate()
    day = list_days.closing_day(today)
    month = list_days.next_list(today, day) if day else None
    context = {
        "refused": refused,
        "month": month,
        "closes": list_days.closes_on(month, day) if month and day else None,
        "receiver": paper_pdf.receiver(timezone.now()),
    }
    return render_page(request, "pension/paper_start.html", context, status=429 if refused else 200)


# --- Pages of questions --------------------------------------------------------------------------


@never_cache
@sensitive_post_parameters()
def step(request: Request, token: str, slug: str) -> HttpResponse:
    """One page; what was typed is kept, valid or not."""
    paper = paper_filings.get(token, now=timezone.now())
    if paper.code:
        return see_other(reverse("paper", args=[token]))
    page = _page_called(paper, slug, checked=False)
    if request.method != "POST":
        return _step_page(request, paper, page)
    if too_many(request, action="paper_save"):
        return _busy(request, paper, page)
    paper = paper_filings.keep(paper, _typed(page, request), now=timezone.now())
    asked = list(page.fields)
    page = _page_called(paper, slug, checked=True)
    if page.is_valid():
        return see_other(_after(paper, slug, to_check="kiem-tra" in request.GET))
    more = [name for name in page.errors if name not in asked]
    for name in more:  # questions that the answers have only now led to
        del page.errors[name]
    return _step_page(request, paper, page, more=bool(more), status=422)


def _typed(page: Page, request: Request) -> dict[str, Any]:
    if isinstance(page, StepForm):
        return typed_values(page.definition, page.step, request.POST)
    return page.typed_values(request.POST)


def _asked(paper: PaperFiling, *, checked: bool = False) -> list[Page]:
    return paper_filings.pages(paper, timezone.localdate(), checked=checked)


def _page_called(paper: PaperFiling, slug: str, *, checked: bool) -> Page:
    page = next((p for p in _asked(paper, checked=checked) if slug_of(p) == slug), None)
    if page is None:
        raise Http404
    return page


def _after(paper: PaperFiling, slug: str, *, to_check: bool) -> str:
    slugs = [slug_of(page) for page in _asked(paper)]
    following = slugs[slugs.index(slug) + 1 :]
    if to_check or not following:
        return reverse("paper_check", args=[paper.token])
    return _url(paper, following[0])


def _url(paper: PaperFiling, slug: str) -> str:
    return reverse("paper_step", args=[paper.token, slug])


def _busy(request: Request, paper: PaperFiling, page: Page) -> HttpResponse:
    """Too much from one place: what was typed stays on the page, to be sent again."""
    typed = {**paper_filings.typed_in(paper), **_typed(page, request)}
    page.initial = typed
    refused = _("Too much was sent from here at once. Please wait a minute and press the button again.")
    return _step_page(request, paper, page, refused=refused, status=429)


def _step_page(
    request: Request,
    paper: PaperFiling,
    page: Page,
    *,
    more: bool = False,
    refused: str = "",
    status: int = 200,
) -> HttpResponse:
    slugs = [slug_of(one) for one in _asked(paper)]
    number = slugs.index(slug_of(page))
    to_check = "kiem-tra" in request.GET
    context = {
        "form": page,
        **_head(page),
        "number": number + 1,
        "total": len(slugs) + 1,
        "action": _url(paper, slug_of(page)) + ("?kiem-tra=1" if to_check else ""),
        "back_url": _url(paper, slugs[number - 1]) if number else reverse("paper_start"),
        "to_check": to_check,
        "more_asked": more,
        "refused": refused,
    }
    return render_page(request, "pension/paper_step.html", context, status=status)


def _head(page: Page) -> dict[str, Any]:
    if isinstance(page, StepForm):
        return {"title": page.step.title, "intro": page.step.intro, "notes": page.step.notes}
    return {"title": page.title, "intro": page.intro, "notes": []}


# --- Check and print -----------------------------------------------------------------------------


@never_cache
def check(request: Request, token: str) -> HttpResponse:
    """All answers; the button gives the form its code."""
    paper = paper_filings.get(token, now=timezone.now())
    if paper.code:
        return see_other(reverse("paper", args=[token]))
    if request.method != "POST":
        return _check_page(request, paper)
    if "bo" in request.POST:
        paper_filings.discard(paper)
        messages.success(request, _("What you typed is gone."))
        return see_other(reverse("paper_start"))
    try:
        paper_filings.make(paper, now=timezone.now(), today=timezone.localdate())
    except paper_filings.Incomplete as open_page:
        return see_other(f"{_url(paper, open_page.slug)}?kiem-tra=1")
    return see_other(reverse("paper", args=[token]))


def _check_page(request: Request, paper: PaperFiling) -> HttpResponse:
    pages = _asked(paper, checked=True)
    open_pages = [page for page in pages if not page.is_valid()]
    context = {
        "sections": [
            {
                "title": _head(page)["title"],
                "open": page in open_pages,
                "change_url": f"{_url(paper, slug_of(page))}?kiem-tra=1",
                "rows": _rows(page),
            }
            for page in pages
        ],
        "open_url": f"{_url(paper, slug_of(open_pages[0]))}?kiem-tra=1" if open_pages else "",
        "number": len(pages) + 1,
        "back_url": _url(paper, slug_of(pages[-1])),
    }
    return render_page(request, "pension/paper_check.html", context)


def _rows(page: Page) -> list[dict[str, str]]:
    """The answers of a page as people read them; of a page that is checked, in their normal form."""
    if isinstance(page, StepForm) and page.is_valid():
        said = {**page.answers, **page.cleaned_data}
        shown = dossiers.answered(page.definition, said, page.today, whole=True)
        here = next((rows for found, rows in shown if found.slug == page.step.slug), [])
        asked = set(page.fields)
        return [{"label": str(f.label), "value": words} for f, words in here if f.name in asked]
    return [
        {"label": str(bound.label), "value": bound.field.shown(page.initial.get(bound.name))}  # type: ignore[attr-defined]
        for bound in page
    ]


@never_cache
def printed(request: Request, token: str) -> HttpResponse:
    """The code, the PDF and what to do with it; corrected or closed from here."""
    paper = paper_filings.get(token, now=timezone.now())
    if not paper.code:
        return redirect("paper_check", token)
    if {"xong", "sua"} & set(request.POST):
        return _leave(request, paper)
    answers = paper_filings.answers_of(paper)
    context = {
        "paper": paper,
        "receiver": paper_pdf.receiver(timezone.now()),
        "envelope": paper_filings.definition_for(paper).envelope,
        "enclosed": posted.papers(paper.version, answers),
        "helped": bool(paper_filings.helper_in(paper)),
        "pdf_url": reverse("paper_pdf", args=[token]),
    }
    return render_page(request, "pension/paper.html", context)


def _leave(request: Request, paper: PaperFiling) -> HttpResponse:
    """Correct it, which makes another form; or be done, after which the address leads nowhere."""
    now = timezone.now()
    if "sua" not in request.POST:
        paper_filings.close(paper)
        messages.success(request, _("Nothing of what you typed can be opened from this computer any more."))
        return see_other(reverse("switch_entry"))
    if too_many(request, action="paper_start"):
        messages.error(request, _("Too many forms were begun from here. Please wait a while."))
        return see_other(reverse("paper", args=[paper.token]))
    again = paper_filings.begin(paper.version, now=now, typed=paper_filings.typed_in(paper))
    return see_other(reverse("paper_check", args=[again.token]))


@never_cache
@require_safe
def pdf(request: Request, token: str) -> HttpResponse:
    now = timezone.now()
    paper = paper_filings.get(token, now=now)
    if not paper.code:
        return redirect("paper_check", token)
    if too_many(request, action="paper_print"):
        messages.error(request, _("Too many papers at once. Please wait a minute and try again."))
        return see_other(reverse("paper", args=[token]))
    name = f'inline; filename="2-CBH-{paper.code}.pdf"'
    return HttpResponse(
        paper_pdf.printed(paper, now=now),
        content_type="application/pdf",
        headers={"Content-Disposition": name},
    )
