"""``/metrics`` for Prometheus: what the database says of now, and the requests of all web processes.

Only with ``METRICS_TOKEN``, which the scraper sends as ``Authorization: Bearer …``.
"""

from __future__ import annotations

import hmac
import logging
import time
from collections.abc import Callable, Iterator

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from . import health, registries

logger = logging.getLogger(__name__)

REQUESTS = Histogram(
    "pmtool_request_seconds",
    "Time from a request to its answer.",
    ["method", "status"],
    buckets=(0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30),
)


class MetricsMiddleware:
    """Counts and times every request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        response = self.get_response(request)
        method = request.method if request.method in ("GET", "HEAD", "POST") else "other"
        REQUESTS.labels(method, response.status_code).observe(time.perf_counter() - began)
        return response


class Now(Collector):
    """Every registered gauge, and whether each part that ``/readyz`` asks for works."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        parts = GaugeMetricFamily("pmtool_part_well", "1: this part works.", labels=["part"])
        for key, well in health.parts().items():
            parts.add_metric([key], well)
        yield parts
        for gauge in registries.gauges:
            family = GaugeMetricFamily(f"pmtool_{gauge.key}", gauge.help, labels=gauge.labels)
            try:
                for labels, value in gauge.read().items():
                    family.add_metric(labels, value)
            except Exception:  # the others are still worth telling
                logger.warning("gauge %s cannot be read", gauge.key, exc_info=True)
            yield family


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """In Prometheus's text format; 404 without the token."""
    said = request.headers.get("Authorization", "").encode()
    if not settings.METRICS_TOKEN or not hmac.compare_digest(
        said, f"Bearer {settings.METRICS_TOKEN}".encode()
    ):
        raise Http404
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    registry.register(Now())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
