"""What holds everywhere. `dev`, `production` and `test` say what differs; DJANGO_SETTINGS_MODULE chooses."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pghistory
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from pmtool.logs import logging_config
from pmtool.schedules import SCHEDULES
from pmtool.servers import Postgres, Server, Valkey

from . import env

# One process a core is how the work is spread; libraries that add threads of their own only compete with it.
for _library in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_library, "1")

BASE_DIR = Path(__file__).resolve().parent.parent.parent
VAR = Path(env.text("PMTOOL_VAR") or BASE_DIR / "var").absolute()

DEBUG = False
FAILPOINTS = False
METRICS_TOKEN = ""
ROOT_URLCONF = "pmtool.urls"
WSGI_APPLICATION = "pmtool.wsgi.application"
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The rooms first, so that their templates and translations win over those of the packages.
INSTALLED_APPS = [
    "reporting",
    "pricing",
    "forecasting",
    "collaboration",
    "products",
    "exchange",
    "core",
    "accounts",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.mfa",
    "csp",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "knox",
    "pghistory",
    "pgtrigger",
    "rest_framework",
]

MIDDLEWARE = [
    "pmtool.logs.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "reporting.middleware.SharedLinkMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "core.middleware.NulMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "pmtool.sessions.IdleSessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "core.middleware.NulFormMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "core.middleware.PersonMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "core.middleware.FormsOnlyMiddleware",
    "core.middleware.HistoryMiddleware",
    "core.errors.DomainErrorMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "core.context_processors.frame",
            ]
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# -- database, cache and queue: servers of your own, or the embedded ones --

EMBEDDED_SERVERS: list[Server] = []
DURABLE = env.boolean("PMTOOL_DURABLE", default=True)

_DATABASE_URL, _REDIS_URL = env.secret("DATABASE_URL"), env.secret("REDIS_URL")
if _DATABASE_URL:
    _database = env.database(_DATABASE_URL)
else:
    _postgres = Postgres(VAR, durable=DURABLE)
    EMBEDDED_SERVERS.append(_postgres)
    _database = {
        "NAME": Postgres.database,
        "USER": "pmtool",
        "HOST": str(_postgres.sockets),
        "PORT": Postgres.port,
        "OPTIONS": {},
    }

# Nobody waits for ever: a killed client's statement ends, a forgotten transaction lets go of its locks.
_SESSION_LIMITS = {
    "client_connection_check_interval": "5s",
    "idle_in_transaction_session_timeout": "10min",
    "lock_timeout": "30s",
    # Triggers ask for it on every row. Where it is not set they find out by an exception, which walks through
    # all constraint checks the transaction has put off so far: rows × checks.
    "pgtrigger.ignore": "{}",
    # One wrong letter in a word of five: enough to be shown as alike where nothing holds the text.
    "pg_trgm.word_similarity_threshold": "0.4",
}
_database["OPTIONS"] = {
    "connect_timeout": 5,
    "options": " ".join(f"-c {name}={value}" for name, value in _SESSION_LIMITS.items()),
} | _database["OPTIONS"]
DATABASES = {
    "default": {
        "ENGINE": "pmtool.postgres",
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        **_database,
    }
}

POSTGRES_PROGRAMS = Postgres.programs  # where pg_dump and pg_restore are, asked when needed

# Two databases of one server: the queue's and the cache's.
_FIRST = env.number("REDIS_DATABASE", 0)
if _REDIS_URL:
    CELERY_BROKER_URL = env.redis(_REDIS_URL, _FIRST)[0]
    _CACHE_URL = env.redis(_REDIS_URL, _FIRST + 1)[1]
else:
    _valkey = Valkey(VAR, durable=DURABLE)
    EMBEDDED_SERVERS.append(_valkey)
    CELERY_BROKER_URL, _CACHE_URL = _valkey.broker_url(_FIRST), _valkey.url(_FIRST + 1)

CACHES = {
    "default": {
        "BACKEND": "pmtool.cache.LimitCache",
        "LOCATION": _CACHE_URL,
        "OPTIONS": {"socket_timeout": 0.8, "socket_connect_timeout": 0.8},
    },
    # What never changes, drawn: in each process, so that a page needs nothing else for it.
    "frozen": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "frozen",
        "OPTIONS": {"MAX_ENTRIES": 32},
    },
}

CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Limits far below the visibility timeout: a message never comes back while its task still runs.
CELERY_TASK_SOFT_TIME_LIMIT = 55 * 60
CELERY_TASK_TIME_LIMIT = 60 * 60
# A request that wakes a worker waits a second at most for a dead broker; the job's row is what counts.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 2 * 60 * 60,
    "max_retries": 0,
    "socket_timeout": 0.8,
    "socket_connect_timeout": 0.8,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_DEFAULT_QUEUE = "short"
CELERY_TASK_QUEUES: dict[str, dict[str, object]] = {"night": {}, "exports": {}, "short": {}}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
# With REMAP_SIGTERM=SIGQUIT: finish what runs for so long, then give it back; its lease hands it over.
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 25.0
CELERY_TIMEZONE = "Europe/Amsterdam"
CELERY_BEAT_SCHEDULE = SCHEDULES
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR / "beat")

# -- language and time --

LANGUAGE_CODE = "nl"
LANGUAGES = [("nl", _("Dutch")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = "Europe/Amsterdam"
USE_THOUSAND_SEPARATOR = True

# -- files --

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = VAR / "files"  # uploads and exports; never served as such
FILE_UPLOAD_PERMISSIONS = 0o600

# -- sign-in --

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
AUTHENTICATION_BACKENDS = ["accounts.with_person.SignedIn"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "accounts.adapters.SocialAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_MAX_EMAIL_ADDRESSES = 1  # the one people were invited with; an administrator changes it
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_SESSION_REMEMBER = True  # "remembered" for the idle time below, no longer
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False  # the others end by themselves, this session rotates
ACCOUNT_REAUTHENTICATION_REQUIRED = True
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "pmtool"
# Proxies in front that set X-Forwarded-For. With none, a forged header changes nothing.
TRUSTED_PROXIES = env.number("TRUSTED_PROXIES", 0)
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES

# Single sign-on with one OpenID Connect provider: all three or none.
_OIDC = {name: env.secret(name) for name in ("OIDC_SERVER_URL", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET")}
_OIDC_SOURCES: list[str] = []
SOCIALACCOUNT_PROVIDERS: dict[str, dict[str, object]] = {}
if any(_OIDC.values()):
    if not all(_OIDC.values()):
        raise ImproperlyConfigured(f"Single sign-on needs all of {', '.join(_OIDC)}; set the missing ones.")
    # Browsers hold a form's target to form-action through its redirects, so the provider is named there.
    _parts = urlsplit(_OIDC["OIDC_SERVER_URL"])
    if _parts.scheme != "https":
        raise ImproperlyConfigured("OIDC_SERVER_URL must start with https://.")
    _OIDC_SOURCES = [f"{_parts.scheme}://{_parts.netloc}"]
    SOCIALACCOUNT_PROVIDERS["openid_connect"] = {
        "APPS": [
            {
                "provider_id": "sso",
                "name": env.text("OIDC_NAME", "Single sign-on"),
                "client_id": _OIDC["OIDC_CLIENT_ID"],
                "secret": _OIDC["OIDC_CLIENT_SECRET"],
                "settings": {
                    "server_url": _OIDC["OIDC_SERVER_URL"],
                    # Taken as verified also where the provider does not say so.
                    "verified_email": env.words("OIDC_VERIFIED_DOMAINS"),
                },
            }
        ],
        "OAUTH_PKCE_ENABLED": True,
    }

# -- sessions, cookies, headers --

SESSION_COOKIE_AGE = 8 * 60 * 60  # idle time: see pmtool.sessions
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "core.views.csrf_failure"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'", *_OIDC_SOURCES],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
    }
}

# -- mail --

EMAIL_BACKEND = "core.mail.JobBackend"  # records a job; a worker sends by the one below
MAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = env.text("EMAIL_HOST", "localhost")
EMAIL_PORT = env.number("EMAIL_PORT", 25)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.secret("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env.boolean("EMAIL_USE_TLS", default=False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("DEFAULT_FROM_EMAIL", "pmtool <pmtool@localhost>")

# Where people reach pmtool: for links in mails that a worker writes.
PUBLIC_ADDRESS = env.text("PUBLIC_ADDRESS", f"http://localhost:{env.number('PORT', 8000)}").rstrip("/")

# -- API --

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "core.api.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["core.api.HasRight"],
    "DEFAULT_THROTTLE_CLASSES": ["core.api.PersonThrottle"],
    "NUM_PROXIES": TRUSTED_PROXIES,
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "core.api.JSONParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_FILTER_BACKENDS": ["core.api.StrictFilters"],
    "DEFAULT_PAGINATION_CLASS": "core.api.Pagination",
    "PAGE_SIZE": 50,
    "EXCEPTION_HANDLER": "core.errors.api_exception_handler",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "pmtool",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    # Names of choices that several endpoints have under one field name.
    "ENUM_NAME_OVERRIDES": {
        "ProductKind": "products.models.Product.Kind",
        "ChannelKind": "products.models.Channel.Kind",
        "MeasureKind": "products.models.Measure.Kind",
        "RunKind": "forecasting.models.NightlyRun.Kind",
        "RunState": "forecasting.models.NightlyRun.State",
        "ImportState": "exchange.models.Import.State",
        "LifecycleStage": "forecasting.models.stage.Stage",
        "DriverKind": "forecasting.models.Driver.Kind",
        "DriverCalendar": "forecasting.models.Driver.Calendar",
        "PriceComponent": "pricing.models.Price.Component",
        "PriceState": "pricing.models.price.State",
        "PriceListKind": "pricing.models.PriceList.Kind",
        "LaunchMethod": "forecasting.models.LaunchPlan.Method",
        "PromotionMechanic": "pricing.models.Promotion.Mechanic",
        "PromotionState": "pricing.models.Promotion.State",
        "ListingStatus": "pricing.models.Listing.Status",
        "ProductStatus": "products.models.Product.Status",
        "PromotionEffectMethod": "pricing.models.PromotionEffect.Method",
    },
}
KNOX_TOKEN_MODEL = "accounts.ApiToken"  # noqa: S105
MIGRATION_MODULES = {"knox": None}  # its own table is replaced by the model above
REST_KNOX = {"TOKEN_TTL": timedelta(days=365), "TOKEN_PREFIX": "pmt_"}

# -- history and logs --

# Deletes are history too.
PGHISTORY_DEFAULT_TRACKERS = (
    pghistory.InsertEvent(),
    pghistory.UpdateEvent(),
    pghistory.DeleteEvent(),
)
LOGGING = logging_config(
    as_json=env.boolean("LOG_JSON", default=False), level=env.text("LOG_LEVEL", "INFO").upper()
)
