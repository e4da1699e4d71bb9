"""The calculators: anybody may open them, nothing of what is typed is kept."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from pension import papers, pasting
from pension.forms import CalculatorForm, HouseholdForm, LumpSumForm, PensionForm, PeriodsForm, VoluntaryForm
from pension.results import Refused, Result, lacking, result_of
from portal import drawing, groups
from portal.http import Request, render_page, too_many
from portal.text import grouped

_LONGEST = 40_000


@dataclass(frozen=True)
class Calculator:
    """``procedure``: the slug of the one it prepares."""

    slug: str
    title: Any
    summary: Any
    form: type[CalculatorForm]
    procedure: str


CALCULATORS = {
    one.slug: one
    for one in (
        Calculator(
            "bhxh-mot-lan",
            gettext_lazy("Lump sum calculator"),
            gettext_lazy("How much you would receive once, and what you would have if you kept it."),
            LumpSumForm,
            "lump-sum",
        ),
        Calculator(
            "luong-huu",
            gettext_lazy("Pension calculator"),
            gettext_lazy("When your pension begins and how much it is a month."),
            PensionForm,
            "pension",
        ),
        Calculator(
            "bhxh-tu-nguyen",
            gettext_lazy("Voluntary insurance: what you pay, what you get"),
            gettext_lazy("The contribution for the income you choose, and the pension to expect."),
            VoluntaryForm,
            "voluntary-insurance",
        ),
        Calculator(
            "bhyt-ho-gia-dinh",
            gettext_lazy("Household health insurance calculator"),
            gettext_lazy("What the cards of a household cost."),
            HouseholdForm,
            "health-insurance-only",
        ),
    )
}


@require_safe
def calculators(request: Request) -> HttpResponse:
    return render_page(request, "pension/calculators.html", {"calculators": list(CALCULATORS.values())})


def calculator(request: Request, slug: str) -> HttpResponse:
    """The form; posted, the form with its result, or with one row more or less."""
    found = _calculator(slug)
    if request.method != "POST":
        return _page(request, found, _begun(found))
    if changed := _changed(found, request.POST):
        return changed.page(request, found)
    form = found.form(request.POST)
    result = _result(found, form)
    return _page(request, found, form, result=result, status=422 if form.errors else 200)


def paper(request: Request, slug: str) -> HttpResponse:
    """The same result to print; the answers come again with the button, for none are kept."""
    found = _calculator(slug)
    form = found.form(request.POST)
    result = _result(found, form) if request.method == "POST" else None
    if result is None and request.method == "POST":
        return _page(request, found, form, status=422)
    if result is None:
        return _page(request, found, found.form(initial=_empty()))
    if too_many(request, action="calculation_paper"):
        form.add_error(None, _("Too many papers at once. Please wait a minute and try again."))
        return _page(request, found, form, status=429)
    data = papers.printed(str(found.title), form, result, now=timezone.now())
    name = f'inline; filename="{found.slug}.pdf"'
    return HttpResponse(data, content_type="application/pdf", headers={"Content-Disposition": name})


def _calculator(slug: str) -> Calculator:
    if slug not in CALCULATORS:
        raise Http404
    return CALCULATORS[slug]


def _begun(found: Calculator) -> CalculatorForm:
    """The empty form; what cannot be computed for a decision today stands at the field."""
    form = found.form(initial=_empty())
    if why := lacking(found.slug, timezone.localdate()):
        form.fields["decided"].help_text = f"{form.fields['decided'].help_text} {why}"
    return form


def _empty() -> dict[str, Any]:
    return {"decided": timezone.localdate().isoformat(), "periods": [{}]}


def _result(found: Calculator, form: CalculatorForm) -> Result | None:
    """None when something is wrong; it stands at the field then."""
    if not form.is_valid():
        return None
    try:
        return result_of(found.slug, form)
    except Refused as refused:
        form.add_error(refused.name, refused.message)
        return None


def _page(
    request: Request,
    found: Calculator,
    form: CalculatorForm,
    *,
    result: Result | None = None,
    pasted: pasting.Pasted | None = None,
    status: int = 200,
) -> HttpResponse:
    url = reverse("calculator", args=[found.slug])
    if "periods" in form.fields:
        change = {"hx-post": url, "hx-target": "#page"}
        form.attributes["periods"] = change
    context = {
        "calculator": found,
        "form": form,
        "result": result,
        "pasted": pasted,
        "url": url,
        "posted": _posted(request.POST) if result else [],
    }
    return render_page(request, "pension/calculator.html", context, status=status)


def _posted(data: QueryDict) -> list[tuple[str, str]]:
    """The answers once more, for the button that prints them."""
    skipped = {"csrfmiddlewaretoken", "pasted"}
    return [(name, str(value)[:_LONGEST]) for name, value in data.items() if name not in skipped]


# --- Rows ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Changed:
    """The answers as typed, with other rows, and the row to go on in."""

    typed: Mapping[str, Any]
    focus: int = drawing.GROUP
    pasted: pasting.Pasted | None = None

    def page(self, request: Request, found: Calculator) -> HttpResponse:
        form = found.form(initial=dict(self.typed))
        form.focus["periods"] = self.focus
        return _page(request, found, form, pasted=self.pasted)


def _changed(found: Calculator, posted: QueryDict) -> _Changed | None:
    """What a button for rows asks for; None for the button that calculates."""
    if not issubclass(found.form, PeriodsForm) or not {"them", "bo", "doc"} & set(posted):
        return None
    typed = _typed(found.form, posted)
    rows = typed["periods"]
    if "doc" in posted:
        return _with_pasted(typed, str(posted.get("pasted", ""))[:_LONGEST])
    if "them" in posted:
        more = groups.with_row(rows, fewest=1)
        return _Changed({**typed, "periods": more}, len(more) - 1)
    taken = re.fullmatch(r"periods-([0-9]{1,3})", posted.get("bo", ""))
    left = groups.without_row(rows, int(taken[1])) if taken else rows
    return _Changed({**typed, "periods": left})


def _typed(form: type[CalculatorForm], posted: QueryDict) -> dict[str, Any]:
    """Every answer as it was typed, right or wrong."""
    return {
        name: field.widget.value_from_datadict(posted, {}, name)  # type: ignore[arg-type]
        for name, field in form.base_fields.items()
    }


def _with_pasted(typed: dict[str, Any], text: str) -> _Changed:
    """The rows that were read come after those typed; what could not be read stays to be corrected."""
    read = pasting.read(text)
    rows = [row for row in typed["periods"] if groups.is_filled(row)]
    rows += [
        {"first": row.start, "last": row.end, "wage": _grouped(row.wage), "kind": row.kind}
        for row in read.rows
    ]
    left = "\n".join(read.left)
    return _Changed({**typed, "periods": rows or [{}], "pasted": left}, pasted=read)


def _grouped(wage: str) -> str:
    return wage if "," in wage else grouped(int(wage))
