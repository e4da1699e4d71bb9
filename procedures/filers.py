"""Who files: a citizen, or an organisation for somebody."""

from django.utils.translation import gettext as _

from portal.models import Filer, Organisation, User
from procedures.models import Dossier
from procedures.workflow import MoveRefused


def filer_of(user: User) -> str:
    """As what ``user`` files: ``citizen`` or the kind of the organisation."""
    organisation = organisation_of(user)
    return organisation.kind if organisation else Filer.CITIZEN


def organisation_of(user: User) -> Organisation | None:
    """The organisation that signs in as ``user``: with its e-mail address, citizens with ten digits."""
    if "@" not in user.username:
        return None
    return Organisation.objects.filter(user=user).select_related("user").first()


def known_of(user: User) -> dict[str, str]:
    """What the account already knows, by the names that definitions use in ``prefill``."""
    organisation = organisation_of(user)
    return _known_of(organisation) if organisation else _known_of_citizen(user)


def _known_of_citizen(user: User) -> dict[str, str]:
    return {
        "full_name": user.full_name,
        "date_of_birth": user.date_of_birth,
        "id_number": user.id_number,
        "phone": user.phone,
        "email": user.email,
        "insurance_number": user.username,
        "street": user.street,
        "ward": "" if user.ward_in_doubt else user.ward_id or "",
    }


def _known_of(organisation: Organisation) -> dict[str, str]:
    """The organisation and how to reach it; name and address in a form are those of the employee."""
    user = organisation.user
    return {
        "phone": user.phone,
        "email": user.email,
        "contact": organisation.contact,
        organisation.kind: str(organisation),
        f"{organisation.kind}_name": user.full_name,
        f"{organisation.kind}_code": organisation.code,
    }


def may_file(dossier: Dossier) -> bool:
    """Whether whoever writes ``dossier`` may file it: an organisation once its office has confirmed it."""
    return not dossier.by_organisation or _confirmed(dossier) is not None


def sign(dossier: Dossier) -> None:
    """Keep on ``dossier`` which organisation files it; raises ``MoveRefused`` until it is confirmed."""
    if not dossier.by_organisation:
        return
    organisation = _confirmed(dossier)
    if organisation is None:
        raise MoveRefused(
            _("The social insurance office has not confirmed your account yet. Your draft is kept.")
        )
    if organisation.user.ward_in_doubt:
        raise MoveRefused(
            _("Your ward was split: please say under “My account” where your seat is. Your draft is kept.")
        )
    if organisation.kind != dossier.filer:
        raise MoveRefused(
            _("This draft was begun as another kind of organisation; begin it again from its procedure.")
        )
    dossier.organisation_name = organisation.user.full_name
    dossier.organisation_code = organisation.code


def _confirmed(dossier: Dossier) -> Organisation | None:
    found = Organisation.objects.filter(user=dossier.owner_id, confirmed_at__isnull=False)
    return found.select_related("user").first()
