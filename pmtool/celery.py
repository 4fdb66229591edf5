from __future__ import annotations

import gc
import os
from typing import Any

from celery import Celery, signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pmtool.settings.dev")

app = Celery("pmtool")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@signals.celeryd_init.connect
@signals.beat_init.connect
def _find_servers(**_: Any) -> None:
    from pmtool.postgres.base import start_embedded_servers

    start_embedded_servers()


@signals.worker_init.connect
def warm_up(**_: Any) -> None:
    """Load the forecasting models once, in the parent: its children share that memory, and the garbage
    collector neither looks through it again nor writes to it; nor does it look all the time at what children
    make, of which little is garbage."""
    from forecasting import engine

    engine.warm_up()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@signals.worker_init.connect
def _one_core_a_process(**_: Any) -> None:
    """Workers fill the cores themselves: a statement that spread over several would cost a fifth more of them
    all, for a wall clock that nobody looks at."""
    from django.conf import settings

    settings.DATABASES["default"]["OPTIONS"]["options"] += " -c max_parallel_workers_per_gather=0"


@signals.task_prerun.connect
def _name_job(task: Any, args: list[Any], **_: Any) -> None:
    from pmtool.logs import job_id

    job_id.set(f"{task.name}({', '.join(str(arg) for arg in args)})")  # the arguments are ids and queue names


@signals.task_prerun.connect
def _read_organisation_anew(**_: Any) -> None:
    """A worker lives for days: the settings it read for an earlier task may have been changed since."""
    from core.organisation import organisation_forget

    organisation_forget()


@signals.task_postrun.connect
def _forget_job(**_: Any) -> None:
    from pmtool.logs import job_id

    job_id.set("")
