"""Who of the staff opens which page of the editor, and what its pages have in common."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.http import see_other, signed_in
from portal.models import User
from portal.roles import EVERYBODY, LEADERS, role
from procedures.catalogue import NotADraft
from procedures.models import ProcedureVersion

Status = ProcedureVersion.Status


def version_for(request: HttpRequest, pk: int | str, *, write: bool = False) -> ProcedureVersion:
    """The version ``pk`` for staff to read, or for those who lead an office to change."""
    if role(request.user) not in (LEADERS if write else EVERYBODY):
        raise PermissionDenied
    found = ProcedureVersion.objects.select_related("procedure", "drafted_by", "published_by")
    version = found.filter(pk=pk).first() if str(pk).isdecimal() else None
    if version is None:
        raise Http404
    return version


def may_write(request: HttpRequest) -> bool:
    return role(request.user) in LEADERS


def actor(request: HttpRequest) -> User:
    return signed_in(request).user  # type: ignore[arg-type]


def url(version: ProcedureVersion, page: str = "change", *args: str) -> str:
    return reverse(f"admin:procedures_procedureversion_{page}", args=[version.pk, *args])


def to_version(version: ProcedureVersion, anchor: str = "") -> HttpResponse:
    return see_other(url(version) + (f"#{anchor}" if anchor else ""))


def not_a_draft(request: HttpRequest, version: ProcedureVersion) -> HttpResponse:
    """Back to the version's page, which only shows it, saying why."""
    messages.error(request, no_draft_words(version))
    return to_version(version)


def no_draft_words(version: ProcedureVersion) -> str:
    """Why ``version`` does not change any more, and by whom."""
    if version.status == Status.PUBLISHED:
        return _("Version %(number)d has been published by %(who)s; it does not change any more.") % {
            "number": version.number,
            "who": version.published_by.full_name if version.published_by else _("the portal"),
        }
    return _("Version %d has been set aside or retired; it does not change any more.") % version.number


def refused(request: HttpRequest, error: NotADraft) -> HttpResponse:
    return not_a_draft(request, error.version)


def page(
    request: HttpRequest,
    template: str,
    version: ProcedureVersion,
    context: dict[str, Any],
    *,
    status: int = 200,
) -> HttpResponse:
    """A page of the editor in the frame of the staff's site."""
    context = {
        **admin.site.each_context(request),
        "opts": ProcedureVersion._meta,
        "title": version.title_vi,
        "version": version,
        "back_url": url(version),
        **context,
    }
    return render(request, f"admin/procedures/editor/{template}.html", context, status=status)
