from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.middleware.gzip import GZipMiddleware
from django.utils import translation


class TextGZipMiddleware(GZipMiddleware):
    """Compress pages. Pictures and PDFs are compressed already; they go as they are, with their length."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if not response.headers.get("Content-Type", "").startswith("text/"):
            return response
        return super().process_response(request, response)


class LanguageMiddleware:
    """Vietnamese unless the visitor chose otherwise.

    Django's own middleware follows the browser's Accept-Language; many phones sold in Viet Nam
    send English, and their owners would get pages they cannot read.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        language = chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response


class NulMiddleware:
    """PostgreSQL keeps no NUL character: one in an address or cookie is refused, one in a form left out."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *args: Any) -> None:
        if "\0" in "".join((request.path, *request.COOKIES.values())):
            raise BadRequest("NUL in the address or a cookie")
        if "%00" in request.META.get("QUERY_STRING", ""):
            raise BadRequest("NUL in the query")
        if any("\0" in str(value) for _name, values in request.POST.lists() for value in values):
            request.POST = _without_nul(request.POST)  # type: ignore[assignment]


def _without_nul(posted: QueryDict) -> QueryDict:
    kept = posted.copy()
    for name, values in posted.lists():
        kept.setlist(name, [str(value).replace("\0", "") for value in values])
    return kept
