"""Axis License Plate Verifier, by HTTP push."""
