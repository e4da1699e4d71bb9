"""The floor of a page: Django with a session and a signed-in user, and nothing else.

Settings, addresses and the one view of ``gunicorn "django.core.wsgi:get_wsgi_application()"``.
"""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from portal.settings import *  # noqa: F403

AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "portal.apps.PortalConfig",
]
SESSION_ENGINE = "django.contrib.sessions.backends.db"
ROOT_URLCONF = "bench.bare"
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]


def name(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"<!DOCTYPE html><title>{request.user}</title>")


urlpatterns = [path("", name), path("healthz", lambda request: HttpResponse())]
