"""Conventions stay true because a test says so."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

ROOT = Path(__file__).resolve().parent.parent
APPS = ("portal", "procedures", "payments", "pension")
SOURCES = [p for app in APPS for p in (ROOT / app).rglob("*.py") if "migrations" not in p.parts]


def test_only_the_agreed_things_stand_at_the_top() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    top = {line.split("/")[0] for line in listed.stdout.splitlines()}
    assert top <= {
        "manage.py", "pyproject.toml", "uv.lock", "Makefile", "Dockerfile", "docker-compose.yml", "README.md",
        "LICENSE", ".ci", ".gitignore", ".dockerignore", "portal", "procedures", "payments", "pension",
        "templates", "static", "locale", "tests", "bench", "docs",
    }  # fmt: skip


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_the_state_of_a_dossier_is_set_in_one_place(path: Path) -> None:
    if path.name == "workflow.py":
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        targets = node.targets if isinstance(node, ast.Assign) else []
        for target in targets:
            assert not (isinstance(target, ast.Attribute) and target.attr in {"final", "days_left"}), path


def test_money_and_time_have_no_floats_and_no_naive_clock() -> None:
    for path in SOURCES:
        source = path.read_text(encoding="utf-8")
        assert not re.search(
            r"models\.FloatField|datetime\.now\(\)|datetime\.utcnow\(\)|date\.today\(\)", source
        ), path


def test_every_periodic_task_exists_and_reports() -> None:
    from portal.celery import app

    app.loader.import_default_modules()
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        assert entry["task"] in app.tasks


def test_every_upload_is_below_the_private_folder_and_no_url_serves_it() -> None:
    assert not hasattr(settings, "MEDIA_URL") or settings.MEDIA_URL in {"", "/"}


def test_migrations_are_named() -> None:
    for app in APPS:
        for path in (ROOT / app / "migrations").glob("0*.py"):
            assert "_auto_" not in path.name, path


def test_every_app_has_only_models_with_words_for_people() -> None:
    for app in APPS:
        assert apps.get_app_config(app).verbose_name


def test_the_upload_limit_is_one_setting_for_portal_and_proxy() -> None:
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    assert "MAX_UPLOAD_MB" in compose


def test_a_web_process_starts_without_what_few_requests_need() -> None:
    """These take some twenty megabytes; who needs one imports it where it is used."""
    heavy = {"barcode", "lxml", "pillow_heif", "python_calamine", "segno", "sepaxml", "typst", "xlsxwriter"}
    code = "import portal.wsgi, portal.urls, sys; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert "procedures" in loaded
    assert not heavy & loaded


def test_packages_are_locked_with_hashes() -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    for package in lock["package"]:
        for wheel in package.get("wheels", []):
            assert wheel["hash"].startswith("sha256:"), package["name"]


def test_no_personal_contact_of_the_letter_is_in_the_product() -> None:
    """The office's address and hotline may stand; the private numbers of the letter may not."""
    private = ("0592060307"[:4] + "." + "060.307", "0975" + "060700")
    for path in [*SOURCES, *(ROOT / "templates").rglob("*.*"), *(ROOT / "locale").rglob("*.po")]:
        content = path.read_text(encoding="utf-8")
        assert not any(number in content for number in private), path
