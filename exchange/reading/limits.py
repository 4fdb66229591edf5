"""What a file may be at most (docs/exchange.md says so to users)."""

MB = 1024 * 1024
FILE_BYTES = 200 * MB
ZIP_PARTS = 200
UNPACKED_BYTES = 1024 * MB
UNPACKED_RATIO = 100
COLUMNS = 500
HEADER_LINE = 60
"""The last line that may name the columns."""
XLSX_CELLS = 20_000_000
TEXT_LENGTH = 2000
CODE_LENGTH = 200
YEARS = (1900, 2199)
