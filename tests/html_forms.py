"""What a browser without JavaScript sends for a form that nobody has touched."""

from html.parser import HTMLParser
from typing import Any

from django.http import HttpResponse


class _Form(HTMLParser):
    """Collects the inputs of the last form of the page that has an input called ``having``."""

    def __init__(self, having: str) -> None:
        super().__init__()
        self.having, self.found = having, {}
        self.now: dict[str, list[str]] | None = None
        self.select = self.textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = dict(attrs)
        if tag == "form":
            self.now = {}
        if self.now is None:
            return
        name = a.get("name") or ""
        if tag == "input" and name and (a.get("type") not in {"checkbox", "radio"} or "checked" in a):
            self.now.setdefault(name, []).append(a.get("value") or ("on" if "checked" in a else ""))
        if tag == "textarea":
            self.textarea = name
            self.now[name] = [""]
        if tag == "select":
            self.select = name
        if tag == "option" and self.select and ("selected" in a or self.select not in self.now):
            self.now[self.select] = [a.get("value") or ""]

    def handle_data(self, data: str) -> None:
        if self.now is not None and self.textarea:
            self.now[self.textarea][0] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self.now is not None:
            # HTML drops the first line break of a textarea.
            self.now[self.textarea][0] = self.now[self.textarea][0].removeprefix("\r").removeprefix("\n")
            self.textarea = ""
        if tag == "select":
            self.select = ""
        if tag == "form":
            if self.now and self.having in self.now:
                self.found = self.now
            self.now = None


def untouched(response: HttpResponse, *, having: str = "seen") -> dict[str, Any]:
    """The fields of the form that has an input ``having``, as they would be sent."""
    form = _Form(having)
    form.feed(response.content.decode())
    assert form.found, "there is no such form on the page"
    form.found.pop("csrfmiddlewaretoken", None)
    return form.found
