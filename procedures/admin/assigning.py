"""Who works on what: taking, giving, doing the same with many dossiers, and the page of the team."""

import secrets
from datetime import date
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.dated import typed_day
from portal.http import form_key, see_other, signed_in
from portal.models import User
from portal.roles import LEADERS, RoleAdmin, role
from procedures import assignment, bulk, dossiers, workflow, worklist
from procedures.bulk import Outcome
from procedures.models import AssignmentRule, Dossier, Office, StaffMember
from procedures.models.dossiers import UNDECIDED
from procedures.offices import of_office
from procedures.workflow import MoveRefused

if TYPE_CHECKING:
    _Admin = RoleAdmin
else:
    _Admin = object

_LIST, _TEAM = "admin:procedures_dossier_changelist", "admin:procedures_dossier_team"


def staff_user(request: HttpRequest) -> User:
    return signed_in(request).user  # type: ignore[arg-type]


def colleagues(request: HttpRequest) -> list[StaffMember]:
    """Who works on the dossiers of the office where ``request`` comes from; asked once a request."""
    known: list[StaffMember] | None = getattr(request, "_colleagues", None)
    if known is None:
        staff = getattr(request.user, "staff", None)
        known = list(assignment.team(staff.office_id)) if staff else []
        request._colleagues = known  # type: ignore[attr-defined]
    return known


class Assigning(_Admin):
    """The addresses below the queue at which work changes hands."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("nhan-tiep/", view(take_next), name="procedures_dossier_take_next"),
            path("hang-loat/", view(self.many), name="procedures_dossier_many"),
            path("phan-cong/", view(team), name="procedures_dossier_team"),
            path("<int:pk>/giao/", view(self.give), name="procedures_dossier_give"),
        ]
        return [*own, *super().get_urls()]

    def give(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take a dossier, or give it to somebody: ``cho`` is their number, 0 nobody, empty oneself."""
        dossier, user = self._mine(request, pk), staff_user(request)  # type: ignore[attr-defined]
        if request.method == "POST":
            named, key, now = request.POST.get("cho", ""), form_key(request), timezone.now()
            try:
                if named:
                    assignment.assign(dossier, _named(request, named), actor=user, key=key, now=now)
                else:
                    assignment.take(dossier, actor=user, key=key, now=now)
            except MoveRefused as refused:
                self.message_user(request, f"{dossier.code}: {refused}", messages.ERROR)
        query = request.GET.urlencode()
        here = reverse("admin:procedures_dossier_change", args=[pk])
        return see_other(f"{here}?{query}" if query else here)

    def many(self, request: HttpRequest) -> HttpResponse:
        """Accept the chosen dossiers, or give them to somebody; a line each says what came of it."""
        user, query = staff_user(request), request.GET.urlencode()
        back = reverse(_LIST) + (f"?{query}" if query else "")
        if not assignment.may_work(user):
            raise PermissionDenied
        if request.method != "POST":
            return see_other(back)
        rows = _picked(request, self.get_queryset(request))
        if problem := _problem(request, rows):
            self.message_user(request, problem, messages.ERROR)
            return see_other(back)
        outcomes = bulk.one_by_one(rows, _act(request, user), key=form_key(request))
        return _results(request, outcomes, back)


# --- Many at once --------------------------------------------------------------------------------


def _picked(request: HttpRequest, seen: QuerySet[Dossier]) -> list[Dossier]:
    numbers = {int(n) for n in request.POST.getlist("ho-so") if n.isascii() and n.isdigit() and len(n) < 18}
    return list(worklist.TO_DO.ordered(seen.filter(pk__in=numbers))[: bulk.MOST + 1])


def _problem(request: HttpRequest, rows: list[Dossier]) -> str:
    if not rows:
        return _("Select the dossiers first.")
    if len(rows) > bulk.MOST:
        return _("At most %(n)d dossiers at once.") % {"n": bulk.MOST}
    if request.POST.get("viec") not in {"accept", "assign"}:
        return _("Choose what to do with the dossiers.")
    if request.POST["viec"] == "assign" and not request.POST.get("cho"):
        return _("Choose to whom the dossiers go.")
    return ""


def _act(request: HttpRequest, user: User) -> Any:
    now = timezone.now()
    if request.POST["viec"] == "accept":
        return lambda dossier, key: workflow.move(dossier, "accept", actor=user, key=key, now=now)
    return _giving(request, user)


def _giving(request: HttpRequest, user: User) -> Any:
    named, now = request.POST.get("cho", ""), timezone.now()
    if named == "it-viec":
        return lambda dossier, key: assignment.spread(dossier, actor=user, key=key, now=now)
    to = _named(request, named)
    return lambda dossier, key: assignment.assign(dossier, to, actor=user, key=key, now=now)


def _named(request: HttpRequest, named: str) -> User | None:
    """The colleague whose number was chosen; nobody for 0. Raises ``MoveRefused`` for anybody else."""
    if named == "0":
        return None
    for staff in colleagues(request):
        if str(staff.user_id) == named:
            return staff.user
    raise PermissionDenied


def _results(request: HttpRequest, outcomes: list[Outcome], back: str) -> HttpResponse:
    refused = [o for o in outcomes if o.refusal]
    done = len(outcomes) - len(refused)
    context = {
        **admin.site.each_context(request),
        "opts": Dossier._meta,
        "title": _("What came of it"),
        "outcomes": [*refused, *(o for o in outcomes if not o.refusal)],
        "done": ngettext("%(n)d dossier done", "%(n)d dossiers done", done) % {"n": done},
        "refused": ngettext("%(n)d refused", "%(n)d refused", len(refused)) % {"n": len(refused)},
        "any_refused": bool(refused),
        "back": back,
    }
    return render(request, "admin/procedures/many.html", context)


# --- The next one --------------------------------------------------------------------------------


def take_next(request: HttpRequest) -> HttpResponse:
    """Take the most pressing dossier that is nobody's, and open it."""
    user, back = staff_user(request), reverse(_LIST)
    if request.method != "POST":
        return see_other(back)
    if not assignment.may_work(user):
        raise PermissionDenied
    found = assignment.take_next(actor=user, key=form_key(request), now=timezone.now())
    if found is None:
        messages.info(request, _("No unassigned dossier waits to be worked on."))
        return see_other(back)
    filters = "?_changelist_filters=nguoi%3Dmine"
    return see_other(reverse("admin:procedures_dossier_change", args=[found.pk]) + filters)


# --- The team ------------------------------------------------------------------------------------


def team(request: HttpRequest) -> HttpResponse:
    """Who is there and has how much; leave, handing over, and giving out what is nobody's."""
    user = staff_user(request)
    if role(user) not in LEADERS or not hasattr(user, "staff"):
        raise PermissionDenied
    if request.method != "POST":
        return _team_page(request, user)
    if not assignment.may_assign(user):
        raise PermissionDenied
    doing = request.POST.get("viec", "")
    if doing == "nghi":
        return _leave(request, user)
    rows = _to_hand_over(request, user)[: bulk.MOST]
    act = _by_rule(user) if doing == "quy-tac" else _giving(request, user)
    return _results(request, bulk.one_by_one(rows, act, key=form_key(request)), reverse(_TEAM))


def _to_hand_over(request: HttpRequest, user: User) -> QuerySet[Dossier]:
    """What is nobody's, or what the person named in ``cua`` has not finished."""
    seen = dossiers.visible_to(user).filter(UNDECIDED).select_related("owner", "office", "assignee")
    if request.POST.get("viec") == "quy-tac":
        return worklist.TO_DO.ordered(seen.filter(assignee=None))
    owner = _named(request, request.POST.get("cua", ""))
    return worklist.TO_DO.ordered(seen.filter(assignee=owner) if owner else seen.none())


def _by_rule(user: User) -> Any:
    now = timezone.now()

    def act(dossier: Dossier, key: str) -> None:
        if not assignment.by_rule(dossier, actor=user, key=key, now=now):
            raise MoveRefused(_("No rule of the office applies, or nobody is there."))

    return act


def _leave(request: HttpRequest, user: User) -> HttpResponse:
    """Note until when somebody of the team is away; an empty day: back again."""
    typed, person = request.POST.get("den", "").strip(), _named(request, request.POST.get("cua", ""))
    until = typed_day(typed)
    if (typed and until is None) or person is None:
        words = _("“%(typed)s” is no day of the calendar.") % {"typed": typed[:20]}
        return _team_page(request, user, wrong=person, words=words)
    StaffMember.objects.filter(user=person, office=user.staff.office_id).update(away_until=until)
    messages.success(request, _leave_words(person, until))
    return see_other(reverse(_TEAM))


def _leave_words(person: User, until: date | None) -> str:
    if until is None:
        return _("%(name)s is there again.") % {"name": person.full_name}
    return _("%(name)s is away until %(day)s.") % {"name": person.full_name, "day": f"{until:%d/%m/%Y}"}


def _team_page(
    request: HttpRequest, user: User, *, wrong: User | None = None, words: str = ""
) -> HttpResponse:
    now = timezone.now()
    context = {
        **admin.site.each_context(request),
        "opts": Dossier._meta,
        "title": _("Who works on what"),
        "rows": _team_rows(request, user, timezone.localdate(now)),
        "free": worklist.counts(dossiers.visible_to(user), user=user, now=now)["free"],
        "leads": assignment.may_assign(user),
        "rules": AssignmentRule.objects.filter(office=user.staff.office_id, active=True).count(),
        "wrong": wrong,
        "words": words,
        "typed": request.POST.get("den", ""),
        "most": bulk.MOST,
        "key": secrets.token_urlsafe(12),
    }
    return render(request, "admin/procedures/team.html", context, status=422 if words else 200)


def _team_rows(request: HttpRequest, user: User, today: date) -> list[dict[str, Any]]:
    people, now = colleagues(request), timezone.now()
    mine = Dossier.objects.filter(UNDECIDED, office=user.staff.office_id).order_by()
    counted = mine.filter(assignee__in=[s.user_id for s in people]).values("assignee")
    numbers = {
        row["assignee"]: row
        for row in counted.annotate(open=Count("pk"), overdue=Count("pk", filter=Q(due_at__lt=now)))
    }
    none = {"open": 0, "overdue": 0}
    return [
        {"staff": s, "away": bool(s.away_until and s.away_until >= today), **numbers.get(s.user_id, none)}
        for s in people
    ]


@admin.register(AssignmentRule)
class AssignmentRuleAdmin(RoleAdmin):
    """To whom new dossiers go; a supervisor's own office, or every office for who oversees the province."""

    viewers, editors = LEADERS, LEADERS
    list_display = ("office", "ward", "procedure", "clerk", "active", "valid_from", "valid_to")
    list_filter = ("active",)
    list_select_related = ("office", "ward", "procedure", "clerk")
    ordering = ("office", "id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AssignmentRule]:
        rules: QuerySet[AssignmentRule] = super().get_queryset(request)
        return of_office(rules, staff_user(request))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        staff = getattr(request.user, "staff", None)
        oversees = bool(staff and staff.oversees_province)
        office = 0 if oversees or staff is None else staff.office_id
        if db_field.name == "office" and not oversees:
            kwargs["queryset"] = Office.objects.filter(pk=office)
        if db_field.name == "clerk":
            working = User.objects.filter(is_active=True, staff__role__in=assignment.ROLES)
            kwargs["queryset"] = working if oversees else working.filter(staff__office=office)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
