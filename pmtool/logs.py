"""Logs with the request and the job they belong to, without personal data: lines for people or JSON."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from core.hidden import address_hide

request_id: ContextVar[str] = ContextVar("request_id", default="")
job_id: ContextVar[str] = ContextVar("job_id", default="")


class RequestIdMiddleware:
    """Gives every request an id of our own making, in its log lines and in the answer's X-Request-ID."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        name = uuid.uuid4().hex[:16]
        token = request_id.set(name)
        try:
            response = self.get_response(request)
        finally:
            request_id.reset(token)
        response.headers["X-Request-ID"] = name
        return response


class ContextFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        request, job = request_id.get(), job_id.get()
        record.__dict__ |= {"request_id": request, "job_id": job}
        record.context = "".join(f" [{part}]" for part in (request, job) if part)
        return True


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request": getattr(record, "request_id", ""),
            "job": getattr(record, "job_id", ""),
            "error": self.formatException(record.exc_info) if record.exc_info else "",
        }
        said = {key: address_hide(value) for key, value in line.items() if value}
        return json.dumps(said, ensure_ascii=False)


class LineFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return address_hide(super().format(record))


def logging_config(*, as_json: bool, level: str) -> dict[str, Any]:
    """For Django's LOGGING."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"context": {"()": ContextFilter}},
        "formatters": {
            "lines": {
                "()": LineFormatter,
                "fmt": "{asctime} {levelname} {name}{context} {message}",
                "style": "{",
            },
            "json": {"()": JsonFormatter},
        },
        "handlers": {
            "standard": {
                "class": "logging.StreamHandler",
                "filters": ["context"],
                "formatter": "json" if as_json else "lines",
            }
        },
        "root": {"handlers": ["standard"], "level": level},
        # Django's own handlers (mail to admins, a second console) would say things twice.
        "loggers": {"django": {"handlers": [], "level": level, "propagate": True}},
    }
