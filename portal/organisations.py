"""Accounts of organisations: employers, health facilities and collecting agents.

They sign in with their e-mail address, and file once the staff of their office have confirmed them.
"""

import hashlib
from typing import Any

from allauth.core.ratelimit import respond_429
from django import forms
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from portal import fields, identifiers, notices
from portal.http import Request, UserRequest, render_page, see_other, too_many
from portal.models import Filer, Organisation, User
from portal.selects import WardField

_KINDS: list[Any] = [
    {"value": Filer.EMPLOYER, "label": gettext_lazy("Employer"), "hint": ""},
    {"value": Filer.HEALTH_FACILITY, "label": gettext_lazy("Health facility"), "hint": ""},
    {"value": Filer.AGENT, "label": gettext_lazy("Collecting agent"), "hint": ""},
]


def normal_code(kind: str, code: str) -> str:
    """The code of an organisation in its normal form; raises ``ValidationError``."""
    if not code:
        return ""
    if kind == Filer.EMPLOYER:
        return identifiers.unit_code(code)
    if kind == Filer.HEALTH_FACILITY:
        return identifiers.facility_code(code)
    return code.upper()


class DetailsForm(fields.PageForm):
    """What an organisation says about itself. Name, kind, code and ward are fixed once confirmed."""

    kind = fields.ChoiceField(label=gettext_lazy("What is your organisation?"), options=_KINDS)
    name = fields.TextField(label=gettext_lazy("Name of the organisation"))
    code = fields.TextField(
        label=gettext_lazy("Unit code or facility code"),
        required=False,
        max_length=20,
        help_text=gettext_lazy(
            "Employer: unit code, 7 letters or digits. Health facility: 5 digits that begin with 56. "
            "Leave empty if you have none yet."
        ),
    )
    code.width = "20"
    ward = WardField(
        label=gettext_lazy("Ward or commune of your seat"),
        help_text=gettext_lazy("It decides which office looks after you."),
    )
    street = fields.TextField(label=gettext_lazy("House number, street or hamlet"), max_length=150)
    contact = fields.NameField(label=gettext_lazy("Contact person"))
    phone = fields.PhoneField(label=gettext_lazy("Phone"))
    fixed = ("kind", "name", "code", "ward")

    def clean_code(self) -> str:
        """Kinds have codes of different shapes; one account of a code is confirmed."""
        kind = self.cleaned_data.get("kind", "")
        code = normal_code(kind, str(self.cleaned_data["code"]))
        if code and Organisation.objects.filter(kind=kind, code=code, confirmed_at__isnull=False).exists():
            raise ValidationError(
                _(
                    "An account with this code exists already: sign in, or ask for a new password. If it is "
                    "not yours, call the office."
                )
            )
        return code


class RegisterForm(DetailsForm):
    email = fields.EmailField(
        label=gettext_lazy("E-mail"),
        help_text=gettext_lazy("It will be your user name; we write here when something changes."),
    )
    password1 = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        help_text=gettext_lazy("At least 8 characters, not digits alone"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password2 = forms.CharField(
        label=gettext_lazy("Password again"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).lower()
        if User.objects.filter(username=email).exists():
            raise ValidationError(
                _("This e-mail address already has an account: sign in, or ask for a new password.")
            )
        return email

    def clean_password1(self) -> str:
        data = self.cleaned_data
        known = {"username": data.get("email", ""), "full_name": data.get("name", "")}
        validate_password(data["password1"], User(**known, phone=data.get("phone", "")))
        return str(data["password1"])

    def clean_password2(self) -> str:
        again = str(self.cleaned_data["password2"])
        if again != self.data.get("password1"):
            raise ValidationError(_("The two passwords differ."))
        return again


def register(data: dict[str, Any]) -> User:
    """Open the account; raises ``IntegrityError`` when the e-mail address was taken in the meantime."""
    with transaction.atomic():
        user = User(
            username=data["email"],
            email=data["email"],
            full_name=data["name"],
            phone=data["phone"],
            ward_id=data["ward"],
            street=data["street"],
        )
        user.set_password(data["password1"])
        user.save()
        Organisation.objects.create(user=user, kind=data["kind"], code=data["code"], contact=data["contact"])
    return user


@sensitive_post_parameters("password1", "password2")
@never_cache
def signup(request: Request) -> HttpResponse:
    """Register an organisation; it is signed in and sees that its office must confirm it."""
    if request.user.is_authenticated:
        return redirect("admin:index" if request.user.is_staff else "profile")
    if request.method == "POST" and too_many(request, action="signup"):
        return respond_429(request)  # type: ignore[no-any-return]
    form = RegisterForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            user = register(form.cleaned_data)
        except IntegrityError:
            form.add_error("email", _("This e-mail address already has an account."))
        else:
            login(request, user)
            return see_other(_next(request))
    context = {"form": form, "next": request.GET.get("next", "")}
    return render_page(request, "account/organisation.html", context, status=422 if form.errors else 200)


def _next(request: Request) -> str:
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if safe else reverse("profile")


def profile(request: UserRequest, organisation: Organisation) -> HttpResponse:
    """The account of an organisation: its standing, and what it may change."""
    form = _details(request, organisation)
    if form.is_valid():
        _save(organisation, form.cleaned_data)
        messages.success(request, _("Your account is up to date."))
        return see_other(reverse("profile"))
    context = {"form": form, "organisation": organisation, "fixed": organisation.confirmed_at is not None}
    return render_page(request, "portal/organisation.html", context, status=422 if form.errors else 200)


def _details(request: UserRequest, organisation: Organisation) -> DetailsForm:
    user = organisation.user
    known = {
        "kind": organisation.kind,
        "name": user.full_name,
        "code": organisation.code,
        "contact": organisation.contact,
        "phone": user.phone,
        "ward": "" if user.ward_in_doubt else user.ward_id or "",
        "street": user.street,
    }
    form = DetailsForm(request.POST if request.method == "POST" else None, initial=known)
    if organisation.confirmed_at:
        for name in form.fixed:
            if name != "ward" or not user.ward_in_doubt:
                del form.fields[name]
    return form


def _save(organisation: Organisation, data: dict[str, Any]) -> None:
    """Keep what may change. A confirmed organisation that changes between look and save is left alone."""
    user = organisation.user
    user.full_name = data.get("name", user.full_name)
    user.ward_id = data.get("ward", user.ward_id)
    user.phone, user.street = data["phone"], data["street"]
    with transaction.atomic():  # the row of the organisation is the lock of both
        locked = Organisation.objects.select_for_update().get(pk=organisation.pk)
        fixed = locked.confirmed_at is not None
        open_still = [] if fixed else ["full_name"]
        open_still += ["ward", "ward_in_doubt"] if not fixed or user.ward_in_doubt else []
        user.ward_in_doubt = False
        user.save(update_fields=["phone", "street", *open_still])
        locked.contact = data["contact"]
        if not fixed:
            locked.kind, locked.code = data.get("kind", locked.kind), data.get("code", locked.code)
            locked.remark = ""
        locked.save(update_fields=["contact", "kind", "code", "remark"])


class Changed(ValueError):
    """An organisation that is not what the person who decides saw any more."""


def mark(organisation: Organisation) -> str:
    """A mark of what is confirmed: who the organisation says it is."""
    user = organisation.user
    said = [organisation.kind, organisation.code, user.full_name, user.ward_id or "", organisation.contact]
    return hashlib.sha256("\n".join([*said, user.phone, user.street]).encode()).hexdigest()


def decide(organisation: Organisation, *, actor: User, reason: str, seen: str) -> None:
    """Confirm ``organisation``, or with a ``reason`` not (any more), and tell it.

    ``seen`` is the mark of what the actor has looked at; raises ``Changed`` when it is no longer so, and
    ``IntegrityError`` when another account with its code is confirmed.
    """
    confirmed, now = not reason, timezone.now()
    with transaction.atomic():
        if mark(Organisation.objects.select_for_update().get(pk=organisation.pk)) != seen:
            raise Changed
        organisation.confirmed_at = now if confirmed else None
        organisation.confirmed_by = actor if confirmed else None
        organisation.remark = reason
        organisation.save(update_fields=["confirmed_at", "confirmed_by", "remark"])
        notices.notify(
            organisation.user,
            "organisation_confirmed" if confirmed else "organisation_not_confirmed",
            about="",
            facts={},
            key=f"organisation:{organisation.pk}:{now.isoformat()}",
        )
