"""Pages for people who receive a monthly benefit."""

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from pension import advice, frauds, list_days, switching
from pension.models import SwitchRequest
from portal import devices, fields
from portal.http import Request, UserRequest, citizen_required, render_page, see_other, too_many
from procedures.workflow import MoveRefused

State = SwitchRequest.State


@require_safe
def entry(request: Request) -> HttpResponse:
    """The question of the province's letter (mục 8): with VssID, with VssID to come, or on paper."""
    today = timezone.localdate()
    day = list_days.closing_day(today)
    month = list_days.next_list(today, day) if day else None
    context = {"month": month, "closes": list_days.closes_on(month, day) if month and day else None}
    return render_page(request, "pension/entry.html", context)


class CodeForm(fields.PageForm):
    code = fields.DigitsField(
        low=6,
        high=6,
        label=gettext_lazy("The code of six digits"),
        help_text=gettext_lazy("It holds for 15 minutes. Tell it to nobody, not even to the office."),
    )


@never_cache
@citizen_required
def switch(request: UserRequest, code: str) -> HttpResponse:
    """Where the change of a dossier stands; its code is asked for, typed in, or the change taken back."""
    found = switching.own(request.user, code)
    doing = _DOINGS.get(request.POST.get("viec", "")) if request.method == "POST" else None
    return doing(request, found) if doing else _page(request, found)


def _page(
    request: UserRequest, found: SwitchRequest, form: CodeForm | None = None, refused: str = ""
) -> HttpResponse:
    if refused and form is not None:
        form.add_error("code", refused)
    form = form or CodeForm()
    context = {
        "switch": found,
        "words": advice.words_of(found),
        "form": form,
        "asks_code": found.state == State.UNCONFIRMED,
        "sent": bool(found.code_print),
        "channel": switching.channel_of(found),
        "may_take_back": found.state in switching.COOLING,
        "refused": refused,
    }
    status = 422 if form.errors or refused else 200
    return render_page(request, "pension/switch.html", context, status=status)


def _ask(request: UserRequest, found: SwitchRequest) -> HttpResponse:
    if too_many(request, action="switch_code", key=str(found.pk)):
        return _page(request, found, refused=_("Too many codes were asked for. Please wait a while."))
    now, user = timezone.now(), request.user
    seen = devices.first_seen(request, user)
    others = seen is not None and devices.had_another(user, seen)
    switching.ask_code(found, doubts=frauds.of_device(seen, others, now), now=now)
    return _back(found)


def _confirm(request: UserRequest, found: SwitchRequest) -> HttpResponse:
    form = CodeForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form)
    if too_many(request, action="switch_confirm", key=str(found.pk)):
        return _page(request, found, form, _("Too many attempts. Please wait a while."))
    try:
        switching.confirm(found, form.cleaned_data["code"], now=timezone.now())
    except MoveRefused as refused:
        return _page(request, found, form, str(refused))
    messages.success(request, _("Thank you: the change is confirmed."))
    return _back(found)


def _take_back(request: UserRequest, found: SwitchRequest) -> HttpResponse:
    try:
        switching.take_back(found, now=timezone.now())
    except MoveRefused as refused:
        return _page(request, switching.own(request.user, str(found.dossier.code)), refused=str(refused))
    messages.success(request, _("The change is taken back. You are paid as before."))
    return _back(found)


_DOINGS = {"gui-ma": _ask, "xac-nhan": _confirm, "rut": _take_back}


def _back(found: SwitchRequest) -> HttpResponse:
    return see_other(reverse("switch", args=[found.dossier.code]))
