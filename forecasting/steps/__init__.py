"""The forecasting room's steps of the night: backtest, calibrate, forecast, lifecycle."""
