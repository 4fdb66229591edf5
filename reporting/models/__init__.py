from .report import Report, ReportPart, Snapshot
from .report_file import ReportFile
from .schedule import ReportPreview, ReportSchedule, ReportSending

__all__ = [
    "Report",
    "ReportFile",
    "ReportPart",
    "ReportPreview",
    "ReportSchedule",
    "ReportSending",
    "Snapshot",
]
