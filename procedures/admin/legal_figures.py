"""Legal figures: everybody on the staff reads them; one proposes a change, another decides."""

import json
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.http import form_key, see_other, signed_in
from portal.models import Confidence, User
from portal.roles import EVERYBODY, RoleAdmin, role
from procedures import amending
from procedures.amending import DECIDERS, PROPOSERS, AmendmentRefused, NewRow
from procedures.legal_words import named
from procedures.models import FigureDecision, FigureProposal, LegalFigure

_DAYS = ["%d/%m/%Y", "%Y-%m-%d"]


def _user(request: HttpRequest) -> User:
    return signed_in(request).user  # type: ignore[arg-type]


@admin.register(LegalFigure)
class LegalFigureAdmin(RoleAdmin):
    """Rows are never edited here: they change by an approved proposal."""

    viewers = EVERYBODY
    list_display = ("figure", "valid_from", "valid_to", "short_value", "unit", "source", "confidence")
    list_filter = ("confidence", "name")
    search_fields = ("name", "source")
    change_list_template = "admin/procedures/legal_figures.html"

    def get_list_display(self, request: HttpRequest) -> tuple[Any, ...]:
        return (*self.list_display, *(["propose_link"] if role(request.user) in PROPOSERS else []))

    @admin.display(description=gettext_lazy("figure"), ordering="name")
    def figure(self, row: LegalFigure) -> str:
        return named(row.name)

    @admin.display(description=gettext_lazy("value"))
    def short_value(self, row: LegalFigure) -> str:
        shown = _json(row.value)
        return shown if len(shown) <= 60 else f"{shown[:59]}…"

    @admin.display(description=gettext_lazy("change"))
    def propose_link(self, row: LegalFigure) -> str:
        url = reverse("admin:procedures_legalfigure_propose")
        return format_html('<a href="{}?dong={}">{}</a>', url, row.pk, _("Propose a change"))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        proposer = role(request.user) in PROPOSERS
        return super().changelist_view(request, {**(extra_context or {}), "proposer": proposer})

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.propose)
        return [path("de-nghi/", view, name="procedures_legalfigure_propose"), *super().get_urls()]

    def propose(self, request: HttpRequest) -> HttpResponse:
        """A new row, or (``dong``) another content of an existing one."""
        if role(request.user) not in PROPOSERS:
            raise PermissionDenied
        row = _row(request)
        if request.method != "POST":
            return self._form(request, row, ProposalForm(initial=_as_typed(row)))
        form = ProposalForm(request.POST)
        if not form.is_valid():
            return self._form(request, row, form, status=422)
        try:
            made = self._propose(request, row, form.cleaned_data)
        except AmendmentRefused as refused:
            form.add_error(None, str(refused))
            return self._form(request, row, form, status=422)
        self.message_user(request, _("Proposed. Somebody else decides on it."), messages.SUCCESS)
        return see_other(reverse("admin:procedures_figureproposal_change", args=[made.pk]))

    def _propose(
        self, request: HttpRequest, row: LegalFigure | None, given: dict[str, Any]
    ) -> FigureProposal:
        typed = {name: given[name] for name in NewRow.__dataclass_fields__}
        return amending.propose(
            NewRow(**typed),
            of=row,
            reason=given["reason"],
            actor=_user(request),
            key=form_key(request),
            now=timezone.now(),
        )

    def _form(
        self, request: HttpRequest, row: LegalFigure | None, form: forms.Form, status: int = 200
    ) -> HttpResponse:
        title = _("Propose a change") if row else _("Propose a new row")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": title,
            "form": form,
            "row": row,
            "key": form_key(request),
        }
        return render(request, "admin/procedures/figure_propose.html", context, status=status)


def _row(request: HttpRequest) -> LegalFigure | None:
    number = request.POST.get("dong", "") or request.GET.get("dong", "")
    if not number:
        return None
    if not number.isdecimal() or len(number) > 15:
        raise Http404
    return get_object_or_404(LegalFigure, pk=number)


def _as_typed(row: LegalFigure | None) -> dict[str, Any]:
    if row is None:
        return {}
    return {
        **amending.snapshot(row),
        "valid_from": row.valid_from,
        "valid_to": row.valid_to,
        "value": row.value,
    }


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


class ProposalForm(forms.Form):
    """A row of a figure and why it shall be so; the value is JSON of the shape the figure has."""

    name = forms.ChoiceField(label=gettext_lazy("Figure"))
    valid_from = forms.DateField(
        label=gettext_lazy("Valid from"),
        input_formats=_DAYS,
        help_text=gettext_lazy(
            "dd/mm/yyyy. A row that is open until now ends the day before a new row begins."
        ),
        widget=forms.DateInput(format="%d/%m/%Y"),
    )
    valid_to = forms.DateField(
        label=gettext_lazy("Valid to"),
        required=False,
        input_formats=_DAYS,
        widget=forms.DateInput(format="%d/%m/%Y"),
    )
    value = forms.JSONField(
        label=gettext_lazy("Value"),
        help_text=gettext_lazy("As in the row before: whole đồng without dots, shares in quotes with a dot."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    unit = forms.CharField(label=gettext_lazy("Unit"), required=False, max_length=80)
    source = forms.CharField(label=gettext_lazy("Where it stands (article)"), max_length=300)
    confidence = forms.ChoiceField(label=gettext_lazy("How sure"), choices=Confidence)
    reason = forms.CharField(label=gettext_lazy("Reason of the change"), max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = LegalFigure.objects.order_by("name").values_list("name", flat=True).distinct()
        asked: Any = self.fields["name"]
        asked.choices = [(name, named(name)) for name in names]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        first, last = given.get("valid_from"), given.get("valid_to")
        if first and last and last < first:
            self.add_error("valid_to", _("The last day lies before the first."))
        return given


class DecidedFilter(admin.SimpleListFilter):
    title = gettext_lazy("decided")
    parameter_name = "ket-qua"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("cho", _("waits for a decision")), ("roi", _("decided"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[FigureProposal]) -> QuerySet[FigureProposal]:
        if self.value() in {"cho", "roi"}:
            return queryset.filter(decision__isnull=self.value() == "cho")
        return queryset


@admin.register(FigureProposal)
class FigureProposalAdmin(RoleAdmin):
    """What was proposed and what became of it; nothing here is ever edited."""

    viewers = DECIDERS
    list_display = (
        "figure_name",
        "valid_from",
        "valid_to",
        "confidence",
        "proposer",
        "proposed_at",
        "outcome",
    )
    list_display_links = ("figure_name",)
    list_select_related = ("proposed_by", "decision")
    list_filter = (DecidedFilter,)
    list_per_page = 50

    @admin.display(description=gettext_lazy("figure"), ordering="name")
    def figure_name(self, proposal: FigureProposal) -> str:
        return named(proposal.name)

    @admin.display(description=gettext_lazy("proposed by"))
    def proposer(self, proposal: FigureProposal) -> str:
        return proposal.proposed_by.full_name

    @admin.display(description=gettext_lazy("outcome"))
    def outcome(self, proposal: FigureProposal) -> str:
        decision = getattr(proposal, "decision", None)
        return decision.get_what_display() if decision else _("waits for a decision")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.decide)
        own = path("<int:pk>/quyet-dinh/", view, name="procedures_figureproposal_decide")
        return [own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        return self._show(request, self._proposal(request, object_id))

    def _proposal(self, request: HttpRequest, pk: str | int) -> FigureProposal:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if not str(pk).isdecimal() or len(str(pk)) > 15:
            raise Http404
        found = FigureProposal.objects.select_related("proposed_by", "decision__decided_by", "figure")
        return get_object_or_404(found, pk=pk)

    def _show(
        self, request: HttpRequest, proposal: FigureProposal, *, problem: str = "", status: int = 200
    ) -> HttpResponse:
        user = _user(request)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"{named(proposal.name)}, {proposal.valid_from:%d/%m/%Y}",
            "proposal": proposal,
            "decision": getattr(proposal, "decision", None),
            "rows": _beside(proposal),
            "others": LegalFigure.objects.filter(name=proposal.name),
            "may_decide": amending.may_decide(proposal, user),
            "mine": proposal.proposed_by_id == user.pk,
            "problem": problem,
        }
        return render(request, "admin/procedures/figure_proposal.html", context, status=status)

    def decide(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Approve, refuse (with a reason) or take back."""
        proposal = self._proposal(request, pk)
        if request.method != "POST":
            return self._show(request, proposal)
        note = " ".join(request.POST.get("note", "").split())[:300]
        what = request.POST.get("what", "")
        if what not in _DOINGS or (what == "refuse" and not note):
            problem = _("Please write the reason.") if what == "refuse" else _("Please choose what to do.")
            return self._show(request, proposal, problem=problem, status=422)
        try:
            decision = _DOINGS[what](proposal, _user(request), note)
        except AmendmentRefused as refused:
            return self._show(request, proposal, problem=str(refused), status=422)
        said = _("Done: %(what)s.") % {"what": decision.get_what_display()}
        self.message_user(request, said, messages.SUCCESS)
        return see_other(reverse("admin:procedures_figureproposal_change", args=[proposal.pk]))


_DOINGS: dict[str, Callable[[FigureProposal, User, str], FigureDecision]] = {
    "approve": lambda p, user, note: amending.approve(p, actor=user, note=note, now=timezone.now()),
    "refuse": lambda p, user, note: amending.refuse(p, actor=user, note=note, now=timezone.now()),
    "withdraw": lambda p, user, note: amending.withdraw(p, actor=user, now=timezone.now()),
}


def _beside(proposal: FigureProposal) -> list[dict[str, Any]]:
    """Each fact of the row, as it was and as it shall be."""
    before = proposal.before or {}
    after = amending.snapshot(proposal)
    words = {
        "valid_from": _("Valid from"),
        "valid_to": _("Valid to"),
        "value": _("Value"),
        "unit": _("Unit"),
        "source": _("Where it stands (article)"),
        "confidence": _("How sure"),
    }
    return [
        {
            "label": label,
            "old": _shown(before.get(name)),
            "new": _shown(after[name]),
            "changed": bool(before) and before.get(name) != after[name],
        }
        for name, label in words.items()
    ]


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str) and value in dict(Confidence.choices):
        return str(dict(Confidence.choices)[value])
    return value if isinstance(value, str) else _json(value)
