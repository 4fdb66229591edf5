"""What Prometheus reads: figures of now from the database, by those alone who have the token."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from core import registries
from core.models import Job
from forecasting.models import NightlyRun
from forecasting.services.night import night_start

pytestmark = pytest.mark.django_db
TOKEN = {"Authorization": "Bearer word"}


@pytest.fixture(autouse=True)
def _counts(settings, monkeypatch, tmp_path):
    settings.METRICS_TOKEN = "word"
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))


def _figures(client):
    lines = client.get("/metrics", headers=TOKEN).content.decode().splitlines()
    return dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer words"}, {"Authorization": "Token word"}])
def test_nobody_else_reads_it(client, headers):
    assert client.get("/metrics", headers=headers).status_code == 404


def test_without_a_token_in_the_settings_there_is_none(client, settings):
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_jobs_parts_and_the_last_night(client):
    run = night_start(kind="scheduled", local_date=timezone.localdate())
    Job.objects.all().delete()
    now = timezone.now()
    NightlyRun.objects.filter(pk=run.pk).update(
        state="done", scope=None, started_at=now - datetime.timedelta(seconds=90), finished_at=now
    )
    Job.objects.create(kind="mail", key="a", queue="short")
    Job.objects.filter(key="a").update(created_at=now - datetime.timedelta(minutes=5))
    Job.objects.create(kind="mail", key="b", queue="short", run_after=now + datetime.timedelta(days=1))
    found = _figures(client)
    assert found['pmtool_jobs{queue="short",state="queued"}'] == "2.0"
    assert 300 <= float(found['pmtool_job_waits{queue="short"}']) < 330
    assert found['pmtool_part_well{part="database"}'] == "1.0"
    assert found['pmtool_part_well{part="worker"}'] == "0.0"
    assert float(found['pmtool_night{figure="seconds"}']) == pytest.approx(90)
    assert found['pmtool_night{figure="failed"}'] == "0.0"


def test_a_gauge_that_breaks_hides_no_other(client, monkeypatch):
    def broken():
        raise OSError

    gauge = registries.Gauge("broken", "Breaks.", broken)
    monkeypatch.setitem(registries.gauges._entries, "broken", gauge)
    assert 'pmtool_part_well{part="database"}' in _figures(client)
