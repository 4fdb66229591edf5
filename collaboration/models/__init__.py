from .action import ActionItem
from .alert import Alert
from .comment import Comment
from .follow import Follow
from .notification import Notification

__all__ = ["ActionItem", "Alert", "Comment", "Follow", "Notification"]
