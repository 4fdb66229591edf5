"""The sections that the reporting room offers: key figures, plan, sales, channels, the margin bridge, words
of one's own."""
