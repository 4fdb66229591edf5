from .report_file import ReportFile

__all__ = ["ReportFile"]
