"""Flock Safety: hotlist alerts by webhook, and plate reads of its API."""
