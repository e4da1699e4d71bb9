"""Every text in code and templates has its Vietnamese translation, with the same placeholders."""

import gettext
import io
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.apps import apps
from django.conf import settings
from django.utils.translation.template import templatize

Key = str | tuple[str, str]
"""A text, or its singular and plural."""

KEYWORDS = {
    **dict.fromkeys(["_", "gettext", "gettext_lazy", "gettext_noop"]),
    **dict.fromkeys(["ngettext", "ngettext_lazy"], (1, 2)),
    **dict.fromkeys(["pgettext", "pgettext_lazy"], ((1, "c"), 2)),
    **dict.fromkeys(["npgettext", "npgettext_lazy"], ((1, "c"), 2, 3)),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[ds]|\{\w*\}")


def texts_of(source: str) -> Iterator[Key]:
    for _line, found, _comments, _context in extract("python", io.BytesIO(source.encode()), KEYWORDS):
        yield found if isinstance(found, str) else (found[0], found[1])


def texts_in_python() -> Iterator[tuple[Path, Key]]:
    for app in apps.get_app_configs():
        if Path(app.path).parent == settings.BASE_DIR:
            for path in sorted(Path(app.path).rglob("*.py")):
                for text in texts_of(path.read_text(encoding="utf-8")):
                    yield path, text


def texts_in_templates() -> Iterator[tuple[Path, Key]]:
    for path in sorted((settings.BASE_DIR / "templates").rglob("*")):
        if path.suffix in {".html", ".txt"}:
            marked = templatize(path.read_text(encoding="utf-8"), origin=str(path))
            # The words between the tags have become X's that stand where Python allows no indent.
            for text in texts_of("\n".join(line.strip() for line in marked.splitlines())):
                yield path, text


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    with (settings.BASE_DIR / "locale" / "vi" / "LC_MESSAGES" / "django.po").open("rb") as lines:
        return read_po(lines, locale="vi", abort_invalid=True)


@pytest.fixture(scope="module")
def translated(catalog: Catalog) -> dict[Key, Message]:
    return {
        message.id if isinstance(message.id, str) else (message.id[0], message.id[1]): message
        for message in catalog
        if message.id and not message.fuzzy and all(words_of(message))
    }


def words_of(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


def test_the_search_for_texts_finds_them() -> None:
    assert "Please answer this question." in {text for _path, text in texts_in_python()}
    found = {text for _path, text in texts_in_templates()}
    assert "Start" in found
    assert ("%(number)s procedure found", "%(number)s procedures found") in found
    assert any("admin" in path.parts for path, _text in texts_in_templates())


@pytest.mark.parametrize("texts", [texts_in_python, texts_in_templates])
def test_every_text_is_translated(texts: object, translated: dict[Key, Message]) -> None:
    missing = {text: str(path) for path, text in texts() if text not in translated}  # type: ignore[operator]
    assert missing == {}, "run `make messages` and translate these"


def test_a_translation_fills_in_what_the_text_fills_in(translated: dict[Key, Message]) -> None:
    wrong = {}
    for text, message in translated.items():
        wanted = Counter(PLACEHOLDER.findall(text if isinstance(text, str) else text[1]))
        for words in words_of(message):
            if Counter(PLACEHOLDER.findall(words)) != wanted:
                wrong[text] = words
    assert wrong == {}


def test_vietnamese_has_one_form_for_any_number(catalog: Catalog) -> None:
    assert catalog.num_plurals == 1
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    vietnamese = gettext.GNUTranslations(compiled)
    for count in (1, 2, 12):
        assert vietnamese.ngettext("%d year", "%d years", count) == "%d năm"
