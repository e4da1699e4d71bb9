"""Typed requests, pages and fragments, and who may open a view."""

import re
import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from allauth.core import ratelimit
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers, patch_vary_headers
from django_htmx.middleware import HtmxDetails

from portal.models import User

P = ParamSpec("P")


class Request(HttpRequest):
    """A request after all middleware has run."""

    htmx: HtmxDetails


class UserRequest(Request):
    """A request of somebody who has signed in."""

    user: User


View = Callable[Concatenate[Request, P], HttpResponseBase]
UserView = Callable[Concatenate[UserRequest, P], HttpResponseBase]


def citizen_required(view: UserView[P]) -> View[P]:
    """Let only citizens in: anonymous visitors sign in first, staff are refused."""

    @wraps(view)
    def checked(request: Request, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if request.user.is_staff:
            raise PermissionDenied
        return view(cast(UserRequest, request), *args, **kwargs)

    return checked


def sign_in_required(view: UserView[P]) -> View[P]:
    """Let citizens and staff in, anonymous visitors after they have signed in."""

    @wraps(view)
    def checked(request: Request, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return view(cast(UserRequest, request), *args, **kwargs)

    return checked


def signed_in(request: Request) -> UserRequest:
    """The same request, typed: for views behind one of the decorators or the admin."""
    return cast(UserRequest, request)


def render_page(
    request: Request,
    template: str,
    context: dict[str, Any],
    *,
    status: int = 200,
    fragments: tuple[str, ...] = ("page",),
    push_url: str = "",
) -> HttpResponse:
    """``template`` whole, or the one of its ``fragments`` that htmx asked for by its target id.

    ``push_url`` is the address a successful htmx POST moves the browser to.
    """
    target = request.htmx.target if request.htmx and not request.htmx.history_restore_request else None
    # A redirect takes htmx to pages that have no such fragment; they answer whole.
    names = [f"{template}#{target}", template] if target in fragments else [template]
    response = render(request, names, context, status=status)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    if request.user.is_authenticated:
        add_never_cache_headers(response)  # computers are shared; the next person may press "back"
    if push_url and request.htmx:
        response["HX-Push-Url"] = push_url
    return response


_KEY = re.compile(r"[A-Za-z0-9_-]{1,80}")


def form_key(request: HttpRequest) -> str:
    """The key in a form, by which sending it twice counts once; a new one where it has none of ours.

    Keys of what the portal does by itself have a colon: nobody takes one in advance.
    """
    sent = request.POST.get("key", "")
    return sent if _KEY.fullmatch(sent) else secrets.token_urlsafe(12)


def see_other(url: str) -> HttpResponse:
    """303: what a form answers when all went well."""
    return HttpResponse(status=303, headers={"Location": url})


def go_on(request: Request, url: str, page: Callable[..., HttpResponse]) -> HttpResponse:
    """On to ``url`` after a form: 303, or for htmx the ``page`` itself, which saves a round trip."""
    return page(push_url=url) if request.htmx else see_other(url)


def too_many(request: HttpRequest, *, action: str, key: str | None = None) -> bool:
    """Count this attempt at ``action`` (see ACCOUNT_RATE_LIMITS); True when it is one too many."""
    return not ratelimit.consume(request, action=action, key=key)
