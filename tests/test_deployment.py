"""Dockerfile, docker-compose.yml, Makefile and .ci/run say what the code does."""

import json
import os
import re
import shlex
import shutil
import string
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from celery import Celery
from celery.app.utils import find_app
from celery.bin.celery import celery as celery_command
from django.conf import settings
from django.core.management import get_commands
from django.urls import resolve
from gunicorn.config import Config

from portal import health
from portal.standalone import processes

ROOT = Path(__file__).resolve().parent.parent
COMPOSE_TEXT = (ROOT / "docker-compose.yml").read_text()
DOCKERFILE = (ROOT / "Dockerfile").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
SETTINGS = (ROOT / "portal" / "settings.py").read_text()

COMPOSE: dict[str, Any] = yaml.safe_load(COMPOSE_TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service.get("image") == "khanh-hoa-portal"]

# What somebody who deploys has to say; each value is as good as another here.
GIVEN = {
    "SITE_HOST": "portal.example.vn",
    "SECRET_KEY": string.ascii_letters,
    "POSTGRES_PASSWORD": "letters1",
    "DATA_KEYS": "",
    "FINGERPRINT_KEY": "",
    "EMAIL_HOST": "mail.example.vn",
    "EMAIL_HOST_PASSWORD": "",
    "DEFAULT_FROM_EMAIL": "portal@example.vn",
}
# Variables that a program reads by itself: the settings need not.
READ_ELSEWHERE = {
    "DJANGO_SETTINGS_MODULE",
    "WEB_CONCURRENCY",
    "PATH",
    "PYTHONUNBUFFERED",
    "PYTHONDONTWRITEBYTECODE",
    "MALLOC_ARENA_MAX",
}
SECRET_NAME = re.compile(r"SECRET|PASSWORD|TOKEN|KEY")
VARIABLE = re.compile(r"\$\{(?P<name>[A-Z_]+)(?P<operator>:?[-?])?(?P<rest>[^}]*)\}")


def interpolated(text: str) -> str:
    """``text`` as Compose reads it with ``GIVEN`` in the environment."""

    def value(match: re.Match[str]) -> str:
        default = match["rest"] if match["operator"] in ("-", ":-") else None
        given = GIVEN.get(match["name"], default)
        assert given is not None, f"{match['name']} is neither given nor has a default"
        return given

    return VARIABLE.sub(value, text).replace("$$", "$")


RESOLVED: dict[str, Any] = yaml.safe_load(interpolated(COMPOSE_TEXT))


def image_environment() -> dict[str, str]:
    last_stage = DOCKERFILE[DOCKERFILE.rindex("\nFROM ") :].replace("\\\n", " ")
    pairs = re.findall(r"^ENV (.*)$", last_stage, re.MULTILINE)
    return dict(pair.split("=", 1) for line in pairs for pair in shlex.split(line))


def production_environment(service: str) -> dict[str, str]:
    ours = {name: str(value) for name, value in RESOLVED["services"][service]["environment"].items()}
    image = {name: value for name, value in image_environment().items() if name != "PATH"}
    return {"PATH": os.environ["PATH"], **image, **ours}


def instruction(name: str) -> list[str]:
    """The JSON form of the last instruction of that name, after any options."""
    text = DOCKERFILE.replace("\\\n", "")
    found = re.findall(rf"^{name} [^\[]*(\[.*\])$", text, re.MULTILINE)
    return [str(part) for part in json.loads(found[-1])]


def command_of(service: str) -> list[str]:
    text = RESOLVED["services"][service].get("command")
    if text is None:
        return instruction("CMD")
    return shlex.split(text) if isinstance(text, str) else list(text)


# --- Compose accepts the file --------------------------------------------------------------------


def compose_is_here() -> bool:
    if not shutil.which("docker"):
        return False
    return subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not compose_is_here(), reason="docker compose is not installed")
def test_docker_compose_accepts_the_file_and_insists_on_what_is_required() -> None:
    for missing in (None, *GIVEN):
        given = {name: value for name, value in GIVEN.items() if name != missing}
        done = subprocess.run(
            ["docker", "compose", "--env-file", os.devnull, "config", "--quiet"],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], **given},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode == 0) is (missing is None), done.stderr
        assert missing is None or missing in done.stderr


def test_services_name_only_what_the_file_declares() -> None:
    for name, service in RESOLVED["services"].items():
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in RESOLVED["volumes"], name
        for network in service["networks"]:
            assert network in RESOLVED["networks"], name
        for config in service.get("configs", []):
            assert config["source"] in RESOLVED["configs"], name
        for other, condition in service.get("depends_on", {}).items():
            assert other in RESOLVED["services"], name
            if condition["condition"] == "service_healthy":
                has_check = "test" in RESOLVED["services"][other].get("healthcheck", {})
                assert has_check or other == "web", f"{other} never gets healthy"


# --- Secrets, roots and networks -----------------------------------------------------------------


def test_no_secret_has_a_default() -> None:
    variables = list(VARIABLE.finditer(COMPOSE_TEXT))
    secrets = [match for match in variables if SECRET_NAME.search(match["name"])]
    assert {match["name"] for match in secrets} >= {"SECRET_KEY", "POSTGRES_PASSWORD"}
    for match in secrets:
        assert match["operator"] in (":?", "?"), f"{match[0]} does not insist on a value"
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            assert not SECRET_NAME.search(name) or str(value).startswith("${"), name
    assert not [name for name in image_environment() if SECRET_NAME.search(name)]


def test_every_variable_without_a_default_is_named_at_the_top() -> None:
    required = {m["name"] for m in VARIABLE.finditer(COMPOSE_TEXT) if m["operator"] in (":?", "?")}
    assert required == set(GIVEN)
    heading = COMPOSE_TEXT[: COMPOSE_TEXT.index("\nname:")]
    assert not [name for name in required if name not in heading]


def test_nothing_runs_as_root_or_may_become_it() -> None:
    for stage in ("proxy", None):
        last = (
            DOCKERFILE.split(" AS proxy\n")[1].split("\nFROM ")[0]
            if stage
            else DOCKERFILE[DOCKERFILE.rindex("\nFROM ") :]
        )
        users = re.findall(r"^USER (\S+)$", last, re.MULTILINE)
        assert users and users[-1] not in ("root", "0", "0:0"), stage
    for name, service in SERVICES.items():
        assert "build" in service or service["user"] not in ("root", "0"), name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "privileged" not in service, name


def test_only_the_proxy_is_reached_from_outside() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert COMPOSE["networks"]["private"]["internal"] is True
    for name in ("db", "broker"):
        assert SERVICES[name]["networks"] == ["private"]
    assert "private" not in SERVICES["proxy"]["networks"]


def test_the_proxy_cannot_reach_uploaded_files() -> None:
    assert not [volume for volume in SERVICES["proxy"]["volumes"] if volume.startswith("files:")]
    caddyfile = COMPOSE["configs"]["caddyfile"]["content"]
    assert not re.search(r"file_server|^\s*root\b", caddyfile, re.MULTILINE)


def test_the_upload_limit_of_the_proxy_is_ten_times_that_of_a_file() -> None:
    limits = re.findall(r"max_size (\S+)", COMPOSE["configs"]["caddyfile"]["content"])
    assert limits == ["${MAX_UPLOAD_MB:-10}0MiB"]
    for name in OURS:
        assert SERVICES[name]["environment"]["MAX_UPLOAD_MB"] == "${MAX_UPLOAD_MB:-10}"
    assert re.search(r'"MAX_UPLOAD_MB", "10"', SETTINGS), "the settings have another default"


# --- Variables -----------------------------------------------------------------------------------


def variables_of_settings() -> set[str]:
    read = re.findall(
        r'(?:environ\.get|environ|_flag|_list|_required_in_production)[(\[]\s*"([A-Z_]+)"', SETTINGS
    )
    return {*read, *(["DATABASE_URL"] if "dj_database_url.config(" in SETTINGS else [])}


@pytest.mark.parametrize("service", OURS)
def test_every_variable_given_is_read(service: str) -> None:
    given = set(SERVICES[service]["environment"]) | set(image_environment())
    assert given - variables_of_settings() - READ_ELSEWHERE == set()


def check_deployment(env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("service", OURS)
def test_what_compose_gives_is_all_that_production_needs(service: str) -> None:
    done = check_deployment(production_environment(service))
    assert done.returncode == 0, done.stderr


def test_production_does_not_start_without_its_secret() -> None:
    env = production_environment("web")
    del env["SECRET_KEY"]
    done = check_deployment(env)
    assert done.returncode != 0
    assert "Set SECRET_KEY" in done.stderr


def test_what_the_settings_require_in_production_is_given() -> None:
    required = set(re.findall(r'_required_in_production\(\s*"([A-Z_]+)"', SETTINGS))
    assert required
    for service in OURS:
        assert required <= set(SERVICES[service]["environment"]), service


def test_the_portal_knows_its_own_address_behind_the_proxy() -> None:
    web = RESOLVED["services"]["web"]["environment"]
    caddyfile = RESOLVED["configs"]["caddyfile"]["content"]
    assert re.search(rf"^{re.escape(GIVEN['SITE_HOST'])} {{$", caddyfile, re.MULTILINE)
    assert web["ALLOWED_HOSTS"] == GIVEN["SITE_HOST"]
    assert web["SITE_URL"] == web["CSRF_TRUSTED_ORIGINS"] == f"https://{GIVEN['SITE_HOST']}"
    assert web["TRUSTED_PROXY_COUNT"] == "1"


# --- Commands ------------------------------------------------------------------------------------


def celery_options(command: list[str]) -> dict[str, Any]:
    subcommand = celery_command.commands[command[3]]
    parser = subcommand.make_parser(click.Context(subcommand))
    options, rest, _ = parser.parse_args(list(command[4:]))
    assert rest == []
    return dict(options)


@pytest.mark.parametrize("service", ["worker", "beat"])
def test_celery_commands_name_our_application_and_known_options(service: str) -> None:
    command = command_of(service)
    assert command[:4] == ["celery", "-A", "portal", service]
    assert isinstance(find_app("portal"), Celery)
    ours = processes.command(service, data_dir=Path("/data"))
    assert celery_options(command) == celery_options(["celery", "-A", "portal", *ours[ours.index(service) :]])


def test_the_web_command_serves_our_application() -> None:
    program, *arguments = command_of("web")
    assert program == "gunicorn"
    options = Config().parser().parse_args(arguments)
    assert callable(import_module(options.args[0]).application)
    port = options.bind[0].rsplit(":", 1)[1]
    assert f"reverse_proxy web:{port} {{" in COMPOSE["configs"]["caddyfile"]["content"]
    assert f"EXPOSE {port}\n" in DOCKERFILE


def test_management_commands_exist() -> None:
    assert command_of("prepare")[:2] == ["python", "manage.py"]
    used = {command_of("prepare")[2], *re.findall(r"manage\.py (\w+)", DOCKERFILE + MAKEFILE)}
    assert used <= set(get_commands())


def test_data_live_where_the_volume_is() -> None:
    data_dir = image_environment()["DATA_DIR"]
    assert f"VOLUME {data_dir}\n" in DOCKERFILE
    for name in OURS:
        assert SERVICES[name]["volumes"] == [f"files:{data_dir}"]
    assert f"{data_dir}/beat-schedule" in command_of("beat")


# --- Health --------------------------------------------------------------------------------------


def test_health_addresses_resolve() -> None:
    assert resolve("/healthz").func is health.healthz
    assert resolve("/readyz").func is health.readyz
    probe = instruction("CMD") and "".join(re.findall(r"HEALTHCHECK .*?\]\n", DOCKERFILE, re.DOTALL))
    asked = re.findall(r"http://127\.0\.0\.1:\d+(/\w+)", probe)
    assert [resolve(path).func for path in asked] == [health.healthz]


@pytest.mark.parametrize(("path", "healthy"), [("/healthz", True), ("/no-such-page", False)])
@pytest.mark.django_db(transaction=True)
def test_the_health_check_of_the_image_asks_the_portal(live_server: Any, path: str, healthy: bool) -> None:
    text = DOCKERFILE.replace("\\\n", "")
    python, *arguments = json.loads(re.findall(r"^HEALTHCHECK .* CMD (\[.*\])$", text, re.MULTILINE)[0])
    address = live_server.url.removeprefix("http://")
    code = arguments[-1].replace("127.0.0.1:8000", address).replace("/healthz", path)
    env = {**os.environ, "ALLOWED_HOSTS": "localhost,other.example.vn"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert python == "python"
    assert (done.returncode == 0) is healthy, done.stderr


# --- What goes into the image, and how it is built ------------------------------------------------


def test_the_image_gets_all_that_the_portal_is_made_of_and_nothing_else() -> None:
    lines = (ROOT / ".dockerignore").read_text().split()
    allowed = {line[1:] for line in lines if line.startswith("!")}
    assert "*" in lines, "what is not named must stay outside"
    apps = {app.split(".")[0] for app in settings.INSTALLED_APPS if (ROOT / app.split(".")[0]).is_dir()}
    folders = [*settings.LOCALE_PATHS, *settings.STATICFILES_DIRS, *settings.TEMPLATES[0]["DIRS"]]
    needed = {*apps, *(Path(folder).name for folder in folders), "manage.py", "pyproject.toml", "uv.lock"}
    assert needed <= allowed
    assert allowed & {"var", ".env", ".git", ".venv", "tests"} == set()


def test_the_same_uv_everywhere() -> None:
    (in_makefile,) = re.findall(r"^UV := (\S+)$", MAKEFILE, re.MULTILINE)
    assert re.findall(r"^ARG UV_VERSION=(\S+)$", DOCKERFILE, re.MULTILINE) == [in_makefile]


def test_every_target_of_the_makefile_is_listed_by_help() -> None:
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE)) - {
        "env-run",
        "env-test",
        "env-check",
        "env-bench",
    }
    done = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(re.findall(r"^  make (\S+)", done.stdout, re.MULTILINE)) == targets


def test_the_ci_script_is_sound_and_runs_check_and_test() -> None:
    script = ROOT / ".ci" / "run"
    subprocess.run(["bash", "-n", str(script)], check=True)
    assert os.access(script, os.X_OK)
    assert re.findall(r"^make (\w+)", script.read_text(), re.MULTILINE) == ["check", "test"]
