"""`make run` and work on one machine: plain HTTP, embedded servers, a secret of its own under `var/`."""

from __future__ import annotations

from . import env
from .base import *
from .base import VAR

DEBUG = env.boolean("DEBUG", default=False)
SECRET_KEY = env.secret("SECRET_KEY") or env.secret_file(VAR / "secret_key")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS") or ["localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")

# Mail lands in files, to be read there.
MAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = VAR / "mail"

# Static files straight from their sources, no collecting.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
