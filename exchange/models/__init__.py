from .imports import Import, ImportRefusal
from .layout import Layout

__all__ = ["Import", "ImportRefusal", "Layout"]
