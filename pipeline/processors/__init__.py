"""Processors: each consumes frames of some event types and says an outcome for every event."""
