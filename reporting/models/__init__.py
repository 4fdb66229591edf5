from .report import FieldGrant, Report, ReportPart, Snapshot
from .report_file import ReportFile

__all__ = ["FieldGrant", "Report", "ReportFile", "ReportPart", "Snapshot"]
