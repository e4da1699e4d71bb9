"""Sign-in and registration: the user name of a citizen is the mã số BHXH."""

from typing import Any

from allauth.account import forms as allauth_forms
from allauth.account.adapter import DefaultAccountAdapter
from django.contrib import messages
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal import devices, fields
from portal.identifiers import citizen_card_facts, compact
from portal.models import User
from portal.selects import WardField


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def clean_username(self, username: str, shallow: bool = False) -> str:
        """An insurance number that nobody has registered yet."""
        if not shallow and User.objects.filter(username=username).exists():
            raise ValidationError(
                _(
                    "This insurance number already has an account: sign in, or ask for a new "
                    "password. If it was not you who registered, call the office."
                )
            )
        return username

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """What wrong passwords are counted by. Allauth adds the Host header, which a guesser may vary."""
        return str(credentials.get("username", "")).lower()

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        user = request.user
        if isinstance(user, User) and user.is_staff:
            return "/quan-tri/"
        return str(super().get_login_redirect_url(request))

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        """On to where the person wanted to go, with the browser known from now on."""
        response: HttpResponse = super().post_login(request, user, **kwargs)
        devices.remember(request, user, response, now=timezone.now())
        return response

    def populate_username(self, request: HttpRequest, user: User) -> None:
        """The form has set it: nothing is made up."""


class LoginForm(allauth_forms.LoginForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("Social insurance number (10 digits)")
        self.fields["login"].help_text = _(
            "It stands on your insurance book and health card. Organisations type their e-mail address."
        )
        self.fields["password"].label = _("Password")
        self.fields["password"].help_text = ""

    def clean_login(self) -> str:
        """Numbers may be typed with blanks or dots, addresses in capitals; staff names pass as they are."""
        typed = str(super().clean_login())
        if "@" in typed:
            return typed.lower()
        return compact(typed) if compact(typed).isdigit() else typed


class SignupForm(allauth_forms.SignupForm):  # type: ignore[misc]
    """Who opens an account: identity, how to reach them, where they live."""

    full_name = fields.NameField(label=gettext_lazy("Full name"))
    date_of_birth = fields.DateOrYearField(
        label=gettext_lazy("Date of birth"),
        help_text=gettext_lazy("If your papers carry only the year, leave day and month empty."),
        autocomplete="bday",
    )
    id_number = fields.IdentityPaperField(
        label=gettext_lazy("Citizen card (CCCD) or identity card (CMND)"),
        help_text=gettext_lazy("12 or 9 digits; or a passport number"),
    )
    phone = fields.PhoneField(label=gettext_lazy("Phone"))
    ward = WardField(
        label=gettext_lazy("Ward or commune where you live"),
        help_text=gettext_lazy("It decides which office looks after you."),
    )
    field_order = (
        "username",
        "full_name",
        "date_of_birth",
        "id_number",
        "phone",
        "email",
        "ward",
        "password1",
        "password2",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"] = fields.InsuranceNumberField(
            label=_("Social insurance number"),
            help_text=_(
                "10 digits, on your insurance book, your health card or in VssID. It will be your user name."
            ),
        )
        self.fields["email"] = fields.EmailField(
            label=_("E-mail"), required=False, help_text=_("We write here when something changes.")
        )
        self.fields["password1"].label = _("Password")
        self.fields["password1"].help_text = _("At least 8 characters, not digits alone")
        self.fields["password2"].label = _("Password again")
        for name in ("password1", "password2"):
            self.fields[name].widget.attrs["autocomplete"] = "new-password"
        born = self.fields["date_of_birth"]
        assert isinstance(born, fields.DateField)
        born.latest = timezone.localdate()
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        """Allauth compares the password with the user name alone."""
        data: dict[str, Any] = super().clean()
        if password := data.get("password1"):
            known = {name: data.get(name, "") for name in ("full_name", "phone", "id_number")}
            try:
                validate_password(password, User(**known))
            except ValidationError as error:
                self.add_error("password1", error)
        return data

    def save(self, request: HttpRequest) -> User:
        user: User = super().save(request)
        data = self.cleaned_data
        user.full_name, user.date_of_birth = data["full_name"], data["date_of_birth"]
        user.id_number, user.phone, user.ward_id = data["id_number"], data["phone"], data["ward"]
        user.save(update_fields=["full_name", "date_of_birth", "id_number", "phone", "ward"])
        self._warn_about_year(request, user)
        return user

    def _warn_about_year(self, request: HttpRequest, user: User) -> None:
        """The number of a citizen card carries the year of birth: a mismatch is worth a look."""
        facts = citizen_card_facts(user.id_number)
        if facts and str(facts[1]) != user.date_of_birth[:4]:
            messages.warning(
                request,
                _(
                    "Your citizen card number says you were born in %(card)d, but you gave %(typed)s. "
                    "Please check both in your account."
                )
                % {"card": facts[1], "typed": user.date_of_birth[:4]},
            )
