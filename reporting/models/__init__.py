from .report import Report, ReportPart, Snapshot
from .report_file import ReportFile
from .share import Share, ShareAccess, ShareQuestion
from .snapshot_file import SnapshotFile

__all__ = [
    "Report",
    "ReportFile",
    "ReportPart",
    "Share",
    "ShareAccess",
    "ShareQuestion",
    "Snapshot",
    "SnapshotFile",
]
