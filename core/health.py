"""``/livez``: this process answers. ``/readyz``: all it needs works too. For machines, without a sign-in.

An answer says which part does not work and nothing else: no versions, no addresses, no error texts.
"""

from __future__ import annotations

import datetime
import logging

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu import Connection

from core.jobs import worker_alive

from . import registries
from .registries import HealthCheck

logger = logging.getLogger(__name__)

SILENT_AFTER = datetime.timedelta(minutes=3)


@require_safe
@never_cache
def livez(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when every part works, 503 otherwise; ``{"status", "checks": {part: "ok" or "failed"}}``."""
    checks = {key: "ok" if well else "failed" for key, well in parts().items()}
    ready = "failed" not in checks.values()
    body = {"status": "ok" if ready else "failed", "checks": checks}
    return JsonResponse(body, status=200 if ready else 503)


def parts() -> dict[str, bool]:
    """Whether each part works, by its key."""
    return {check.key: _well(check) for check in registries.health_checks}


def _well(check: HealthCheck) -> bool:
    try:
        return check.well()
    except Exception:
        logger.warning("health check %s failed", check.key, exc_info=True)
        return False


def database_answers() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone() == (1,))


def broker_answers() -> bool:
    options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    with Connection(settings.CELERY_BROKER_URL, connect_timeout=0.8, transport_options=options) as broker:
        return bool(broker.default_channel.client.ping())


def worker_beats() -> bool:
    """Beat, broker and a worker did a round not long ago."""
    return worker_alive(SILENT_AFTER)


_migrated = False


def migrations_applied() -> bool:
    """The database is at least as new as this code. Once true it stays so for this process."""
    global _migrated
    if not _migrated:
        executor = MigrationExecutor(connection)
        _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _migrated


CHECKS = (
    HealthCheck("database", database_answers, 10),
    HealthCheck("broker", broker_answers, 20),
    HealthCheck("worker", worker_beats, 30),
    HealthCheck("migrations", migrations_applied, 40),
)
