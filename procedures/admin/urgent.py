"""The banner of urgent dossiers alone: open desk pages ask for it every minute."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from procedures import urgent


@never_cache
@require_safe
def banner(request: HttpRequest) -> HttpResponse:
    """204 when it would say what the page shows already, so that nothing is read out twice."""
    context = urgent.banner(request.user)
    if request.GET.get("co") == context["known"]:
        return HttpResponse(status=204)
    return render(request, "admin/procedures/urgent.html", context)
