"""The tests: fast hashes, own servers without fsync, fail-points on."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

# Before base: it reads these. Servers of the run's own, whatever the shell says of those that somebody works
# on. The processes that a run starts inherit its folder, so they share its servers; each process of
# pytest-xdist has its own database, and here its own queue. tests/conftest.py removes the folder, unless
# PMTOOL_TEST_VAR names one that is kept.
_KEPT = os.environ.get("PMTOOL_TEST_VAR")
OWNS_VAR = not _KEPT
os.environ["PMTOOL_VAR"] = os.environ["PMTOOL_TEST_RUN"] = (
    _KEPT
    or os.environ.get("PMTOOL_TEST_RUN")
    or str(Path(tempfile.gettempdir()) / f"pmtool-test-{os.getpid()}")
)
os.environ["REDIS_DATABASE"] = str(2 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")))
os.environ.setdefault("PMTOOL_DURABLE", "false")
for _name in ("DATABASE_URL", "DATABASE_URL_FILE", "REDIS_URL", "REDIS_URL_FILE"):
    os.environ.pop(_name, None)

from .base import *  # noqa: E402
from .base import CACHES  # noqa: E402

SECRET_KEY = "only-for-tests-and-long-enough-for-every-check-of-the-framework"  # noqa: S105
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
FAILPOINTS = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CACHES["service"] = CACHES["default"]
CACHES["default"] = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
