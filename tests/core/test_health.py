"""Health: each part by name, without a word too many."""

from __future__ import annotations

import datetime
from unittest.mock import patch
from urllib.parse import quote

import pytest
import yaml
from django.conf import settings
from django.db import connection
from django.utils import timezone

from core.health import SILENT_AFTER
from core.models import Heartbeat
from forecasting.models import NightlyRun
from forecasting.services.night import night_start

pytestmark = pytest.mark.django_db


@pytest.fixture
def worker(db):
    return Heartbeat.objects.create(name="worker", beat_at=timezone.now())


def test_livez_needs_nothing(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/livez")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_readyz_is_green_when_all_parts_work(client, worker):
    answer = client.get("/readyz")
    assert answer.status_code == 200, answer.json()
    assert answer.json() == {
        "status": "ok",
        "checks": dict.fromkeys(["database", "broker", "worker", "migrations", "last_night"], "ok"),
    }


def test_a_silent_worker_turns_it_red_after_three_minutes(client, worker):
    worker.beat_at = timezone.now() - datetime.timedelta(seconds=170)
    worker.save()
    assert client.get("/readyz").status_code == 200
    worker.beat_at = timezone.now() - datetime.timedelta(seconds=190)
    worker.save()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["worker"] == "failed"


def test_a_dead_broker_is_named_and_nothing_leaks(client, worker, settings):
    settings.CELERY_BROKER_URL = "redis://secret:word@127.0.0.1:1/0"
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["broker"]) == (503, "failed")
    assert b"secret" not in answer.content
    assert b"127.0.0.1" not in answer.content


def test_a_dead_database_is_named(client, worker):
    with patch("core.health.connection.cursor", side_effect=OSError("no such host db.example")):
        answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["database"]) == (503, "failed")
    assert b"db.example" not in answer.content


@pytest.mark.parametrize(
    ("days", "state", "code"), [(0, "done", 200), (0, "failed", 503), (3, "done", 503), (0, "running", 200)]
)
def test_last_night(client, worker, days, state, code):
    today = timezone.localdate()
    run = night_start(kind="scheduled", local_date=today - datetime.timedelta(days=days))
    ended = None if state == "running" else timezone.now()
    NightlyRun.objects.filter(pk=run.pk).update(state=state, finished_at=ended)
    assert client.get("/readyz").status_code == code


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("service", ["worker", "beat"])
def test_containers_are_well_by_the_workers_heartbeat(service, monkeypatch):
    compose = yaml.safe_load((settings.BASE_DIR / "docker-compose.yml").read_text())
    *_python, said = compose["services"][service]["healthcheck"]["test"]
    at = connection.settings_dict
    address = f"postgresql:///{at['NAME']}?host={quote(at['HOST'])}&user={at['USER']}"
    monkeypatch.setenv("DATABASE_URL", address)

    def code():
        with pytest.raises(SystemExit) as left:
            exec(said, {})
        return int(left.value.code)

    assert code() == 1
    beat = Heartbeat.objects.create(name="worker", beat_at=timezone.now())
    assert code() == 0
    beat.beat_at -= SILENT_AFTER
    beat.save()
    assert code() == 1
