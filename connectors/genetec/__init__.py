"""Genetec AutoVu (SharpV and patrollers), by webhook."""
