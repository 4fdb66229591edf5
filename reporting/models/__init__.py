from .grant import ReportGrant
from .report import Report, ReportPart, Snapshot
from .report_file import ReportFile
from .schedule import ReportPreview, ReportSchedule, ReportSending
from .share import Share, ShareAccess, ShareAddress, ShareQuestion
from .snapshot_file import SnapshotFile

__all__ = [
    "Report",
    "ReportFile",
    "ReportGrant",
    "ReportPart",
    "ReportPreview",
    "ReportSchedule",
    "ReportSending",
    "Share",
    "ShareAccess",
    "ShareAddress",
    "ShareQuestion",
    "Snapshot",
    "SnapshotFile",
]
