"""What the worker and beat processes of the fault tests run with: short leases."""

# ruff: noqa: F405
from __future__ import annotations

import os

from celery.app.task import Task

from pmtool.settings.test import *  # noqa: F403

DATABASES["default"]["CONN_MAX_AGE"] = 0
JOB_LEASE_SECONDS = 3
# Two a chunk: a product is given up after six deaths (three of the chunk, three alone); five are staged.
NIGHT_CHUNK_SIZE = 2
CELERY_BEAT_SCHEDULE = {
    name: entry | {"schedule": 1.0, "options": entry["options"] | {"expires": 30}}
    for name, entry in CELERY_BEAT_SCHEDULE.items()
}

_publish = Task.apply_async


def _publish_times(self: Task, *args: object, **options: object) -> object:
    for _ in range(int(os.environ.get("PMTOOL_FAULT_DELIVERIES", "1")) - 1):
        _publish(self, *args, **options)
    return _publish(self, *args, **options)


Task.apply_async = _publish_times
