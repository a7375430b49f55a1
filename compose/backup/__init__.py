"""Backup and restore: store, log, spools and settings of a system, with counts and digests that are compared."""
