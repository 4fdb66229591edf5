"""What every answer carries: the policy, a request id, a session that ends when unused."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from pmtool import sessions
from pmtool.logs import ContextFilter, JsonFormatter, job_id, request_id
from tests.factories import user_factory

POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "object-src 'none'",
}


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/account/login/", "/no-such-page/", "/livez"])
def test_every_answer_carries_exactly_the_policy(client: Client, path: str) -> None:
    header = client.get(path).headers["Content-Security-Policy"]
    assert set(header.split("; ")) == POLICY


@pytest.mark.django_db
def test_request_ids_are_ours_and_differ(client: Client) -> None:
    first = client.get("/livez", headers={"X-Request-ID": "forged"}).headers["X-Request-ID"]
    second = client.get("/livez").headers["X-Request-ID"]
    assert len(first) == 16
    assert first != second


def test_a_log_line_names_its_request_and_job() -> None:
    record = logging.LogRecord("products", logging.INFO, "", 0, "took %s rows", (3,), None)
    request, job = request_id.set("abc"), job_id.set("core.work(night)")
    try:
        ContextFilter().filter(record)
    finally:
        request_id.reset(request)
        job_id.reset(job)
    line = json.loads(JsonFormatter().format(record))
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "INFO",
        "logger": "products",
        "message": "took 3 rows",
        "request": "abc",
        "job": "core.work(night)",
    }


@pytest.mark.django_db
def test_a_session_ends_eight_hours_after_its_last_use(client: Client, monkeypatch: Any) -> None:
    client.force_login(user_factory())
    began = 1_800_000_000
    monkeypatch.setattr(sessions.time, "time", lambda: began)
    client.get("/account/email/")
    Session.objects.update(expire_date=timezone.now() + timedelta(minutes=1))

    monkeypatch.setattr(sessions.time, "time", lambda: began + sessions.REFRESH_SECONDS - 1)
    client.get("/account/email/")
    left = Session.objects.get().expire_date - timezone.now()
    assert left < timedelta(minutes=2), "a second request so soon writes nothing"

    monkeypatch.setattr(sessions.time, "time", lambda: began + sessions.REFRESH_SECONDS)
    client.get("/account/email/")
    left = Session.objects.get().expire_date - timezone.now()
    assert timedelta(hours=7, minutes=59) < left <= timedelta(hours=8)
