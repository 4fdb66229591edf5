from .imports import Import, ImportCreation, ImportRefusal
from .layout import Layout

__all__ = ["Import", "ImportCreation", "ImportRefusal", "Layout"]
