"""Pages anybody may open: home, a procedure, tracking, verification of a document."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from portal import fields
from portal.http import Request, render_page, too_many
from portal.models import Filer, User
from procedures import catalogue, dossiers, filers, papers
from procedures.catalogue import definition_for, definition_of
from procedures.definition import Case, Condition, Definition, Text
from procedures.models import Dossier, IssuedDocument, ProcedureVersion
from procedures.vocabulary import CALCULATORS, FILERS, GROUPS


def groups() -> list[tuple[str, list[Definition]]]:
    """Published procedures by group."""
    groups: dict[str, list[Definition]] = {}
    for _version, definition in catalogue.all_published():
        groups.setdefault(str(GROUPS[definition.group]), []).append(definition)
    return list(groups.items())


@require_safe
def home(request: Request) -> HttpResponse:
    notices = []
    if request.user.is_authenticated and not request.user.is_staff:
        notices = list(request.user.notices.filter(read_at=None)[:3])
    return render_page(request, "procedures/home.html", {"groups": groups(), "notices": notices})


@require_safe
def procedure(request: Request, slug: str) -> HttpResponse:
    version = catalogue.published(slug) or catalogue.last_retired(slug)
    if version is None:
        raise Http404
    return procedure_page(request, version)


def procedure_page(request: Request, version: ProcedureVersion, *, status: int = 200) -> HttpResponse:
    definition = definition_of(version)
    mine: list[Dossier] = []
    filer: str = Filer.CITIZEN
    if request.user.is_authenticated and not request.user.is_staff:
        filer = filers.filer_of(request.user)
        mine = _mine(request.user, version, filer)
    chosen = definition.case(request.POST.get("truong-hop") or request.GET.get("truong-hop", ""))
    may_file = definition.filers_of(chosen)
    return render_page(
        request,
        "procedures/procedure.html",
        {
            "definition": definition,
            "chosen": chosen,
            "offered": version.status == ProcedureVersion.Status.PUBLISHED,
            "group": GROUPS[definition.group],
            "limits": _limits(definition, chosen),
            "filers": filers_in_words(may_file),
            "for_citizens": Filer.CITIZEN in may_file,
            "may_start": filer in may_file,
            "filer": filer,
            "as_organisation": filer != Filer.CITIZEN,
            "papers": _papers(definition),
            "mine": mine,
            "calculator": CALCULATORS.get(definition.slug, ""),
        },
        status=status,
    )


def _mine(user: User, version: ProcedureVersion, filer: str) -> list[Dossier]:
    """What ``user`` has open for the procedure; of an organisation, which files for many, the draft."""
    found = dossiers.visible_to(user).filter(procedure=version.procedure, final=False)
    return list(found if filer == Filer.CITIZEN else found.filter(state="draft"))


def filers_in_words(may_file: list[str]) -> list[str]:
    """Who may file, in words."""
    return [str(FILERS.get(filer, filer)) for filer in may_file]


def _limits(definition: Definition, chosen: Case | None) -> list[dict[str, Any]]:
    """Time limits in words with the cases they are for (none: all others); of a ``chosen`` case its own."""
    labels = {case.slug: case.label for case in definition.cases}
    return [
        {
            "words": papers.limit_words(limit),
            "limit": limit,
            "cases": [] if chosen else [labels[slug] for slug in limit.cases],
        }
        for limit in (definition.limits_of(chosen.slug) if chosen else definition.time_limits)
    ]


def _papers(definition: Definition) -> list[dict[str, Any]]:
    """Every paper, how it is handed in and for which cases it is asked."""
    return [
        {
            "label": d.label,
            "help": d.help,
            "form": d.form,
            "required": d.required,
            "confidence": d.confidence,
            "how": papers.how_handed_in(d),
            "cases": _cases_of(definition, d.when),
            "depends": d.when is not None and set(d.when.fields()) != {"case"},
        }
        for d in definition.documents
    ]


def _cases_of(definition: Definition, when: Condition | None) -> list[Text]:
    """The cases in which ``when`` can hold; none where it can in all."""
    found = [case.label for case in definition.cases if when is None or _can_hold(when, case.slug)]
    return found if len(found) < len(definition.cases) else []


def _can_hold(when: Condition, case: str) -> bool:
    """Whether some answers besides the case make ``when`` hold."""
    if when.all:
        return all(_can_hold(part, case) for part in when.all)
    if when.any:
        return any(_can_hold(part, case) for part in when.any)
    return when.field != "case" or when.holds({"case": case})


class TrackForm(fields.PageForm):
    code = fields.TextField(
        label=gettext_lazy("Dossier code"),
        help_text=gettext_lazy("It stands on your receipt, for example BHXH056.01-210715-0001."),
    )
    phone = fields.TextField(label=gettext_lazy("Last four digits of your phone number"), max_length=4)
    phone.inputmode, phone.width = "numeric", "4"  # type: ignore[misc]
    code.width = "full"


def track(request: Request) -> HttpResponse:
    """Status by dossier code and four digits: nothing personal, and guessing is stopped."""
    if request.method != "POST":
        form = TrackForm(initial={"code": request.GET.get("ma", "")[:40]})
        return render_page(request, "procedures/track.html", {"form": form})
    form, found = TrackForm(request.POST), None
    if form.is_valid():
        code = form.cleaned_data["code"].upper().replace(" ", "")
        if too_many(request, action="track") or too_many(request, action="track_code", key=code):
            form.add_error(None, _("Too many attempts. Please wait a quarter of an hour and try again."))
            return render_page(request, "procedures/track.html", {"form": form}, status=429)
        found = _tracked(code, form.cleaned_data["phone"])
        if found is None:
            form.add_error(None, _("No dossier has this code and phone number. Please check both."))
    context = {"form": form, "found": found}
    return render_page(request, "procedures/track.html", context, status=422 if form.errors else 200)


def _tracked(code: str, digits: str) -> dict[str, Any] | None:
    dossier = Dossier.objects.filter(code=code).exclude(phone="").select_related("office").first()
    if dossier is None or len(digits) != 4 or not dossier.phone.endswith(digits):
        return None
    return _public_facts(dossier)


def _public_facts(dossier: Dossier) -> dict[str, Any]:
    definition = definition_for(dossier)
    return {
        "code": dossier.code,
        "title": definition.title,
        "office": dossier.office,
        "state": definition.state(dossier.state),
        "filed_at": dossier.filed_at,
        "due_at": dossier.due_at,
        "limit": definition.time_limit(dossier.case, dossier.answers),
    }


@require_safe
def verify(request: Request, token: str) -> HttpResponse:
    """What the QR code of a document opens: proof that the portal made it, and no name."""
    issued = get_object_or_404(IssuedDocument.objects.select_related("dossier__office"), token=token)
    return render_page(
        request,
        "procedures/verify.html",
        {
            "issued": issued,
            "found": _public_facts(issued.dossier),
        },
    )
