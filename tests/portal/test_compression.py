"""What goes over the wire compressed, and what is so already."""

import pytest
from django.http import HttpResponse, HttpResponseBase
from django.test import RequestFactory

from portal.middleware import TextGZipMiddleware


def _sent(response: HttpResponseBase) -> HttpResponseBase:
    request = RequestFactory(headers={"Accept-Encoding": "gzip"}).get("/")
    return TextGZipMiddleware(lambda _request: response)(request)  # type: ignore[return-value]


def test_pages_are_compressed() -> None:
    sent = _sent(HttpResponse("Hồ sơ " * 200))
    assert sent["Content-Encoding"] == "gzip"
    assert int(sent["Content-Length"]) < 200


@pytest.mark.parametrize("media_type", ["application/pdf", "image/jpeg"])
def test_pictures_and_pdfs_go_as_they_are_with_their_length(media_type: str) -> None:
    made = HttpResponse(b"%PDF-" * 200, content_type=media_type, headers={"Content-Length": "1000"})
    sent = _sent(made)
    assert "Content-Encoding" not in sent
    assert int(sent["Content-Length"]) == 1000
