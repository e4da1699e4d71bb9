"""Pages about the signed-in person, and the wards for whoever fills in a form."""

from allauth.account.models import EmailAddress
from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal import drawing, fields, geography, organisations
from portal.http import Request, UserRequest, citizen_required, render_page, see_other
from portal.models import Organisation
from portal.selects import WardField


class ProfileForm(fields.PageForm):
    """What a citizen may change without showing papers: how and where to reach them."""

    phone = fields.PhoneField(label=gettext_lazy("Phone"))
    email = fields.EmailField(label=gettext_lazy("E-mail"), required=False)
    ward = WardField(label=gettext_lazy("Ward or commune where you live"))
    street = fields.TextField(
        label=gettext_lazy("House number, street or hamlet"), required=False, max_length=150
    )


@require_safe
def wards(request: Request) -> HttpResponse:
    """The inside of a select of wards: those of a district, the one chosen so far still chosen."""
    today = geography.wards(timezone.localdate())
    chosen = next((str(value) for value in request.GET.values() if value in today.labels), "")
    return HttpResponse(drawing.inside_select(today.under(request.GET.get("quan_huyen", "")), chosen))


@never_cache
@citizen_required
def profile(request: UserRequest) -> HttpResponse:
    user = request.user
    organisation = Organisation.objects.filter(user=user).first()
    if organisation is not None:
        organisation.user = user
        return organisations.profile(request, organisation)
    ward = "" if user.ward_in_doubt else user.ward_id or ""
    known = {"phone": user.phone, "email": user.email, "ward": ward, "street": user.street}
    form = ProfileForm(request.POST if request.method == "POST" else None, initial=known)
    if form.is_valid():
        data = form.cleaned_data
        if (data["phone"], data["email"].lower()) != (user.phone, user.email):
            user.contact_changed_at = timezone.now()
        user.phone, user.email, user.ward_id, user.street = (
            data["phone"],
            data["email"].lower(),
            data["ward"],
            data["street"],
        )
        user.ward_in_doubt = False
        user.save(update_fields=[*known, "ward_in_doubt", "contact_changed_at"])
        # Whoever reads mail at an address given up must not get a new password there.
        EmailAddress.objects.filter(user=user).exclude(email__iexact=user.email).delete()
        messages.success(request, _("Your account is up to date."))
        return see_other(reverse("profile"))
    born = fields.DateOrYearField().display(user.date_of_birth)
    return render_page(
        request, "portal/profile.html", {"form": form, "born": born}, status=422 if form.errors else 200
    )
