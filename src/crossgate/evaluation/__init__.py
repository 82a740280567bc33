"""Metrics, intervals, calibration, and the sealed test split."""
