"""What staff do in the catalogue editor, as the requests their browsers send."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from portal.models import User
from procedures import catalogue
from procedures.catalogue import definition_of
from procedures.definition import Definition
from procedures.models import ProcedureVersion
from tests import reference
from tests.html_forms import untouched

SignIn = Callable[[User], Client]
Status = ProcedureVersion.Status
VERSIONS = "/quan-tri/procedures/procedureversion/"
SHIPPED = reference.shipped()
ALL = pytest.mark.parametrize("shipped", SHIPPED, ids=lambda d: d.slug)


def current(slug: str = "lump-sum") -> ProcedureVersion:
    version = catalogue.published(slug)
    assert version is not None
    return version


def begin(client: Client, slug: str = "lump-sum") -> ProcedureVersion:
    response = client.post(f"{VERSIONS}{current(slug).pk}/nhap/")
    assert response.status_code == 303
    draft = ProcedureVersion.objects.get(procedure__slug=slug, status=Status.DRAFT)
    assert response["Location"] == f"{VERSIONS}{draft.pk}/change/"
    return draft


def form_of(client: Client, draft: ProcedureVersion, place: str) -> dict[str, Any]:
    response = client.get(f"{VERSIONS}{draft.pk}/phan/{place}")
    assert response.status_code == 200
    return untouched(response)


def save(client: Client, draft: ProcedureVersion, place: str, **typed: Any) -> HttpResponse:
    """Open the form of a part, type, and press Save."""
    path = place.split("?")[0]
    return client.post(f"{VERSIONS}{draft.pk}/phan/{path}", {**form_of(client, draft, place), **typed})  # type: ignore[return-value]


def publish(client: Client, draft: ProcedureVersion) -> HttpResponse:
    seen = definition_of(ProcedureVersion.objects.select_related("procedure").get(pk=draft.pk)).digest
    return client.post(f"{VERSIONS}{draft.pk}/cong-bo/", {"seen": seen})  # type: ignore[return-value]


def content(draft: ProcedureVersion) -> Definition:
    return definition_of(ProcedureVersion.objects.select_related("procedure").get(pk=draft.pk))


def page_of(client: Client, version: ProcedureVersion) -> str:
    response = client.get(f"{VERSIONS}{version.pk}/change/")
    assert response.status_code == 200
    return response.content.decode()


def upload(client: Client, draft: ProcedureVersion, toml: str | bytes) -> HttpResponse:
    path = f"{VERSIONS}{draft.pk}/nhap-toml/"
    data = toml if isinstance(toml, bytes) else toml.encode()
    file = SimpleUploadedFile("thu-tuc.toml", data)
    return client.post(path, {**untouched(client.get(path)), "file": file})  # type: ignore[arg-type,return-value]
