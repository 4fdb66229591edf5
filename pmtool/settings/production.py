"""In service. Refuses to start without its secrets, and serves only HTTPS."""

from __future__ import annotations

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from pmtool.error_reports import error_reports_begin
from pmtool.logs import logging_config

from . import env
from .base import *
from .base import BASE_DIR, MIDDLEWARE, TRUSTED_PROXIES, VAR

SECRET_KEY = env.secret("SECRET_KEY")
if len(SECRET_KEY) < 50:
    raise ImproperlyConfigured(
        "Production needs SECRET_KEY (or SECRET_KEY_FILE): at least 50 characters nobody can guess, "
        'for example from: python -c "import secrets; print(secrets.token_urlsafe(64))"'
    )
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS")
if not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured(
        "Production needs ALLOWED_HOSTS: the names people reach it by, comma separated, and not *."
    )
PUBLIC_ADDRESS = env.text("PUBLIC_ADDRESS", f"https://{ALLOWED_HOSTS[0].lstrip('.')}").rstrip("/")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")

SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$", r"^metrics$"]  # asked from inside, without the proxy
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True

# With the __Host- prefix browsers take the cookie only if it is Secure, for this host alone and every path.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_NAME = "__Host-csrf"
LANGUAGE_COOKIE_NAME = "__Host-language"

STATIC_ROOT = env.text("STATIC_ROOT") or BASE_DIR / "collected"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
LOGGING = logging_config(
    as_json=env.boolean("LOG_JSON", default=True), level=env.text("LOG_LEVEL", "INFO").upper()
)

METRICS_TOKEN = env.secret("METRICS_TOKEN")
if METRICS_TOKEN:
    MIDDLEWARE = ["core.metrics.MetricsMiddleware", *MIDDLEWARE]
    # Where all processes of a host leave their counts; set before the first of them is made.
    _counts = Path(os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(VAR / "metrics")))
    _counts.mkdir(parents=True, exist_ok=True)

if _dsn := env.secret("SENTRY_DSN"):
    error_reports_begin(_dsn)
