"""The forecasting room's steps of the night; their order is in its registrations."""
