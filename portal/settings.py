"""Every setting, read from the environment.

A bare checkout works with none set except ``DATABASE_URL`` and ``REDIS_URL``, which ``make run``
supplies. With ``DEBUG`` off a missing secret stops start-up.
"""

import os
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import dj_database_url
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.utils.translation import gettext_lazy as _


def _flag(name: str, default: str = "0") -> bool:
    return os.environ.get(name, default).lower() in {"1", "true", "yes", "on"}


def _list(name: str, default: str = "") -> list[str]:
    return [item.strip() for item in os.environ.get(name, default).split(",") if item.strip()]


BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(os.environ.get("DATA_DIR", BASE_DIR / "var"))
DEBUG = _flag("DEBUG")


def _required_in_production(name: str, development: str) -> str:
    """The value of ``name``; ``development`` stands in for it only while DEBUG is on."""
    value = os.environ.get(name, "")
    if value:
        return value
    if DEBUG:
        return development
    raise ImproperlyConfigured(f"Set {name}: it has no default when DEBUG is off.")


SECRET_KEY = _required_in_production("SECRET_KEY", "development-only-" + "x" * 50)
# Sealed columns: the first seals, all open. What is alike is found by a key that stays.
DATA_KEYS = _list("DATA_KEYS") or [SECRET_KEY]
FINGERPRINT_KEY = os.environ.get("FINGERPRINT_KEY") or SECRET_KEY
ALLOWED_HOSTS = _list("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = _list("CSRF_TRUSTED_ORIGINS")
SITE_URL = os.environ.get("SITE_URL", "http://127.0.0.1:8000").rstrip("/")
TRUSTED_PROXY_COUNT = int(os.environ.get("TRUSTED_PROXY_COUNT", "0"))

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "portal.apps.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "csp",
    "django_htmx",
    "template_partials.apps.SimpleAppConfig",
    "allauth",
    "allauth.account",
    "portal.apps.PortalConfig",
    "procedures",
    "payments",
    "pension",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.middleware.TextGZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "portal.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "portal.middleware.NulMiddleware",
    "portal.sessions.SignedInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "django.template.loaders.cached.Loader",
                            [
                                "django.template.loaders.filesystem.Loader",
                                "django.template.loaders.app_directories.Loader",
                            ],
                        )
                    ],
                )
            ],
            "builtins": ["template_partials.templatetags.partials", "portal.templatetags.portal"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "procedures.views.offices.closed_now",
            ],
        },
    }
]

# --- Data ---------------------------------------------------------------------------------------

DATABASES = {
    "default": dj_database_url.config(
        default="postgres:///portal",
        engine="portal.postgresql",
        conn_max_age=60,
        conn_health_checks=True,
    )
}
# Statements that come again and again are planned once: that is a third of what the database does.
DATABASES["default"]["OPTIONS"] = {
    **DATABASES["default"].get("OPTIONS", {}),
    "server_side_binding": True,
    "prepare_threshold": 5,
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Rate limits and lock-outs must hold while the broker is away, so the cache is a table.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "portal_cache",
        # Above this Django throws live rows away, lock-outs among them; its own limit is 300.
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

MEDIA_ROOT = DATA_DIR / "media"
MAX_UPLOAD_MB = int(os.environ.get("MAX_UPLOAD_MB", "10"))
MAX_UPLOADS_PER_DOSSIER = 40
# clamd: the path of its socket or host:port; empty: uploads are not scanned and the desk says so.
CLAMD_ADDRESS = os.environ.get("CLAMD_ADDRESS", "")
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# --- Broker: wakes workers, carries no data ----------------------------------------------------

REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 0.5,
    # A broker that hangs holds up a citizen who files for this long, once in a while.
    "socket_timeout": 1.5,
    "max_retries": 0,
    "visibility_timeout": 120,
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_TASK_TIME_LIMIT = 600
# Tasks keep their database connection (portal.celery looks after it): opening one costs more than they do.
CELERY_DB_REUSE_MAX = 10_000
CELERY_TIMEZONE = "Asia/Ho_Chi_Minh"
CELERY_BEAT_SCHEDULE = {
    "drain-outbox": {"task": "portal.drain_outbox", "schedule": 3.0, "options": {"expires": 10}},
    "heartbeat": {"task": "portal.beat_heartbeat", "schedule": 15.0, "options": {"expires": 60}},
    "close-intake-lists": {
        "task": "procedures.close_intake_lists",
        "schedule": crontab(minute="*/5"),
        "options": {"expires": 240},
    },
    "verify-intake-lists": {
        "task": "procedures.verify_intake_lists",
        "schedule": crontab(hour=3, minute=10),
    },
    "tidy-exports": {"task": "procedures.tidy_exports", "schedule": crontab(minute=20)},
    "follow-closures": {"task": "procedures.follow_closures", "schedule": 60.0, "options": {"expires": 50}},
    "follow-areas": {"task": "procedures.follow_areas", "schedule": 60.0, "options": {"expires": 50}},
    "remind-of-papers": {
        "task": "procedures.remind_of_papers",
        "schedule": crontab(hour="8-16", minute=10),
    },
    "count-figures": {"task": "procedures.count_figures", "schedule": 120.0, "options": {"expires": 110}},
    "check-figures": {"task": "procedures.check_figures", "schedule": crontab(hour=2, minute=45)},
    "verify-ledger": {"task": "payments.verify_ledger", "schedule": crontab(hour=3, minute=25)},
    "expire-orders": {"task": "payments.expire_orders", "schedule": crontab(minute="5,35")},
    "sweep": {"task": "portal.sweep", "schedule": crontab(hour=2, minute=15)},
    "expire-papers": {"task": "pension.expire_papers", "schedule": crontab(minute=40)},
    "forget-presence": {"task": "procedures.forget_presence", "schedule": crontab(hour=2, minute=20)},
}
OUTBOX_MAX_ATTEMPTS = 8
# How many days a contribution may be paid, and how many more until its order expires: transfers of the
# last day stand in the bank's statement of the next working day.
ORDER_DAYS = int(os.environ.get("ORDER_DAYS", "7"))
ORDER_GRACE_DAYS = 3

# --- Accounts -----------------------------------------------------------------------------------

AUTH_USER_MODEL = "portal.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "full_name", "phone", "id_number")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_FORMS = {
    "login": "portal.accounts.LoginForm",
    "signup": "portal.accounts.SignupForm",
}
ACCOUNT_ADAPTER = "portal.accounts.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_UNIQUE_EMAIL = False
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    "login_failed": "30/m/ip,5/15m/key",
    "signup": "30/m/ip",
    "track": "10/m/ip,30/h/ip",
    "track_code": "5/15m/key",
    "bank_call": "1200/m/key",
    "bank_call_failed": "60/m/ip",
    "calculation_paper": "20/m/ip",
    "switch_code": "3/15m/key,10/d/key",
    "paper_start": "60/h/ip",
    "paper_save": "120/m/ip",
    "paper_print": "20/m/ip",
    "switch_confirm": "10/15m/key",
}
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXY_COUNT
PASSWORD_RESET_TIMEOUT = int(timedelta(hours=2).total_seconds())
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "dossier_list"
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
SESSION_ENGINE = "portal.sessions"
SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())
SESSION_COOKIE_HTTPONLY = True

# --- Mail ---------------------------------------------------------------------------------------

EMAIL_BACKEND = os.environ.get(
    "EMAIL_BACKEND",
    "django.core.mail.backends.filebased.EmailBackend"
    if DEBUG
    else "django.core.mail.backends.smtp.EmailBackend",
)
EMAIL_FILE_PATH = DATA_DIR / "mail"
EMAIL_HOST = os.environ.get("EMAIL_HOST", "localhost")
EMAIL_PORT = int(os.environ.get("EMAIL_PORT", "25"))
EMAIL_HOST_USER = os.environ.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = _flag("EMAIL_USE_TLS")
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = os.environ.get("DEFAULT_FROM_EMAIL", "portal@localhost")

# Short messages: no gateway is agreed yet. With DEBUG they are kept as files; empty: none are sent.
SMS_FOLDER = (
    Path(os.environ["SMS_FOLDER"]) if os.environ.get("SMS_FOLDER") else DATA_DIR / "sms" if DEBUG else None
)

# --- Monthly benefits ---------------------------------------------------------------------------

# An account that more beneficiaries than this would use, or a change so many days after a new phone number
# or from a device first seen so many days ago, is held until the office has called back.
SWITCH_ACCOUNT_SHARED_BY = int(os.environ.get("SWITCH_ACCOUNT_SHARED_BY", "2"))
SWITCH_PHONE_DAYS = 30
SWITCH_DEVICE_DAYS = 3
# Days for which a form that was begun is kept, and one that was printed and has not arrived by post.
PAPER_DRAFT_DAYS = 7
PAPER_POST_DAYS = int(os.environ.get("PAPER_POST_DAYS", "90"))

# --- Language and time --------------------------------------------------------------------------

LANGUAGE_CODE = "vi"
LANGUAGES = [("vi", _("Vietnamese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_NAME = "ngon-ngu"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Ho_Chi_Minh"
FORMAT_MODULE_PATH = ["portal.formats"]

# The working day of an office, where nothing more exact is known for it.
OFFICE_HOURS = (time(7, 30), time(17, 0))

# --- Posted papers ------------------------------------------------------------------------------

# Working days after filing on which who still owes papers is reminded: post and offices rest alike on
# weekends and at Tết, so a reminder in calendar days would come while nobody can post anything.
PAPER_REMINDER_DAYS = (5, 10, 20)
# Calendar days for which a parcel with a tracking number counts as under way.
PAPER_UNDERWAY_DAYS = 7
# Working days after which a parcel on a handover list ought to have arrived.
HANDOVER_DAYS = 3
# From this minute on the day's intake list is closed; not before office hours end.
INTAKE_CLOSES_AT = time.fromisoformat(os.environ.get("INTAKE_CLOSES_AT", "17:30"))
if OFFICE_HOURS[1] > INTAKE_CLOSES_AT:
    raise ImproperlyConfigured("INTAKE_CLOSES_AT comes before the end of office hours.")
# Longer exports are made by a worker; how long their files are kept.
EXPORT_ROWS_AT_ONCE = 5000
EXPORT_DAYS = int(os.environ.get("EXPORT_DAYS", "7"))

# --- Banks --------------------------------------------------------------------------------------


def _bank_calls(entries: list[str]) -> dict[str, dict[str, Any]]:
    """``agribank:970405:secret``: who may call ``/ngan-hang/bao-co/agribank/``; twice: either secret."""
    found: dict[str, dict[str, Any]] = {}
    for entry in entries:
        slug, _sep, rest = entry.partition(":")
        bank, _sep, secret = rest.partition(":")
        if len(secret) < 32:
            raise ImproperlyConfigured("BANK_CALLS: slug:BIN:secret, the secret of 32 characters at least.")
        found.setdefault(slug, {"bank": bank, "secrets": []})["secrets"].append(secret)
    return found


BANK_CALLS = _bank_calls(_list("BANK_CALLS"))

# --- Pages --------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = Path(os.environ.get("STATIC_ROOT", DATA_DIR / "static"))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "portal.sealed_storage.SealedStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG


CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],  # a photo is shown from the phone that sent it
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "manifest-src": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_COOKIES = _flag("SECURE_COOKIES", "0" if DEBUG else "1")
SESSION_COOKIE_SECURE = SECURE_COOKIES
CSRF_COOKIE_SECURE = SECURE_COOKIES
LANGUAGE_COOKIE_SECURE = SECURE_COOKIES
LANGUAGE_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = SECURE_COOKIES
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if SECURE_COOKIES else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_COOKIES
SECURE_HSTS_PRELOAD = SECURE_COOKIES
if TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

UNFOLD = {
    "SITE_TITLE": _("Khánh Hòa Social Insurance"),
    "SITE_HEADER": _("Khánh Hòa Social Insurance"),
    "SITE_SUBHEADER": _("Staff desk"),
    "SITE_URL": "/",
    "SHOW_LANGUAGES": True,
    "LANGUAGE_FLAGS": {},
    "BORDER_RADIUS": "4px",
    "COLORS": {
        "primary": {
            "50": "238 244 251",
            "100": "218 231 246",
            "200": "182 207 237",
            "300": "134 175 223",
            "400": "82 138 203",
            "500": "46 106 178",
            "600": "28 83 150",
            "700": "20 66 122",
            "800": "18 55 100",
            "900": "17 46 82",
            "950": "11 30 56",
        }
    },
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("favicon.svg")}
    ],
    "STYLES": [lambda request: static("css/desk.css")],
    "SCRIPTS": [lambda request: static("js/files.js")],
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": "procedures.admin.menu.navigation",
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {
            "class": "portal.logs.DiscreetFormatter",
            "format": "{asctime} {levelname} {name} {message}",
            "style": "{",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {"fontTools": {"level": "WARNING"}},
}
