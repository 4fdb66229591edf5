"""A snapshot as a file, of its blocks and nothing else: no clock, no database, no settings that people
change."""
