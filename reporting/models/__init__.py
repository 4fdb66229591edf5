from .grant import ReportGrant
from .report import Report, ReportPart, Snapshot
from .report_file import ReportFile
from .schedule import ReportPreview, ReportSchedule, ReportSending
from .share import Share, ShareAccess, ShareQuestion
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
    "ShareQuestion",
    "Snapshot",
    "SnapshotFile",
]
