from django.db import models


class Heartbeat(models.Model):
    """The last sign of life of a kind of process: of a ``worker``, which beat and broker took part in."""

    name = models.CharField(max_length=40, primary_key=True)
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.beat_at:%Y-%m-%d %H:%M:%S}"
