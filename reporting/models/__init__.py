from .grant import ReportGrant
from .report import Report, ReportPart, Snapshot
from .report_file import ReportFile
from .snapshot_file import SnapshotFile

__all__ = ["Report", "ReportFile", "ReportGrant", "ReportPart", "Snapshot", "SnapshotFile"]
