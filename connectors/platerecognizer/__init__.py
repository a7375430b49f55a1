"""Plate Recognizer Stream, by webhook."""
