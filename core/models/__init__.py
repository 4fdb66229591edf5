from .heartbeat import Heartbeat
from .idempotency import IdempotencyKey
from .job import Job
from .organisation import Organisation

__all__ = ["Heartbeat", "IdempotencyKey", "Job", "Organisation"]
