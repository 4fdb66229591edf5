"""Figures on speed and memory, printed and never asserted: ``make bench``."""
