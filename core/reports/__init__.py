"""Reports as blocks: what a room offers for one, and what it is made of once it is frozen.

A room registers sections (``registries.report_sections``) and the fields they show
(``registries.report_fields``). A section hands rows to a :class:`~core.reports.build.Builder`, which asks
for the fields that the audience may see and for no others: what is not allowed is never read, so it cannot
be drawn. Blocks are plain data, go to JSON and back unchanged, and are all that is ever frozen, shown or
shared.
"""
