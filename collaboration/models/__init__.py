from .action import ActionItem
from .alert import Alert
from .comment import Comment
from .decision import Decision, DecisionOutcome, DecisionProduct
from .follow import Follow
from .notification import Notification

__all__ = [
    "ActionItem",
    "Alert",
    "Comment",
    "Decision",
    "DecisionOutcome",
    "DecisionProduct",
    "Follow",
    "Notification",
]
