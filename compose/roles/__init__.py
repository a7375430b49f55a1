"""The roles: one process each, each scales alone."""
