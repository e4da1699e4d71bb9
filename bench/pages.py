"""A page of thirty questions, rendered in this process: everything between the request and the bytes."""

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache
from http.cookies import SimpleCookie
from io import BytesIO
from typing import Any

from django import forms
from django.core.wsgi import get_wsgi_application
from django.urls import reverse
from django.utils import timezone, translation
from msgspec.structs import replace

from bench import people
from portal import drawing
from portal.standalone.processes import HOST
from procedures import catalogue, dossiers
from procedures.definition import Choice, Definition, Field, Step, Text
from procedures.forms import StepForm

# Thirty questions as procedures ask them: each kind there is, the common ones more often.
MIX = (
    *("name", "date_or_year", "choice", "identity_paper", "insurance_number", "phone", "email", "ward"),
    *("text", "yes_no", "date", "choice", "text", "money", "years_months", "integer", "yes_no", "text"),
    *("choice", "bank", "text", "bank_account", "bank_holder", "choice", "long_text", "date", "yes_no"),
    *("text", "tracking_number", "confirm"),
)
_STEP = "ba-muoi-cau"


@cache
def definition() -> Definition:
    """The lump sum with one page of thirty questions in place of its own."""
    shipped = next(d for d in catalogue.shipped() if d.slug == "lump-sum")
    papers = [paper for paper in shipped.documents if paper.when is None]
    step = Step(slug=_STEP, title=Text(vi="Ba mươi câu hỏi", en="Thirty questions"))
    fields = [_field(number, kind) for number, kind in enumerate(MIX)]
    return replace(
        shipped, slug="thirty-questions", handled_by="province", steps=[step], fields=fields, documents=papers
    )


def _field(number: int, kind: str) -> Field:
    label = Text(vi=f"Câu hỏi số {number + 1} về hồ sơ của bạn", en=f"Question {number + 1} about you")
    hint = Text(vi="Ghi như trên giấy tờ, đủ dấu.", en="As it stands on your papers.")
    options = [Choice(value=f"o{i}", label=Text(vi=f"Trả lời {i}", en=f"Answer {i}")) for i in range(3)]
    return Field(
        name=f"question_{number}",
        step=_STEP,
        kind=kind,
        label=label,
        help=hint if number % 2 else None,
        choices=options if kind == "choice" else [],
    )


def page_cpu(*, rounds: int, pages: int) -> tuple[float, int]:
    """(CPU ms a page in this process, bytes before compression) through all of Django.

    The database does its part elsewhere. The median of ``rounds`` of ``pages`` each.
    """
    catalogue.load(definition())
    user = people.citizens(1, f"page {time.time()}")[0]
    version = catalogue.published("thirty-questions")
    assert version is not None
    draft = dossiers.start(user, version)
    application = get_wsgi_application()
    environ = _environ(reverse("step", args=[draft.draft_code, _STEP]), people.cookies([user])[0])
    size = len(_page(application, {**environ, "HTTP_ACCEPT_ENCODING": ""}))
    return _median_cpu(lambda: _page(application, environ), rounds, pages), size


def _environ(path: str, cookies: dict[str, str]) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": HOST,
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": HOST,
        "HTTP_ACCEPT_ENCODING": "gzip",
        "HTTP_COOKIE": SimpleCookie(cookies).output(header="", sep=";").strip(),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
    }


def _page(application: Callable[..., Any], environ: dict[str, Any]) -> bytes:
    answers: list[tuple[str, object]] = []
    response = application({**environ, "wsgi.input": BytesIO()}, lambda *answer: answers.append(answer))
    body = b"".join(response)
    response.close()
    if answers[0][0] != "200 OK":
        raise RuntimeError(f"{environ['PATH_INFO']}: {answers[0][0]}")
    return body


# --- The largest form: TK1-TS with a household of twelve ------------------------------------------

HOUSEHOLD = 12
_MEMBER = {
    "full_name": "NGUYỄN THỊ ÁNH TUYẾT",
    "relation": "con",
    "date_of_birth": "2/3/1990",
    "gender": "female",
    "birth_place": "xã Cam Hiệp Nam, huyện Cam Lâm, tỉnh Khánh Hòa",
    "insurance_number": "5612345678",
    "id_number": "056190000123",
}


def largest_form() -> tuple[Definition, Step, dict[str, Any]]:
    """The version, its page with the list of the household, and what has been typed so far."""
    shipped = next(d for d in catalogue.shipped() if d.slug == "health-insurance-only")
    household = shipped.field("household")
    assert household is not None
    step = shipped.step(household.step)
    assert step is not None
    return shipped, step, {"case": "household_register", "household": [_MEMBER] * HOUSEHOLD}


def largest_form_cpu(*, rounds: int, pages: int) -> float:
    """CPU ms to build and draw the page of questions with a household of twelve."""
    shipped, step, typed = largest_form()
    today = timezone.localdate()

    def page() -> str:
        form = StepForm(shipped, step, typed, today)
        return "".join(drawing.bound(bound) for bound in form)

    with translation.override("vi"):
        return _median_cpu(page, rounds, pages)


# --- The floor: the same questions with Django's own widgets and form templates -------------------


def stock_cpu(*, rounds: int, pages: int) -> float:
    """CPU ms to build and render Django's stock form of thirty fields, and nothing around it."""
    with translation.override("vi"):
        return _median_cpu(lambda: str(StockForm(initial={}).as_div()), rounds, pages)


def _stock_fields() -> Iterator[tuple[str, forms.Field]]:
    shipped = dict(zip(MIX, definition().fields, strict=False))
    for number, kind in enumerate(MIX):
        common = {"label": str(shipped[kind].label), "help_text": str(shipped[kind].help or "")}
        yield f"question_{number}", _stock_field(kind, common)


def _stock_field(kind: str, common: dict[str, Any]) -> forms.Field:
    match kind:
        case "choice" | "yes_no":
            few = [(f"o{i}", f"Trả lời {i}") for i in range(3 if kind == "choice" else 2)]
            return forms.ChoiceField(widget=forms.RadioSelect, choices=few, **common)
        case "ward" | "bank":
            many = [(str(i), f"Phường số {i}") for i in range(139 if kind == "ward" else 49)]
            return forms.ChoiceField(choices=many, **common)
        case "date" | "date_or_year":
            return forms.DateField(widget=forms.SelectDateWidget(years=range(2020, 2023)), **common)
        case "long_text":
            return forms.CharField(widget=forms.Textarea, **common)
        case "integer" | "money" | "years_months":
            return forms.IntegerField(**common)
        case "email":
            return forms.EmailField(**common)
        case "confirm":
            return forms.BooleanField(**common)
    return forms.CharField(**common)


class StockForm(forms.Form):
    """Thirty fields of Django's own."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fields.update(_stock_fields())


def _median_cpu(work: Callable[[], object], rounds: int, times: int) -> float:
    work()
    figures = []
    for _ in range(rounds):
        started = time.process_time()
        for _ in range(times):
            work()
        figures.append((time.process_time() - started) * 1000 / times)
    return statistics.median(figures)
