"""Limits: a person with rows here sees only these lines (and those below) or channels (and those below)."""

from __future__ import annotations

import pghistory
from django.conf import settings
from django.db import models


@pghistory.track()
class LineLimit(models.Model):
    """The person is limited to this product line, among others with a row."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="line_limits")
    line = models.ForeignKey("products.ProductLine", models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "line"], name="line_limit_once")]


@pghistory.track()
class ChannelLimit(models.Model):
    """The person is limited to this channel, among others with a row."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="channel_limits")
    channel = models.ForeignKey("products.Channel", models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "channel"], name="channel_limit_once")]
