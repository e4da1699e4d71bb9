"""From “what would you like to pay for?” to the quote that is ordered."""

import re
from collections.abc import Callable
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from payments import contributions, drafts, forms
from payments.contributions import AmountChanged, NoAccount
from payments.models import ContributionDraft
from payments.quotes import Figure, QuoteRefused
from portal import drawing, groups
from portal.http import Request, UserRequest, citizen_required, render_page, see_other
from procedures.legal_words import named
from procedures.offices import NoOffice
from procedures.rates import FigureMissing

LINKED = {"voluntary-insurance": "voluntary", "health-insurance-only": "household"}


@never_cache
@require_safe
@citizen_required
def contribution_list(request: UserRequest) -> HttpResponse:
    """What I have ordered, and what I have begun."""
    found = contributions.visible_to(request.user).select_related("office")
    page = Paginator(found, 20).get_page(request.GET.get("page"))
    context = {
        "orders": [(order, forms.words_of(order.product, order.kind)) for order in page.object_list],
        "drafts": [
            (draft, forms.words_of(draft.product, draft.kind)) for draft in drafts.open_of(request.user)
        ],
        "page_obj": page,
    }
    return render_page(request, "payments/contribution_list.html", context)


@never_cache
@citizen_required
def start(request: UserRequest) -> HttpResponse:
    """Choose what to pay for; a draft begins, or the one begun before goes on."""
    form = forms.KindForm(request.POST if request.method == "POST" else None, initial=request.GET.dict())
    if form.is_valid():
        product, kind, _words = forms.KINDS[form.cleaned_data["loai"]]
        draft = drafts.start(request.user, product, kind)
        return see_other(_url(draft, forms.pages_of(draft)[0].slug))
    status = 422 if form.errors else 200
    return render_page(request, "payments/contribution_start.html", {"form": form}, status=status)


@require_safe
def links(request: Request, slug: str) -> HttpResponse:
    """For the page of a procedure: where its contributions are paid."""
    if slug not in LINKED:
        raise Http404
    offered = [
        (value, words) for value, (product, _kind, words) in forms.KINDS.items() if product == LINKED[slug]
    ]
    return render_page(request, "payments/_links.html", {"offered": offered})


@never_cache
@citizen_required
def step(request: UserRequest, code: str, slug: str) -> HttpResponse:
    """One page of a draft; what was typed is kept, valid or not."""
    draft = drafts.get_for(request.user, code)
    if draft.order is not None:
        return see_other(reverse("contribution", args=[draft.order.reference]))
    page = next((page for page in forms.pages_of(draft) if page.slug == slug), None)
    if page is None:
        raise Http404
    today = timezone.localdate()
    if request.method != "POST":
        return _step_page(request, draft, page(draft, today))
    posted, focus = _rows(request.POST)
    drafts.save(draft, page(draft, today).typed(posted), now=timezone.now())
    if focus is not None:
        form = page(draft, today)
        form.focus["people"] = focus
        return _step_page(request, draft, form)
    form = page(draft, today, data=draft.answers)
    if not form.is_valid():
        return _step_page(request, draft, form, status=422)
    return see_other(_after(draft, slug))


def _after(draft: ContributionDraft, slug: str) -> str:
    slugs = [page.slug for page in forms.pages_of(draft)]
    following = slugs[slugs.index(slug) + 1 :]
    return _url(draft, following[0]) if following else reverse("contribution_check", args=[draft.code])


def _url(draft: ContributionDraft, slug: str) -> str:
    return reverse("contribution_step", args=[draft.code, slug])


def _rows(posted: QueryDict) -> tuple[QueryDict, int | None]:
    """What was posted, with the row more or less that a button asked for, and the row to go on in."""
    taken = re.fullmatch(r"people-([0-9]{1,3})", posted.get("bo", ""))
    if posted.get("them") != "people" and not taken:
        return posted, None
    typed = forms.PeoplePage.base_fields["people"].widget.value_from_datadict(posted, {}, "people")  # type: ignore[arg-type]
    rows = groups.without_row(typed, int(taken[1])) if taken else groups.with_row(typed, fewest=1)
    copied = posted.copy()
    copied.setlist("people", [rows])  # type: ignore[list-item]
    return copied, drawing.GROUP if taken else len(rows) - 1


def _step_page(
    request: UserRequest, draft: ContributionDraft, form: forms.Page, *, status: int = 200
) -> HttpResponse:
    slugs = [page.slug for page in forms.pages_of(draft)]
    number = slugs.index(form.slug)
    context = {
        "draft": draft,
        "form": form,
        "title": form.title,
        "what": forms.words_of(draft.product, draft.kind),
        "number": number + 1,
        "total": len(slugs) + 1,
        "action": _url(draft, form.slug),
        "back_url": _url(draft, slugs[number - 1]) if number else reverse("contributions"),
        "has_groups": "people" in form.fields,
    }
    return render_page(request, "payments/contribution_step.html", context, status=status)


# --- The quote -----------------------------------------------------------------------------------


@never_cache
@citizen_required
def check(request: UserRequest, code: str) -> HttpResponse:
    """The quote with its steps; ordering it leads to the page with the code."""
    draft = drafts.get_for(request.user, code)
    if draft.order is not None:
        return see_other(reverse("contribution", args=[draft.order.reference]))
    if request.method != "POST":
        return _check_page(request, draft)
    try:
        order = drafts.order(draft, seen=request.POST.get("seen", ""), now=timezone.now())
    except drafts.Incomplete as open_page:
        return see_other(_url(draft, open_page.slug))
    except tuple(_REFUSALS) as refused:
        return _check_page(request, draft, refused=_words(refused), status=422)
    return see_other(reverse("contribution", args=[order.reference]))


_REFUSALS: dict[type[Exception], Callable[[Any], str]] = {
    QuoteRefused: str,
    FigureMissing: forms.missing_words,
    NoOffice: lambda _none: _(
        "We do not know which office looks after you. Please give the ward where you live under “My account”."
    ),
    NoAccount: lambda none: (
        _("%(office)s has no bank account for contributions here yet. Please call the office.")
        % {"office": none.office.name}
    ),
    AmountChanged: lambda _changed: _("The amount has changed in the meantime. Please look at it once more."),
}


def _words(refused: Exception) -> str:
    return next(words(refused) for kind, words in _REFUSALS.items() if isinstance(refused, kind))


def _check_page(
    request: UserRequest, draft: ContributionDraft, *, refused: str = "", status: int = 200
) -> HttpResponse:
    try:
        made = drafts.offer(draft, timezone.localdate())
    except drafts.Incomplete as open_page:
        return redirect(_url(draft, open_page.slug))
    except (QuoteRefused, FigureMissing) as error:
        made, refused, status = None, _words(error), 422 if request.method == "POST" else 200
    pages = forms.pages_of(draft)
    context = {
        "draft": draft,
        "what": forms.words_of(draft.product, draft.kind),
        "errors": [{"id": "", "message": refused}] if refused else [],
        "sections": _sections(draft),
        "number": len(pages) + 1,
        "back_url": _url(draft, pages[-1].slug),
        "others": contributions.open_orders(request.user, draft.product),
        **(_quoted(made) if made else {}),
    }
    return render_page(request, "payments/contribution_check.html", context, status=status)


def _quoted(made: drafts.Offer) -> dict[str, Any]:
    quote = made.quote
    return {
        "quote": quote,
        "seen": str(quote.amount),
        "shares": list(zip(made.people, quote.shares, strict=True)),
        "figures": [_figure(figure) for figure in quote.figures],
    }


def _figure(figure: Figure) -> dict[str, Any]:
    return {
        "words": named(figure.name),
        "source": figure.source,
        "confidence": figure.confidence,
    }


def _sections(draft: ContributionDraft) -> list[dict[str, Any]]:
    """The answers page by page, as ``components/summary_list.html`` wants them."""
    today = timezone.localdate()
    sections = []
    for page in forms.pages_of(draft):
        form = page(draft, today)
        rows = [
            {"label": str(bound.label), "value": bound.field.shown(bound.value())}  # type: ignore[attr-defined]
            for bound in form
        ]
        sections.append({"title": page.title, "change_url": _url(draft, page.slug), "rows": rows})
    return sections


@citizen_required
@require_POST
def discard(request: UserRequest, code: str) -> HttpResponse:
    """Throw a draft away that nothing was ordered of."""
    draft = drafts.get_for(request.user, code)
    drafts.open_of(request.user).filter(pk=draft.pk).delete()
    return see_other(reverse("contributions"))
