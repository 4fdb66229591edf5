"""The tests: fast hashes, own servers without fsync, fail-points on."""

from __future__ import annotations

import os

# Before base: it reads these. pytest-xdist gives every process its own database; so does this for the queue.
os.environ.setdefault("PMTOOL_DURABLE", "false")
_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
os.environ.setdefault("REDIS_DATABASE", str(2 * int(_WORKER)))

from .base import *  # noqa: E402
from .base import VAR  # noqa: E402

SECRET_KEY = "only-for-tests-and-long-enough-to-satisfy-every-check-of-the-framework"
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
FAILPOINTS = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
STATIC_ROOT = VAR / "static"
