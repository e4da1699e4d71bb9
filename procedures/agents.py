"""Collecting agents: who serves a ward, and whose task a dossier is."""

from datetime import date

from django.db.models import QuerySet

from portal.dated import valid
from portal.models import Filer, Organisation, User
from portal.options import Options
from procedures.models import AgentArea, Dossier


def confirmed() -> QuerySet[Organisation]:
    """The agents whose office has confirmed them and whose accounts are open."""
    return Organisation.objects.filter(
        kind=Filer.AGENT, confirmed_at__isnull=False, user__is_active=True
    ).select_related("user")


def serving(ward: str, on: date) -> QuerySet[Organisation]:
    """The confirmed agents that serve ``ward`` on the day ``on``."""
    areas = AgentArea.objects.filter(valid(on), ward=ward)
    return confirmed().filter(pk__in=areas.values("agent")).order_by("user__full_name", "pk")


def options(found: QuerySet[Organisation]) -> Options:
    """Agents to choose from, by the number of their organisation."""
    return Options([("", [(str(agent.pk), str(agent)) for agent in found])])


def named(key: object) -> Organisation | None:
    """The agent that an answer names."""
    text = str(key or "")
    return confirmed().filter(pk=int(text)).first() if text.isascii() and text.isdigit() else None


def looks_after(dossier: Dossier, user: User) -> bool:
    """Whether ``dossier`` was handed to the agent that signs in as ``user``."""
    return dossier.agent_id is not None and confirmed().filter(pk=dossier.agent_id, user=user).exists()
