from django.conf import settings
from django.db import models
from django.db.models import Q


class Notification(models.Model):
    """One message to one person in the application, as code and values, put into words at display.

    ``key`` is unique per person: the same event notifies once.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=120)
    params = models.JSONField(default=dict)
    url = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["user"], condition=Q(read_at=None), name="notification_unread")]
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="notification_once")]

    def __str__(self) -> str:
        return f"{self.kind} → {self.user}"
