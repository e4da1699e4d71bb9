"""The offices: where they are, what they take today, and where paper goes meanwhile."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_safe

from portal.http import Request, render_page
from procedures import offices, visits


def closed_now(request: HttpRequest) -> dict[str, Any]:
    """For the banner of every whole page; asked only where it is drawn."""
    return {"closed_now": SimpleLazyObject(lambda: offices.closures(timezone.now()))}


@require_safe
def office_list(request: Request) -> HttpResponse:
    now = timezone.now()
    shut = {closure.office_id: closure for closure in offices.closures(now)}
    rows = [{"office": office, "closure": shut.get(office.pk)} for office in offices.in_force(now)]
    return render_page(request, "procedures/offices.html", {"rows": rows})


@require_safe
def office(request: Request, slug: str) -> HttpResponse:
    now = timezone.now()
    found = get_object_or_404(offices.in_force(now), slug=slug)
    context = {
        "office": found,
        "closure": next((c for c in offices.closures(now) if c.office_id == found.pk), None),
        "coming": found.closures.filter(starts_at__gt=now),
        "post_to": offices.posting_options(found, now),
        "visits": visits.of(found, timezone.localdate(now)),
        "areas": offices.areas(found, timezone.localdate(now)),
    }
    return render_page(request, "procedures/office.html", context)
