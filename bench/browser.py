"""A browser with htmx, as far as the server can tell: the same requests, counted on the wire.

Plain sockets, because what the client costs is taken from the server it measures.
"""

import gzip
import html
import re
import secrets
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

Fields = Sequence[tuple[str, str]]

_HEADERS = (
    "User-Agent: Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Mobile Safari/537.36\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n"
    "Accept-Language: vi-VN,vi;q=0.9,en-US;q=0.8\r\n"
    "Accept-Encoding: gzip, deflate, br\r\n"
    "Connection: close\r\n"  # a browser would keep it open; then nothing tells when an answer ends
)
_TIMEOUT = 60
_OK = {200, 204}


class Unexpected(Exception):
    """An answer that a filing does not go on from."""


@dataclass(frozen=True)
class File:
    """A file as somebody chooses it from the phone."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True)
class Exchange:
    """One request and its answer; sizes in bytes on the wire, headers included."""

    what: str
    method: str
    path: str
    status: int
    media_type: str
    sent: int
    received: int
    seconds: float


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Browser:
    """One person at one device. ``page`` is the HTML they look at, ``traffic`` all that was sent."""

    host: str
    port: int
    cookies: dict[str, str]
    page: str = ""
    url: str = "/"
    traffic: list[Exchange] = field(default_factory=list)

    def open(self, path: str, what: str = "page") -> str:
        """Follow a link: a whole page."""
        self.page, self.url = self._send("GET", path, what).text, path
        return self.page

    def fetch(self, path: str, what: str) -> bytes:
        """Get a picture or a PDF that the page shows or links to."""
        return self._send("GET", path, what).body

    def ask(
        self,
        path: str,
        what: str,
        *,
        target: str = "page",
        data: Fields | None = None,
        files: Mapping[str, File] | None = None,
    ) -> str:
        """What htmx does: a fragment for the element ``target``; POST when there is ``data``."""
        headers = f"HX-Request: true\r\nHX-Current-URL: http://{self.host}:{self.port}{self.url}\r\n"
        headers += f"HX-Target: {target}\r\n"
        answer = self._send("GET" if data is None else "POST", path, what, headers, data, files)
        self.url = answer.headers.get("hx-push-url", self.url)
        if target == "page":
            self.page = answer.text
        return answer.text

    def token(self) -> str:
        """What proves that a form comes from a page of the site."""
        return value_of(self.page, "csrfmiddlewaretoken") or self.cookies["csrftoken"]

    def _send(
        self,
        method: str,
        path: str,
        what: str,
        headers: str = "",
        data: Fields | None = None,
        files: Mapping[str, File] | None = None,
    ) -> Answer:
        media_type, body = _encoded(data or (), files or {})
        if method == "POST":
            headers += f"Content-Type: {media_type}\r\nContent-Length: {len(body)}\r\n"
            headers += f"Origin: http://{self.host}:{self.port}\r\n"
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        head = f"{method} {path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n{_HEADERS}{headers}"
        raw = f"{head}Referer: http://{self.host}:{self.port}{self.url}\r\nCookie: {cookies}\r\n\r\n".encode()
        started = time.monotonic()
        received = self._exchange(raw + body)
        seconds = time.monotonic() - started
        answer = _parsed(received, self.cookies)
        kind = answer.headers.get("content-type", "").split(";")[0]
        sizes = (len(raw) + len(body), len(received))
        self.traffic.append(Exchange(what, method, path, answer.status, kind, *sizes, seconds))
        if answer.status not in _OK:
            raise Unexpected(f"{method} {path}: {answer.status} {_error_in(answer)}")
        return answer

    def _exchange(self, request: bytes) -> bytes:
        """Send ``request`` and read to the end: the server closes each connection."""
        with socket.create_connection((self.host, self.port), timeout=_TIMEOUT) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(request)
            received = bytearray()
            while chunk := connection.recv(1 << 18):
                received += chunk
        return bytes(received)


def _encoded(data: Fields, files: Mapping[str, File]) -> tuple[str, bytes]:
    if not files:
        return "application/x-www-form-urlencoded", urlencode(data).encode()
    boundary = f"----WebKitFormBoundary{secrets.token_hex(8)}"
    parts = []
    for name, value in data:
        disposition = f'Content-Disposition: form-data; name="{name}"'
        parts.append(f"--{boundary}\r\n{disposition}\r\n\r\n{value}\r\n".encode())
    for name, file in files.items():
        disposition = f'Content-Disposition: form-data; name="{name}"; filename="{file.name}"'
        head = f"--{boundary}\r\n{disposition}\r\nContent-Type: {file.media_type}\r\n\r\n"
        parts.append(head.encode() + file.data + b"\r\n")
    return f"multipart/form-data; boundary={boundary}", b"".join(parts) + f"--{boundary}--\r\n".encode()


def _parsed(received: bytes, cookies: dict[str, str]) -> Answer:
    head, _, body = received.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(": ")
        if name.lower() == "set-cookie":
            key, _, content = value.split(";")[0].partition("=")
            cookies[key] = content
        headers[name.lower()] = value
    if headers.get("transfer-encoding") == "chunked":
        body = _joined(body)
    if headers.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    if not lines[0].startswith("HTTP/1.1 "):
        raise Unexpected("the server closed the connection without an answer")
    return Answer(int(lines[0].split()[1]), headers, body)


def _joined(chunked: bytes) -> bytes:
    joined, place = bytearray(), 0
    while True:
        end = chunked.index(b"\r\n", place)
        size = int(chunked[place:end], 16)
        if not size:
            return bytes(joined)
        joined += chunked[end + 2 : end + 2 + size]
        place = end + 2 + size + 2


def _error_in(answer: Answer) -> str:
    found = re.findall(r'class="error"[^>]*>(.*?)</(?:p|div|strong)>', answer.text, re.DOTALL)
    return re.sub(r"<[^>]+>|\s+", " ", " ".join(found) or answer.text[:300])


# --- Reading a page ------------------------------------------------------------------------------
# With expressions rather than a parser, which would cost as much as the page costs the server.


def tag(page: str, **attributes: str) -> str:
    """The first tag that has these attributes (``_`` stands for ``-``); empty when there is none."""
    wanted = "".join(rf'(?=[^>]*\s{k.replace("_", "-")}="{re.escape(v)}")' for k, v in attributes.items())
    found = re.search(rf"<\w+\b{wanted}[^>]*>", page)
    return found[0] if found else ""


def attribute(element: str, name: str) -> str:
    """The attribute of a tag; empty when it has none."""
    found = re.search(rf'\s{name}="([^"]*)"', element)
    return html.unescape(found[1]) if found else ""


def value_of(page: str, name: str) -> str:
    """The value of the input ``name``."""
    return attribute(tag(page, name=name), "value")


def links(page: str, name: str, pattern: str) -> list[str]:
    """Every attribute ``name`` whose value matches ``pattern``, in order, each once."""
    return list(dict.fromkeys(html.unescape(v) for v in re.findall(rf'\s{name}="({pattern})"', page)))
