"""The tests: fast hashes, own servers without fsync, fail-points on."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

# Before base: it reads these. The processes of pytest-xdist inherit the folder, so they share its servers;
# each has its own database, and here its own queue. tests/conftest.py removes the folder.
OWNS_VAR = "PMTOOL_VAR" not in os.environ
if OWNS_VAR:
    os.environ["PMTOOL_VAR"] = str(Path(tempfile.gettempdir()) / f"pmtool-test-{os.getpid()}")
os.environ.setdefault("PMTOOL_DURABLE", "false")
# Only there: what the process that started them sets, they would inherit, and share one queue.
if _WORKER := os.environ.get("PYTEST_XDIST_WORKER"):
    os.environ.setdefault("REDIS_DATABASE", str(2 * int(_WORKER.removeprefix("gw"))))

from .base import *  # noqa: E402
from .base import CACHES  # noqa: E402

SECRET_KEY = "only-for-tests-and-long-enough-for-every-check-of-the-framework"  # noqa: S105
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
FAILPOINTS = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CACHES["default"] = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
