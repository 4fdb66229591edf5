"""The sections of a report that the pricing room offers: of costs and of the marketing mix."""
